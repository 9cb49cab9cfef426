// Owns numbers that stand for texts: the same on every machine and in every run, 53 bits wide, so
// that two of the texts that one key sees in its windows have the same number in no practical case.

import type { KeyKind } from '../event.ts';

const HIGH = 2 ** 32;
const HIGH_BITS = 0x1f_ffff;

const hashed = new Float64Array(1);

/** A safe integer from the characters of a text: two multiplicative hashes of 32 bits, mixed. */
export function hashText(text: string): number {
  hashInto(hashed, 0, text);
  return hashed[0] ?? 0;
}

/** Writes it into a place; a number handed back would be an object. */
export function hashInto(hashes: Float64Array, place: number, text: string): void {
  let one = 0xdead_beef;
  let two = 0x41c6_ce57;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    one = Math.imul(one ^ code, 0x9e37_79b1);
    two = Math.imul(two ^ code, 0x5f35_6495);
  }
  one = Math.imul(one ^ (one >>> 16), 0x85eb_ca6b) ^ Math.imul(two ^ (two >>> 13), 0xc2b2_ae35);
  two = Math.imul(two ^ (two >>> 16), 0x85eb_ca6b) ^ Math.imul(one ^ (one >>> 13), 0xc2b2_ae35);
  hashes[place] = HIGH * (two & HIGH_BITS) + (one >>> 0);
}

/** Which of so many shards keeps the history of a key. */
export function keyShard(kind: KeyKind, key: string, shards: number): number {
  return hashText(`${kind}\u0000${key}`) % shards;
}
