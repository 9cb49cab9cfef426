// Owns the SQL that reads entries: pages of one account by version, pages of a statement by value
// date, and the sums a statement begins with. Each walks the key (account, version) of the
// partitions in order and stops when the page is full.

import {
  formatInstant,
  idOf,
  uuidOf,
  type AccountId,
  type Instant,
  type TransferId,
} from '#kernel';
import type { Queryable } from '#platform';
import type { Side } from '../posting/instruction.ts';
import type { Entry, TransferKind } from '../posting/transfer.ts';
import { entryColumns, entryOf, type EntryRow } from '../store/transfer-store.ts';
import type { Versions } from './balance-store.ts';

/** An entry of one account, with what its transfer says of it. */
export interface AccountEntry extends Entry {
  readonly transferId: TransferId;
  readonly kind: TransferKind;
  readonly externalId: string | undefined;
  readonly description: string | undefined;
  readonly effectiveAt: Instant;
  readonly recordedAt: Instant;
}

export interface EntryFilter {
  /** Both inclusive. */
  readonly effectiveFrom?: Instant | undefined;
  readonly effectiveTo?: Instant | undefined;
  readonly side?: Side | undefined;
  /**
   * Minor units, both inclusive: what the entry posted, or held or gave back if it posted nothing.
   */
  readonly amountMin?: bigint | undefined;
  readonly amountMax?: bigint | undefined;
  readonly kind?: TransferKind | undefined;
  readonly transferId?: TransferId | undefined;
}

interface AccountEntryRow extends EntryRow {
  readonly effective_at_us: bigint;
  readonly recorded_at_us: bigint;
  readonly kind: TransferKind;
  readonly external_id: string | null;
  readonly description: string | null;
}

const page = `${entryColumns},
  (extract(epoch from e.effective_at) * 1000000)::bigint as effective_at_us,
  (extract(epoch from e.recorded_at) * 1000000)::bigint as recorded_at_us,
  t.kind, t.external_id, t.description`;

function accountEntryOf(row: AccountEntryRow): AccountEntry {
  return {
    ...entryOf(row),
    transferId: idOf('trf', row.transfer_id),
    effectiveAt: Number(row.effective_at_us) as Instant,
    recordedAt: Number(row.recorded_at_us) as Instant,
    kind: row.kind,
    externalId: row.external_id ?? undefined,
    description: row.description ?? undefined,
  };
}

export type Order = 'asc' | 'desc';

/**
 * The entries of a run of versions that pass the filter, at most `limit`, in the order of version.
 */
export async function selectEntries(
  queryable: Queryable,
  accountId: AccountId,
  versions: Versions,
  filter: EntryFilter,
  options: { readonly order: Order; readonly limit: number },
): Promise<AccountEntry[]> {
  const values: unknown[] = [uuidOf(accountId), versions.after, versions.upTo, options.limit];
  const where = conditionsOf(filter, (value) => `$${values.push(value)}`);
  const { order } = options;
  // A transfer has few entries, which its own index finds; offset 0 keeps the planner to that.
  const source =
    filter.transferId === undefined
      ? 'ledger.entries'
      : `(select * from ledger.entries
          where transfer_id = $${values.push(uuidOf(filter.transferId))}::uuid offset 0)`;
  const rows = await queryable.query<AccountEntryRow>({
    text: `select ${page} from (
        select * from ${source} e
        where e.account_id = $1::uuid and e.version > $2::bigint and e.version <= $3::bigint
          ${where.map((condition) => `and ${condition}`).join(' ')}
        order by e.version ${order} limit $4::bigint
      ) e join ledger.transfers t on t.id = e.transfer_id
      order by e.version ${order}`,
    values,
  });
  return rows.map(accountEntryOf);
}

function conditionsOf(filter: EntryFilter, bind: (value: unknown) => string): string[] {
  const { effectiveFrom, effectiveTo, side, amountMin, amountMax, kind } = filter;
  const amount = 'case when e.posted > 0 then e.posted else abs(e.pending) end';
  const where: string[] = [];
  if (effectiveFrom !== undefined) {
    where.push(`e.effective_at >= ${bind(formatInstant(effectiveFrom))}::timestamptz`);
  }
  if (effectiveTo !== undefined) {
    where.push(`e.effective_at <= ${bind(formatInstant(effectiveTo))}::timestamptz`);
  }
  if (side !== undefined) where.push(side === 'debit' ? 'e.is_debit' : 'not e.is_debit');
  if (amountMin !== undefined) where.push(`${amount} >= ${bind(amountMin)}::bigint`);
  if (amountMax !== undefined) where.push(`${amount} <= ${bind(amountMax)}::bigint`);
  if (kind !== undefined) {
    // A scalar subquery is looked up entry by entry; a join could be turned into a scan of
    // transfers.
    const kindOf = '(select k.kind from ledger.transfers k where k.id = e.transfer_id)';
    where.push(`${kindOf} = ${bind(kind)}::ledger.transfer_kind`);
  }
  return where;
}

/** A period by value date, both ends inclusive, of what was known at a version. */
export interface StatementScope {
  readonly version: bigint;
  readonly from: Instant;
  readonly to: Instant;
}

/** A place in a statement, which is in the order of value date, then version. */
export interface StatementPlace {
  readonly effectiveAt: Instant;
  readonly version: bigint;
}

/**
 * The postings of a statement after a place, at most `limit`. Holds move nothing and are left out.
 */
export async function selectStatement(
  queryable: Queryable,
  accountId: AccountId,
  scope: StatementScope,
  after: StatementPlace | undefined,
  limit: number,
): Promise<AccountEntry[]> {
  const rows = await queryable.query<AccountEntryRow>({
    name: 'ledger.statement',
    text: `select ${page} from (
        select * from ledger.entries e
        where e.account_id = $1::uuid and e.version <= $2::bigint and e.posted > 0
          and e.effective_at >= $3::timestamptz and e.effective_at <= $4::timestamptz
          and ($5::timestamptz is null or (e.effective_at, e.version) > ($5, $6::bigint))
        order by e.effective_at, e.version limit $7::bigint
      ) e join ledger.transfers t on t.id = e.transfer_id
      order by e.effective_at, e.version`,
    values: [
      uuidOf(accountId),
      scope.version,
      formatInstant(scope.from),
      formatInstant(scope.to),
      after === undefined ? null : formatInstant(after.effectiveAt),
      after?.version ?? null,
      limit,
    ],
  });
  return rows.map(accountEntryOf);
}

export interface StatementSums {
  /** Posted with a value date before the period. */
  readonly debitsBefore: bigint;
  readonly creditsBefore: bigint;
  /** Posted with a value date in the period, and how many entries that were. */
  readonly debitsWithin: bigint;
  readonly creditsWithin: bigint;
  readonly entriesWithin: bigint;
  /** Of these, up to and including the place. */
  readonly debitsUpTo: bigint;
  readonly creditsUpTo: bigint;
}

interface SumsRow {
  readonly debits_before: string | null;
  readonly credits_before: string | null;
  readonly debits_within: string | null;
  readonly credits_within: string | null;
  readonly entries_within: bigint;
  readonly debits_up_to: string | null;
  readonly credits_up_to: string | null;
}

export async function sumStatement(
  queryable: Queryable,
  accountId: AccountId,
  scope: StatementScope,
  place: StatementPlace | undefined,
): Promise<StatementSums> {
  const rows = await queryable.query<SumsRow>({
    name: 'ledger.statement_sums',
    text: `select
        sum(posted) filter (where is_before and is_debit) as debits_before,
        sum(posted) filter (where is_before and not is_debit) as credits_before,
        sum(posted) filter (where not is_before and is_debit) as debits_within,
        sum(posted) filter (where not is_before and not is_debit) as credits_within,
        count(*) filter (where not is_before) as entries_within,
        sum(posted) filter (where not is_before and is_up_to and is_debit) as debits_up_to,
        sum(posted) filter (where not is_before and is_up_to and not is_debit) as credits_up_to
      from (
        select posted, is_debit, effective_at < $3::timestamptz as is_before,
          (effective_at, version) <= ($5::timestamptz, $6::bigint) as is_up_to
        from ledger.entries
        where account_id = $1::uuid and version <= $2::bigint and posted > 0
          and effective_at <= $4::timestamptz
      ) e`,
    values: [
      uuidOf(accountId),
      scope.version,
      formatInstant(scope.from),
      formatInstant(scope.to),
      place === undefined ? null : formatInstant(place.effectiveAt),
      place?.version ?? null,
    ],
  });
  const row = rows[0];
  return {
    debitsBefore: BigInt(row?.debits_before ?? 0),
    creditsBefore: BigInt(row?.credits_before ?? 0),
    debitsWithin: BigInt(row?.debits_within ?? 0),
    creditsWithin: BigInt(row?.credits_within ?? 0),
    entriesWithin: BigInt(row?.entries_within ?? 0),
    debitsUpTo: BigInt(row?.debits_up_to ?? 0),
    creditsUpTo: BigInt(row?.credits_up_to ?? 0),
  };
}
