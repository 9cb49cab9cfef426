// Owns the SQL of the files that the bank writes and of the numbers they are given. A row is parsed
// here and nowhere else.

import { formatInstant, idOf, uuidOf, type Instant, type Uuid } from '#kernel';
import type { Queryable, Transaction } from '#platform';
import type { FileId } from '../../files/file.ts';
import type { OutgoingFile, OutgoingFileState } from './outgoing-file.ts';

interface OutgoingFileRow {
  readonly id: Uuid;
  readonly tenant: string;
  readonly format: 'nacha';
  readonly state: OutgoingFileState;
  readonly origin: string;
  readonly destination: string;
  readonly created_on: string;
  readonly modifier: string;
  readonly effective_on: string;
  readonly first_trace: string;
  readonly last_trace: string;
  readonly batches: number;
  readonly entries: number;
  readonly debits: bigint;
  readonly credits: bigint;
  readonly bytes: number;
  readonly sha256: Buffer;
  readonly sealed_key: Buffer;
  readonly object_id: Uuid;
  readonly written_at_us: bigint;
  readonly sent_at_us: bigint | null;
}

const columns = `o.id, o.tenant, o.format, o.state, o.origin, o.destination,
  o.created_on::text as created_on, o.modifier, o.effective_on::text as effective_on,
  o.first_trace, o.last_trace, o.batches, o.entries, o.debits, o.credits, o.bytes, o.sha256,
  o.sealed_key, o.object_id,
  (extract(epoch from o.written_at) * 1000000)::bigint as written_at_us,
  (extract(epoch from o.sent_at) * 1000000)::bigint as sent_at_us`;

function fileOf(row: OutgoingFileRow): OutgoingFile {
  const { tenant, format, state, origin, destination, modifier } = row;
  const { batches, entries, debits, credits, bytes } = row;
  return {
    id: idOf('fil', row.id),
    tenant,
    format,
    state,
    origin,
    destination,
    createdOn: row.created_on,
    modifier,
    effectiveOn: row.effective_on,
    firstTrace: row.first_trace,
    lastTrace: row.last_trace,
    batches,
    entries,
    debits,
    credits,
    bytes,
    sha256: row.sha256.toString('hex'),
    sealedKey: row.sealed_key,
    objectId: row.object_id,
    writtenAt: Number(row.written_at_us) as Instant,
    sentAt: row.sent_at_us === null ? undefined : (Number(row.sent_at_us) as Instant),
  };
}

export async function insertOutgoingFile(tx: Transaction, file: OutgoingFile): Promise<void> {
  await tx.query({
    text: `insert into payments.outgoing_files (id, tenant, format, state, origin, destination,
        created_on, modifier, effective_on, first_trace, last_trace, batches, entries, debits,
        credits, bytes, sha256, sealed_key, object_id, written_at)
      values ($1, $2, $3, 'written', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
        $17, $18, $19)`,
    values: [
      uuidOf(file.id),
      file.tenant,
      file.format,
      file.origin,
      file.destination,
      file.createdOn,
      file.modifier,
      file.effectiveOn,
      file.firstTrace,
      file.lastTrace,
      file.batches,
      file.entries,
      file.debits,
      file.credits,
      file.bytes,
      Buffer.from(file.sha256, 'hex'),
      file.sealedKey,
      file.objectId,
      formatInstant(file.writtenAt),
    ],
  });
}

export async function findOutgoingFile(
  queryable: Queryable,
  id: FileId,
): Promise<OutgoingFile | undefined> {
  const [row] = await queryable.query<OutgoingFileRow>({
    name: 'payments.find_outgoing_file',
    text: `select ${columns} from payments.outgoing_files o where o.id = $1`,
    values: [uuidOf(id)],
  });
  return row === undefined ? undefined : fileOf(row);
}

export async function lockOutgoingFile(
  tx: Transaction,
  id: FileId,
): Promise<OutgoingFile | undefined> {
  const [row] = await tx.query<OutgoingFileRow>({
    text: `select ${columns} from payments.outgoing_files o where o.id = $1 for update`,
    values: [uuidOf(id)],
  });
  return row === undefined ? undefined : fileOf(row);
}

/** Newest first. */
export async function selectOutgoingFiles(
  queryable: Queryable,
  page: {
    readonly before: FileId | undefined;
    readonly limit: number;
    readonly state: OutgoingFileState | undefined;
  },
): Promise<OutgoingFile[]> {
  const rows = await queryable.query<OutgoingFileRow>({
    name: 'payments.select_outgoing_files',
    text: `select ${columns} from payments.outgoing_files o
      where ($1::uuid is null or o.id < $1::uuid) and ($2::text is null or o.state = $2)
      order by o.id desc limit $3`,
    values: [
      page.before === undefined ? null : uuidOf(page.before),
      page.state ?? null,
      page.limit,
    ],
  });
  return rows.map(fileOf);
}

/** The file must have been locked. */
export async function setSent(tx: Transaction, id: FileId): Promise<void> {
  await tx.query({
    text: `update payments.outgoing_files set state = 'sent', sent_at = $2 where id = $1`,
    values: [uuidOf(id), formatInstant(tx.now)],
  });
}

/**
 * How many files the day has, locked until the transaction ends; undefined while another gives
 * numbers, or where its clock was on a later day.
 */
export async function lockNumbers(
  tx: Transaction,
  origin: string,
  day: string,
): Promise<number | undefined> {
  await tx.query({
    text: `insert into payments.ach_counters (origin, last_sequence, counted_on, files)
      values ($1, 0, $2, 0) on conflict do nothing`,
    values: [origin, day],
  });
  const [row] = await tx.query<{ files: number }>({
    text: `select case when c.counted_on = $2::date then c.files else 0 end as files
      from payments.ach_counters c where c.origin = $1 and c.counted_on <= $2::date
      for update skip locked`,
    values: [origin, day],
  });
  return row?.files;
}

/** Counts a file, and gives so many numbers that follow each other: answers the first. */
export async function takeNumbers(
  tx: Transaction,
  taken: {
    readonly origin: string;
    readonly day: string;
    readonly files: number;
    readonly count: number;
  },
): Promise<number> {
  const [row] = await tx.query<{ first: number }>({
    text: `update payments.ach_counters c set counted_on = $2::date, files = $3,
        last_sequence = case when c.last_sequence + $4::int > 9999999 then $4::int
          else c.last_sequence + $4::int end
      where c.origin = $1 returning c.last_sequence - $4::int + 1 as first`,
    values: [taken.origin, taken.day, taken.files, taken.count],
  });
  return row?.first ?? 0;
}

/** Whose payments wait for a file. */
export async function selectWaitingTenants(queryable: Queryable): Promise<string[]> {
  const rows = await queryable.query<{ tenant: string }>({
    name: 'payments.select_waiting_tenants',
    text: `select distinct p.tenant from payments.payments p
      where p.rail = 'ach' and p.status in ('accepted', 'submitted', 'unknown')
        and p.status = 'accepted'
      order by p.tenant`,
    values: [],
  });
  return rows.map(({ tenant }) => tenant);
}
