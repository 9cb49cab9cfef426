// Makes columns of Parquet of values: numbers as they are, texts that repeat by a dictionary,
// compressed fast where it is worth it. The same values give the same bytes, because the compressor
// comes with the runtime and nothing of the machine or the time is written.

import { constants, zstdCompressSync } from 'node:zlib';
import { assert } from '#kernel';
import type { EncodedColumn, ParquetField, ParquetInput, ParquetType } from './port.ts';
import { bitsFor, oneRun, packRuns } from './runs.ts';
import { thriftBytes, type ThriftStruct } from './thrift.ts';

/** Smaller pages cost more to compress than they save. */
const COMPRESSED_FROM_BYTES = 512;
const FAST_LEVEL = 1;
/** A dictionary is tried for so many texts in any case, and given up when every fourth is new. */
const DICTIONARY_MIN = 256;
const DICTIONARY_SHARE = 4;

/** Most columns shrink to less than this share, and so come out in one piece. */
const SHRUNK = 0.3;
const CHUNK_BYTES_MIN = 1_024;

/** By the numbers of the format, as are the types of pages. */
export const encodings = { plain: 0, levels: 3, dictionary: 8 } as const;
const DICTIONARY_PAGE = 2;
const DATA_PAGE_V2 = 3;

const nothing = Buffer.alloc(0);

/** The values that are there, one after another, and which those are. */
interface Content {
  readonly rows: number;
  readonly values: number;
  readonly missing: number;
  readonly repetition?: Buffer | undefined;
  readonly definition?: Buffer | undefined;
  readonly data: Buffer;
  readonly dictionary?: { readonly count: number; readonly data: Buffer } | undefined;
  readonly span?: EncodedColumn['span'];
}

export function encodeColumn(
  name: string,
  field: ParquetField,
  input: ParquetInput,
): EncodedColumn {
  return columnOf({ name, field }, contentOf(name, field, input));
}

function contentOf(name: string, field: ParquetField, input: ParquetInput): Content {
  if (field.type === 'numbers' || field.type === 'texts') return listContent(name, field, input);
  assert('length' in input, `the column ${name} is of lists`);
  const { length: rows } = input;
  if (input instanceof Float64Array) {
    return { rows, values: rows, missing: 0, ...stored(name, field.type, input) };
  }
  const isOptional = field.isOptional === true;
  const missing = countMissing(input);
  assert(missing === 0 || isOptional, `the column ${name} lacks a value`);
  const present = missing === 0 ? input : input.filter((value) => value !== undefined);
  const levels = isOptional ? presence(input, missing) : undefined;
  return { rows, values: rows, missing, definition: levels, ...stored(name, field.type, present) };
}

function countMissing(input: readonly unknown[]): number {
  let missing = 0;
  for (const value of input) if (value === undefined) missing += 1;
  return missing;
}

function presence(input: readonly unknown[], missing: number): Buffer {
  const { length } = input;
  if (missing === 0 || missing === length) return oneRun(missing === 0 ? 1 : 0, length, 1);
  const levels = new Uint8Array(length);
  for (let at = 0; at < length; at += 1) if (input[at] !== undefined) levels[at] = 1;
  return packRuns(levels, 1);
}

type Stored = Pick<Content, 'data' | 'dictionary' | 'span'>;

function stored(
  name: string,
  type: Exclude<ParquetType, 'numbers' | 'texts'>,
  values: readonly unknown[] | Float64Array,
): Stored {
  switch (type) {
    case 'number':
      return { data: doublesOf(values) };
    case 'whole':
    case 'instant':
      return wholeNumbers(name, values);
    case 'flag':
      return { data: flagsOf(values) };
    case 'text':
      return textsOf(name, values);
  }
}

function doublesOf(values: ArrayLike<unknown>): Buffer {
  const data = Buffer.allocUnsafeSlow(values.length * 8);
  const view = new DataView(data.buffer);
  for (let at = 0; at < values.length; at += 1) view.setFloat64(at * 8, Number(values[at]), true);
  return data;
}

const WORD = 2 ** 32;

function wholeNumbers(name: string, values: ArrayLike<unknown>): Stored {
  const data = Buffer.allocUnsafeSlow(values.length * 8);
  const view = new DataView(data.buffer);
  let [min, max] = [0, 0];
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at];
    assert(Number.isSafeInteger(value), `${name} is not whole: ${String(value)}`);
    const whole = Number(value);
    const high = Math.floor(whole / WORD);
    view.setUint32(at * 8, whole - high * WORD, true);
    view.setInt32(at * 8 + 4, high, true);
    if (whole < Number(values[min])) min = at;
    if (whole > Number(values[max])) max = at;
  }
  if (values.length === 0) return { data };
  const eight = (at: number): Buffer => data.subarray(at * 8, at * 8 + 8);
  return { data, span: { min: eight(min), max: eight(max) } };
}

function flagsOf(values: ArrayLike<unknown>): Buffer {
  const data = Buffer.alloc(Math.ceil(values.length / 8));
  for (let at = 0; at < values.length; at += 1) {
    if (values[at] === true) data[at >> 3] = (data[at >> 3] ?? 0) | (1 << (at & 7));
  }
  return data;
}

function textsOf(name: string, values: ArrayLike<unknown>): Stored {
  const distinctMax = Math.max(DICTIONARY_MIN, values.length / DICTIONARY_SHARE);
  const codes = new Uint32Array(values.length);
  const seen = new Map<unknown, number>();
  let before: unknown;
  let code = 0;
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at];
    // Neighbours are often alike, and to compare them is cheaper than to look one up.
    if (value !== before || at === 0) {
      const known = seen.get(value);
      if (known === undefined && seen.size >= distinctMax)
        return { data: plainTexts(name, values) };
      code = known ?? seen.size;
      if (known === undefined) seen.set(value, code);
      before = value;
    }
    codes[at] = code;
  }
  // What is written once each would only be written again by a dictionary.
  if (seen.size === values.length) return { data: plainTexts(name, values) };
  const bits = bitsFor(seen.size - 1);
  const dictionary = { count: seen.size, data: plainTexts(name, [...seen.keys()]) };
  return { data: Buffer.concat([Buffer.of(bits), packRuns(codes, bits)]), dictionary };
}

const LENGTH_BYTES = 4;
const CHARACTER_BYTES_MAX = 3;

function plainTexts(name: string, texts: ArrayLike<unknown>): Buffer {
  let bytesMax = 0;
  for (let index = 0; index < texts.length; index += 1) {
    const text = texts[index];
    // Half a surrogate pair has no bytes of its own and would come back as another character.
    const isText = typeof text === 'string' && text.isWellFormed();
    assert(isText, `${name} is not text that can be written: ${JSON.stringify(text)}`);
    bytesMax += LENGTH_BYTES + text.length * CHARACTER_BYTES_MAX;
  }
  const data = Buffer.allocUnsafeSlow(bytesMax);
  let at = 0;
  for (let index = 0; index < texts.length; index += 1) {
    const length = data.write(String(texts[index]), at + LENGTH_BYTES);
    data.writeUInt32LE(length, at);
    at += LENGTH_BYTES + length;
  }
  return data.subarray(0, at);
}

interface Lists {
  readonly values: ArrayLike<unknown>;
  readonly lengths: Uint32Array;
  /** The rows without a list. */
  readonly missing?: ReadonlySet<number>;
}

function listContent(name: string, field: ParquetField, input: ParquetInput): Content {
  const { lengths, values, missing }: Lists =
    'lengths' in input ? input : listsOf(name, field, input);
  const isOptional = field.isOptional === true;
  const full = isOptional ? 2 : 1;
  const slots = lengths.reduce((sum, length) => sum + Math.max(length, 1), 0);
  const repetition = new Uint8Array(slots).fill(1);
  const definition = new Uint8Array(slots).fill(full);
  let slot = 0;
  for (let row = 0; row < lengths.length; row += 1) {
    const length = lengths[row] ?? 0;
    repetition[slot] = 0;
    if (length === 0) definition[slot] = missing?.has(row) === true ? 0 : full - 1;
    slot += Math.max(length, 1);
  }
  return {
    rows: lengths.length,
    values: slots,
    missing: slots - values.length,
    repetition: packRuns(repetition, 1),
    definition: packRuns(definition, bitsFor(full)),
    ...(field.type === 'numbers' ? { data: doublesOf(values) } : textsOf(name, values)),
  };
}

function listsOf(name: string, field: ParquetField, input: ArrayLike<unknown>): Lists {
  const lengths = new Uint32Array(input.length);
  const values: unknown[] = [];
  const missing = new Set<number>();
  for (let row = 0; row < input.length; row += 1) {
    const list = input[row];
    if (list === undefined && field.isOptional === true) missing.add(row);
    else assert(Array.isArray(list), `a row of ${name} is not a list`);
    if (!Array.isArray(list)) continue;
    lengths[row] = list.length;
    for (const value of list) values.push(value);
  }
  return { values, lengths, missing };
}

function columnOf(
  about: Pick<EncodedColumn, 'name' | 'field'>,
  { rows, values, missing, span, ...content }: Content,
): EncodedColumn {
  const { data, dictionary, repetition = nothing, definition = nothing } = content;
  const isCompressed = data.length + (dictionary?.data.length ?? 0) >= COMPRESSED_FROM_BYTES;
  const ofDictionary =
    dictionary &&
    pageOf(isCompressed, dictionary.data, {
      type: DICTIONARY_PAGE,
      header: [
        [1, { int: dictionary.count }],
        [2, { int: encodings.plain }],
      ],
    });
  const ofData = pageOf(isCompressed, data, {
    type: DATA_PAGE_V2,
    levels: [repetition, definition],
    header: [
      [1, { int: values }],
      [2, { int: missing }],
      [3, { int: rows }],
      [4, { int: dictionary === undefined ? encodings.plain : encodings.dictionary }],
      [5, { int: definition.length }],
      [6, { int: repetition.length }],
      [7, { flag: isCompressed }],
    ],
  });
  return {
    ...about,
    rows,
    values,
    missing,
    span,
    isCompressed,
    pages: [...(ofDictionary?.parts ?? []), ...ofData.parts],
    dictionaryBytes: bytesOf(ofDictionary?.parts ?? []),
    bytesUncompressed: ofData.bytesUncompressed + (ofDictionary?.bytesUncompressed ?? 0),
  };
}

interface PageFacts {
  readonly type: typeof DICTIONARY_PAGE | typeof DATA_PAGE_V2;
  /** Never compressed. */
  readonly levels?: readonly Buffer[];
  /** What only pages of its type say. */
  readonly header: ThriftStruct;
}

interface Page {
  readonly parts: readonly Buffer[];
  /** With its header. */
  readonly bytesUncompressed: number;
}

function pageOf(isCompressed: boolean, data: Buffer, facts: PageFacts): Page {
  const { type, levels = [], header } = facts;
  const body = [...levels, isCompressed ? compressed(data) : data];
  const bytes = bytesOf(levels) + data.length;
  const head = thriftBytes([
    [1, { int: type }],
    [2, { int: bytes }],
    [3, { int: bytesOf(body) }],
    // The headers of the two types have the numbers 7 and 8.
    [type === DICTIONARY_PAGE ? 7 : 8, { struct: header }],
  ]);
  return { parts: [head, ...body], bytesUncompressed: head.length + bytes };
}

function compressed(data: Buffer): Buffer {
  return zstdCompressSync(data, {
    chunkSize: Math.max(CHUNK_BYTES_MIN, Math.ceil(data.length * SHRUNK)),
    pledgedSrcSize: data.length,
    params: { [constants.ZSTD_c_compressionLevel]: FAST_LEVEL },
  });
}

export function bytesOf(parts: readonly Buffer[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}
