// Owns the reading of an object of the archive line by line, with memory bounded by a line and a
// piece. Whatever it holds, reading ends: a line longer than a leaf can be is refused.

import { pipeline, Readable } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';
import { Fault } from '#kernel';
import type { Objects } from '#platform';
import { LEAF_BYTES_MAX } from '../record.ts';

const LINE_FEED = 0x0a;

/** The leaves of an object, in order; throws a Fault where it is absent or not what was put. */
export async function* archivedLines(objects: Objects, key: string): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of decompressed(objects, key)) {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    let start = 0;
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
      yield bytes.subarray(start, end);
      start = end + 1;
    }
    rest = bytes.subarray(start);
    if (rest.length > LEAF_BYTES_MAX) throw damaged(key, 'a line is longer than a record can be');
  }
  if (rest.length > 0) throw damaged(key, 'its last line has no end');
}

async function* decompressed(objects: Objects, key: string): AsyncGenerator<Buffer> {
  let failure: { readonly cause: unknown } | undefined;
  async function* stored(): AsyncGenerator<Buffer> {
    try {
      yield* objects.read(key);
    } catch (cause) {
      failure = { cause };
      throw cause;
    }
  }
  const source = Readable.from(stored());
  // A failure of the source reaches whoever iterates, through the destroyed decompressor.
  const output = pipeline(source, createZstdDecompress(), () => undefined);
  try {
    for await (const piece of output) yield piece as Buffer;
  } catch (error) {
    // The store failed, which says nothing about the object; or else the object did.
    if (failure !== undefined) throw failure.cause;
    throw damaged(key, 'it is not a zstd frame', error);
  } finally {
    source.destroy();
  }
}

/** The archive does not hold what the database says it holds. */
export function damaged(key: string, why: string, cause?: unknown): Fault {
  return new Fault('archive_damaged', {
    retryable: false,
    message: `The object "${key}" of the audit archive is damaged: ${why}.`,
    cause,
  });
}
