// Owns the bytes of files: parts in the store of objects, each sealed under a key of its file's own
// that only the database has, itself sealed by the installation's key. Whoever has the store alone
// reads nothing, and a part cannot stand for another.

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Fault, newUuid, uuidOf, type Instant, type Uuid } from '#kernel';
import type { Keys, Objects } from '#platform';
import type { FileId, PaymentFile } from './file.ts';
import type { FilePart } from './store/file-store.ts';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export interface Vault {
  readonly objects: Objects;
  readonly keys: Keys;
}

const keyContext = (id: FileId): string => `payment-file:${uuidOf(id)}`;
const objectKey = (id: FileId, object: Uuid): string => `payment-files/${uuidOf(id)}/${object}`;

/** A key for the parts of a new file. */
export async function newFileKey(keys: Keys, id: FileId): Promise<Buffer> {
  return await keys.wrap(randomBytes(KEY_BYTES), keyContext(id));
}

/** Stores a part durably and answers under which name. It counts only once the database says so. */
export async function storePart(
  { objects, keys }: Vault,
  file: Pick<PaymentFile, 'id' | 'sealedKey'>,
  part: { readonly bytes: Buffer; readonly nowMs: number },
): Promise<Uuid> {
  const key = await keys.unwrap(file.sealedKey, keyContext(file.id));
  const object = newUuid(part.nowMs);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce);
  cipher.setAAD(Buffer.from(objectKey(file.id, object)));
  const sealed = Buffer.concat([nonce, cipher.update(part.bytes), cipher.final()]);
  await objects.put(
    objectKey(file.id, object),
    Buffer.concat([sealed, cipher.getAuthTag()], sealed.length + TAG_BYTES),
  );
  return object;
}

/** The content, with the memory of one part. */
export async function* readContent(
  { objects, keys }: Vault,
  file: Pick<PaymentFile, 'id' | 'sealedKey'>,
  parts: readonly Pick<FilePart, 'objectId'>[],
): AsyncGenerator<Buffer> {
  const key = await keys.unwrap(file.sealedKey, keyContext(file.id));
  for (const { objectId } of parts) {
    const name = objectKey(file.id, objectId);
    const sealed = await objects.get(name);
    if (sealed === undefined) {
      throw new Fault('file_part_missing', { retryable: false, message: `${name} is gone.` });
    }
    yield open(key, name, sealed);
  }
}

function open(key: Buffer, name: string, sealed: Buffer): Buffer {
  try {
    const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_BYTES));
    decipher.setAAD(Buffer.from(name));
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    const text = sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES);
    return Buffer.concat([decipher.update(text), decipher.final()]);
  } catch (cause) {
    const message = `${name} is not what was stored.`;
    throw new Fault('file_part_corrupt', { retryable: false, message, cause });
  }
}

/** Removes parts; those that are gone already are no error. */
export async function removeParts(
  { objects }: Vault,
  id: FileId,
  parts: readonly Pick<FilePart, 'objectId'>[],
  now: Instant,
): Promise<void> {
  for (const { objectId } of parts) await objects.remove(objectKey(id, objectId), now);
}
