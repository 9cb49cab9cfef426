// Owns the terms of the index: a kind and a value, as a hash of 32 bits, signed. Two terms may
// share a hash; what the index finds is therefore always compared exactly.

import { isPrefixedId } from './words.ts';

export type TermKind =
  'actor' | 'action' | 'outcome' | 'reason' | 'request' | 'address' | 'id' | 'word';

/** A hash in the making: FNV-1a over the UTF-8 of "kind:value". */
export type Digest = number;

const FNV_PRIME = 0x01_00_01_93;
const FNV_BASIS = 0x81_1c_9d_c5;
const COLON = 0x3a;

export const begun: Readonly<Record<TermKind, Digest>> = {
  actor: beginning('actor'),
  action: beginning('action'),
  outcome: beginning('outcome'),
  reason: beginning('reason'),
  request: beginning('request'),
  address: beginning('address'),
  id: beginning('id'),
  word: beginning('word'),
};

function beginning(kind: TermKind): Digest {
  return mixByte(mixBytes(FNV_BASIS, Buffer.from(kind)), COLON);
}

export function mixByte(digest: Digest, byte: number): Digest {
  return Math.imul(digest ^ byte, FNV_PRIME);
}

export function mixBytes(digest: Digest, bytes: Uint8Array): Digest {
  let mixed = digest;
  for (const byte of bytes) mixed = mixByte(mixed, byte);
  return mixed;
}

/** The term: the digest after the finaliser of MurmurHash3, which spreads it over all 32 bits. */
export function termOf(digest: Digest): number {
  let mixed = digest ^ (digest >>> 16);
  mixed = Math.imul(mixed, 0x85_eb_ca_6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2_b2_ae_35);
  return mixed ^ (mixed >>> 16);
}

export function term(kind: TermKind, value: string): number {
  return termOf(mixBytes(begun[kind], Buffer.from(value)));
}

/** An id is found by whoever looks for it as a word, too. */
export function wordTerm(word: string): number {
  return term(isPrefixedId(word) ? 'id' : 'word', word);
}
