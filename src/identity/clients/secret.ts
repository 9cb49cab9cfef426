// Owns the secret of a client: random, shown once, and known afterwards only by its hash. While one
// is being replaced, either is good.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const SECRET_BYTES = 32;
/** So that scanners find one where it must not be. */
const PREFIX = 'florin_secret_';

export function newSecret(): string {
  return PREFIX + randomBytes(SECRET_BYTES).toString('base64url');
}

// 256 random bits cannot be guessed, so a fast hash is enough.
export function hashOfSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** The hashes as one text, for a client's metadata. */
export function writeHashes(hashes: readonly Buffer[]): string {
  return hashes.map((hash) => hash.toString('base64url')).join('.');
}

/** Takes the same time for every secret. */
export function isSecretOf(written: string, presented: string): boolean {
  const actual = hashOfSecret(presented);
  let isOne = false;
  for (const text of written.split('.')) {
    const hash = Buffer.from(text, 'base64url');
    if (hash.length === actual.length && timingSafeEqual(hash, actual)) isOne = true;
  }
  return isOne;
}
