// Owns how a file comes in: it is announced with its size and digest, arrives in parts that follow
// each other, and is received when the last byte has come. Every step can be repeated; the same
// content of the same sender is the same file, or refused once that was received.

import { record } from '#audit';
import { limits } from '#config';
import { accept, assert, idOf, msOf, newUuid, type Instant, type Result } from '#kernel';
import { emit, type Database, type Transaction, type TransactionContext } from '#platform';
import type { AgreementId } from './agreement.ts';
import { fileActions } from './audit-actions.ts';
import { newFileKey, removeParts, storePart, type Vault } from './content.ts';
import type { FileId, FileSource, PaymentFile } from './file.ts';
import { no, type FileRefusal } from './refusals.ts';
import { findAgreement } from './store/agreement-store.ts';
import {
  findByContent,
  findFile,
  insertFile,
  insertPart,
  lockFile,
  selectForsaken,
  selectParts,
  setState,
} from './store/file-store.ts';

export interface AnnouncedFile {
  readonly agreementId: AgreementId;
  readonly name: string;
  readonly bytes: number;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  readonly source: FileSource;
}

export interface Announced {
  readonly file: PaymentFile;
  /** It had been announced before, and its upload goes on. */
  readonly isReplay: boolean;
}

export async function announceFile(
  tx: Transaction,
  asked: AnnouncedFile,
): Promise<Result<Announced, FileRefusal>> {
  const { agreementId, bytes, sha256 } = asked;
  const agreement = await findAgreement(tx, agreementId);
  if (agreement === undefined) {
    return no('file_agreement_unknown', `there is no agreement ${agreementId}`, 'agreement_id');
  }
  const { sender, format, tenant } = agreement;
  if (agreement.state === 'ended') {
    return no('file_agreement_ended', `agreement ${agreementId} has ended`, 'agreement_id');
  }
  if (bytes > limits.fileBytesMax.value) {
    const message = `the file has ${bytes} bytes, and ${limits.fileBytesMax.value} at most`;
    return no('file_too_large', message, 'bytes');
  }
  const id: FileId = idOf('fil', newUuid(msOf(tx.now)));
  const file: PaymentFile = {
    id,
    tenant,
    agreementId,
    sender,
    format,
    source: asked.source,
    name: asked.name,
    bytes,
    receivedBytes: 0,
    checkedBytes: 0,
    sha256,
    sealedKey: await newFileKey(tx.keys, id),
    state: 'uploading',
    reason: undefined,
    messageId: undefined,
    totals: undefined,
    faults: 0,
    attempts: 0,
    createdAt: tx.now,
    changedAt: tx.now,
  };
  if (!(await insertFile(tx, file))) return replay(await findByContent(tx, { sender, sha256 }));
  const action = fileActions['payments.file.announce'];
  const after = { agreement: agreementId, bytes, sha256, source: asked.source };
  await record(tx, [{ action, target: id, after }]);
  return accept({ file, isReplay: false });
}

function replay(known: PaymentFile | undefined): Result<Announced, FileRefusal> {
  assert(known !== undefined, 'a file was neither stored nor known');
  if (known.state === 'uploading') return accept({ file: known, isReplay: true });
  return no('file_duplicate', `${known.id} has the same content`, 'sha256');
}

export interface ReceiveWorld extends Vault {
  readonly database: Database;
}

export interface GivenPart {
  readonly fileId: FileId;
  /** Where it begins in the file. */
  readonly offset: number;
  readonly bytes: Buffer;
}

/** Takes the next part; one that was taken before is no change. */
export async function takePart(
  world: ReceiveWorld,
  context: TransactionContext,
  part: GivenPart,
): Promise<Result<PaymentFile, FileRefusal>> {
  const { fileId, bytes, offset } = part;
  const sees =
    context.tenant === undefined ? world.database : world.database.within(context.tenant);
  const seen = await findFile(sees, fileId);
  const early = seen === undefined ? unknown(fileId) : placeOf(seen, part);
  if (!early.ok || early.value === 'known') return early.ok ? keepOf(seen, fileId) : early;
  const file = seen as PaymentFile;
  const objectId = await storePart(world, file, { bytes, nowMs: msOf(context.now) });
  const stored = { place: offset, bytes: bytes.length, objectId };
  const taken = await world.database.transaction(
    { ...context, tenant: file.tenant },
    async (tx): Promise<Result<PaymentFile | 'known', FileRefusal>> => {
      const locked = await lockFile(tx, fileId);
      const place = locked === undefined ? unknown(fileId) : placeOf(locked, part);
      if (!place.ok) return place;
      if (place.value === 'known') return accept('known');
      await insertPart(tx, fileId, stored);
      return accept(await receivedOf(tx, place.value));
    },
  );
  if (taken.ok && taken.value !== 'known') return accept(taken.value);
  // Another request with the same part was faster: this copy of it means nothing.
  await removeParts(world, fileId, [stored], context.now);
  return taken.ok ? keepOf(await findFile(sees, fileId), fileId) : taken;
}

function unknown(id: FileId): Result<never, FileRefusal> {
  return no('file_unknown', `there is no file ${id}`, 'id');
}

function keepOf(file: PaymentFile | undefined, id: FileId): Result<PaymentFile, FileRefusal> {
  return file === undefined ? unknown(id) : accept(file);
}

/** The file with the part in it, `known` where it has it already, or why it cannot have it. */
function placeOf(
  file: PaymentFile,
  { offset, bytes }: GivenPart,
): Result<PaymentFile | 'known', FileRefusal> {
  const end = offset + bytes.length;
  if (bytes.length === 0 || bytes.length > limits.filePartBytesMax.value) {
    const message = `a part has 1 to ${limits.filePartBytesMax.value} bytes`;
    return no('file_part_invalid', message, 'content');
  }
  if (end <= file.receivedBytes) return accept('known');
  if (file.state !== 'uploading') {
    return no('file_not_uploading', `file ${file.id} is ${file.state}`, 'id');
  }
  if (offset !== file.receivedBytes) {
    return no('file_offset_wrong', `the next byte is ${file.receivedBytes}`, 'offset');
  }
  if (end > file.bytes) {
    return no('file_part_invalid', `the file has ${file.bytes} bytes and no more`, 'content');
  }
  return accept({ ...file, receivedBytes: end });
}

async function receivedOf(tx: Transaction, file: PaymentFile): Promise<PaymentFile> {
  if (file.receivedBytes < file.bytes) return { ...file, changedAt: tx.now };
  await setState(tx, file.id, 'received');
  const action = fileActions['payments.file.receive'];
  await record(tx, [{ action, target: file.id, after: { bytes: file.bytes } }]);
  const data = { agreement_id: file.agreementId, bytes: file.bytes, format: file.format };
  await emit(tx, [{ type: 'file.received', subject: file.id, data }]);
  return { ...file, state: 'received', changedAt: tx.now };
}

/** A file that had failed is taken up again where it stopped. */
export async function retryFile(
  tx: Transaction,
  id: FileId,
): Promise<Result<PaymentFile, FileRefusal>> {
  const file = await lockFile(tx, id);
  if (file === undefined) return unknown(id);
  if (file.state !== 'failed') {
    return no('file_state_wrong', `file ${id} is ${file.state} and has not failed`, 'id');
  }
  // What was posted is not posted again, and the check is repeated only where it had not ended.
  const state = file.totals === undefined ? 'received' : 'accepted';
  await setState(tx, id, state);
  const action = fileActions['payments.file.retry'];
  const after = { state };
  await record(tx, [{ action, target: id, before: { reason: file.reason }, after }]);
  return accept({ ...file, state, reason: undefined, changedAt: tx.now });
}

const ABANDONED_MAX = 100;

/** Gives up uploads that nobody has gone on with, and removes what came of them. */
export async function abandonUploads(
  world: ReceiveWorld,
  context: TransactionContext,
): Promise<number> {
  const since = (context.now - limits.fileUploadMaxMs.value * 1_000) as Instant;
  const forsaken = await selectForsaken(world.database, since, ABANDONED_MAX);
  for (const { id, tenant } of forsaken) {
    const parts = await world.database.transaction({ ...context, tenant }, async (tx) => {
      const file = await lockFile(tx, id);
      if (file?.state !== 'uploading' || file.changedAt >= since) return [];
      await setState(tx, id, 'abandoned');
      await record(tx, [{ action: fileActions['payments.file.abandon'], target: id }]);
      return await selectParts(tx, id);
    });
    await removeParts(world, id, parts, context.now);
  }
  return forsaken.length;
}
