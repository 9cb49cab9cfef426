// Owns the cutting of content into lines, whatever pieces it comes in. A line longer than its limit
// is passed over to its end and reported once; memory is a piece and a line at most.

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** What is done with lines. A block holds whole lines; they are given as places in it. */
export interface LineHandler {
  /** Follows: its lines, in order. */
  block(bytes: Buffer): void;
  /** Without its line feed. `offset` is that of the line's first byte in the content. */
  line(start: number, end: number, offset: number): void;
  /** Longer than the limit; `head` is how it begins. */
  oversized(head: Buffer, offset: number): void;
}

const HEAD_BYTES = 1_024;

export class Lines {
  readonly #handler: LineHandler;
  readonly #bytesMax: number;
  #rest: Buffer = Buffer.alloc(0);
  /** Of the first byte of the rest, in the content. */
  #offset = 0;
  #isPassing = false;

  constructor(handler: LineHandler, bytesMax: number) {
    this.#handler = handler;
    this.#bytesMax = bytesMax;
  }

  push(piece: Buffer): void {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    // What is left of earlier pieces has no line feed.
    let start = 0;
    let end = bytes.indexOf(LINE_FEED, this.#rest.length);
    if (end >= 0 && this.#isPassing) {
      this.#isPassing = false;
      start = end + 1;
      end = bytes.indexOf(LINE_FEED, start);
    }
    if (end >= 0) this.#handler.block(bytes);
    while (end >= 0) {
      this.#line(bytes, start, end);
      start = end + 1;
      end = bytes.indexOf(LINE_FEED, start);
    }
    this.#offset += start;
    this.#rest = bytes.subarray(start);
    if (this.#rest.length > this.#bytesMax || this.#isPassing) this.#pass();
  }

  /** The last line, which may have no line feed. */
  end(): void {
    const bytes = this.#rest;
    if (bytes.length === 0 || this.#isPassing) return;
    this.#handler.block(bytes);
    this.#line(bytes, 0, bytes.length);
  }

  #line(bytes: Buffer, start: number, end: number): void {
    const offset = this.#offset + start;
    if (end - start > this.#bytesMax) {
      this.#handler.oversized(bytes.subarray(start, start + HEAD_BYTES), offset);
      return;
    }
    const last = end > start && bytes[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
    this.#handler.line(start, last, offset);
  }

  #pass(): void {
    if (!this.#isPassing) {
      this.#handler.oversized(this.#rest.subarray(0, HEAD_BYTES), this.#offset);
    }
    this.#isPassing = true;
    this.#offset += this.#rest.length;
    this.#rest = Buffer.alloc(0);
  }
}
