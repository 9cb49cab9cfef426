// The SQL of statements, their entries, and what these were matched with.

import { assert, formatDate, formatInstant, idOf, parseDate, uuidOf } from '#kernel';
import type { AccountId, Instant, Uuid } from '#kernel';
import type { Queryable, Transaction } from '#platform';
import type {
  MatchId,
  NostroId,
  StatementId,
  StatementPlace,
  TakenEntry,
  TakenStatement,
} from './nostro.ts';

interface StatementRow {
  readonly id: Uuid;
  readonly nostro_id: Uuid;
  readonly kind: 'statement' | 'notification';
  readonly reference: string;
  readonly sequence: bigint | null;
  readonly opening: bigint | null;
  readonly closing: bigint | null;
  readonly ends_on: string;
  readonly entries: number;
  readonly recorded_at_us: bigint;
}

const columns = `s.id, s.nostro_id, s.kind, s.reference, s.sequence, s.opening, s.closing,
  s.ends_on::text, s.entries, (extract(epoch from s.recorded_at) * 1000000)::bigint
  as recorded_at_us`;

function statementOf(row: StatementRow): TakenStatement {
  return {
    id: idOf('stm', row.id),
    nostroId: idOf('nos', row.nostro_id),
    kind: row.kind,
    reference: row.reference,
    sequence: row.sequence ?? undefined,
    opening: row.opening ?? undefined,
    closing: row.closing ?? undefined,
    endsOn: dateOf(row.ends_on),
    entries: row.entries,
    recordedAt: Number(row.recorded_at_us) as Instant,
  };
}

/** A date as the database spells it. */
export function dateOf(text: string): Instant {
  const date = parseDate(text);
  assert(date !== undefined, 'the database spells dates as we do');
  return date;
}

/** Whether it was inserted: the same may have been taken before. */
export async function insertStatement(
  tx: Transaction,
  statement: TakenStatement,
  sha256: Buffer,
): Promise<boolean> {
  const rows = await tx.query({
    text: `insert into payments.bank_statements (id, nostro_id, kind, reference, sequence, opening,
        closing, ends_on, entries, sha256, recorded_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8::date, $9, $10, $11::timestamptz)
      on conflict do nothing returning 1`,
    values: [
      uuidOf(statement.id),
      uuidOf(statement.nostroId),
      statement.kind,
      statement.reference,
      statement.sequence ?? null,
      statement.opening ?? null,
      statement.closing ?? null,
      formatDate(statement.endsOn),
      statement.entries,
      sha256,
      formatInstant(statement.recordedAt),
    ],
  });
  return rows.length === 1;
}

export async function insertEntries(
  tx: Transaction,
  nostroId: NostroId,
  entries: readonly TakenEntry[],
): Promise<void> {
  if (entries.length === 0) return;
  const records = entries.map((entry) => ({
    statement_id: uuidOf(entry.statementId),
    place: entry.place,
    amount: String(entry.amount),
    booked_on: formatDate(entry.bookedOn),
    value_on: formatDate(entry.valueOn),
    reference: entry.reference,
    servicer_reference: entry.servicerReference,
    code: entry.code,
  }));
  await tx.query({
    text: `insert into payments.bank_statement_entries (statement_id, nostro_id, place, amount,
        booked_on, value_on, reference, servicer_reference, code)
      select r.statement_id, $2, r.place, r.amount, r.booked_on, r.value_on, r.reference,
        r.servicer_reference, r.code
      from jsonb_to_recordset($1::jsonb) as r (statement_id uuid, place integer, amount bigint,
        booked_on date, value_on date, reference text, servicer_reference text, code text)`,
    values: [JSON.stringify(records), uuidOf(nostroId)],
  });
}

/** The one with whose closing balance a statement to this day must begin. */
export async function latestStatement(
  queryable: Queryable,
  nostroId: NostroId,
  upTo?: Instant,
): Promise<TakenStatement | undefined> {
  const [row] = await queryable.query<StatementRow>({
    text: `select ${columns} from payments.bank_statements s
      where s.nostro_id = $1 and s.kind = 'statement'
        and ($2::date is null or s.ends_on <= $2)
      order by s.ends_on desc, s.sequence desc nulls last, s.id desc limit 1`,
    values: [uuidOf(nostroId), upTo === undefined ? null : formatDate(upTo)],
  });
  return row && statementOf(row);
}

export async function findStatement(
  queryable: Queryable,
  id: StatementId,
): Promise<TakenStatement | undefined> {
  const [row] = await queryable.query<StatementRow>({
    text: `select ${columns} from payments.bank_statements s where s.id = $1`,
    values: [uuidOf(id)],
  });
  return row && statementOf(row);
}

/** Those that are there, in the order of their ids; after one, or of these. */
export async function statementsAfter(
  queryable: Queryable,
  asked: { readonly after?: StatementId | undefined; readonly ids?: readonly StatementId[] },
  countMax: number,
): Promise<TakenStatement[]> {
  const { after, ids } = asked;
  const rows = await queryable.query<StatementRow>({
    text: `select ${columns} from payments.bank_statements s
      where ($1::uuid is null or s.id > $1) and ($2::uuid[] is null or s.id = any($2))
      order by s.id limit $3`,
    values: [
      after === undefined ? null : uuidOf(after),
      ids === undefined ? null : ids.map(uuidOf),
      countMax,
    ],
  });
  return rows.map(statementOf);
}

interface StatementPage {
  readonly nostroId: NostroId | undefined;
  readonly before: StatementId | undefined;
  readonly limit: number;
}

/** The latest first. */
export async function listStatements(
  queryable: Queryable,
  { nostroId, before, limit }: StatementPage,
): Promise<TakenStatement[]> {
  const rows = await queryable.query<StatementRow>({
    text: `select ${columns} from payments.bank_statements s
      where ($1::uuid is null or s.nostro_id = $1) and ($2::uuid is null or s.id < $2)
      order by s.id desc limit $3`,
    values: [
      nostroId === undefined ? null : uuidOf(nostroId),
      before === undefined ? null : uuidOf(before),
      limit,
    ],
  });
  return rows.map(statementOf);
}

interface EntryRow {
  readonly statement_id: Uuid;
  readonly place: number;
  readonly amount: bigint;
  readonly booked_on: string;
  readonly value_on: string;
  readonly reference: string | null;
  readonly servicer_reference: string | null;
  readonly code: string | null;
}

const entryColumns = `e.statement_id, e.place, e.amount, e.booked_on::text, e.value_on::text,
  e.reference, e.servicer_reference, e.code`;

function entryOf(row: EntryRow): TakenEntry {
  return {
    statementId: idOf('stm', row.statement_id),
    place: row.place,
    amount: row.amount,
    bookedOn: dateOf(row.booked_on),
    valueOn: dateOf(row.value_on),
    reference: row.reference ?? undefined,
    servicerReference: row.servicer_reference ?? undefined,
    code: row.code ?? undefined,
  };
}

/** Of all statements of a nostro, those that nothing is matched with: each has a break. */
export async function unmatchedEntries(
  queryable: Queryable,
  nostroId: NostroId,
): Promise<TakenEntry[]> {
  const rows = await queryable.query<EntryRow>({
    text: `select ${entryColumns} from payments.breaks b
        join payments.bank_statement_entries e
          on e.statement_id = b.statement_id and e.place = b.place
      where b.nostro_id = $1 and b.state <> 'resolved' and b.kind = 'statement_only'
      order by e.statement_id, e.place`,
    values: [uuidOf(nostroId)],
  });
  return rows.map(entryOf);
}

export interface Notified extends StatementPlace {
  readonly amount: bigint;
  readonly servicerReference: string;
  /** What it was matched with, if it was. */
  readonly matchId: MatchId | undefined;
}

/** Entries that notifications told of under these names. */
export async function notifiedEntries(
  queryable: Queryable,
  nostroId: NostroId,
  servicerReferences: readonly string[],
): Promise<Notified[]> {
  const rows = await queryable.query<EntryRow & { match_id: Uuid | null }>({
    text: `select ${entryColumns}, m.match_id from payments.bank_statement_entries e
        join payments.bank_statements s on s.id = e.statement_id and s.kind = 'notification'
        left join payments.matched_statement_entries m
          on m.statement_id = e.statement_id and m.place = e.place
      where e.nostro_id = $1 and e.servicer_reference = any($2::text[])
      order by e.statement_id, e.place`,
    values: [uuidOf(nostroId), servicerReferences],
  });
  return rows.flatMap(({ match_id: matchId, servicer_reference: servicerReference, ...row }) => {
    if (servicerReference === null) return [];
    const { statement_id: statementId, place, amount } = row;
    const known = matchId === null ? undefined : idOf('mat', matchId);
    return [
      { statementId: idOf('stm', statementId), place, amount, servicerReference, matchId: known },
    ];
  });
}

export interface NewMatch {
  readonly id: MatchId;
  readonly rule: string;
  readonly statement: readonly StatementPlace[];
  /** Versions of the nostro's account. */
  readonly books: readonly bigint[];
}

export async function insertMatches(
  tx: Transaction,
  nostro: { readonly id: NostroId; readonly accountId: AccountId },
  matches: readonly NewMatch[],
): Promise<void> {
  if (matches.length === 0) return;
  await tx.query({
    text: `insert into payments.matches (id, nostro_id, rule, matched_by, recorded_at)
      select r.id, $2, r.rule, $3, $4::timestamptz
      from unnest($1::uuid[], $5::text[]) as r (id, rule)`,
    values: [
      matches.map(({ id }) => uuidOf(id)),
      uuidOf(nostro.id),
      tx.actor,
      formatInstant(tx.now),
      matches.map(({ rule }) => rule),
    ],
  });
  await matchStatementEntries(
    tx,
    matches.flatMap(({ id, statement }) => statement.map((place) => ({ ...place, matchId: id }))),
  );
  const books = matches.flatMap(({ id, books: versions }) =>
    versions.map((version) => ({ id, version })),
  );
  await tx.query({
    text: `insert into payments.matched_book_entries (account_id, version, match_id)
      select $1, r.version, r.match_id
      from unnest($2::bigint[], $3::uuid[]) as r (version, match_id)`,
    values: [
      uuidOf(nostro.accountId),
      books.map(({ version }) => version),
      books.map(({ id }) => uuidOf(id)),
    ],
  });
}

export async function matchStatementEntries(
  tx: Transaction,
  entries: readonly (StatementPlace & { readonly matchId: MatchId })[],
): Promise<void> {
  await tx.query({
    text: `insert into payments.matched_statement_entries (statement_id, place, match_id)
      select * from unnest($1::uuid[], $2::integer[], $3::uuid[])`,
    values: [
      entries.map(({ statementId }) => uuidOf(statementId)),
      entries.map(({ place }) => place),
      entries.map(({ matchId }) => uuidOf(matchId)),
    ],
  });
}

/** Those of the account's versions after one that are matched. */
export async function matchedVersions(
  queryable: Queryable,
  accountId: AccountId,
  after: bigint,
): Promise<ReadonlySet<bigint>> {
  const rows = await queryable.query<{ version: bigint }>({
    text: `select m.version from payments.matched_book_entries m
      where m.account_id = $1 and m.version > $2`,
    values: [uuidOf(accountId), after],
  });
  return new Set(rows.map(({ version }) => version));
}

export interface OtherSide {
  /** Minor units of entries with an unresolved break. */
  readonly unmatched: bigint;
  /** Of entries that notifications told of, and no statement yet. */
  readonly ahead: bigint;
}

/** What the closing balance of the latest statement is not the whole of. */
export async function otherSide(queryable: Queryable, id: NostroId): Promise<OtherSide> {
  const [row] = await queryable.query<OtherSide>({
    text: `select
        (select coalesce(sum(e.amount), 0)::bigint from payments.breaks b
          join payments.bank_statement_entries e
            on e.statement_id = b.statement_id and e.place = b.place
          where b.nostro_id = $1 and b.state <> 'resolved') as unmatched,
        (select coalesce(sum(e.amount), 0)::bigint from payments.bank_statement_entries e
          join payments.bank_statements s on s.id = e.statement_id
          where e.nostro_id = $1 and s.kind = 'notification' and not exists (
            select from payments.bank_statement_entries f
              join payments.bank_statements t on t.id = f.statement_id
            where f.nostro_id = $1 and t.kind = 'statement'
              and f.servicer_reference = e.servicer_reference and f.amount = e.amount)) as ahead`,
    values: [uuidOf(id)],
  });
  return row ?? { unmatched: 0n, ahead: 0n };
}

export interface MatchShare {
  readonly rule: string;
  readonly count: bigint;
}

/** How many matches each rule has made. */
export async function matchShares(queryable: Queryable, id: NostroId): Promise<MatchShare[]> {
  return await queryable.query<MatchShare>({
    text: `select m.rule, count(*) as count from payments.matches m where m.nostro_id = $1
      group by m.rule order by m.rule`,
    values: [uuidOf(id)],
  });
}
