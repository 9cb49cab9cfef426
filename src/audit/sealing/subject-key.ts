// Owns the cryptography of one subject: a key that encrypts its fields, and a salt that commits to
// them. Both are random, wrapped together and destroyed together. Pure but for randomness.

import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  randomBytes,
  timingSafeEqual,
  type KeyObject,
} from 'node:crypto';
import { assert } from '#kernel';
import { canonical } from '../canonical.ts';
import type { Sealed, Sensitive } from './sealed.ts';

const KEY_BYTES = 32;
const SALT_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export interface SubjectKey {
  readonly key: KeyObject;
  readonly salt: Buffer;
}

/** The key and salt of a new subject, 64 bytes: what is wrapped. */
export function newSecret(): Buffer {
  return randomBytes(KEY_BYTES + SALT_BYTES);
}

export function subjectKeyOf(secret: Buffer): SubjectKey {
  assert(secret.length === KEY_BYTES + SALT_BYTES, 'a subject has a key and a salt');
  const key = createSecretKey(secret.subarray(0, KEY_BYTES));
  return { key, salt: Buffer.from(secret.subarray(KEY_BYTES)) };
}

/** Said when wrapping and unwrapping, so that no subject's key passes for another's. */
export function contextOf(subject: string): string {
  return `audit.subject:${subject}`;
}

export function sealFields({ key, salt }: SubjectKey, { subject, fields }: Sensitive): Sealed {
  const plaintext = Buffer.from(canonical(fields));
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(subject));
  const ciphertext = cipher.update(plaintext);
  cipher.final();
  return {
    ciphertext: Buffer.concat([nonce, ciphertext, cipher.getAuthTag()]).toString('base64'),
    commitment: commitmentTo(salt, plaintext).toString('base64'),
    subject,
  };
}

/** The fields, if they were sealed with this key and are what the record commits to. */
export function openFields(
  subjectKey: SubjectKey,
  sealed: Sealed,
): Sensitive['fields'] | undefined {
  const plaintext = decrypt(subjectKey.key, sealed);
  if (plaintext === undefined) return undefined;
  const stated = Buffer.from(sealed.commitment, 'base64');
  const commitment = commitmentTo(subjectKey.salt, plaintext);
  if (stated.length !== commitment.length || !timingSafeEqual(stated, commitment)) return undefined;
  // Nobody without the key could have made other bytes.
  return JSON.parse(plaintext.toString()) as Sensitive['fields'];
}

function decrypt(key: KeyObject, { ciphertext, subject }: Sealed): Buffer | undefined {
  const sealed = Buffer.from(ciphertext, 'base64');
  const textEnd = sealed.length - TAG_BYTES;
  if (textEnd < NONCE_BYTES) return undefined;
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(subject));
  decipher.setAuthTag(sealed.subarray(textEnd));
  const plaintext = decipher.update(sealed.subarray(NONCE_BYTES, textEnd));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return plaintext;
}

function commitmentTo(salt: Buffer, plaintext: Buffer): Buffer {
  return createHash('sha256').update(salt).update(plaintext).digest();
}
