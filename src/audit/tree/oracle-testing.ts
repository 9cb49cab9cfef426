// Owns the tree as RFC 6962 §2.1 defines it, word for word: recursive, over all leaves, sharing no
// code with the one that is used. Tests compare the two.

import { createHash } from 'node:crypto';

export interface Oracle {
  /** MTH(D[start:end]). */
  readonly root: (start: number, end: number) => Buffer;
  /** PATH(index, D[0:size]). */
  readonly path: (index: number, size: number) => Buffer[];
  /** PROOF(size1, D[0:size2]). */
  readonly proof: (size1: number, size2: number) => Buffer[];
}

export function oracleOf(leaves: readonly Buffer[]): Oracle {
  const known = new Map<string, Buffer>();
  const root = (start: number, end: number): Buffer => {
    if (start === end) return sha256();
    if (end - start === 1) return sha256(Buffer.of(0), leaves[start] ?? Buffer.alloc(0));
    const key = `${start}-${end}`;
    let found = known.get(key);
    if (found === undefined) {
      const middle = start + split(end - start);
      found = sha256(Buffer.of(1), root(start, middle), root(middle, end));
      known.set(key, found);
    }
    return found;
  };
  const path = (index: number, start: number, end: number): Buffer[] => {
    if (end - start === 1) return [];
    const k = split(end - start);
    return index < k
      ? [...path(index, start, start + k), root(start + k, end)]
      : [...path(index - k, start + k, end), root(start, start + k)];
  };
  const subproof = (m: number, start: number, end: number, isWhole: boolean): Buffer[] => {
    if (m === end - start) return isWhole ? [] : [root(start, end)];
    const k = split(end - start);
    return m <= k
      ? [...subproof(m, start, start + k, isWhole), root(start + k, end)]
      : [...subproof(m - k, start + k, end, false), root(start, start + k)];
  };
  return {
    root,
    path: (index, size) => path(index, 0, size),
    proof: (size1, size2) => (size1 === 0 ? [] : subproof(size1, 0, size2, true)),
  };
}

/** Leaves that differ from each other and from those of another seed. */
export function leavesOfSeed(count: number, seed = 'leaf'): Buffer[] {
  return Array.from({ length: count }, (_, index) => Buffer.from(`${seed} ${index}`));
}

// The largest power of two smaller than n.
function split(n: number): number {
  return 2 ** Math.ceil(Math.log2(n) - 1);
}

function sha256(...parts: Buffer[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
