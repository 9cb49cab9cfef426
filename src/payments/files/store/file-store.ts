// Owns the SQL of files of payments: the file with its state, its parts and its lease. A row is
// parsed here and nowhere else. Every change of a file under work names the lease it rests on, so
// that a worker that was taken for dead changes nothing any more.

import { formatInstant, idOf, uuidOf, type Instant, type Uuid } from '#kernel';
import type { Queryable, Transaction } from '#platform';
import type { AgreementId } from '../agreement.ts';
import type { DueState, FileId, FileSource, FileState, Lease, PaymentFile } from '../file.ts';
import type { FileTotals } from '../format.ts';

interface FileRow {
  readonly id: Uuid;
  readonly tenant: string;
  readonly agreement_id: Uuid;
  readonly sender: string;
  readonly format: string;
  readonly source: FileSource;
  readonly name: string;
  readonly bytes: bigint;
  readonly received_bytes: bigint;
  readonly checked_bytes: bigint;
  readonly sha256: Buffer;
  readonly sealed_key: Buffer;
  readonly state: FileState;
  readonly reason: string | null;
  readonly message_id: string | null;
  readonly entries: bigint | null;
  readonly batches: bigint | null;
  readonly debits: bigint | null;
  readonly credits: bigint | null;
  readonly faults: bigint;
  readonly attempts: number;
  readonly created_at_us: bigint;
  readonly changed_at_us: bigint;
}

const columns = `f.id, f.tenant, f.agreement_id, f.sender, f.format, f.source, f.name, f.bytes,
  f.received_bytes, f.checked_bytes, f.sha256, f.sealed_key, f.state, f.reason, f.message_id,
  f.entries, f.batches, f.debits, f.credits, f.faults, f.attempts,
  (extract(epoch from f.created_at) * 1000000)::bigint as created_at_us,
  (extract(epoch from f.changed_at) * 1000000)::bigint as changed_at_us`;

function fileOf(row: FileRow): PaymentFile {
  return {
    id: idOf('fil', row.id),
    tenant: row.tenant,
    agreementId: idOf('fag', row.agreement_id),
    sender: row.sender,
    format: row.format,
    source: row.source,
    name: row.name,
    bytes: Number(row.bytes),
    receivedBytes: Number(row.received_bytes),
    checkedBytes: Number(row.checked_bytes),
    sha256: row.sha256.toString('hex'),
    sealedKey: row.sealed_key,
    state: row.state,
    reason: row.reason ?? undefined,
    messageId: row.message_id ?? undefined,
    totals: totalsOf(row),
    faults: Number(row.faults),
    attempts: row.attempts,
    createdAt: Number(row.created_at_us) as Instant,
    changedAt: Number(row.changed_at_us) as Instant,
  };
}

function totalsOf({ entries, batches, debits, credits }: FileRow): FileTotals | undefined {
  if (entries === null || batches === null || debits === null || credits === null) return undefined;
  return { entries: Number(entries), batches: Number(batches), debits, credits };
}

/** False where the sender has sent the same content before. */
export async function insertFile(tx: Transaction, file: PaymentFile): Promise<boolean> {
  const rows = await tx.query({
    text: `insert into payments.files (id, tenant, agreement_id, sender, format, source, name,
        bytes, received_bytes, sha256, sealed_key, state, faults, checked_bytes, attempts,
        created_at, changed_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10, 'uploading', 0, 0, 0, $11, $11)
      on conflict do nothing returning id`,
    values: [
      uuidOf(file.id),
      file.tenant,
      uuidOf(file.agreementId),
      file.sender,
      file.format,
      file.source,
      file.name,
      file.bytes,
      Buffer.from(file.sha256, 'hex'),
      file.sealedKey,
      formatInstant(file.createdAt),
    ],
  });
  return rows.length === 1;
}

/** The file of that sender with that content which was not refused. */
export async function findByContent(
  queryable: Queryable,
  { sender, sha256 }: { readonly sender: string; readonly sha256: string },
): Promise<PaymentFile | undefined> {
  const [row] = await queryable.query<FileRow>({
    text: `select ${columns} from payments.files f
      where f.sender = $1 and f.sha256 = $2 and f.state not in ('refused', 'abandoned')`,
    values: [sender, Buffer.from(sha256, 'hex')],
  });
  return row === undefined ? undefined : fileOf(row);
}

export async function findFile(queryable: Queryable, id: FileId): Promise<PaymentFile | undefined> {
  const [row] = await queryable.query<FileRow>({
    name: 'payments.find_file',
    text: `select ${columns} from payments.files f where f.id = $1`,
    values: [uuidOf(id)],
  });
  return row === undefined ? undefined : fileOf(row);
}

export async function lockFile(tx: Transaction, id: FileId): Promise<PaymentFile | undefined> {
  const [row] = await tx.query<FileRow>({
    text: `select ${columns} from payments.files f where f.id = $1 for update`,
    values: [uuidOf(id)],
  });
  return row === undefined ? undefined : fileOf(row);
}

export interface FilePage {
  readonly before: FileId | undefined;
  readonly limit: number;
  readonly state: FileState | undefined;
  readonly agreementId: AgreementId | undefined;
}

/** Newest first. */
export async function selectFiles(queryable: Queryable, page: FilePage): Promise<PaymentFile[]> {
  const { before, limit, state, agreementId } = page;
  const rows = await queryable.query<FileRow>({
    text: `select ${columns} from payments.files f
      where ($1::uuid is null or f.id < $1) and ($2::text is null or f.state = $2)
        and ($3::uuid is null or f.agreement_id = $3)
      order by f.id desc limit $4`,
    values: [
      before === undefined ? null : uuidOf(before),
      state ?? null,
      agreementId === undefined ? null : uuidOf(agreementId),
      limit,
    ],
  });
  return rows.map(fileOf);
}

export interface FilePart {
  readonly place: number;
  readonly bytes: number;
  readonly objectId: Uuid;
}

export async function insertPart(tx: Transaction, id: FileId, part: FilePart): Promise<void> {
  const { place, bytes, objectId } = part;
  await tx.query({
    name: 'payments.insert_file_part',
    text: `with part as (
        insert into payments.file_parts (file_id, place, bytes, object_id, recorded_at)
        values ($1, $2, $3, $4, $5)
      )
      update payments.files f set received_bytes = f.received_bytes + $3, changed_at = $5
      where f.id = $1`,
    values: [uuidOf(id), place, bytes, objectId, formatInstant(tx.now)],
  });
}

/** In order. */
export async function selectParts(queryable: Queryable, id: FileId): Promise<FilePart[]> {
  const rows = await queryable.query<{ place: bigint; bytes: number; object_id: Uuid }>({
    text: `select p.place, p.bytes, p.object_id from payments.file_parts p
      where p.file_id = $1 order by p.place`,
    values: [uuidOf(id)],
  });
  return rows.map(({ place, bytes, object_id: objectId }) => {
    return { place: Number(place), bytes, objectId };
  });
}

/** Of a file nobody works on. */
export async function setState(tx: Transaction, id: FileId, state: FileState): Promise<void> {
  await tx.query({
    text: `update payments.files f set state = $2, reason = null, attempts = 0,
        leased_by = null, leased_until = null, changed_at = $3 where f.id = $1`,
    values: [uuidOf(id), state, formatInstant(tx.now)],
  });
}

/** The oldest file with work to do that nobody works on, leased to this owner. */
export async function leaseFile(
  tx: Transaction,
  { owner, until }: { readonly owner: Uuid; readonly until: Instant },
): Promise<PaymentFile | undefined> {
  const [row] = await tx.query<FileRow>({
    text: `update payments.files f set leased_by = $1, leased_until = $2,
        attempts = f.attempts + 1
      where f.id = (
        select g.id from payments.files g
        where g.state in ('received', 'accepted', 'posted')
          and (g.leased_until is null or g.leased_until <= $3)
        order by g.id limit 1 for update skip locked
      )
      returning ${columns}`,
    values: [owner, formatInstant(until), formatInstant(tx.now)],
  });
  return row === undefined ? undefined : fileOf(row);
}

/** Whether the lease is held still; holds it for longer, and locks the file. */
export async function renewLease(
  queryable: Queryable,
  { fileId, owner }: Lease,
  until: Instant,
): Promise<boolean> {
  const rows = await queryable.query({
    name: 'payments.renew_file_lease',
    text: `update payments.files f set leased_until = greatest(f.leased_until, $3), attempts = 1
      where f.id = $1 and f.leased_by = $2 returning f.id`,
    values: [uuidOf(fileId), owner, formatInstant(until)],
  });
  return rows.length === 1;
}

/** Ends the lease; another may take the file up from then on. */
export async function releaseLease(
  queryable: Queryable,
  { fileId, owner }: Lease,
  from: Instant,
): Promise<void> {
  await queryable.query({
    text: `update payments.files f set leased_until = $3 where f.id = $1 and f.leased_by = $2`,
    values: [uuidOf(fileId), owner, formatInstant(from)],
  });
}

export async function tellChecked(
  queryable: Queryable,
  { fileId, owner }: Lease,
  reading: { readonly bytes: number; readonly until: Instant },
): Promise<boolean> {
  const rows = await queryable.query({
    text: `update payments.files f set checked_bytes = $3,
        leased_until = greatest(f.leased_until, $4)
      where f.id = $1 and f.leased_by = $2 returning f.id`,
    values: [uuidOf(fileId), owner, reading.bytes, formatInstant(reading.until)],
  });
  return rows.length === 1;
}

export interface Step {
  readonly from: DueState;
  readonly to: FileState;
  readonly reason?: string | undefined;
}

/** The next state, with the lease given back. Whether the lease was held. */
export async function takeStep(tx: Transaction, lease: Lease, step: Step): Promise<boolean> {
  const rows = await tx.query({
    text: `update payments.files f set state = $4, reason = $5, attempts = 0, leased_by = null,
        leased_until = null, changed_at = $6
      where f.id = $1 and f.leased_by = $2 and f.state = $3 returning f.id`,
    values: [
      uuidOf(lease.fileId),
      lease.owner,
      step.from,
      step.to,
      step.reason ?? null,
      formatInstant(tx.now),
    ],
  });
  return rows.length === 1;
}

export interface Checked {
  readonly to: 'accepted' | 'refused';
  readonly reason: string | undefined;
  readonly messageId: string | undefined;
  readonly totals: FileTotals;
  readonly faults: number;
}

/** The verdict on a file, with what was found in it. Whether the lease was held. */
export async function concludeCheck(
  tx: Transaction,
  { fileId, owner }: Lease,
  { to, reason, messageId, totals, faults }: Checked,
): Promise<boolean> {
  const rows = await tx.query({
    text: `update payments.files f set state = $3, reason = $4, message_id = $5, entries = $6,
        batches = $7, debits = $8, credits = $9, faults = $10, checked_bytes = f.bytes,
        attempts = 0, leased_by = null, leased_until = null, changed_at = $11
      where f.id = $1 and f.leased_by = $2 and f.state = 'received' returning f.id`,
    values: [
      uuidOf(fileId),
      owner,
      to,
      reason ?? null,
      messageId ?? null,
      totals.entries,
      totals.batches,
      totals.debits,
      totals.credits,
      faults,
      formatInstant(tx.now),
    ],
  });
  return rows.length === 1;
}

/** Whether another file of the sender, not refused, has the message id. */
export async function isMessageKnown(
  queryable: Queryable,
  { id, sender, format }: PaymentFile,
  messageId: string,
): Promise<boolean> {
  const rows = await queryable.query({
    text: `select from payments.files f
      where f.message_id = $1 and f.sender = $2 and f.format = $3 and f.id <> $4
        and f.state not in ('refused', 'abandoned')`,
    values: [messageId, sender, format, uuidOf(id)],
  });
  return rows.length > 0;
}

/** Uploads that nobody has gone on with since. */
export async function selectForsaken(
  queryable: Queryable,
  since: Instant,
  countMax: number,
): Promise<{ readonly id: FileId; readonly tenant: string }[]> {
  const rows = await queryable.query<{ id: Uuid; tenant: string }>({
    text: `select f.id, f.tenant from payments.files f
      where f.state = 'uploading' and f.changed_at < $1 order by f.changed_at limit $2`,
    values: [formatInstant(since), countMax],
  });
  return rows.map(({ id, tenant }) => ({ id: idOf('fil', id), tenant }));
}
