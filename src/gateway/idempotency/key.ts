// Owns how a client names a request that it may repeat: the Idempotency-Key header of
// draft-ietf-httpapi-idempotency-key-header-07, and what that name is kept under. Callers never
// meet: the same key of two callers is two keys.
import { createHash } from 'node:crypto';
import type { Principal } from '#identity';
import { canonical } from '#audit';
import { EdgeRefusal } from '../problems.ts';

const HEADER = 'idempotency-key';
const LENGTH_MAX = 255;
/** Bytes of SHA-256 that name a request: what two callers could be made to share by chance only. */
export const KEY_BYTES = 16;

// A string of RFC 9651 §3.3.3, without parameters, as the draft has none.
const QUOTED = /^"((?:[ !#-[\]-~]|\\["\\])*)"$/;
// What most clients send instead. It stands for the same key as between quotes.
const BARE = /^[A-Za-z0-9_.:~+/=-]+$/;

/** The key that the client gave. Throws the refusal of a request without one. */
export function readKey(header: (name: string) => string | undefined): string {
  const given = header(HEADER);
  if (given === undefined) {
    const detail = 'This request needs an Idempotency-Key, such as a new UUID between quotes.';
    throw new EdgeRefusal('idempotency_key_missing', detail, { param: HEADER });
  }
  const quoted = QUOTED.exec(given)?.[1]?.replaceAll(/\\(.)/g, '$1');
  const key = quoted ?? (BARE.test(given) ? given : '');
  if (key === '' || key.length > LENGTH_MAX) {
    const detail = `The Idempotency-Key must be one text of 1 to ${LENGTH_MAX} characters.`;
    throw new EdgeRefusal('idempotency_key_invalid', detail, { param: HEADER });
  }
  return key;
}

/** What a key of this caller is kept under, as hexadecimal digits. */
export function keyOf({ tenant, subject }: Principal, key: string): string {
  const digest = createHash('sha256')
    .update(canonical([tenant, subject, key]))
    .digest();
  return digest.toString('hex', 0, KEY_BYTES);
}
