// Finds the terms of a leaf in its bytes. The index must keep up with tens of thousands of records
// a second, so a leaf is neither decoded nor parsed: only a text with an escape or a letter beyond
// ASCII is. Leaves are canonical JSON, without white space; of others fewer terms are found.

import {
  begun,
  mixByte,
  mixBytes,
  term,
  termOf,
  wordTerm,
  type Digest,
  type TermKind,
} from './term.ts';
import { isIndexed, wordsOf } from './words.ts';

type OnTerm = (term: number) => void;

/** What a value stands for, by the member of the leaf that it is in. */
type Role = TermKind | 'nothing';

/** Members of the leaf, then members of these. All others hold words. */
const roles = rolesOf([
  ['action', 'action'],
  ['at', 'nothing'],
  ['clock_offset_us', 'nothing'],
  ['id', 'nothing'],
  ['outcome', 'outcome'],
  ['reason', 'reason'],
  ['retention', 'nothing'],
  ['target', 'id'],
  ['version', 'nothing'],
]);
const innerRoles = new Map<Digest, ReadonlyMap<Digest, Role>>([
  [digestOf('actor'), rolesOf([['id', 'actor']])],
  [
    digestOf('origin'),
    rolesOf([
      ['address', 'address'],
      ['request_id', 'request'],
    ]),
  ],
  [
    digestOf('sealed'),
    rolesOf([
      ['ciphertext', 'nothing'],
      ['commitment', 'nothing'],
    ]),
  ],
]);

function rolesOf(rows: readonly (readonly [string, Role])[]): ReadonlyMap<Digest, Role> {
  return new Map(rows.map(([name, role]) => [digestOf(name), role]));
}

function digestOf(name: string): Digest {
  return mixBytes(0, Buffer.from(name));
}

const QUOTE = 0x22;
const HYPHEN = 0x2d;
const DOT = 0x2e;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const UNDERSCORE = 0x5f;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

const OTHER = 0;
const DIGIT = 1;
const SMALL_HEX = 2;
const SMALL = 3;
const CAPITAL = 4;
const classes = new Uint8Array(256);
classes.fill(DIGIT, 0x30, 0x3a);
classes.fill(CAPITAL, 0x41, 0x5b);
classes.fill(SMALL, 0x61, 0x7b);
classes.fill(SMALL_HEX, 0x61, 0x67);
const TO_SMALL = 0x20;
const ASCII_END = 0x80;

const UUID_LENGTH = 36;
const PREFIX_LENGTH_MAX = 16;
const WORD_LENGTH_MAX = 64;

/** Tells of every term of the leaf, of some more than once. */
export function scanLeaf(leaf: Uint8Array, onTerm: OnTerm): void {
  let depth = 0;
  let outer: Digest = 0;
  let role: Role = 'word';
  let at = 0;
  while (at < leaf.length) {
    const byte = leaf[at] as number;
    if (byte === QUOTE) {
      const end = endOfText(leaf, at + 1);
      if (leaf[end + 1] !== COLON) {
        scanText(leaf, at + 1, end, role, onTerm);
      } else if (depth === 1) {
        outer = digestBetween(leaf, at + 1, end);
        role = roles.get(outer) ?? 'word';
      } else {
        const inner = innerRoles.get(outer);
        if (inner !== undefined) role = inner.get(digestBetween(leaf, at + 1, end)) ?? 'word';
      }
      at = end + 1;
    } else if (classes[byte] === DIGIT) {
      const end = endOfNumber(leaf, at);
      if (role !== 'nothing') scanWords(leaf, at, end, onTerm);
      at = end;
    } else {
      if (byte === OPENING_BRACE || byte === OPENING_BRACKET) depth += 1;
      else if (byte === CLOSING_BRACE || byte === CLOSING_BRACKET) depth -= 1;
      at += 1;
    }
  }
}

/** Where the closing quote stands. */
function endOfText(leaf: Uint8Array, start: number): number {
  let at = start;
  while (at < leaf.length && leaf[at] !== QUOTE) at += leaf[at] === BACKSLASH ? 2 : 1;
  return Math.min(at, leaf.length);
}

function endOfNumber(leaf: Uint8Array, start: number): number {
  let at = start;
  for (; at < leaf.length; at += 1) {
    const byte = leaf[at];
    if (byte === COMMA || byte === CLOSING_BRACE || byte === CLOSING_BRACKET) break;
  }
  return at;
}

function digestBetween(leaf: Uint8Array, start: number, end: number): Digest {
  let digest = 0;
  for (let at = start; at < end; at += 1) digest = mixByte(digest, leaf[at] as number);
  return digest;
}

function scanText(leaf: Uint8Array, start: number, end: number, role: Role, onTerm: OnTerm): void {
  if (role === 'nothing') return;
  for (let at = start; at < end; at += 1) {
    const byte = leaf[at] as number;
    if (byte >= ASCII_END || byte === BACKSLASH) {
      scanDecoded(leaf.subarray(start - 1, end + 1), role, onTerm);
      return;
    }
  }
  if (role !== 'word') {
    let digest = begun[role];
    for (let at = start; at < end; at += 1) {
      const byte = leaf[at] as number;
      digest = mixByte(digest, byte);
      if (byte === DOT && role === 'action') onTerm(termOf(digest));
    }
    onTerm(termOf(digest));
  }
  scanWords(leaf, start, end, onTerm);
}

/** The same for texts that are not plain ASCII. */
function scanDecoded(quoted: Uint8Array, role: TermKind, onTerm: OnTerm): void {
  const text = decoded(quoted);
  if (text === undefined) return;
  if (role !== 'word') onTerm(term(role, text));
  for (const word of wordsOf(text)) if (isIndexed(word)) onTerm(wordTerm(word));
}

function decoded(quoted: Uint8Array): string | undefined {
  try {
    return JSON.parse(Buffer.from(quoted).toString()) as string;
  } catch {
    return undefined;
  }
}

function scanWords(leaf: Uint8Array, start: number, end: number, onTerm: OnTerm): void {
  let at = start;
  while (at < end) {
    if (classes[leaf[at] as number] === OTHER) {
      at += 1;
      continue;
    }
    if (isUuid(leaf, at, end)) {
      onTerm(termOf(mixPlain(begun.word, leaf, at, at + UUID_LENGTH)));
      at += UUID_LENGTH;
      continue;
    }
    const from = at;
    let digest = begun.word;
    let isPrefix = true;
    for (; at < end; at += 1) {
      const byte = leaf[at] as number;
      const kind = classes[byte];
      if (kind === OTHER) break;
      if (kind === CAPITAL || (kind === DIGIT && at === from)) isPrefix = false;
      digest = mixByte(digest, kind === CAPITAL ? byte | TO_SMALL : byte);
    }
    const length = at - from;
    if (
      isPrefix &&
      length <= PREFIX_LENGTH_MAX &&
      leaf[at] === UNDERSCORE &&
      isUuid(leaf, at + 1, end)
    ) {
      at += 1 + UUID_LENGTH;
      onTerm(termOf(mixPlain(begun.id, leaf, from, at)));
    } else if (length > 1 && length <= WORD_LENGTH_MAX) {
      onTerm(termOf(digest));
    }
  }
}

function mixPlain(digest: Digest, leaf: Uint8Array, start: number, end: number): Digest {
  let mixed = digest;
  for (let at = start; at < end; at += 1) mixed = mixByte(mixed, leaf[at] as number);
  return mixed;
}

function isUuid(leaf: Uint8Array, start: number, end: number): boolean {
  if (start + UUID_LENGTH > end || leaf[start + 8] !== HYPHEN) return false;
  for (let index = 0; index < UUID_LENGTH; index += 1) {
    const byte = leaf[start + index] as number;
    if (index === 8 || index === 13 || index === 18 || index === 23) {
      if (byte !== HYPHEN) return false;
    } else if (classes[byte] !== DIGIT && classes[byte] !== SMALL_HEX) {
      return false;
    }
  }
  return true;
}
