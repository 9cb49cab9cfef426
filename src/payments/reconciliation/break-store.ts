// The SQL of breaks: how they come, are found, and end.

import { formatDate, formatInstant, idOf, uuidOf, type Instant, type Uuid } from '#kernel';
import type { Queryable, Transaction } from '#platform';
import type {
  Break,
  BreakId,
  BreakKind,
  BreakState,
  MatchId,
  NostroId,
  Resolution,
  StatementPlace,
} from './nostro.ts';
import { dateOf } from './statement-store.ts';

interface BreakRow {
  readonly id: Uuid;
  readonly nostro_id: Uuid;
  readonly kind: BreakKind;
  readonly amount: bigint;
  readonly statement_id: Uuid | null;
  readonly place: number | null;
  readonly account_id: Uuid | null;
  readonly version: bigint | null;
  readonly state: BreakState;
  readonly assignee: string | null;
  readonly resolution: Resolution | null;
  readonly note: string | null;
  readonly match_id: Uuid | null;
  readonly transfer_id: Uuid | null;
  readonly wait_until: string | null;
  readonly since_on: string;
  readonly created_at_us: bigint;
  readonly changed_at_us: bigint;
}

const columns = `b.id, b.nostro_id, b.kind, b.amount, b.statement_id, b.place, b.account_id,
  b.version, b.state, b.assignee, b.resolution, b.note, b.match_id, b.transfer_id,
  b.wait_until::text, b.since_on::text, (extract(epoch from b.created_at) * 1000000)::bigint
  as created_at_us, (extract(epoch from b.changed_at) * 1000000)::bigint as changed_at_us`;

const named = <Prefix extends string>(prefix: Prefix, uuid: Uuid | null) =>
  uuid === null ? undefined : idOf(prefix, uuid);

function breakOf(row: BreakRow): Break {
  return {
    id: idOf('brk', row.id),
    nostroId: idOf('nos', row.nostro_id),
    kind: row.kind,
    amount: row.amount,
    statementId: named('stm', row.statement_id),
    place: row.place ?? undefined,
    accountId: named('acc', row.account_id),
    version: row.version ?? undefined,
    state: row.state,
    assignee: row.assignee ?? undefined,
    resolution: row.resolution ?? undefined,
    note: row.note ?? undefined,
    matchId: named('mat', row.match_id),
    transferId: named('trf', row.transfer_id),
    waitUntil: row.wait_until === null ? undefined : dateOf(row.wait_until),
    sinceOn: dateOf(row.since_on),
    createdAt: Number(row.created_at_us) as Instant,
    changedAt: Number(row.changed_at_us) as Instant,
  };
}

/** What already has a break gets no other. */
export async function insertBreaks(tx: Transaction, breaks: readonly Break[]): Promise<void> {
  if (breaks.length === 0) return;
  const records = breaks.map((each) => ({
    id: uuidOf(each.id),
    nostro_id: uuidOf(each.nostroId),
    kind: each.kind,
    amount: String(each.amount),
    statement_id: each.statementId && uuidOf(each.statementId),
    place: each.place,
    account_id: each.accountId && uuidOf(each.accountId),
    version: each.version === undefined ? undefined : String(each.version),
    since_on: formatDate(each.sinceOn),
  }));
  await tx.query({
    text: `insert into payments.breaks (id, nostro_id, kind, amount, statement_id, place,
        account_id, version, state, since_on, created_at, changed_at)
      select r.id, r.nostro_id, r.kind, r.amount, r.statement_id, r.place, r.account_id,
        r.version, 'open', r.since_on, $2::timestamptz, $2::timestamptz
      from jsonb_to_recordset($1::jsonb) as r (id uuid, nostro_id uuid, kind text, amount bigint,
        statement_id uuid, place integer, account_id uuid, version bigint, since_on date)
      on conflict do nothing`,
    values: [JSON.stringify(records), formatInstant(tx.now)],
  });
}

/** The two sides of what was matched after all: their breaks are over. */
export async function resolveMatched(
  tx: Transaction,
  nostroId: NostroId,
  matches: readonly {
    readonly id: MatchId;
    readonly statement: readonly StatementPlace[];
    readonly books: readonly bigint[];
  }[],
): Promise<void> {
  const statement = matches.flatMap(({ id, statement: places }) =>
    places.map((place) => ({ ...place, id })),
  );
  const books = matches.flatMap(({ id, books: versions }) =>
    versions.map((version) => ({ version, id })),
  );
  await tx.query({
    text: `with matched as (
        select b.id, r.match_id from unnest($2::uuid[], $3::integer[], $4::uuid[])
            as r (statement_id, place, match_id)
          join payments.breaks b on b.statement_id = r.statement_id and b.place = r.place
        union
        select b.id, r.match_id from unnest($5::bigint[], $6::uuid[]) as r (version, match_id)
          join payments.breaks b on b.nostro_id = $1 and b.version = r.version
      )
      update payments.breaks b set state = 'resolved', resolution = 'matched',
        match_id = m.match_id, wait_until = null, changed_at = $7::timestamptz
      from matched m where m.id = b.id and b.state <> 'resolved'`,
    values: [
      uuidOf(nostroId),
      statement.map(({ statementId }) => uuidOf(statementId)),
      statement.map(({ place }) => place),
      statement.map(({ id }) => uuidOf(id)),
      books.map(({ version }) => version),
      books.map(({ id }) => uuidOf(id)),
      formatInstant(tx.now),
    ],
  });
}

/** Of a notification's entries that a statement has told of since. */
export async function supersedeBreaks(
  tx: Transaction,
  places: readonly StatementPlace[],
): Promise<void> {
  await tx.query({
    text: `update payments.breaks b set state = 'resolved', resolution = 'accepted',
        note = 'the statement has told of it since', wait_until = null,
        changed_at = $3::timestamptz
      from unnest($1::uuid[], $2::integer[]) as r (statement_id, place)
      where b.statement_id = r.statement_id and b.place = r.place and b.state <> 'resolved'`,
    values: [
      places.map(({ statementId }) => uuidOf(statementId)),
      places.map(({ place }) => place),
      formatInstant(tx.now),
    ],
  });
}

export async function updateBreak(tx: Transaction, changed: Break): Promise<void> {
  const { matchId, transferId, waitUntil } = changed;
  await tx.query({
    text: `update payments.breaks set state = $2, assignee = $3, resolution = $4, note = $5,
        match_id = $6, transfer_id = $7, wait_until = $8::date, changed_at = $9::timestamptz
      where id = $1`,
    values: [
      uuidOf(changed.id),
      changed.state,
      changed.assignee ?? null,
      changed.resolution ?? null,
      changed.note ?? null,
      matchId === undefined ? null : uuidOf(matchId),
      transferId === undefined ? null : uuidOf(transferId),
      waitUntil === undefined ? null : formatDate(waitUntil),
      formatInstant(changed.changedAt),
    ],
  });
}

export async function findBreak(queryable: Queryable, id: BreakId): Promise<Break | undefined> {
  const [row] = await queryable.query<BreakRow>({
    text: `select ${columns} from payments.breaks b where b.id = $1`,
    values: [uuidOf(id)],
  });
  return row && breakOf(row);
}

/** In the order of their ids, so that two who link the same ones wait instead of deadlocking. */
export async function lockBreaks(tx: Transaction, ids: readonly BreakId[]): Promise<Break[]> {
  const rows = await tx.query<BreakRow>({
    text: `select ${columns} from payments.breaks b where b.id = any($1::uuid[])
      order by b.id for update`,
    values: [ids.map(uuidOf)],
  });
  return rows.map(breakOf);
}

export interface BreakFilter {
  readonly nostroId?: NostroId | undefined;
  readonly kind?: BreakKind | undefined;
  readonly state?: BreakState | undefined;
  readonly after?: { readonly sinceOn: Instant; readonly id: BreakId } | undefined;
  readonly limit: number;
}

/** What waits longest first. */
export async function listBreaks(
  queryable: Queryable,
  { nostroId, kind, state, after, limit }: BreakFilter,
): Promise<Break[]> {
  const rows = await queryable.query<BreakRow>({
    text: `select ${columns} from payments.breaks b
      where ($1::uuid is null or b.nostro_id = $1) and ($2::text is null or b.kind = $2)
        and case when $3::text is null then b.state <> 'resolved' else b.state = $3 end
        and ($4::date is null or (b.since_on, b.id) > ($4, $5::uuid))
      order by b.since_on, b.id limit $6`,
    values: [
      nostroId === undefined ? null : uuidOf(nostroId),
      kind ?? null,
      state ?? null,
      after === undefined ? null : formatDate(after.sinceOn),
      after === undefined ? null : uuidOf(after.id),
      limit,
    ],
  });
  return rows.map(breakOf);
}

/** Versions of the account that have an unresolved break, and of which kind. */
export async function brokenVersions(
  queryable: Queryable,
  nostroId: NostroId,
): Promise<ReadonlyMap<bigint, BreakKind>> {
  const rows = await queryable.query<{ version: bigint; kind: BreakKind }>({
    text: `select b.version, b.kind from payments.breaks b
      where b.nostro_id = $1 and b.state <> 'resolved' and b.version is not null`,
    values: [uuidOf(nostroId)],
  });
  return new Map(rows.map(({ version, kind }) => [version, kind]));
}

export interface BreakSum {
  readonly kind: BreakKind;
  readonly count: bigint;
  readonly amount: bigint;
}

/** What is not resolved. */
export async function sumBreaks(queryable: Queryable, nostroId: NostroId): Promise<BreakSum[]> {
  return await queryable.query<BreakSum>({
    text: `select b.kind, count(*) as count, sum(b.amount)::bigint as amount
      from payments.breaks b where b.nostro_id = $1 and b.state <> 'resolved'
      group by b.kind order by b.kind`,
    values: [uuidOf(nostroId)],
  });
}
