// Reads a file line by line in bounded memory, unpacking gzip and zstd by what it begins with. What
// keeps it from being read to its end is said, not thrown, so that what came before still counts.

import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';

/** Far above the longest leaf and the longest header. */
const LINE_BYTES_MAX = 262_144;
const LINE_FEED = 0x0a;

export interface Line {
  /** From 1. */
  readonly number: number;
  /** Without its line feed. */
  readonly bytes: Buffer;
}

export class LineReader {
  readonly #path: string;
  #flaw: { readonly message: string; readonly line: number } | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Why reading ended where it did; undefined after a file that ends with a line feed. */
  get flaw(): { readonly message: string; readonly line: number } | undefined {
    return this.#flaw;
  }

  async *lines(): AsyncGenerator<Line> {
    let number = 0;
    let rest: Buffer = Buffer.alloc(0);
    try {
      for await (const chunk of await unpacked(this.#path)) {
        const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
        let start = 0;
        for (;;) {
          const end = bytes.indexOf(LINE_FEED, start);
          if (end < 0) break;
          number += 1;
          yield { number, bytes: bytes.subarray(start, end) };
          start = end + 1;
        }
        rest = bytes.subarray(start);
        if (rest.length > LINE_BYTES_MAX) {
          this.#flaw = { message: 'A line is far too long.', line: number + 1 };
          return;
        }
      }
    } catch (error) {
      this.#flaw = { message: reasonOf(error), line: number + 1 };
      return;
    }
    if (rest.length === 0) return;
    this.#flaw = { message: 'The file ends within a line.', line: number + 1 };
    yield { number: number + 1, bytes: rest };
  }
}

// The file itself missing or unreadable is no finding: there is nothing to report on.
function reasonOf(error: unknown): string {
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  if (syscall !== undefined) throw error;
  const isCut = code === 'Z_BUF_ERROR' || code === 'ERR_STREAM_PREMATURE_CLOSE';
  return isCut ? 'The packed file was cut off.' : `The packed file is damaged (${message}).`;
}

const GZIP_MAGIC = Buffer.of(0x1f, 0x8b);
const ZSTD_MAGIC = Buffer.of(0x28, 0xb5, 0x2f, 0xfd);

async function unpacked(path: string): Promise<AsyncIterable<Buffer>> {
  const magic = await beginningOf(path);
  const file = createReadStream(path);
  if (magic.subarray(0, 2).equals(GZIP_MAGIC)) return through(file, createGunzip());
  if (magic.equals(ZSTD_MAGIC)) return through(file, createZstdDecompress());
  return file as AsyncIterable<Buffer>;
}

// An error of either stream arrives at whoever reads the second.
function through<Unpack extends Readable & NodeJS.WritableStream>(
  file: Readable,
  unpack: Unpack,
): AsyncIterable<Buffer> {
  pipeline(file, unpack, () => undefined);
  return unpack as AsyncIterable<Buffer>;
}

async function beginningOf(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(ZSTD_MAGIC.length), 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
