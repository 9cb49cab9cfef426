// Owns codes that a person reads from one place and types into another: random, in Crockford's
// Base32, which has no letters that look alike. Kept only as hashes. Pure but for randomness.

import { randomBytes } from 'node:crypto';
import { sha256 } from './secrets.ts';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const GROUP = 5;

/** Each group is worth 25 bits. */
export function newCode(groups: number): string {
  const letters = Array.from(randomBytes(groups * GROUP), (byte) => ALPHABET[byte % 32]);
  return letters.join('').replaceAll(/.{5}(?=.)/g, '$&-');
}

/** The hash of a code however it was typed: in small letters, without hyphens, O for 0. */
export function codeHash(typed: string): Buffer {
  const bare = typed.toUpperCase().replaceAll(/[^0-9A-Z]/g, '');
  return sha256(bare.replaceAll('O', '0').replaceAll(/[IL]/g, '1'));
}
