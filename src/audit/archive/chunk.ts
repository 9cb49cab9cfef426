// Owns the making of one object of the archive: leaves of one month and one retention class, each a
// line, in the order of their indexes, as one zstd frame. Its size is bounded before compression,
// so that whoever reads it back needs no more memory than whoever wrote it.

import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import { limits } from '#config';
import { assert, type Instant } from '#kernel';
import type { RetentionClass } from '../action.ts';
import { retentionClasses } from './month.ts';
import { RunBuilder, type Run } from './runs.ts';

export interface ChunkSize {
  readonly leavesMax: number;
  /** A chunk takes no further leaf from here on. */
  readonly bytesMax: number;
}

export const chunkSize: ChunkSize = {
  leavesMax: limits.auditArchiveObjectLeavesMax.value,
  bytesMax: limits.auditArchiveObjectBytesMax.value,
};

export interface Chunk {
  readonly retention: RetentionClass;
  readonly runs: readonly Run[];
  readonly leafCount: number;
  /** The lines, each with its line feed. */
  readonly lines: Buffer;
  readonly firstAt: Instant;
  readonly lastAt: Instant;
}

const compress = promisify(zstdCompress);
const LEVEL = 9;
const CAPACITY_FIRST = 65_536;
const LINE_FEED = 0x0a;

/** Collects the leaves of one class. */
export class ChunkBuilder {
  readonly #retention: RetentionClass;
  readonly #size: ChunkSize;
  #lines = Buffer.allocUnsafe(CAPACITY_FIRST);
  #used = 0;
  #leafCount = 0;
  #runs = new RunBuilder();
  #firstAt: Instant | undefined;
  #lastAt: Instant | undefined;

  constructor(retention: RetentionClass, size: ChunkSize) {
    this.#retention = retention;
    this.#size = size;
  }

  get isEmpty(): boolean {
    return this.#leafCount === 0;
  }

  get isFull(): boolean {
    return this.#leafCount >= this.#size.leavesMax || this.#used >= this.#size.bytesMax;
  }

  /** Copies the leaf: a reference would keep the whole bundle that it is a part of. */
  add(index: number, leaf: Buffer, at: Instant): void {
    this.#reserve(leaf.length + 1);
    this.#used += leaf.copy(this.#lines, this.#used);
    this.#lines[this.#used] = LINE_FEED;
    this.#used += 1;
    this.#leafCount += 1;
    this.#runs.add(index);
    this.#firstAt = earlier(this.#firstAt, at);
    this.#lastAt = later(this.#lastAt, at);
  }

  /** What was collected; the builder begins anew. */
  take(): Chunk {
    const [firstAt, lastAt] = [this.#firstAt, this.#lastAt];
    assert(firstAt !== undefined && lastAt !== undefined, 'a chunk has leaves');
    const chunk: Chunk = {
      retention: this.#retention,
      runs: this.#runs.runs,
      leafCount: this.#leafCount,
      lines: this.#lines.subarray(0, this.#used),
      firstAt,
      lastAt,
    };
    this.#lines = Buffer.allocUnsafe(CAPACITY_FIRST);
    this.#used = 0;
    this.#leafCount = 0;
    this.#runs = new RunBuilder();
    this.#firstAt = undefined;
    this.#lastAt = undefined;
    return chunk;
  }

  #reserve(bytes: number): void {
    if (this.#used + bytes <= this.#lines.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#lines.length * 2, this.#used + bytes));
    this.#lines.copy(larger, 0, 0, this.#used);
    this.#lines = larger;
  }
}

// Times are not in the order of places: a transaction may commit long after it began.
function earlier(known: Instant | undefined, at: Instant): Instant {
  return known === undefined || at < known ? at : known;
}

function later(known: Instant | undefined, at: Instant): Instant {
  return known === undefined || at > known ? at : known;
}

export async function compressLines(lines: Buffer): Promise<Buffer> {
  const params = {
    [constants.ZSTD_c_compressionLevel]: LEVEL,
    [constants.ZSTD_c_checksumFlag]: 1,
  };
  return await compress(lines, { params });
}

const MEMBER = Buffer.from(',"retention":"');
const QUOTE = 0x22;

/**
 * The class of a leaf, without parsing it: within a text the quotes of this member's name would be
 * escaped, and of the members after it, in canonical order, none holds another of the name.
 */
export function retentionOf(leaf: Buffer): RetentionClass | undefined {
  const start = leaf.lastIndexOf(MEMBER) + MEMBER.length;
  const end = leaf.indexOf(QUOTE, start);
  if (start < MEMBER.length || end < 0) return undefined;
  const text = leaf.toString('latin1', start, end);
  return retentionClasses.find((retention) => retention === text);
}
