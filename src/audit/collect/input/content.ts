// Owns getting at the content of an input: as it is, or out of gzip, which is recognised by its
// first bytes (RFC 1952 2.3.1). Damaged or truncated gzip gives what could be read before the
// damage, and then says what was wrong; it never throws for what the input holds.

import { createGunzip, type Gunzip } from 'node:zlib';

const GZIP_MAGIC = [0x1f, 0x8b] as const;
/** Up to so much that precedes damage is lost with it. */
const SLICE_BYTES = 16_384;
const OUTPUT_BYTES = 65_536;

export class Content {
  readonly #raw: AsyncIterable<Buffer>;
  #problem: string | undefined;

  constructor(raw: AsyncIterable<Buffer>) {
    this.#raw = raw;
  }

  /** Once the pieces are read: what kept the rest from being read; undefined for all of it. */
  get problem(): string | undefined {
    return this.#problem;
  }

  async *pieces(): AsyncGenerator<Buffer> {
    const raw = this.#raw[Symbol.asyncIterator]();
    let head: Buffer = Buffer.alloc(0);
    while (head.length < GZIP_MAGIC.length) {
      const next = await raw.next();
      if (next.done === true) break;
      head = Buffer.concat([head, next.value]);
    }
    const rest = startingWith(head, { [Symbol.asyncIterator]: () => raw });
    const isGzip = GZIP_MAGIC.every((byte, index) => head[index] === byte);
    yield* isGzip ? this.#inflated(rest) : rest;
  }

  async *#inflated(raw: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const inflater = new Inflater();
    for await (const piece of raw) {
      // Small slices, because of the one that fails nothing is seen.
      for (let at = 0; at < piece.length; at += SLICE_BYTES) {
        yield* await inflater.write(piece.subarray(at, at + SLICE_BYTES));
        if (inflater.problem === undefined) continue;
        this.#problem = inflater.problem;
        // Read to its end all the same: it is archived as a whole.
        for await (const unread of raw) void unread;
        return;
      }
    }
    yield* await inflater.end();
    this.#problem = inflater.problem;
  }
}

async function* startingWith(head: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  yield* rest;
}

// Inflates piece by piece, keeping what came out before an error. Reading the stream as an iterable
// would drop what it had buffered when the error came.
class Inflater {
  readonly #gunzip: Gunzip = createGunzip({ chunkSize: OUTPUT_BYTES });
  #output: Buffer[] = [];
  #isClosed = false;
  #wake: () => void = () => undefined;
  problem: string | undefined;

  constructor() {
    this.#gunzip.on('data', (piece: Buffer) => this.#output.push(piece));
    this.#gunzip.on('error', (error: NodeJS.ErrnoException) => {
      this.problem =
        error.code === 'Z_BUF_ERROR'
          ? 'the gzip content ends in the middle'
          : 'the gzip content is damaged';
    });
    this.#gunzip.on('close', () => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  async write(slice: Buffer): Promise<Buffer[]> {
    const { promise, resolve } = Promise.withResolvers<void>();
    // A write that fails is not called back; the stream closes instead.
    this.#wake = resolve;
    this.#gunzip.write(slice, () => resolve());
    await promise;
    return this.#take();
  }

  async end(): Promise<Buffer[]> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    this.#gunzip.end();
    if (!this.#isClosed) await promise;
    return this.#take();
  }

  #take(): Buffer[] {
    const output = this.#output;
    this.#output = [];
    return output;
  }
}
