// Owns a block of the index: which of the places of a run hold which terms, as sorted postings in
// 256 buckets. A block never changes, so that indexing only ever appends, and finding a term reads
// one short row of each block.

import { assert } from '#kernel';

export const BUCKETS = 256;
/** A place stands in a block as 16 bits: how far its first leaf is from the block's. */
export const OFFSET_END = 65_536;

const POSTING_BYTES = 5;
const TERM_BYTES = 3;
const LOW_BITS = 0xff_ff_ff;
const GROWTH = 65_536;

/** Gathers the postings of a block. */
export class Block {
  #terms = new Int32Array(GROWTH);
  #offsets = new Uint16Array(GROWTH);
  #count = 0;
  readonly #inBucket = new Uint32Array(BUCKETS);

  /** Each place once, with distinct terms. */
  add(offset: number, terms: Iterable<number>): void {
    assert(offset >= 0 && offset < OFFSET_END, 'a place lies within its block');
    for (const term of terms) {
      if (this.#count === this.#terms.length) this.#grow();
      this.#terms[this.#count] = term;
      this.#offsets[this.#count] = offset;
      this.#count += 1;
      this.#inBucket[bucketOf(term)] = (this.#inBucket[bucketOf(term)] as number) + 1;
    }
  }

  /** The postings, bucket by bucket, so that a caller can do other work in between. */
  *buckets(): Generator<Buffer> {
    const { starts, keys } = this.#partition();
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      const sorted = keys.subarray(starts[bucket], starts[bucket + 1]).sort();
      const postings = Buffer.allocUnsafe(sorted.length * POSTING_BYTES);
      for (const [index, key] of sorted.entries()) {
        postings.writeUIntBE(key, index * POSTING_BYTES, POSTING_BYTES);
      }
      yield postings;
    }
  }

  // A posting as a number of 40 bits: the lower bits of the term, then the offset.
  #partition(): { starts: Uint32Array; keys: Float64Array } {
    const starts = new Uint32Array(BUCKETS + 1);
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      starts[bucket + 1] = (starts[bucket] as number) + (this.#inBucket[bucket] as number);
    }
    const next = starts.slice();
    const keys = new Float64Array(this.#count);
    for (let index = 0; index < this.#count; index += 1) {
      const term = this.#terms[index] as number;
      const at = next[bucketOf(term)] as number;
      next[bucketOf(term)] = at + 1;
      keys[at] = (term & LOW_BITS) * OFFSET_END + (this.#offsets[index] as number);
    }
    return { starts, keys };
  }

  #grow(): void {
    const terms = new Int32Array(this.#count * 2);
    const offsets = new Uint16Array(this.#count * 2);
    terms.set(this.#terms);
    offsets.set(this.#offsets);
    this.#terms = terms;
    this.#offsets = offsets;
  }
}

export function bucketOf(term: number): number {
  return term >>> 24;
}

/** The offsets of the places that hold the term, ascending, from the postings of its bucket. */
export function offsetsOf(postings: Buffer, term: number): number[] {
  const wanted = term & LOW_BITS;
  let low = 0;
  let high = postings.length / POSTING_BYTES;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (postings.readUIntBE(middle * POSTING_BYTES, TERM_BYTES) < wanted) low = middle + 1;
    else high = middle;
  }
  const offsets: number[] = [];
  for (let at = low * POSTING_BYTES; at < postings.length; at += POSTING_BYTES) {
    if (postings.readUIntBE(at, TERM_BYTES) !== wanted) break;
    offsets.push(postings.readUInt16BE(at + TERM_BYTES));
  }
  return offsets;
}
