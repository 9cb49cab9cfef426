// Owns the right edge of a growing tree: the roots of the complete subtrees that its leaves fall
// into, one per 1 bit of its size, largest first. No more is needed to append and to know the root
// (RFC 9162 §2.1.2).

import { assert } from '#kernel';
import { EMPTY_ROOT, HASH_BYTES, nodeHash } from './hash.ts';

/** Told of a subtree that became complete: of 2^height leaves, the index-th of its height. */
export type OnSubtree = (height: number, index: number, hash: Buffer) => void;

export class Frontier {
  #size = 0;
  #peaks: Buffer[] = [];

  /** Peaks largest first, as many as the size has 1 bits. */
  static of(size: number, peaks: readonly Buffer[]): Frontier {
    assert(Number.isSafeInteger(size) && size >= 0, 'a size is a whole number');
    assert(peaks.length === peakCount(size), 'a tree has a peak for each 1 bit of its size');
    const frontier = new Frontier();
    frontier.#size = size;
    frontier.#peaks = [...peaks];
    return frontier;
  }

  get size(): number {
    return this.#size;
  }

  get peaks(): readonly Buffer[] {
    return this.#peaks;
  }

  /** Appends a leaf by its hash; it is itself the first subtree that completes. */
  append(hash: Buffer, onSubtree?: OnSubtree): void {
    this.appendSubtree(0, hash, onSubtree);
  }

  /** Appends a complete subtree of 2^height leaves, which the size must be a multiple of. */
  appendSubtree(height: number, hash: Buffer, onSubtree?: OnSubtree): void {
    const leaves = 2 ** height;
    assert(hash.length === HASH_BYTES, 'a hash has 32 bytes');
    assert(this.#size % leaves === 0, 'a subtree begins at a multiple of its size');
    assert(Number.isSafeInteger(this.#size + leaves), 'a size is a safe integer');
    let index = this.#size / leaves;
    let joined = hash;
    let joinedHeight = height;
    onSubtree?.(joinedHeight, index, joined);
    while (index % 2 === 1) {
      const left = this.#peaks.pop();
      assert(left !== undefined, 'a tree has a peak for each 1 bit of its size');
      joined = nodeHash(left, joined);
      joinedHeight += 1;
      index = (index - 1) / 2;
      onSubtree?.(joinedHeight, index, joined);
    }
    this.#peaks.push(joined);
    this.#size += leaves;
  }

  /** MTH of all leaves. */
  root(): Buffer {
    return (
      this.#peaks.reduceRight<Buffer | undefined>(
        (right, left) => (right === undefined ? left : nodeHash(left, right)),
        undefined,
      ) ?? EMPTY_ROOT
    );
  }
}

/** How many 1 bits a size has: the peaks of a tree of that size. */
export function peakCount(size: number): number {
  let count = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}
