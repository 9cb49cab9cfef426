// Checks one bundle against its place: every leaf has the hash its place holds, is a record, and
// has the id and the time of its bundle. Memory is that of one bundle; whatever its bytes are, they
// make findings and never a failure.

import { zstdDecompressSync } from 'node:zlib';
import { formatInstant, type Instant, type Uuid } from '#kernel';
import { HASH_BYTES } from '../../tree/hash.ts';
import type { Findings, RuleName } from '../finding.ts';
import { hashLines } from './log-tree.ts';
import { LeafScanner } from './scan.ts';

export interface StoredBundle {
  readonly id: Uuid;
  readonly month: number;
  readonly recordedAt: Instant;
  readonly leafCount: number;
  readonly encoding: number;
  readonly bytes: Buffer;
}

/** Where a bundle's leaves stand in the log, and the hashes they must have. */
export interface ExpectedLeaves {
  readonly firstLeaf: number;
  readonly hashes: Buffer;
  /** They were hashed already, and are as they must be. */
  readonly areSound: boolean;
}

const PLAIN = 0;
const ZSTD = 1;
const LINE_FEED = 0x0a;
/** tlog-tiles counts the bytes of an entry in 16 bits. */
const LEAF_BYTES_MAX = 65_535;
/** No bundle is longer; a frame that claims to be is not unpacked. */
const BUNDLE_BYTES_MAX = 2 ** 30;
const COUNTER_DIGITS = 5;

export class BundleCheck {
  readonly #findings: Findings;
  readonly #onLeaf: (leaf: LeafScanner, check: BundleCheck) => void;
  readonly #scanner = new LeafScanner();
  #bundleId: Uuid = '';
  #firstLeaf: number | undefined;
  #index = 0;

  /** `onLeaf` is told of every leaf that is a record, in order. */
  constructor(findings: Findings, onLeaf: (leaf: LeafScanner, check: BundleCheck) => void) {
    this.#findings = findings;
    this.#onLeaf = onLeaf;
  }

  /** Where the leaf stands that `onLeaf` was told of, for a person. */
  get place(): string {
    const leaf =
      this.#firstLeaf === undefined ? 'waiting' : `leaf ${this.#firstLeaf + this.#index}`;
    return `${leaf} record ${recordIdOf(this.#bundleId, this.#index)}`;
  }

  /** Without `expected` the bundle waits for its place. */
  check(bundle: StoredBundle, expected: ExpectedLeaves | undefined): void {
    this.#bundleId = bundle.id;
    this.#firstLeaf = expected?.firstLeaf;
    this.#findings.checked('bundles');
    const unpacked = linesOf(bundle);
    if (unpacked === undefined) {
      const found = `${bundle.bytes.length} bytes that encoding ${bundle.encoding} cannot read`;
      this.#breachOfBundle('bundle_unreadable', 'lines', found);
      return;
    }
    const { lines, ends } = unpacked;
    this.#findings.checked('leaves', ends.length);
    this.#checkCounts(bundle, ends.length, expected);
    this.#checkMonth(bundle);
    const isAltered = this.#checkHashes(unpacked, expected);
    this.#checkRecords(bundle, { lines, ends, isAltered });
  }

  #checkCounts({ leafCount }: StoredBundle, lines: number, expected?: ExpectedLeaves): void {
    const placed = expected === undefined ? lines : expected.hashes.length / HASH_BYTES;
    if (leafCount === lines && placed === lines) return;
    const counts = `${leafCount} leaves, and ${placed} hashes in its place`;
    this.#breachOfBundle('bundle_count_wrong', counts, `${lines} lines`);
  }

  #checkMonth({ month, recordedAt }: StoredBundle): void {
    const expected = formatInstant(recordedAt).slice(0, 7).replace('-', '');
    if (String(month) === expected) return;
    this.#breachOfBundle('bundle_time_wrong', `month ${expected}`, `month ${month}`);
  }

  /** Which leaves are not as their place says, by index; undefined where all of them are. */
  #checkHashes({ lines, ends }: Lines, expected?: ExpectedLeaves): ReadonlySet<number> | undefined {
    if (expected === undefined || expected.areSound) return undefined;
    const found = hashLines(lines, ends);
    const altered = new Set<number>();
    const count = Math.max(found.length, expected.hashes.length) / HASH_BYTES;
    for (let index = 0; index < count; index += 1) {
      const start = index * HASH_BYTES;
      const is = found.toString('hex', start, start + HASH_BYTES);
      const must = expected.hashes.toString('hex', start, start + HASH_BYTES);
      if (is === must) continue;
      altered.add(index);
      this.#index = index;
      this.#findings.breach({
        rule: 'leaf_altered',
        place: this.place,
        expected: must === '' ? 'no such leaf' : `a leaf with the hash ${must}`,
        found: is === '' ? 'no leaf' : `one with the hash ${is}`,
      });
    }
    return altered;
  }

  #checkRecords(
    { id, recordedAt }: StoredBundle,
    { lines, ends, isAltered }: Lines & { readonly isAltered: ReadonlySet<number> | undefined },
  ): void {
    const time = Buffer.from(JSON.stringify(formatInstant(recordedAt)));
    const recordId = Buffer.from(JSON.stringify(recordIdOf(id, 0)));
    let isIdRight = isBundleId(id);
    let isTimeRight = true;
    if (!isIdRight) this.#breachOfBundle('bundle_id_wrong', 'an id that ends in 00000', id);
    let start = 0;
    for (let index = 0; index < ends.length; index += 1) {
      const from = start;
      const end = ends[index] as number;
      start = end + 1;
      this.#index = index;
      const flaw = this.#flawOf(lines, from, end);
      // What was altered may be a record still, and count as one; what else is wrong with it
      // follows.
      const isNamed = isAltered?.has(index) === true;
      if (flaw !== undefined) {
        if (!isNamed) this.#breachOfForm(flaw);
        continue;
      }
      if (!isNamed) {
        setCounter(recordId, index + 1);
        isIdRight &&= this.#agrees('id', recordId, 'bundle_id_wrong');
        isTimeRight &&= this.#agrees('at', time, 'bundle_time_wrong');
      }
      this.#onLeaf(this.#scanner, this);
    }
  }

  #flawOf(lines: Buffer, from: number, end: number): string | undefined {
    if (end - from > LEAF_BYTES_MAX) return `${end - from} bytes, more than a record may have`;
    return this.#scanner.read(lines, from, end);
  }

  #breachOfForm(found: string): void {
    const expected = 'a record in canonical JSON';
    this.#findings.breach({ rule: 'leaf_form', place: this.place, expected, found });
  }

  // Told once a bundle: where one record is wrong, all that follow it usually are.
  #agrees(name: 'id' | 'at', expected: Buffer, rule: RuleName): boolean {
    if (this.#scanner.isRaw(name, expected)) return true;
    const found = this.#scanner.text(name) ?? '';
    this.#findings.breach({ rule, place: this.place, expected: expected.toString(), found });
    return false;
  }

  #breachOfBundle(rule: RuleName, expected: string, found: string): void {
    this.#findings.breach({ rule, place: `bundle ${this.#bundleId}`, expected, found });
  }
}

/** The lines of a bundle as one run of bytes. */
export interface Lines {
  readonly lines: Buffer;
  /** Where each line ends, before its line feed. */
  readonly ends: readonly number[];
}

/** Undefined where the bytes cannot be read. */
export function linesOf({
  encoding,
  bytes,
}: Pick<StoredBundle, 'encoding' | 'bytes'>): Lines | undefined {
  if (encoding === PLAIN) return { lines: bytes, ends: endsOf(bytes) };
  if (encoding !== ZSTD) return undefined;
  try {
    const lines = zstdDecompressSync(bytes, { maxOutputLength: BUNDLE_BYTES_MAX });
    return { lines, ends: endsOf(lines) };
  } catch {
    return undefined;
  }
}

function endsOf(lines: Buffer): number[] {
  const ends: number[] = [];
  for (let at = lines.indexOf(LINE_FEED); at >= 0; at = lines.indexOf(LINE_FEED, at + 1)) {
    ends.push(at);
  }
  ends.push(lines.length);
  return ends;
}

/** Whether the counter in the id is 0, as no record's is. */
export function isBundleId(id: Uuid): boolean {
  return id.endsWith('0'.repeat(COUNTER_DIGITS));
}

/** The id of the bundle's record of an index, from 0. */
export function recordIdOf(bundleId: Uuid, index: number): string {
  const counter = (index + 1).toString(16).padStart(COUNTER_DIGITS, '0');
  return `aud_${bundleId.slice(0, -COUNTER_DIGITS)}${counter}`;
}

/** Writes a counter into the id in JSON, before its quote. */
function setCounter(quotedId: Buffer, counter: number): void {
  let rest = counter;
  for (let at = quotedId.length - 2; at > quotedId.length - 2 - COUNTER_DIGITS; at -= 1) {
    const digit = rest % 16;
    quotedId[at] = digit < 10 ? 0x30 + digit : 0x61 + digit - 10;
    rest = (rest - digit) / 16;
  }
}
