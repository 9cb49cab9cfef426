// Owns the cryptography of people: the keyed digest by which a name is found and not read, the key
// of each person, and what is sealed under it. Pure but for randomness and the installation's keys.

import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { Fault } from '#kernel';
import type { Keys } from '#platform';
import type { PersonId } from './person.ts';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Ed25519 gives one signature for one message (RFC 8032), which only the key can make. */
const DIGEST_KEY = 'identity-digests';

/** What is digested, so that a digest of one kind never is one of another. */
export type DigestPurpose =
  | 'login'
  | 'account attempts'
  | 'device attempts'
  | 'factor attempts'
  | 'address attempts'
  | 'form';

/** A digest that nobody without the installation's key can compute or test guesses against. */
export async function keyedDigest(
  keys: Keys,
  purpose: DigestPurpose,
  text: string,
): Promise<Buffer> {
  return sha256(await keys.sign(DIGEST_KEY, Buffer.from(`${purpose}\0${text}`)));
}

/** Of what is random already, where a plain hash is enough. */
export function sha256(content: Buffer | string): Buffer {
  return createHash('sha256').update(content).digest();
}

export function newPersonKey(): Buffer {
  return randomBytes(KEY_BYTES);
}

/** Said when wrapping and unwrapping a person's key. */
export function keyContextOf(person: PersonId): string {
  return `identity.person:${person}`;
}

/** Encrypts what says something of a person; `what` must be named again to read it. */
export function sealFor(key: Buffer, what: string, text: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(what));
  const ciphertext = Buffer.concat([cipher.update(text), cipher.final()]);
  return Buffer.concat([nonce, ciphertext, cipher.getAuthTag()]);
}

/** Throws Fault 'key_mismatch' when it was not sealed with this key as this. */
export function openFor(key: Buffer, what: string, sealed: Buffer): string {
  const end = sealed.length - TAG_BYTES;
  const options = { authTagLength: TAG_BYTES };
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES), options);
  decipher.setAAD(Buffer.from(what));
  decipher.setAuthTag(sealed.subarray(end));
  try {
    const text = decipher.update(sealed.subarray(NONCE_BYTES, end));
    return Buffer.concat([text, decipher.final()]).toString();
  } catch (cause) {
    const message = 'What is stored of a person was altered.';
    throw new Fault('key_mismatch', { retryable: false, message, cause });
  }
}
