// Reads leaves without building values: whether a line is one record in canonical JSON (RFC 8785),
// and where each of its members stands. It shares no code with what writes records and does
// hundreds of thousands of leaves a second; a line with anything rare in it is read the slow way.

import { canonical, type Json } from '../../canonical.ts';

/** The members of a record in canonical order. */
const MEMBERS = [
  'action',
  'actor',
  'after',
  'at',
  'before',
  'clock_offset_us',
  'id',
  'origin',
  'outcome',
  'reason',
  'retention',
  'sealed',
  'target',
  'version',
] as const;

export type MemberName = (typeof MEMBERS)[number];

const OPTIONAL: readonly MemberName[] = ['after', 'before', 'clock_offset_us', 'reason', 'sealed'];
const OBJECTS: readonly MemberName[] = ['actor', 'after', 'before', 'origin'];
const NUMBERS: readonly MemberName[] = ['clock_offset_us', 'version'];
const CHOICES = {
  outcome: ['"success"', '"refused"', '"denied"', '"failed"'],
  retention: ['"security"', '"books"', '"aml"'],
  version: ['1'],
} as const satisfies Partial<Record<MemberName, readonly string[]>>;

/** Deeper lines are read the slow way, which knows where recursion ends. */
const DEPTH_MAX = 32;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const SPACE = 0x20;
const BEYOND_ASCII = 0x80;

const HEADS = MEMBERS.map((name) => Buffer.from(`"${name}":`));
const IS_REQUIRED = MEMBERS.map((name) => !OPTIONAL.includes(name));
/** How the value of a member begins; 0 for numbers, which begin in several ways. */
const FIRST = MEMBERS.map((name) => {
  if (NUMBERS.includes(name)) return 0;
  if (name === 'sealed') return OPEN_LIST;
  return OBJECTS.includes(name) ? OPEN_OBJECT : QUOTE;
});
const CHOSEN = Object.entries(CHOICES).map(([name, values]) => {
  return {
    index: MEMBERS.indexOf(name as MemberName),
    values: values.map((one) => Buffer.from(one)),
  };
});
const WORDS = ['true', 'false', 'null'].map((word) => Buffer.from(word));

/** What ends the plain part of a text: its quote, an escape, a control, what is not ASCII. */
const IS_STOP = Uint8Array.from({ length: 256 }, (_, code) =>
  code === QUOTE || code === BACKSLASH || code < SPACE || code >= BEYOND_ASCII ? 1 : 0,
);
const IS_OF_NUMBER = Uint8Array.from({ length: 256 }, (_, code) =>
  '0123456789-+.e'.includes(String.fromCharCode(code)) ? 1 : 0,
);

/** One record's members, until the next line is read. */
export class LeafScanner {
  #bytes: Buffer = Buffer.alloc(0);
  /** Where the value of each member begins and ends; an absent one begins at -1. */
  readonly #spans = new Int32Array(2 * MEMBERS.length);

  /** Undefined when the bytes from start to end are a record; else what is wrong with them. */
  read(bytes: Buffer, start: number, end: number): string | undefined {
    this.#bytes = bytes;
    if (this.#readMembers(start, end)) return this.#flaw();
    return this.#readSlowly(bytes.subarray(start, end));
  }

  /** The member's value as it is spelled in the line; undefined where it is absent. */
  raw(name: MemberName): string | undefined {
    const index = MEMBERS.indexOf(name);
    const start = this.#spans[2 * index] as number;
    return start < 0 ? undefined : this.#bytes.toString('utf8', start, this.#spans[2 * index + 1]);
  }

  /** The value of a member that is a text; undefined where it is absent. */
  text(name: MemberName): string | undefined {
    const raw = this.raw(name);
    if (raw === undefined) return undefined;
    return raw.includes('\\') ? (JSON.parse(raw) as string) : raw.slice(1, -1);
  }

  /** Whether the member is exactly these bytes. */
  isRaw(name: MemberName, expected: Buffer): boolean {
    const index = MEMBERS.indexOf(name);
    const start = this.#spans[2 * index] as number;
    return start >= 0 && this.#spans[2 * index + 1] === endOf(expected, this.#bytes, start);
  }

  // False where the line is not plain, or not a record: the slow way tells which.
  #readMembers(start: number, end: number): boolean {
    const bytes = this.#bytes;
    if (bytes[start] !== OPEN_OBJECT) return false;
    let at = start + 1;
    for (let index = 0; index < MEMBERS.length; index += 1) {
      const from = endOf(HEADS[index] as Buffer, bytes, at);
      if (from < 0) {
        this.#spans[2 * index] = -1;
        continue;
      }
      const to = endOfValue(bytes, from, end, DEPTH_MAX);
      if (to < 0) return false;
      this.#spans[2 * index] = from;
      this.#spans[2 * index + 1] = to;
      if (bytes[to] === CLOSE_OBJECT) {
        this.#spans.fill(-1, 2 * index + 2);
        return to + 1 === end;
      }
      if (bytes[to] !== COMMA) return false;
      at = to + 1;
    }
    return false;
  }

  #readSlowly(line: Buffer): string | undefined {
    let value: Json;
    let isCanonical: boolean;
    try {
      value = JSON.parse(line.toString()) as Json;
      isCanonical = Buffer.from(canonical(value)).equals(line);
    } catch {
      return 'no JSON';
    }
    if (!isCanonical) return 'JSON that is not in its canonical form';
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return 'no JSON object';
    }
    const members = value as Record<string, Json>;
    const stranger = Object.keys(members).find((name) => !MEMBERS.some((known) => known === name));
    if (stranger !== undefined) return `the unknown member ${stranger}`;
    const parts: Buffer[] = [];
    let position = 0;
    for (const [index, name] of MEMBERS.entries()) {
      const member = members[name];
      const part = Buffer.from(member === undefined ? '' : canonical(member));
      parts.push(part);
      this.#spans[2 * index] = member === undefined ? -1 : position;
      position += part.length;
      this.#spans[2 * index + 1] = position;
    }
    this.#bytes = Buffer.concat(parts);
    return this.#flaw();
  }

  #flaw(): string | undefined {
    for (let index = 0; index < MEMBERS.length; index += 1) {
      const start = this.#spans[2 * index] as number;
      if (start < 0) {
        if (IS_REQUIRED[index] === true) return `no member ${MEMBERS[index]}`;
      } else if (this.#bytes[start] !== FIRST[index] && FIRST[index] !== 0) {
        return unfit(index);
      }
    }
    for (const { index, values } of CHOSEN) {
      const start = this.#spans[2 * index] as number;
      const end = this.#spans[2 * index + 1] as number;
      if (!values.some((value) => endOf(value, this.#bytes, start) === end)) return unfit(index);
    }
    return undefined;
  }
}

function unfit(index: number): string {
  return `a member ${MEMBERS[index]} that no record has`;
}

/** Just after the expected bytes, if they stand here; else -1. */
function endOf(expected: Buffer, bytes: Buffer, start: number): number {
  for (let index = 0; index < expected.length; index += 1) {
    if (bytes[start + index] !== expected[index]) return -1;
  }
  return start + expected.length;
}

/** Just after the value that begins here; -1 where it is not plain, canonical JSON. */
function endOfValue(bytes: Buffer, start: number, end: number, depth: number): number {
  const code = bytes[start];
  if (code === QUOTE) return endOfText(bytes, start, end);
  if (code === OPEN_OBJECT) return depth > 0 ? endOfObject(bytes, start, end, depth - 1) : -1;
  if (code === OPEN_LIST) return depth > 0 ? endOfList(bytes, start, end, depth - 1) : -1;
  for (const word of WORDS) {
    const after = endOf(word, bytes, start);
    if (after >= 0) return after;
  }
  return endOfNumber(bytes, start, end);
}

// Texts with escapes or beyond ASCII are not plain.
function endOfText(bytes: Buffer, start: number, end: number): number {
  let at = start + 1;
  while (at < end && IS_STOP[bytes[at] as number] === 0) at += 1;
  return at < end && bytes[at] === QUOTE ? at + 1 : -1;
}

function endOfObject(bytes: Buffer, start: number, end: number, depth: number): number {
  let at = start + 1;
  if (bytes[at] === CLOSE_OBJECT) return at + 1;
  let nameBefore = -1;
  for (;;) {
    const name = at;
    if (bytes[name] !== QUOTE) return -1;
    at = endOfText(bytes, name, end);
    if (at < 0 || bytes[at] !== COLON) return -1;
    if (nameBefore >= 0 && !isBefore(bytes, nameBefore, name)) return -1;
    nameBefore = name;
    at = endOfValue(bytes, at + 1, end, depth);
    if (at < 0) return -1;
    const code = bytes[at];
    at += 1;
    if (code === CLOSE_OBJECT) return at;
    if (code !== COMMA) return -1;
  }
}

// Both are ASCII and end with a quote, which no plain text has inside.
function isBefore(bytes: Buffer, left: number, right: number): boolean {
  let offset = 1;
  while (bytes[left + offset] === bytes[right + offset] && bytes[left + offset] !== QUOTE) {
    offset += 1;
  }
  const [one, other] = [bytes[left + offset] as number, bytes[right + offset] as number];
  if (one === QUOTE || other === QUOTE) return one === QUOTE && other !== QUOTE;
  return one < other;
}

function endOfList(bytes: Buffer, start: number, end: number, depth: number): number {
  let at = start + 1;
  if (bytes[at] === CLOSE_LIST) return at + 1;
  for (;;) {
    at = endOfValue(bytes, at, end, depth);
    if (at < 0) return -1;
    const code = bytes[at];
    at += 1;
    if (code === CLOSE_LIST) return at;
    if (code !== COMMA) return -1;
  }
}

function endOfNumber(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && IS_OF_NUMBER[bytes[at] as number] === 1) at += 1;
  if (at === start) return -1;
  const spelled = bytes.toString('latin1', start, at);
  return String(Number(spelled)) === spelled ? at : -1;
}
