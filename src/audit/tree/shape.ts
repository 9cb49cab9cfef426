// Owns which hashes a tree is made of: the subtrees that ranges of leaves fall into, and the ranges
// that a proof names (RFC 6962 §2.1.1 PATH, §2.1.2 SUBPROOF). Sizes only, no hashes.

import { assert } from '#kernel';

/** Leaves start to end - 1, start being a multiple of a power of two that is not less than them. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Complete: of 2^height leaves, the index-th of its height. */
export interface Subtree {
  readonly height: number;
  readonly index: number;
}

/** The fewest complete subtrees that a range of leaves falls into, from left to right. */
export function subtreesOf({ start, end }: Span): Subtree[] {
  const subtrees: Subtree[] = [];
  let position = start;
  while (position < end) {
    let height = 0;
    let leaves = 1;
    while (position % (2 * leaves) === 0 && position + 2 * leaves <= end) {
      leaves *= 2;
      height += 1;
    }
    subtrees.push({ height, index: position / leaves });
    position += leaves;
  }
  return subtrees;
}

/** What an inclusion proof names, from the leaf's sibling to the root's child. */
export function inclusionSpans(index: number, size: number): Span[] {
  assert(Number.isSafeInteger(size) && index >= 0 && index < size, 'the tree has the leaf');
  const spans: Span[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + largestPowerBelow(end - start);
    if (index < middle) {
      spans.push({ start: middle, end });
      end = middle;
    } else {
      spans.push({ start, end: middle });
      start = middle;
    }
  }
  return spans.reverse();
}

/** What a consistency proof names, in its order. */
export function consistencySpans(size1: number, size2: number): Span[] {
  assert(
    Number.isSafeInteger(size2) && size1 >= 0 && size1 <= size2,
    'the older tree is not larger',
  );
  if (size1 === 0 || size1 === size2) return [];
  const spans: Span[] = [];
  let [start, end] = [0, size2];
  while (size1 !== end) {
    const middle = start + largestPowerBelow(end - start);
    if (size1 <= middle) {
      spans.push({ start: middle, end });
      end = middle;
    } else {
      spans.push({ start, end: middle });
      start = middle;
    }
  }
  // The older tree itself is not named: whoever verifies knows its root.
  if (start > 0) spans.push({ start, end });
  return spans.reverse();
}

/** The largest power of two that is less than a size above 1. */
function largestPowerBelow(size: number): number {
  let power = 1;
  while (power * 2 < size) power *= 2;
  return power;
}
