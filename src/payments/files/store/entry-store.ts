// Owns the SQL of what was found in a file and of what became of its entries: faults, chunks,
// entries, the answer. All of it is history: rows are added, and never changed.

import { formatInstant, idOf, uuidOf, type AccountId, type Id, type Uuid } from '#kernel';
import { int8Array, uuidArray, type Queryable, type Transaction } from '#platform';
import type { FileId, FileProgress } from '../file.ts';
import type { FileFault } from '../format.ts';

const MESSAGE_LENGTH_MAX = 1_000;
const FIELD_LENGTH_MAX = 200;

export async function insertFaults(
  tx: Transaction,
  id: FileId,
  faults: readonly FileFault[],
  firstNumber: number,
): Promise<void> {
  if (faults.length === 0) return;
  await tx.query({
    text: `insert into payments.file_faults (file_id, number, scope, rule, message, record, field,
        batch, entry)
      select $1, $2 + t.place - 1, t.scope, t.rule, t.message, t.record, t.field, t.batch, t.entry
      from unnest($3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::bigint[],
        $9::bigint[])
        with ordinality as t (scope, rule, message, record, field, batch, entry, place)`,
    values: [
      uuidOf(id),
      firstNumber,
      faults.map(({ scope }) => scope),
      faults.map(({ rule }) => rule),
      faults.map(({ message }) => textOf(message, MESSAGE_LENGTH_MAX)),
      int8Array(faults.map(({ record }) => BigInt(record))),
      faults.map(({ field }) => (field === undefined ? null : textOf(field, FIELD_LENGTH_MAX))),
      int8Array(faults.map(({ batch }) => (batch === undefined ? undefined : BigInt(batch)))),
      int8Array(faults.map(({ entry }) => (entry === undefined ? undefined : BigInt(entry)))),
    ],
  });
}

// What a fault quotes of its file may be of any length, and may hold what PostgreSQL cannot.
function textOf(text: string, lengthMax: number): string {
  const clean = text.replaceAll('\0', '\uFFFD').toWellFormed().slice(0, lengthMax);
  return clean === '' ? '?' : clean.toWellFormed();
}

interface FaultRow {
  readonly number: number;
  readonly scope: FileFault['scope'];
  readonly rule: string;
  readonly message: string;
  readonly record: bigint;
  readonly field: string | null;
  readonly batch: bigint | null;
  readonly entry: bigint | null;
}

export interface NumberedFault extends FileFault {
  readonly number: number;
}

/** In the order in which they were found. */
export async function selectFaults(
  queryable: Queryable,
  id: FileId,
  page: { readonly after: number; readonly limit: number },
): Promise<NumberedFault[]> {
  const rows = await queryable.query<FaultRow>({
    text: `select f.number, f.scope, f.rule, f.message, f.record, f.field, f.batch, f.entry
      from payments.file_faults f where f.file_id = $1 and f.number > $2
      order by f.number limit $3`,
    values: [uuidOf(id), page.after, page.limit],
  });
  return rows.map(({ record, field, batch, entry, ...rest }) => ({
    ...rest,
    record: Number(record),
    field: field ?? undefined,
    batch: batch === null ? undefined : Number(batch),
    entry: entry === null ? undefined : Number(entry),
  }));
}

export const unpostedOutcomes = ['returned', 'noted', 'left_out'] as const;

/** What became of an entry that was not posted. */
export interface EntryOutcome {
  readonly entry: number;
  readonly record: number;
  readonly outcome: (typeof unpostedOutcomes)[number];
  /** Of a return or refusal: R03, AC04, or the code of a refusal. */
  readonly reason?: string | undefined;
  readonly accountId?: AccountId | undefined;
  readonly paymentId?: Id<'pay'> | undefined;
  readonly trace?: string | undefined;
}

export interface Chunk extends FileProgress {
  readonly firstEntry: number;
  readonly entries: number;
  /** Those of them that were not posted. */
  readonly unposted: readonly EntryOutcome[];
}

const uuidsOf = (ids: readonly (Id<string> | undefined)[]): Buffer =>
  uuidArray(ids.map((id) => (id === undefined ? undefined : uuidOf(id))));

/** Fails where the chunk is there already. */
export async function insertChunk(tx: Transaction, id: FileId, chunk: Chunk): Promise<void> {
  const { unposted } = chunk;
  await tx.query({
    name: 'payments.insert_file_chunk',
    text: `with chunk as (
        insert into payments.file_chunks (file_id, first_entry, entries, posted, returned,
          noted, left_out, debits, credits, recorded_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $17)
      )
      insert into payments.file_entries (file_id, entry, record, outcome, reason, account_id,
        payment_id, trace)
      select $1, t.entry, t.record, t.outcome, t.reason, t.account_id, t.payment_id, t.trace
      from unnest($10::bigint[], $11::bigint[], $12::text[], $13::text[], $14::uuid[],
        $15::uuid[], $16::text[])
        as t (entry, record, outcome, reason, account_id, payment_id, trace)`,
    values: [
      uuidOf(id),
      chunk.firstEntry,
      chunk.entries,
      chunk.posted,
      chunk.returned,
      chunk.noted,
      chunk.leftOut,
      chunk.debits,
      chunk.credits,
      int8Array(unposted.map(({ entry }) => BigInt(entry))),
      int8Array(unposted.map(({ record }) => BigInt(record))),
      unposted.map(({ outcome }) => outcome),
      unposted.map(({ reason }) => reason ?? null),
      uuidsOf(unposted.map(({ accountId }) => accountId)),
      uuidsOf(unposted.map(({ paymentId }) => paymentId)),
      unposted.map(({ trace }) => trace ?? null),
      formatInstant(tx.now),
    ],
  });
}

/** The first entries of the chunks that are done. */
export async function selectChunks(queryable: Queryable, id: FileId): Promise<Set<number>> {
  const rows = await queryable.query<{ first_entry: bigint }>({
    text: `select c.first_entry from payments.file_chunks c
      where c.file_id = $1`,
    values: [uuidOf(id)],
  });
  return new Set(rows.map(({ first_entry: first }) => Number(first)));
}

interface ProgressRow {
  readonly file_id: Uuid;
  readonly posted: bigint;
  readonly returned: bigint;
  readonly noted: bigint;
  readonly left_out: bigint;
  readonly debits: bigint;
  readonly credits: bigint;
}

export const noProgress: FileProgress = {
  posted: 0,
  returned: 0,
  noted: 0,
  leftOut: 0,
  debits: 0n,
  credits: 0n,
};

/** Of each file that has any, by id. */
export async function progressOf(
  queryable: Queryable,
  ids: readonly FileId[],
): Promise<Map<FileId, FileProgress>> {
  const rows = await queryable.query<ProgressRow>({
    name: 'payments.file_progress',
    text: `select c.file_id, sum(c.posted)::bigint as posted, sum(c.returned)::bigint as returned,
        sum(c.noted)::bigint as noted, sum(c.left_out)::bigint as left_out,
        sum(c.debits)::bigint as debits, sum(c.credits)::bigint as credits
      from payments.file_chunks c where c.file_id = any($1) group by c.file_id`,
    values: [uuidArray(ids.map(uuidOf))],
  });
  return new Map(
    rows.map((row) => {
      const progress: FileProgress = {
        posted: Number(row.posted),
        returned: Number(row.returned),
        noted: Number(row.noted),
        leftOut: Number(row.left_out),
        debits: row.debits,
        credits: row.credits,
      };
      return [idOf('fil', row.file_id), progress];
    }),
  );
}

interface EntryRow {
  readonly entry: bigint;
  readonly record: bigint;
  readonly outcome: EntryOutcome['outcome'];
  readonly reason: string | null;
  readonly account_id: Uuid | null;
  readonly payment_id: Uuid | null;
  readonly trace: string | null;
}

export interface EntryPage {
  readonly after: number;
  readonly limit: number;
  /** Not those that move nothing by their nature. */
  readonly isNotedLeftOut: boolean;
}

/** Those that were not posted, in the order of the file. */
export async function selectEntries(
  queryable: Queryable,
  id: FileId,
  { after, limit, isNotedLeftOut }: EntryPage,
): Promise<EntryOutcome[]> {
  const rows = await queryable.query<EntryRow>({
    text: `select e.entry, e.record, e.outcome, e.reason, e.account_id, e.payment_id,
        e.trace
      from payments.file_entries e where e.file_id = $1 and e.entry > $2
      ${isNotedLeftOut ? "and e.outcome in ('returned', 'left_out')" : ''}
      order by e.entry limit $3`,
    values: [uuidOf(id), after, limit],
  });
  return rows.map((row) => ({
    entry: Number(row.entry),
    record: Number(row.record),
    outcome: row.outcome,
    reason: row.reason ?? undefined,
    accountId: row.account_id === null ? undefined : idOf('acc', row.account_id),
    paymentId: row.payment_id === null ? undefined : idOf('pay', row.payment_id),
    trace: row.trace ?? undefined,
  }));
}

/** What the bank sends back about a file. */
export interface FileAnswer {
  readonly format: string;
  readonly bytes: number;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  /** Its pieces in the store, in order. */
  readonly parts: readonly Uuid[];
}

export async function insertAnswer(tx: Transaction, id: FileId, answer: FileAnswer): Promise<void> {
  await tx.query({
    text: `insert into payments.file_answers (file_id, format, bytes, sha256, parts, recorded_at)
      values ($1, $2, $3, $4, $5, $6)`,
    values: [
      uuidOf(id),
      answer.format,
      answer.bytes,
      Buffer.from(answer.sha256, 'hex'),
      uuidArray(answer.parts),
      formatInstant(tx.now),
    ],
  });
}

export async function findAnswer(
  queryable: Queryable,
  id: FileId,
): Promise<FileAnswer | undefined> {
  const [row] = await queryable.query<{
    format: string;
    bytes: bigint;
    sha256: Buffer;
    parts: Uuid[];
  }>({
    text: `select a.format, a.bytes, a.sha256, a.parts from payments.file_answers a
      where a.file_id = $1`,
    values: [uuidOf(id)],
  });
  if (row === undefined) return undefined;
  const { format, parts } = row;
  return { format, parts, bytes: Number(row.bytes), sha256: row.sha256.toString('hex') };
}
