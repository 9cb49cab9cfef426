// Owns the judgement of proofs: RFC 9162 §2.1.3.2 (inclusion) and §2.1.4.2 (consistency), the same
// trees as RFC 6962, and the same of subtrees (draft-ietf-plants-merkle-tree-certs §4). Whatever is
// handed in, the answer is undefined where the proof holds and else a sentence that says why it
// does not; nothing is thrown.

import { Frontier, peakCount } from './frontier.ts';
import { EMPTY_ROOT, HASH_BYTES, nodeHash } from './hash.ts';
import { subtreesOf } from './shape.ts';

export interface Inclusion {
  readonly leafHash: Buffer;
  readonly index: number;
  readonly size: number;
  readonly root: Buffer;
  /** From the leaf's sibling to the root's child. */
  readonly proof: readonly Buffer[];
}

export interface SubtreeInclusion {
  readonly leafHash: Buffer;
  readonly index: number;
  readonly start: number;
  readonly end: number;
  readonly root: Buffer;
  readonly proof: readonly Buffer[];
}

export interface Consistency {
  readonly size1: number;
  readonly size2: number;
  readonly root1: Buffer;
  readonly root2: Buffer;
  readonly proof: readonly Buffer[];
}

export interface SubtreeConsistency {
  readonly start: number;
  readonly end: number;
  readonly size: number;
  /** Of the leaves start to end - 1. */
  readonly root1: Buffer;
  /** Of the whole tree. */
  readonly root2: Buffer;
  readonly proof: readonly Buffer[];
}

/** Consecutive leaves, with what stands to the left and to the right of them in the tree. */
export interface RangeInclusion {
  readonly first: number;
  readonly leafHashes: readonly Buffer[];
  readonly size: number;
  readonly root: Buffer;
  /** The peaks of the tree of the leaves before the first, largest first. */
  readonly left: readonly Buffer[];
  /** The roots of the complete subtrees that the leaves after the last fall into, in order. */
  readonly right: readonly Buffer[];
}

const TOO_FEW = 'The proof has too few hashes.';
const TOO_MANY = 'The proof has too many hashes.';

export function verifyInclusion(claim: Inclusion): string | undefined {
  const { leafHash, index, size, root, proof } = claim;
  const flaw = flawOfCounts([index, size]) ?? flawOfHashes([leafHash, root, ...proof]);
  if (flaw !== undefined) return flaw;
  if (index >= size) return `A tree of ${size} leaves has no leaf ${index}.`;

  let [node, last] = [index, size - 1];
  let hash = leafHash;
  let used = 0;
  while (last > 0) {
    // The last node of a level has no sibling where it is a left one: it rises as it is.
    if (node % 2 === 1 || node < last) {
      const sibling = proof[used];
      if (sibling === undefined) return TOO_FEW;
      used += 1;
      hash = node % 2 === 1 ? nodeHash(sibling, hash) : nodeHash(hash, sibling);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  if (used < proof.length) return TOO_MANY;
  return hash.equals(root) ? undefined : 'The leaf and the proof lead to another root.';
}

export function verifySubtreeInclusion(claim: SubtreeInclusion): string | undefined {
  const { leafHash, index, start, end, root, proof } = claim;
  const flaw = flawOfCounts([index, start, end]) ?? flawOfSubtree(start, end);
  if (flaw !== undefined) return flaw;
  if (index < start) return `A subtree from leaf ${start} on has no leaf ${index}.`;
  return verifyInclusion({ leafHash, index: index - start, size: end - start, root, proof });
}

export function verifyConsistency(claim: Consistency): string | undefined {
  const { size1, size2, root1, root2, proof } = claim;
  const flaw = flawOfCounts([size1, size2]);
  if (flaw !== undefined) return flaw;
  if (size1 > size2) return `A tree of ${size1} leaves cannot become one of ${size2}.`;
  if (size1 > 0) {
    return verifySubtreeConsistency({ start: 0, end: size1, size: size2, root1, root2, proof });
  }
  if (proof.length > 0) return TOO_MANY;
  return flawOfEmpty(root1) ?? (size2 === 0 ? flawOfEmpty(root2) : undefined);
}

export function verifySubtreeConsistency(claim: SubtreeConsistency): string | undefined {
  const { start, end, size, root1, root2, proof } = claim;
  const flaw = flawOfCounts([start, end, size]) ?? flawOfSubtree(start, end);
  if (flaw !== undefined) return flaw;
  if (end > size) return `A tree of ${size} leaves has no leaf ${end - 1}.`;
  if (start === end) return proof.length > 0 ? TOO_MANY : flawOfEmpty(root1);
  if (end - start === size) {
    if (proof.length > 0) return TOO_MANY;
    return root1.equals(root2) ? undefined : 'Trees of the same size have different roots.';
  }
  return flawOfHashes([root1, root2, ...proof]) ?? climb(claim);
}

// From the largest complete subtree that the smaller tree ends with: what is joined from the left
// is part of both trees, what is joined from the right of the larger only.
function climb(claim: SubtreeConsistency): string | undefined {
  const { start, end, size, root1, root2, proof } = claim;
  let [first, node, last] = [start, end - 1, size - 1];
  while (first !== node && (node % 2 === 1 || end === size)) {
    [first, node, last] = [first, node, last].map(half) as [number, number, number];
  }
  // Where that subtree is the smaller tree itself, its root is not in the proof.
  const hashes = first === node ? [root1, ...proof] : proof;
  const [begin] = hashes;
  if (begin === undefined) return TOO_FEW;
  let smaller = begin;
  let larger = begin;
  let used = 1;
  while (last > 0) {
    if (node % 2 === 1 || node < last) {
      const sibling = hashes[used];
      if (sibling === undefined) return TOO_FEW;
      used += 1;
      if (node % 2 === 1 && first < node) smaller = nodeHash(sibling, smaller);
      larger = node % 2 === 1 ? nodeHash(sibling, larger) : nodeHash(larger, sibling);
    }
    [first, node, last] = [first, node, last].map(half) as [number, number, number];
  }
  if (used < hashes.length) return TOO_MANY;
  if (!smaller.equals(root1)) return 'The proof leads to another root of the smaller tree.';
  return larger.equals(root2) ? undefined : 'The proof leads to another root of the larger tree.';
}

/** One proof for all leaves of a range: the tree is put together from left to right. */
export function verifyRange(claim: RangeInclusion): string | undefined {
  const { first, leafHashes, size, root, left, right } = claim;
  const end = first + leafHashes.length;
  const flaw =
    flawOfCounts([first, end, size]) ?? flawOfHashes([root, ...leafHashes, ...left, ...right]);
  if (flaw !== undefined) return flaw;
  if (end > size) return `A tree of ${size} leaves has no leaf ${end - 1}.`;
  if (left.length !== peakCount(first)) return 'The count of hashes on the left is wrong.';
  const subtrees = subtreesOf({ start: end, end: size });
  if (right.length !== subtrees.length) return 'The count of hashes on the right is wrong.';
  const frontier = Frontier.of(first, left);
  for (const hash of leafHashes) frontier.append(hash);
  for (const [index, hash] of right.entries()) {
    frontier.appendSubtree(subtrees[index]?.height ?? 0, hash);
  }
  return frontier.root().equals(root)
    ? undefined
    : 'The leaves and the proof lead to another root.';
}

function half(value: number): number {
  return Math.floor(value / 2);
}

function flawOfCounts(counts: readonly number[]): string | undefined {
  const areCounts = counts.every((count) => Number.isSafeInteger(count) && count >= 0);
  return areCounts ? undefined : 'An index or a size is not a whole number below 2^53.';
}

function flawOfHashes(hashes: readonly Buffer[]): string | undefined {
  const wrong = hashes.find((hash) => hash.length !== HASH_BYTES);
  return wrong === undefined ? undefined : `A hash has ${HASH_BYTES} bytes, not ${wrong.length}.`;
}

function flawOfEmpty(root: Buffer): string | undefined {
  return root.equals(EMPTY_ROOT) ? undefined : 'The root of no leaves is not the hash of nothing.';
}

// A subtree begins at a multiple of the least power of two that is not below its count of leaves.
function flawOfSubtree(start: number, end: number): string | undefined {
  if (end < start) return 'A subtree does not end before it begins.';
  let width = 1;
  while (width < end - start) width *= 2;
  return start % width === 0 ? undefined : `Leaves ${start} to ${end - 1} are no subtree.`;
}
