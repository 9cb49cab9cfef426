// Owns a growing run of bytes that is written piece by piece and used again. Setting a ready piece
// costs some nanoseconds, whatever its length; putting a text together from as many pieces, and
// encoding it, costs microseconds.

const BYTES_START = 1_048_576;
/** UTF-16 code units become at most three bytes each. */
const BYTES_PER_UNIT_MAX = 3;
const DIGIT_ZERO = 0x30;
const DIGITS_MAX = 20;

/** Ready to be put. */
export type Piece = Uint8Array;

export function pieceOf(text: string): Piece {
  return new Uint8Array(Buffer.from(text));
}

export class ByteWriter {
  #bytes: Buffer = Buffer.allocUnsafeSlow(BYTES_START);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What was written. Valid until the next write. */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Makes room for so many bytes; puts and copies beyond it are bugs. */
  reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }

  put(piece: Piece): void {
    this.#bytes.set(piece, this.#length);
    this.#length += piece.length;
  }

  /** A short run of another buffer's bytes, as they are. */
  copy(source: Buffer, start: number, end: number): void {
    const bytes = this.#bytes;
    let at = this.#length;
    for (let from = start; from < end; from += 1) {
      bytes[at] = source[from] as number;
      at += 1;
    }
    this.#length = at;
  }

  byte(byte: number): void {
    this.#bytes[this.#length] = byte;
    this.#length += 1;
  }

  /** A whole number that is not negative. */
  number(value: number): void {
    let count = 1;
    for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) count += 1;
    let rest = value;
    for (let at = this.#length + count - 1; at >= this.#length; at -= 1) {
      const next = Math.floor(rest / 10);
      this.#bytes[at] = DIGIT_ZERO + (rest - next * 10);
      rest = next;
    }
    this.#length += count;
  }

  /** Makes room by itself. */
  text(text: string): void {
    this.reserve(text.length * BYTES_PER_UNIT_MAX + DIGITS_MAX);
    this.#length += this.#bytes.write(text, this.#length);
  }

  /** Takes back what was written from there on. */
  cut(length: number): void {
    this.#length = length;
  }
}
