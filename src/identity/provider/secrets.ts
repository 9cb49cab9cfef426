// The keys of the provider that are not for signing tokens: for cookies, for nonces, and for what
// is stored. All are derived from one secret (HKDF, RFC 5869), so that one is never another.

import {
  createCipheriv,
  createDecipheriv,
  hkdfSync,
  randomBytes,
  type CipherGCMTypes,
} from 'node:crypto';
import { assert, Fault, type Instant } from '#kernel';
import type { Database } from '#platform';
import { insertSecret, selectSecret } from './secrets-store.ts';

const NAME = 'provider';
const WRAPPING_CONTEXT = 'identity.provider_secret';
const SECRET_BYTES = 32;
const CIPHER: CipherGCMTypes = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export interface ProviderSecrets {
  readonly cookies: Buffer;
  readonly nonces: Buffer;
  /** Of what the provider stores. */
  readonly artifacts: Buffer;
}

export async function openSecrets(database: Database, now: Instant): Promise<ProviderSecrets> {
  const secret = await database.keys.unwrap(await storedSecret(database, now), WRAPPING_CONTEXT);
  const derive = (purpose: string): Buffer =>
    Buffer.from(hkdfSync('sha256', secret, '', `florin ${purpose} 1`, SECRET_BYTES));
  return { cookies: derive('cookies'), nonces: derive('nonces'), artifacts: derive('artifacts') };
}

async function storedSecret(database: Database, now: Instant): Promise<Buffer> {
  const found = await selectSecret(database, NAME);
  if (found !== undefined) return found;
  const wrapped = await database.keys.wrap(randomBytes(SECRET_BYTES), WRAPPING_CONTEXT);
  await insertSecret(database, { name: NAME, wrapped, createdAt: now });
  const stored = await selectSecret(database, NAME);
  assert(stored !== undefined, 'a secret that was stored is there');
  return stored;
}

/** Encrypts what is stored under an id, so that it can be read as nothing else. */
export function sealArtifact(key: Buffer, id: Buffer, text: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce);
  cipher.setAAD(id);
  const ciphertext = Buffer.concat([cipher.update(text), cipher.final()]);
  return Buffer.concat([nonce, ciphertext, cipher.getAuthTag()]);
}

export function openArtifact(key: Buffer, id: Buffer, sealed: Buffer): string {
  const end = sealed.length - TAG_BYTES;
  const options = { authTagLength: TAG_BYTES };
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_BYTES), options);
  decipher.setAAD(id);
  decipher.setAuthTag(sealed.subarray(end));
  try {
    const text = decipher.update(sealed.subarray(NONCE_BYTES, end));
    return Buffer.concat([text, decipher.final()]).toString();
  } catch (cause) {
    const message = 'What the provider stored was altered, or is of another installation.';
    throw new Fault('key_mismatch', { retryable: false, message, cause });
  }
}
