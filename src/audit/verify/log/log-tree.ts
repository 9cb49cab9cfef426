// The tree over the leaf hashes as they are read, tile after tile: the roots of its complete
// subtrees, and the root of all so far. Hashes are made and joined in place, several times as fast
// as one by one.

import { hash } from 'node:crypto';
import { Frontier } from '../../tree/frontier.ts';
import { HASH_BYTES, nodeHash } from '../../tree/hash.ts';

const TILE_LEAVES = 256;
const TILE_HEIGHT = 8;
const LEAF_PREFIX = 0x00;
const NODE_PREFIX = 0x01;

/** The root of a complete subtree: at level l, index i covers leaves i * 256^l onwards. */
export interface Subtree {
  readonly level: number;
  readonly index: number;
  readonly hash: Buffer;
}

export class LogTree {
  readonly #tile = Buffer.alloc(TILE_LEAVES * HASH_BYTES);
  #filled = 0;
  readonly #frontier = new Frontier();
  #completed: Subtree[] = [];

  get size(): number {
    return this.#frontier.size + this.#filled;
  }

  /** Appends leaves by their hashes, 32 bytes after another. */
  append(hashes: Buffer): void {
    let at = 0;
    while (at < hashes.length) {
      const room = (TILE_LEAVES - this.#filled) * HASH_BYTES;
      const end = Math.min(hashes.length, at + room);
      hashes.copy(this.#tile, this.#filled * HASH_BYTES, at, end);
      this.#filled += (end - at) / HASH_BYTES;
      at = end;
      if (this.#filled === TILE_LEAVES) this.#closeTile();
    }
  }

  /** The subtrees that became complete since this was last asked. */
  takeCompleted(): Subtree[] {
    const completed = this.#completed;
    this.#completed = [];
    return completed;
  }

  root(): Buffer {
    let right: Buffer | undefined;
    let end = this.#filled;
    for (let width = 1; end > 0; width *= 2) {
      if ((this.#filled & width) === 0) continue;
      const left = foldHashes(this.#tile.subarray((end - width) * HASH_BYTES, end * HASH_BYTES));
      right = right === undefined ? left : nodeHash(left, right);
      end -= width;
    }
    if (right === undefined) return this.#frontier.root();
    return this.#frontier.peaks.reduceRight((joined, peak) => nodeHash(peak, joined), right);
  }

  #closeTile(): void {
    const root = foldHashes(this.#tile);
    this.#frontier.appendSubtree(TILE_HEIGHT, root, (height, index, node) => {
      if (height % TILE_HEIGHT !== 0) return;
      this.#completed.push({ level: height / TILE_HEIGHT, index, hash: node });
    });
    this.#filled = 0;
  }
}

// As text of one character a byte a digest costs a third of what it does as a new buffer.
const scratch = Buffer.alloc(TILE_LEAVES * HASH_BYTES);
const nodeInput = Buffer.alloc(1 + 2 * HASH_BYTES, NODE_PREFIX);

/** The root over a power of two of hashes, at most a tile of them. */
function foldHashes(hashes: Buffer): Buffer {
  hashes.copy(scratch);
  for (let count = hashes.length / HASH_BYTES; count > 1; count /= 2) {
    for (let index = 0; index < count; index += 2) {
      scratch.copy(nodeInput, 1, index * HASH_BYTES, (index + 2) * HASH_BYTES);
      scratch.write(hash('sha256', nodeInput, 'binary'), (index / 2) * HASH_BYTES, 'binary');
    }
  }
  return Buffer.from(scratch.subarray(0, HASH_BYTES));
}

/**
 * The hash of each line, SHA-256(0x00 || line), 32 bytes after another. Line i ends before ends[i],
 * where the byte that separates it from the next is for a moment the prefix of that.
 */
export function hashLines(lines: Buffer, ends: readonly number[]): Buffer {
  const hashes = Buffer.allocUnsafe(ends.length * HASH_BYTES);
  let start = 0;
  for (const [index, end] of ends.entries()) {
    const digest =
      index === 0
        ? hash('sha256', Buffer.concat([Buffer.of(LEAF_PREFIX), lines.subarray(0, end)]), 'binary')
        : hashAfter(lines, start - 1, end);
    hashes.write(digest, index * HASH_BYTES, 'binary');
    start = end + 1;
  }
  return hashes;
}

function hashAfter(lines: Buffer, separator: number, end: number): string {
  const kept = lines[separator] as number;
  lines[separator] = LEAF_PREFIX;
  const digest = hash('sha256', lines.subarray(separator, end), 'binary');
  lines[separator] = kept;
  return digest;
}
