// Writes Parquet files: columns one after another, and at the end what is known of them. The same
// columns give the same bytes.

import { assert } from '#kernel';
import { bytesOf, encodeColumn, encodings } from './encode.ts';
import type {
  EncodedColumn,
  ParquetColumns,
  ParquetFacts,
  ParquetField,
  ParquetFields,
  ParquetType,
} from './port.ts';
import { thriftBytes, type ThriftStruct, type ThriftValue } from './thrift.ts';

const MAGIC = Buffer.from('PAR1');
const VERSION = 2;
/** Numbers of the format. */
const BOOLEAN = 0;
const INT64 = 2;
const DOUBLE = 5;
const BYTE_ARRAY = 6;
const UNCOMPRESSED = 0;
const ZSTD = 6;
const REQUIRED = 0;
const OPTIONAL = 1;
const REPEATED = 2;

interface Element {
  readonly type: number;
  readonly converted?: number;
  readonly logical?: ThriftStruct;
}

const text: Element = { type: BYTE_ARRAY, converted: 0, logical: [[1, { struct: [] }]] };
const LIST_CONVERTED = 3;
const listLogical: ThriftStruct = [[3, { struct: [] }]];
const microseconds: ThriftStruct = [[2, { struct: [] }]];
const instantLogical: ThriftStruct = [
  [
    8,
    {
      struct: [
        [1, { flag: true }],
        [2, { struct: microseconds }],
      ],
    },
  ],
];

const elements: Readonly<Record<ParquetType, Element>> = {
  flag: { type: BOOLEAN },
  whole: { type: INT64 },
  number: { type: DOUBLE },
  text,
  instant: { type: INT64, converted: 10, logical: instantLogical },
  numbers: { type: DOUBLE },
  texts: text,
};

/** A file of one group of rows. */
export function writeParquet<Fields extends ParquetFields>(
  fields: Fields,
  columns: ParquetColumns<Fields>,
  facts: ParquetFacts = {},
): Buffer {
  const encoded = Object.entries(fields).map(([name, field]) =>
    encodeColumn(name, field, columns[name] ?? []),
  );
  return writeEncoded(encoded, facts);
}

/** As above, of columns that were encoded before, in this order. */
export function writeEncoded(columns: readonly EncodedColumn[], facts: ParquetFacts): Buffer {
  const rows = columns[0]?.rows ?? 0;
  assert(
    columns.every((column) => column.rows === rows),
    'the columns of a Parquet file are not all of one length',
  );
  const parts: Buffer[] = [MAGIC];
  const chunks: ThriftValue[] = [];
  let offset = MAGIC.length;
  for (const column of columns) {
    chunks.push(chunkOf(column, offset));
    parts.push(...column.pages);
    offset += bytesOf(column.pages);
  }
  const end = thriftBytes([
    [1, { int: VERSION }],
    [2, { list: schemaOf(columns) }],
    [3, { long: rows }],
    [4, { list: rows === 0 ? [] : [groupOf(columns, chunks, rows)] }],
    [5, { list: Object.entries(facts).map(factOf) }],
    [6, { text: 'florin' }],
    // Each column's least and greatest are by the order of its own type.
    [7, { list: columns.map(() => ({ struct: [[1, { struct: [] }]] })) }],
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(end.length);
  return Buffer.concat([...parts, end, length, MAGIC]);
}

function schemaOf(columns: readonly EncodedColumn[]): ThriftValue[] {
  const root: ThriftStruct = [
    [4, { text: 'root' }],
    [5, { int: columns.length }],
  ];
  const all = [root, ...columns.flatMap(({ name, field }) => schemaElements(name, field))];
  return all.map((struct) => ({ struct }));
}

function schemaElements(name: string, { type, isOptional }: ParquetField): ThriftStruct[] {
  const repetition = isOptional === true ? OPTIONAL : REQUIRED;
  if (!isList(type)) return [leaf(name, type, repetition)];
  return [
    [
      [3, { int: repetition }],
      [4, { text: name }],
      [5, { int: 1 }],
      [6, { int: LIST_CONVERTED }],
      [10, { struct: listLogical }],
    ],
    [
      [3, { int: REPEATED }],
      [4, { text: 'list' }],
      [5, { int: 1 }],
    ],
    leaf('element', type, REQUIRED),
  ];
}

function leaf(name: string, type: ParquetType, repetition: number): ThriftStruct {
  const { type: physical, converted, logical } = elements[type];
  return [
    [1, { int: physical }],
    [3, { int: repetition }],
    [4, { text: name }],
    [6, converted === undefined ? undefined : { int: converted }],
    [10, logical === undefined ? undefined : { struct: logical }],
  ];
}

function groupOf(
  columns: readonly EncodedColumn[],
  chunks: readonly ThriftValue[],
  rows: number,
): ThriftValue {
  const bytes = columns.reduce((sum, { bytesUncompressed }) => sum + bytesUncompressed, 0);
  const written = columns.reduce((sum, { pages }) => sum + bytesOf(pages), 0);
  return {
    struct: [
      [1, { list: chunks }],
      [2, { long: bytes }],
      [3, { long: rows }],
      [6, { long: written }],
    ],
  };
}

function chunkOf(column: EncodedColumn, offset: number): ThriftValue {
  const { name, field, dictionaryBytes, values } = column;
  const path = isList(field.type) ? [name, 'list', 'element'] : [name];
  const value = dictionaryBytes === 0 ? encodings.plain : encodings.dictionary;
  const used = [...new Set([encodings.plain, encodings.levels, value])];
  const about: ThriftStruct = [
    [1, { int: elements[field.type].type }],
    [2, { list: used.map((int) => ({ int })) }],
    [3, { list: path.map((step) => ({ text: step })) }],
    [4, { int: column.isCompressed ? ZSTD : UNCOMPRESSED }],
    [5, { long: values }],
    [6, { long: column.bytesUncompressed }],
    [7, { long: bytesOf(column.pages) }],
    [9, { long: offset + dictionaryBytes }],
    [11, dictionaryBytes === 0 ? undefined : { long: offset }],
    [12, { struct: statisticsOf(column) }],
  ];
  return {
    struct: [
      [2, { long: offset }],
      [3, { struct: about }],
    ],
  };
}

function statisticsOf({ missing, span }: EncodedColumn): ThriftStruct {
  return [
    [3, { long: missing }],
    [5, span && { bytes: span.max }],
    [6, span && { bytes: span.min }],
  ];
}

function factOf([key, value]: readonly [string, string]): ThriftValue {
  return {
    struct: [
      [1, { text: key }],
      [2, { text: value }],
    ],
  };
}

function isList(type: ParquetType): boolean {
  return type === 'numbers' || type === 'texts';
}
