// Owns one flow line taken apart: the places of its fields in a block of bytes, without a string or
// an object for each. The same object serves line after line.

import type { ByteWriter } from '../byte-writer.ts';

const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const DELETE = 0x7f;
const HYPHEN = 0x2d;
const DIGIT_ZERO = 0x30;
const FIELDS_MAX = 201;
/** More digits than a double holds exactly. */
const DIGITS_MAX = 15;

export const ABSENT = -1;
export const NO_NUMBER = -2;

export class FlowLine {
  count = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #text = '';
  #isPlain = true;
  #length = 0;
  readonly #starts = new Int32Array(FIELDS_MAX);
  readonly #ends = new Int32Array(FIELDS_MAX);

  /** The block that lines are in, and the same as a Latin-1 text. */
  begin(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#text = bytes.toString('latin1');
  }

  /** Takes apart the line at these places of the block. */
  split(start: number, end: number): void {
    const bytes = this.#bytes;
    let count = 0;
    let from = start;
    let isPlain = true;
    for (let at = start; at < end; at += 1) {
      const byte = bytes[at] as number;
      if (byte === SPACE) {
        if (at > from && count < FIELDS_MAX) {
          this.#starts[count] = from;
          this.#ends[count] = at;
          count += 1;
        }
        from = at + 1;
      } else if (byte < SPACE || byte >= DELETE || byte === QUOTE || byte === BACKSLASH) {
        isPlain = false;
      }
    }
    if (end > from && count < FIELDS_MAX) {
      this.#starts[count] = from;
      this.#ends[count] = end;
      count += 1;
    }
    this.count = count;
    this.#isPlain = isPlain;
    this.#length = end - start;
  }

  /** In bytes. */
  get length(): number {
    return this.#length;
  }

  /** Whether the line has the field: the format lacks it (-1), or the line says "-". */
  has(index: number): boolean {
    if (index < 0) return false;
    const start = this.#starts[index] as number;
    return (this.#ends[index] as number) - start !== 1 || this.#bytes[start] !== HYPHEN;
  }

  /** The field as Latin-1; empty where the line does not have it. */
  text(index: number): string {
    if (!this.has(index)) return '';
    return this.#text.substring(this.#starts[index] as number, this.#ends[index]);
  }

  words(): string[] {
    return Array.from({ length: this.count }, (_, index) =>
      this.#text.substring(this.#starts[index] as number, this.#ends[index]),
    );
  }

  is(index: number, word: Uint8Array): boolean {
    if (index < 0) return false;
    const start = this.#starts[index] as number;
    if ((this.#ends[index] as number) - start !== word.length) return false;
    for (let at = 0; at < word.length; at += 1) {
      if (this.#bytes[start + at] !== word[at]) return false;
    }
    return true;
  }

  /** A whole number in its one spelling; ABSENT, or NO_NUMBER where the field is something else. */
  whole(index: number): number {
    if (!this.has(index)) return ABSENT;
    const start = this.#starts[index] as number;
    const end = this.#ends[index] as number;
    if (end - start > DIGITS_MAX) return NO_NUMBER;
    let value = 0;
    for (let at = start; at < end; at += 1) {
      const digit = (this.#bytes[at] as number) - DIGIT_ZERO;
      if (digit < 0 || digit > 9) return NO_NUMBER;
      value = value * 10 + digit;
    }
    const hasLeadingZero = this.#bytes[start] === DIGIT_ZERO && end - start > 1;
    return hasLeadingZero ? NO_NUMBER : value;
  }

  /** Writes the field's bytes as they are: digits, or what is known to need no escape. */
  copyTo(writer: ByteWriter, index: number): void {
    writer.copy(this.#bytes, this.#starts[index] as number, this.#ends[index] as number);
  }

  /** Writes the field as a JSON string. What is not UTF-8 is replaced. */
  quoteTo(writer: ByteWriter, index: number): void {
    const start = this.#starts[index] as number;
    const end = this.#ends[index] as number;
    if (!this.#isPlain) {
      writer.text(JSON.stringify(this.#bytes.toString('utf8', start, end)));
      return;
    }
    writer.byte(QUOTE);
    writer.copy(this.#bytes, start, end);
    writer.byte(QUOTE);
  }
}
