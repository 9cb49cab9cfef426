// Owns what JSON.parse does not see: members given twice, nesting beyond a limit, names that reach
// into prototypes, and texts PostgreSQL cannot store. One pass over UTF-8 bytes, linear whatever a
// client sends; it judges no syntax (JSON.parse does) and never throws on any input.

export type FlawKind = 'duplicate' | 'forbidden' | 'too_deep' | 'unstorable_text';

/** What is wrong, and where: a path such as `legs[0].amount`. */
export interface Flaw {
  readonly kind: FlawKind;
  readonly path: string;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const LETTER_U = 0x75;

// Up to this many plain names of an object are compared one by one, by hash; beyond, in a set, so
// that an object of 100,000 names costs no more than its length.
const LINEAR_NAMES_MAX = 24;

/** Scans bytes from `start` to `end`, which must be valid UTF-8. */
export function scanJson(
  bytes: Uint8Array,
  depthMax: number,
  start = 0,
  end: number = bytes.length,
): Flaw | undefined {
  return new Scan(bytes, depthMax, end).run(start);
}

/** One open object or array. Frames are made once per depth and reused. */
class Frame {
  isObject = false;
  /** An object's next string is a name. */
  isNameNext = false;
  /** Which element of an array we are in, from 0. */
  element = 0;
  /** Where the latest name lies, between its quotes. */
  nameStart = 0;
  nameEnd = 0;
  nameCount = 0;
  readonly nameHash = new Int32Array(LINEAR_NAMES_MAX);
  readonly nameAt = new Int32Array(LINEAR_NAMES_MAX);
  readonly nameLength = new Int32Array(LINEAR_NAMES_MAX);
  /** Decoded names, once there are many or one of them is written with escapes. */
  names: Set<string> | undefined;

  open(isObject: boolean): void {
    this.isObject = isObject;
    this.isNameNext = isObject;
    this.element = 0;
    this.nameStart = 0;
    this.nameEnd = 0;
    this.nameCount = 0;
    this.names = undefined;
  }
}

const frames: Frame[] = [];

function frameAt(depth: number): Frame {
  return (frames[depth] ??= new Frame());
}

class Scan {
  readonly #bytes: Uint8Array;
  readonly #depthMax: number;
  readonly #end: number;
  #depth = 0;
  #at = 0;
  // Of the string just read: a hash of its bytes, and whether it holds an escape.
  #hash = 0;
  #hasEscape = false;
  #hasUnicodeEscape = false;

  constructor(bytes: Uint8Array, depthMax: number, end: number) {
    this.#bytes = bytes;
    this.#depthMax = depthMax;
    this.#end = end;
  }

  run(start: number): Flaw | undefined {
    const bytes = this.#bytes;
    const end = this.#end;
    let frame = frameAt(0);
    frame.open(false);
    for (this.#at = start; this.#at < end; this.#at += 1) {
      const byte = bytes[this.#at];
      if (byte === QUOTE) {
        const kind = this.#string(frame);
        if (kind !== undefined) return this.#flaw(kind);
      } else if (byte === COMMA) {
        if (frame.isObject) frame.isNameNext = true;
        else frame.element += 1;
      } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        if (this.#depth === this.#depthMax) return this.#flaw('too_deep');
        this.#depth += 1;
        frame = frameAt(this.#depth);
        frame.open(byte === OPEN_OBJECT);
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        // More closed than opened is a syntax error, which is not ours to report.
        if (this.#depth === 0) return undefined;
        this.#depth -= 1;
        frame = frameAt(this.#depth);
      }
    }
    return undefined;
  }

  #string(frame: Frame): FlawKind | undefined {
    const start = this.#at + 1;
    const end = this.#readString(start);
    this.#at = end;
    const isName = frame.isObject && frame.isNameNext;
    if (isName) {
      frame.isNameNext = false;
      frame.nameStart = start;
      frame.nameEnd = end;
    }
    if (this.#hasUnicodeEscape && !isStorable(this.#decode(start, end))) return 'unstorable_text';
    return isName ? this.#name(frame, start, end) : undefined;
  }

  /** The index of the closing quote, or the end of the text where there is none. */
  #readString(start: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    let hash = 0;
    let at = start;
    this.#hasEscape = false;
    this.#hasUnicodeEscape = false;
    for (; at < end; at += 1) {
      const byte = bytes[at] as number;
      if (byte === QUOTE) break;
      if (byte === BACKSLASH) {
        this.#hasEscape = true;
        at += 1;
        if (bytes[at] === LETTER_U) this.#hasUnicodeEscape = true;
      }
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    this.#hash = hash;
    return Math.min(at, end);
  }

  #name(frame: Frame, start: number, end: number): FlawKind | undefined {
    if (this.#hasEscape || frame.nameCount === LINEAR_NAMES_MAX) {
      frame.names ??= this.#decodeNames(frame);
    }
    if (frame.names !== undefined) {
      const name = this.#decode(start, end);
      if (name === '__proto__') return 'forbidden';
      if (frame.names.has(name)) return 'duplicate';
      frame.names.add(name);
      return undefined;
    }
    const length = end - start;
    const hash = this.#hash;
    if (hash === PROTO_HASH && length === PROTO.length && this.#decode(start, end) === PROTO) {
      return 'forbidden';
    }
    for (let index = 0; index < frame.nameCount; index += 1) {
      if (frame.nameHash[index] === hash && frame.nameLength[index] === length) {
        if (this.#isSame(frame.nameAt[index] as number, start, length)) return 'duplicate';
      }
    }
    frame.nameHash[frame.nameCount] = hash;
    frame.nameAt[frame.nameCount] = start;
    frame.nameLength[frame.nameCount] = length;
    frame.nameCount += 1;
    return undefined;
  }

  #isSame(left: number, right: number, length: number): boolean {
    for (let index = 0; index < length; index += 1) {
      if (this.#bytes[left + index] !== this.#bytes[right + index]) return false;
    }
    return true;
  }

  #decodeNames(frame: Frame): Set<string> {
    const names = new Set<string>();
    for (let index = 0; index < frame.nameCount; index += 1) {
      const start = frame.nameAt[index] as number;
      names.add(this.#decode(start, start + (frame.nameLength[index] as number)));
    }
    return names;
  }

  #decode(start: number, end: number): string {
    const raw = utf8.decode(this.#bytes.subarray(start, end));
    if (!raw.includes('\\')) return raw;
    try {
      return JSON.parse(`"${raw}"`) as string;
    } catch {
      return raw;
    }
  }

  #flaw(kind: FlawKind): Flaw {
    let path = '';
    for (let depth = 1; depth <= this.#depth; depth += 1) {
      const frame = frameAt(depth);
      if (!frame.isObject) path = pathTo(path, frame.element);
      else if (frame.nameEnd > 0) path = pathTo(path, this.#decode(frame.nameStart, frame.nameEnd));
    }
    return { kind, path };
  }
}

const utf8 = new TextDecoder();
const PROTO = '__proto__';
const PROTO_HASH = Buffer.from(PROTO).reduce((hash, byte) => (Math.imul(hash, 31) + byte) | 0, 0);

/** Whether PostgreSQL can store the text: no NUL, and every surrogate has its other half. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/;
const NAME_LENGTH_MAX = 100;

/** The path one step further: `legs` then 0 then `amount` is `legs[0].amount`. */
export function pathTo(path: string, step: string | number): string {
  if (typeof step === 'number') return `${path}[${step}]`;
  const name = step.length > NAME_LENGTH_MAX ? `${step.slice(0, NAME_LENGTH_MAX)}…` : step;
  if (!PLAIN_NAME.test(name)) return `${path}[${JSON.stringify(name.toWellFormed())}]`;
  return path === '' ? name : `${path}.${name}`;
}
