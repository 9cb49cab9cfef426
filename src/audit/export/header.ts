// Owns the format of a bundle file: a line of canonical JSON that says what the leaves are proven
// by, then the leaves. A range is a run of the log without a gap: after the header each line is a
// leaf, byte for byte. A selection has two lines for each leaf, itself and its proof, and a last
// line with their count. A reader of another version refuses the file.

import { canonical, type Json, type JsonObject } from '../canonical.ts';
import { HASH_BYTES } from '../tree/hash.ts';
import { parseBase64, reject, type Judged } from '../tree/judged.ts';

const BUNDLE_FORMAT = 'florin-audit-bundle';
const BUNDLE_VERSION = 1;

/** From an older checkpoint to that of the file. */
export interface ConsistencyPart {
  readonly size: number;
  readonly proof: readonly Buffer[];
}

interface HeaderOfAnyKind {
  readonly origin: string;
  readonly size: number;
  /** The signed note. */
  readonly checkpoint: string;
  /** Whoever trusts these trusts the file: they are for comparison with keys known otherwise. */
  readonly verifierKeys: readonly string[];
  readonly consistency: ConsistencyPart | undefined;
}

export interface RangeHeader extends HeaderOfAnyKind {
  readonly kind: 'range';
  readonly first: number;
  readonly count: number;
  /** The peaks of the tree before the first leaf, largest first. */
  readonly left: readonly Buffer[];
  /** The roots of the complete subtrees that the leaves after the last fall into, in order. */
  readonly right: readonly Buffer[];
  /** Not needed for the proof: it tells which lines are wrong where the proof fails. */
  readonly marks: Marks;
}

/** The roots of the complete subtrees of 2^height leaves inside the range, in order. */
export interface Marks {
  readonly height: number;
  readonly hashes: readonly Buffer[];
}

export interface SelectionHeader extends HeaderOfAnyKind {
  readonly kind: 'selection';
  /** What was asked for. That nothing else answers to it, a selection cannot prove. */
  readonly filter: JsonObject;
}

export type BundleHeader = RangeHeader | SelectionHeader;

const MARKS_MAX = 1_024;

/** So that there are at most 1,024 marks; of up to 1,024 leaves each is marked. */
export function markHeight(count: number): number {
  let height = 0;
  while (count > MARKS_MAX * 2 ** height) height += 8;
  return height;
}

/** The indices of the complete subtrees of a height inside a run of leaves. */
export function markSpan(
  { first, count }: { readonly first: number; readonly count: number },
  height: number,
): { readonly from: number; readonly below: number } {
  const leaves = 2 ** height;
  const from = Math.ceil(first / leaves);
  return { from, below: Math.max(from, Math.floor((first + count) / leaves)) };
}

/** Without its line feed. */
export function formatHeader(header: BundleHeader): string {
  const { kind, origin, size, checkpoint, verifierKeys, consistency } = header;
  const common: JsonObject = {
    format: BUNDLE_FORMAT,
    version: BUNDLE_VERSION,
    kind,
    origin,
    size,
    checkpoint,
    verifier_keys: verifierKeys,
    consistency:
      consistency === undefined
        ? undefined
        : { size: consistency.size, proof: texts(consistency.proof) },
  };
  if (header.kind === 'selection') return canonical({ ...common, filter: header.filter });
  const { first, count, left, right, marks } = header;
  return canonical({
    ...common,
    first,
    count,
    left: texts(left),
    right: texts(right),
    marks: { height: marks.height, hashes: texts(marks.hashes) },
  });
}

function texts(hashes: readonly Buffer[]): Json {
  return hashes.map((hash) => hash.toString('base64'));
}

export function parseHeader(line: Buffer): Judged<BundleHeader> {
  const value = parseObject(line);
  if (value === undefined) return reject('It is not a JSON object.');
  if (value['format'] !== BUNDLE_FORMAT) return reject(`Its format is not "${BUNDLE_FORMAT}".`);
  if (value['version'] !== BUNDLE_VERSION) {
    return reject(`Its version is ${JSON.stringify(value['version'])}, not ${BUNDLE_VERSION}.`);
  }
  try {
    return { ok: true, value: headerOf(value) };
  } catch (error) {
    if (error instanceof Flaw) return reject(error.message);
    throw error;
  }
}

class Flaw extends Error {}

function headerOf(value: JsonObject): BundleHeader {
  const consistency = value['consistency'];
  const common = {
    origin: textOf(value, 'origin'),
    size: countOf(value, 'size'),
    checkpoint: textOf(value, 'checkpoint'),
    verifierKeys: listOf(value, 'verifier_keys').map((key) => {
      if (typeof key === 'string') return key;
      throw new Flaw('A verifier key is not a text.');
    }),
    consistency:
      consistency === undefined
        ? undefined
        : {
            size: countOf(objectOf(value, 'consistency'), 'size'),
            proof: hashesOf(objectOf(value, 'consistency'), 'proof'),
          },
  };
  if (value['kind'] === 'selection') {
    return { kind: 'selection', ...common, filter: objectOf(value, 'filter') };
  }
  if (value['kind'] !== 'range') throw new Flaw('Its kind is neither "range" nor "selection".');
  const marks = objectOf(value, 'marks');
  return {
    kind: 'range',
    ...common,
    first: countOf(value, 'first'),
    count: countOf(value, 'count'),
    left: hashesOf(value, 'left'),
    right: hashesOf(value, 'right'),
    marks: { height: countOf(marks, 'height'), hashes: hashesOf(marks, 'hashes') },
  };
}

/** A list of hashes in base64; undefined for anything else. */
export function parseHashes(value: Json | undefined): Buffer[] | undefined {
  try {
    return hashesOf({ value }, 'value');
  } catch (error) {
    if (error instanceof Flaw) return undefined;
    throw error;
  }
}

/** The line after a leaf of a selection. */
export interface LeafProof {
  readonly index: number;
  readonly proof: readonly Buffer[];
}

export function formatLeafProof({ index, proof }: LeafProof): string {
  return canonical({ index, proof: texts(proof) });
}

/** Undefined for a line that is no proof. */
export function parseLeafProof(line: Buffer): LeafProof | undefined {
  const value = parseObject(line);
  try {
    if (value === undefined) return undefined;
    return { index: countOf(value, 'index'), proof: hashesOf(value, 'proof') };
  } catch (error) {
    if (error instanceof Flaw) return undefined;
    throw error;
  }
}

const END_FORMAT = `${BUNDLE_FORMAT}-end`;

/** The last line of a selection. */
export function formatEnd(count: number): string {
  return canonical({ format: END_FORMAT, count });
}

/** How many leaves the last line says there are; undefined for another line. */
export function parseEnd(line: Buffer): number | undefined {
  const value = parseObject(line);
  if (value?.['format'] !== END_FORMAT) return undefined;
  const { count } = value;
  return isCount(count) ? count : undefined;
}

export function parseObject(line: Buffer): JsonObject | undefined {
  try {
    const value = JSON.parse(line.toString()) as unknown;
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function textOf(value: JsonObject, name: string): string {
  const member = value[name];
  if (typeof member === 'string') return member;
  throw new Flaw(`Its member "${name}" is not a text.`);
}

function countOf(value: JsonObject, name: string): number {
  const member = value[name];
  if (isCount(member)) return member;
  throw new Flaw(`Its member "${name}" is not a whole number.`);
}

function listOf(value: JsonObject, name: string): readonly Json[] {
  const member = value[name];
  if (Array.isArray(member)) return member as readonly Json[];
  throw new Flaw(`Its member "${name}" is not a list.`);
}

function objectOf(value: JsonObject, name: string): JsonObject {
  const member = value[name];
  if (typeof member === 'object' && member !== null && !Array.isArray(member)) {
    return member as JsonObject;
  }
  throw new Flaw(`Its member "${name}" is not an object.`);
}

function hashesOf(value: JsonObject, name: string): Buffer[] {
  return listOf(value, name).map((text) => {
    const hash = typeof text === 'string' ? parseBase64(text) : undefined;
    if (hash?.length === HASH_BYTES) return hash;
    throw new Flaw(`Its member "${name}" has something that is not a hash in base64.`);
  });
}
