// Owns a tile in memory: up to 256 hashes of a level, and the subtrees above them, each hashed when
// it is first asked for.

import { HASH_BYTES, nodeHash } from '../tree/hash.ts';
import { TILE_HEIGHT, TILE_WIDTH } from '../tree/tiles.ts';

export class Tile {
  /** The first of the tile's hashes that is here. */
  readonly #from: number;
  readonly #hashes: Buffer;
  readonly #inner = Buffer.allocUnsafe((TILE_WIDTH - 1) * HASH_BYTES);
  readonly #isKnown = new Uint8Array(TILE_WIDTH - 1);

  constructor(hashes: Buffer, from: number) {
    this.#hashes = hashes;
    this.#from = from;
  }

  /** The root of 2^height of its hashes, the index-th of that height in the tile. */
  hashOf(height: number, index: number): Buffer {
    if (height === 0) {
      const start = (index - this.#from) * HASH_BYTES;
      return this.#hashes.subarray(start, start + HASH_BYTES);
    }
    // 128 of height 1, then 64 of height 2, …
    const number = TILE_WIDTH - 2 ** (TILE_HEIGHT + 1 - height) + index;
    const kept = this.#inner.subarray(number * HASH_BYTES, (number + 1) * HASH_BYTES);
    if (this.#isKnown[number] !== 1) {
      const left = this.hashOf(height - 1, 2 * index);
      nodeHash(left, this.hashOf(height - 1, 2 * index + 1)).copy(kept);
      this.#isKnown[number] = 1;
    }
    return kept;
  }
}
