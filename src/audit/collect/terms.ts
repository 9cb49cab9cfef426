// Owns the terms by which segments of collected events are found: a kind and a value as a hash of
// 32 bits, signed. Two terms may share a hash, so what a term finds is always compared exactly.

import { mixBytes, termOf } from '../search/term.ts';

export type CollectedTermKind = 'account' | 'action' | 'actor' | 'address' | 'known_bad' | 'name';

const FNV_BASIS = 0x81_1c_9d_c5;

/**
 * address: in its one spelling. actor: a name or id of who did it. action: what was done
 * ("ConsoleLogin", "ACCEPT"). name: what it was done with or to, a service, an interface, a logger.
 */
export function collectedTerm(kind: CollectedTermKind, value: string): number {
  return termOf(mixBytes(FNV_BASIS, Buffer.from(`${kind}:${value}`)));
}
