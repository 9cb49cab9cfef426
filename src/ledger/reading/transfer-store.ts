// Owns the SQL that reads transfers with their entries, and holds with their progress.

import {
  formatInstant,
  idOf,
  uuidOf,
  type AccountId,
  type Instant,
  type TransferId,
  type Uuid,
} from '#kernel';
import type { Queryable } from '#platform';
import type { HoldStatus } from '../posting/books.ts';
import type { Metadata, Side } from '../posting/instruction.ts';
import type { Entry, Transfer } from '../posting/transfer.ts';
import {
  entryColumns,
  entryOf,
  transferColumns,
  transferOf,
  type EntryRow,
  type TransferRow,
} from '../store/transfer-store.ts';
import type { Versions } from './balance-store.ts';

/** An entry with what cannot change of its account. */
export interface TransferEntry extends Entry {
  readonly currency: string;
  readonly normalSide: Side;
}

export interface RecordedTransfer extends Transfer {
  readonly actor: string;
  readonly entries: readonly TransferEntry[];
}

interface RecordedRow extends TransferRow {
  readonly actor: string;
}

interface RecordedEntryRow extends EntryRow {
  readonly currency: string;
  readonly normal_side: Side;
}

/** Which transfers to read: those of all the conditions given, newest first. */
export interface TransferFilter {
  readonly ids?: readonly TransferId[] | undefined;
  readonly externalId?: string | undefined;
  readonly externalIds?: readonly string[] | undefined;
  readonly holdId?: TransferId | undefined;
  readonly reversesId?: TransferId | undefined;
  /** Ids before this one, which is to say earlier ones. */
  readonly before?: TransferId | undefined;
  readonly limit: number;
}

const columns = `${transferColumns}, t.actor`;

export async function selectTransfers(
  queryable: Queryable,
  filter: TransferFilter,
): Promise<RecordedTransfer[]> {
  const { ids, externalId, externalIds, holdId, reversesId, before, limit } = filter;
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const where = ['true'];
  if (ids !== undefined) where.push(`t.id = any(${bind(ids.map(uuidOf))}::uuid[])`);
  if (externalId !== undefined) where.push(`t.external_id = ${bind(externalId)}`);
  if (externalIds !== undefined) where.push(`t.external_id = any(${bind(externalIds)}::text[])`);
  if (holdId !== undefined) where.push(`t.hold_id = ${bind(uuidOf(holdId))}::uuid`);
  if (reversesId !== undefined) where.push(`t.reverses_id = ${bind(uuidOf(reversesId))}::uuid`);
  if (before !== undefined) where.push(`t.id < ${bind(uuidOf(before))}::uuid`);
  const rows = await queryable.query<RecordedRow>({
    text: `select ${columns} from ledger.transfers t where ${where.join(' and ')}
      order by t.id desc limit ${bind(limit)}::bigint`,
    values,
  });
  return await withEntries(queryable, rows);
}

/** The transfers whose ids lie in a run, both ends inclusive, in the order they were made. */
export async function selectTransferRun(
  queryable: Queryable,
  run: { readonly first: Uuid; readonly last: Uuid; readonly limit: number },
): Promise<RecordedTransfer[]> {
  const rows = await queryable.query<RecordedRow>({
    name: 'ledger.transfer_run',
    text: `select ${columns} from ledger.transfers t
      where t.id >= $1::uuid and t.id <= $2::uuid order by t.id limit $3::bigint`,
    values: [run.first, run.last, run.limit],
  });
  return await withEntries(queryable, rows);
}

async function withEntries(
  queryable: Queryable,
  rows: readonly RecordedRow[],
): Promise<RecordedTransfer[]> {
  if (rows.length === 0) return [];
  const entryRows = await queryable.query<RecordedEntryRow>({
    name: 'ledger.entries_of_transfers',
    text: `select ${entryColumns}, a.currency, a.normal_side
      from ledger.entries e join ledger.accounts a on a.id = e.account_id
      where e.transfer_id = any($1::uuid[]) order by e.transfer_id, e.leg`,
    values: [rows.map(({ id }) => id)],
  });
  const entries = Map.groupBy(entryRows, (row) => row.transfer_id);
  return rows.map((row) => {
    const own = (entries.get(row.id) ?? []).map((entry) => ({
      ...entryOf(entry),
      currency: entry.currency,
      normalSide: entry.normal_side,
    }));
    return { ...transferOf(row, own), actor: row.actor, entries: own };
  });
}

/** A leg of a hold: how much was held on the account, and how much of that was moved. */
export interface HeldLeg {
  readonly accountId: AccountId;
  readonly side: Side;
  readonly currency: string;
  readonly held: bigint;
  readonly captured: bigint;
}

export interface Hold {
  readonly id: TransferId;
  readonly state: HoldStatus;
  readonly expiresAt: Instant | undefined;
  readonly externalId: string | undefined;
  readonly description: string | undefined;
  readonly metadata: Metadata | undefined;
  readonly effectiveAt: Instant;
  readonly recordedAt: Instant;
  readonly legs: readonly HeldLeg[];
}

interface HoldRow {
  readonly id: Uuid;
  readonly state: HoldStatus;
  readonly expires_at_us: bigint | null;
  readonly external_id: string | null;
  readonly description: string | null;
  readonly metadata: Metadata | null;
  readonly effective_at_us: bigint;
  readonly recorded_at_us: bigint;
  readonly legs: readonly {
    readonly account_id: Uuid;
    readonly side: Side;
    readonly currency: string;
    readonly held: string;
    readonly captured: string;
  }[];
}

// Amounts travel through JSON as text, because JSON numbers would lose digits. $1 is the time: an
// open hold is over from its deadline on, also before it is swept.
const holdColumns = `h.id,
  case when h.state = 'open' and h.expires_at <= $1::timestamptz then 'expired'
    else h.state end as state,
  (extract(epoch from h.expires_at) * 1000000)::bigint as expires_at_us,
  t.external_id, t.description, t.metadata,
  (extract(epoch from t.effective_at) * 1000000)::bigint as effective_at_us,
  (extract(epoch from t.recorded_at) * 1000000)::bigint as recorded_at_us,
  (select json_agg(json_build_object('account_id', leg.account_id, 'side', leg.side,
      'currency', a.currency, 'held', leg.held::text, 'captured', leg.captured::text)
      order by leg.number)
    from unnest(h.account_ids, h.sides, h.held, h.captured) with ordinality
      as leg (account_id, side, held, captured, number)
    join ledger.accounts a on a.id = leg.account_id) as legs`;

function holdOf(row: HoldRow): Hold {
  return {
    id: idOf('trf', row.id),
    state: row.state,
    expiresAt: row.expires_at_us === null ? undefined : (Number(row.expires_at_us) as Instant),
    externalId: row.external_id ?? undefined,
    description: row.description ?? undefined,
    metadata: row.metadata ?? undefined,
    effectiveAt: Number(row.effective_at_us) as Instant,
    recordedAt: Number(row.recorded_at_us) as Instant,
    legs: row.legs.map((leg) => ({
      accountId: idOf('acc', leg.account_id),
      side: leg.side,
      currency: leg.currency,
      held: BigInt(leg.held),
      captured: BigInt(leg.captured),
    })),
  };
}

export async function findHolds(
  queryable: Queryable,
  ids: readonly TransferId[],
  now: Instant,
): Promise<Hold[]> {
  const rows = await queryable.query<HoldRow>({
    name: 'ledger.find_holds',
    text: `select ${holdColumns} from ledger.holds h join ledger.transfers t on t.id = h.id
      where h.id = any($2::uuid[]) order by h.id`,
    values: [formatInstant(now), ids.map(uuidOf)],
  });
  return rows.map(holdOf);
}

/**
 * The open holds that an account's entries opened in a run of versions, newest first, each with the
 * version it was opened by. A hold that touches the account twice is found by its first leg.
 */
export async function selectOpenHolds(
  queryable: Queryable,
  accountId: AccountId,
  versions: Versions,
  options: { readonly now: Instant; readonly limit: number },
): Promise<{ version: bigint; hold: Hold }[]> {
  const rows = await queryable.query<HoldRow & { version: bigint }>({
    name: 'ledger.open_holds',
    text: `select o.version, ${holdColumns}
      from (
        select e.version, e.transfer_id
        from ledger.entries e join ledger.holds h on h.id = e.transfer_id
        where e.account_id = $2::uuid and e.version > $3::bigint and e.version <= $4::bigint
          and e.pending > 0 and h.state = 'open'
          and (h.expires_at is null or h.expires_at > $1::timestamptz)
          and array_position(h.account_ids, $2::uuid) = e.leg + 1
        order by e.version desc limit $5::bigint
      ) o join ledger.holds h on h.id = o.transfer_id join ledger.transfers t on t.id = h.id
      order by o.version desc`,
    values: [
      formatInstant(options.now),
      uuidOf(accountId),
      versions.after,
      versions.upTo,
      options.limit,
    ],
  });
  return rows.map((row) => ({ version: row.version, hold: holdOf(row) }));
}
