// Owns the two hashes of the tree: RFC 6962 §2.1 with SHA-256. A leaf and an inner node are hashed
// under different first bytes, so that neither can be passed off as the other.

import { hash } from 'node:crypto';
import { assert } from '#kernel';

export const HASH_BYTES = 32;

/** MTH({}): the hash of the empty string. */
export const EMPTY_ROOT: Buffer = sha256(Buffer.alloc(0));

const LEAF_PREFIX = 0x00;
const NODE_PREFIX = 0x01;

// Both are called hundreds of thousands of times a second, so what is hashed is put together in
// place. The hash is made before anything else can run, so no two callers meet there.
const leafInput = Buffer.alloc(1 + 65_535, LEAF_PREFIX);
const nodeInput = Buffer.alloc(1 + 2 * HASH_BYTES, NODE_PREFIX);

/** SHA-256(0x00 || leaf). */
export function leafHash(leaf: Buffer): Buffer {
  if (leaf.length >= leafInput.length) {
    return sha256(Buffer.concat([Buffer.of(LEAF_PREFIX), leaf]));
  }
  leafInput.set(leaf, 1);
  return sha256(leafInput.subarray(0, 1 + leaf.length));
}

/** SHA-256(0x01 || left || right). */
export function nodeHash(left: Buffer, right: Buffer): Buffer {
  assert(left.length === HASH_BYTES && right.length === HASH_BYTES, 'a node joins two hashes');
  nodeInput.set(left, 1);
  nodeInput.set(right, 1 + HASH_BYTES);
  return sha256(nodeInput);
}

function sha256(input: Buffer): Buffer {
  // As Latin-1 text and from there: half the time of a buffer that is allocated for each hash.
  return Buffer.from(hash('sha256', input, 'binary'), 'latin1');
}
