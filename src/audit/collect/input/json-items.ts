// Owns the cutting of content into JSON items, without holding more than one: the objects at its
// top level, one after another, and in their stead the elements of their Records array where they
// have one (or of an array at the top level). What is no JSON there is given as lines.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;
const LINE_FEED = 0x0a;
const SPACE = 0x20;
const HEAD_BYTES = 1_024;

export interface ItemHandler {
  /** An object, by its braces; whether it is JSON has not been seen. */
  item(bytes: Buffer, offset: number): void;
  /** A line where an object should have begun, or an element of another kind. */
  other(bytes: Buffer, offset: number): void;
  /** Longer than the limit, or without an end; `head` is how it begins. */
  broken(head: Buffer, offset: number, reason: string): void;
}

export interface ItemLimits {
  readonly itemBytesMax: number;
  /** The member whose elements are the items; undefined: objects are taken whole. */
  readonly arrayName: string | undefined;
}

/**
 * between: before an item, at the top level or among elements. object: inside of one. whole: inside
 * of an object at the top level that may turn out to hold the array. after: behind the array,
 * inside of its object. line: inside of something that is no object.
 */
type Place = 'between' | 'object' | 'whole' | 'after' | 'line';

export class JsonItems {
  readonly #handler: ItemHandler;
  readonly #limits: ItemLimits;
  readonly #arrayKey: Buffer;
  #place: Place = 'between';
  /** Bytes not given away yet; the first is at this offset of the content. */
  #bytes: Buffer = Buffer.alloc(0);
  #offset = 0;
  /** Where the item under way begins, and how far it was looked at. */
  #start = 0;
  #at = 0;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #isInArray = false;
  #isWholeArray = false;
  /**
   * In an object at the top level: where its latest string at depth 1 began; whether it is a key.
   */
  #keyStart = -1;
  #isArrayNext = false;
  /** The item was given up for its length: its bytes are dropped until it ends. */
  #isPassing = false;

  constructor(handler: ItemHandler, limits: ItemLimits) {
    this.#handler = handler;
    this.#limits = limits;
    this.#arrayKey = Buffer.from(`"${limits.arrayName ?? ''}"`);
  }

  push(piece: Buffer): void {
    const kept = this.#bytes.length === 0 ? piece : Buffer.concat([this.#bytes, piece]);
    this.#bytes = kept;
    while (this.#at < kept.length) this.#step();
    const isKept = this.#place !== 'between' && this.#place !== 'after' && !this.#isPassing;
    if (!isKept) this.#start = this.#at;
    this.#drop();
  }

  end(): void {
    if (this.#place === 'line') this.#endLine();
    else if (this.#place === 'object' || this.#place === 'whole') {
      this.#broken('ends in the middle');
    } else if (this.#place === 'between' && this.#isInArray) {
      this.#broken('ends before its list does');
    }
  }

  #step(): void {
    if (this.#at === this.#limit && this.#place !== 'between') {
      this.#broken(`is longer than ${this.#limits.itemBytesMax} bytes`);
      this.#isPassing = true;
    }
    switch (this.#place) {
      case 'between':
        return this.#begin();
      case 'line':
        return this.#scanLine();
      case 'object':
        return this.#scan(false);
      case 'whole':
      case 'after':
        return this.#scan(true);
    }
  }

  /** One byte more than an item may have; the end of what is there while an item is passed over. */
  get #limit(): number {
    if (this.#isPassing || this.#place === 'after') return Infinity;
    return this.#start + this.#limits.itemBytesMax + 1;
  }

  /** Looks for the first byte of an item. */
  #begin(): void {
    const byte = this.#bytes[this.#at] as number;
    this.#start = this.#at;
    if (byte <= SPACE || byte === COMMA) {
      this.#at += 1;
    } else if (byte === OPEN_BRACE) {
      const mayHoldArray = !this.#isInArray && this.#limits.arrayName !== undefined;
      this.#place = mayHoldArray ? 'whole' : 'object';
      this.#depth = 0;
      this.#isArrayNext = false;
    } else if (byte === CLOSE_BRACKET && this.#isInArray) {
      this.#at += 1;
      this.#isInArray = false;
      if (!this.#isWholeArray) this.#enterAfter();
    } else if (byte === OPEN_BRACKET && !this.#isInArray) {
      this.#at += 1;
      this.#isInArray = true;
      this.#isWholeArray = true;
    } else {
      this.#place = 'line';
    }
  }

  #enterAfter(): void {
    this.#place = 'after';
    this.#depth = 1;
    this.#isArrayNext = false;
  }

  /** To the end of the line; among elements also to the comma or bracket behind the element. */
  #scanLine(): void {
    const bytes = this.#bytes;
    const end = Math.min(bytes.length, this.#limit);
    for (; this.#at < end; this.#at += 1) {
      const byte = bytes[this.#at] as number;
      const isEnd = this.#isInArray && (byte === COMMA || byte === CLOSE_BRACKET);
      if (byte !== LINE_FEED && !isEnd) continue;
      this.#endLine();
      if (byte === LINE_FEED) this.#at += 1;
      return;
    }
  }

  #endLine(): void {
    const line = this.#bytes.subarray(this.#start, this.#at);
    if (!this.#isPassing) this.#handler.other(line, this.#offset + this.#start);
    this.#reset();
  }

  /** Through an object, counting its braces and brackets outside of strings. */
  #scan(isOuter: boolean): void {
    const bytes = this.#bytes;
    const end = Math.min(bytes.length, this.#limit);
    for (; this.#at < end; this.#at += 1) {
      const byte = bytes[this.#at] as number;
      if (this.#isPassing && byte === LINE_FEED && !this.#isInArray) {
        // Among objects that stand in lines of their own, the next line is a new beginning.
        return this.#reset();
      }
      if (this.#isInString) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (byte === BACKSLASH) this.#isEscaped = true;
        else if (byte === QUOTE) this.#endString(isOuter);
        else if (byte === LINE_FEED) return this.#tornString();
      } else if (byte === QUOTE) {
        this.#isInString = true;
        if (isOuter && this.#depth === 1) this.#keyStart = this.#at;
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        if (isOuter && byte === OPEN_BRACKET && this.#depth === 1 && this.#isArrayNext) {
          return this.#enterArray();
        }
        this.#depth += 1;
        this.#isArrayNext = false;
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        this.#depth -= 1;
        if (this.#depth <= 0) return this.#endObject();
      } else if (byte > SPACE && byte !== COLON) {
        this.#isArrayNext = false;
      }
    }
  }

  // Only a key is followed by a colon and a bracket, so a value of this text does no harm.
  #endString(isOuter: boolean): void {
    this.#isInString = false;
    if (!isOuter || this.#depth !== 1) return;
    const text = this.#bytes.subarray(this.#keyStart, this.#at + 1);
    const isWhole = this.#place === 'whole' && this.#keyStart >= this.#start;
    this.#isArrayNext = isWhole && text.equals(this.#arrayKey);
  }

  #enterArray(): void {
    this.#at += 1;
    this.#reset();
    this.#isInArray = true;
    this.#isWholeArray = false;
  }

  #endObject(): void {
    this.#at += 1;
    if (this.#place !== 'after' && !this.#isPassing) {
      const bytes = this.#bytes.subarray(this.#start, this.#at);
      this.#handler.item(bytes, this.#offset + this.#start);
    }
    this.#reset();
  }

  /** JSON has no line feed inside of a string: the object is broken, and another may follow. */
  #tornString(): void {
    this.#broken('has a line feed inside of a string');
    this.#at += 1;
    this.#reset();
  }

  #reset(): void {
    this.#isPassing = false;
    this.#isInString = false;
    this.#isEscaped = false;
    this.#place = 'between';
    this.#depth = 0;
  }

  #broken(reason: string): void {
    if (this.#isPassing || this.#place === 'after') return;
    const head = this.#bytes.subarray(this.#start, Math.min(this.#at, this.#start + HEAD_BYTES));
    this.#handler.broken(head, this.#offset + this.#start, reason);
  }

  #drop(): void {
    this.#bytes = this.#bytes.subarray(this.#start);
    this.#offset += this.#start;
    this.#at -= this.#start;
    this.#keyStart -= this.#start;
    this.#start = 0;
  }
}
