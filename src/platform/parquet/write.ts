// Writes Parquet files with hyparquet-writer. The same columns give the same bytes, because the
// compressor is part of the library and nothing of the machine or the time is written.

import type { SchemaElement } from 'hyparquet';
import { ByteWriter, parquetWrite, type ColumnSource } from 'hyparquet-writer';
import { assert } from '#kernel';
import type {
  ParquetColumns,
  ParquetFacts,
  ParquetField,
  ParquetFields,
  ParquetType,
} from './port.ts';

const elements: Readonly<Record<ParquetType, Omit<SchemaElement, 'name'>>> = {
  flag: { type: 'BOOLEAN' },
  whole: { type: 'INT64' },
  number: { type: 'DOUBLE' },
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  instant: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MICROS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
  },
  numbers: { type: 'DOUBLE' },
  texts: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
};

/** A file of one group of rows, compressed with Snappy, which every reader of Parquet knows. */
export function writeParquet<Fields extends ParquetFields>(
  fields: Fields,
  columns: ParquetColumns<Fields>,
  facts: ParquetFacts = {},
): Buffer {
  const sources = Object.entries(fields).map(([name, field]) =>
    sourceOf(name, field, columns[name] ?? []),
  );
  const rows = sources[0]?.data.length ?? 0;
  assert(
    sources.every(({ data }) => data.length === rows),
    'the columns of a Parquet file are not all of one length',
  );
  const writer = new ByteWriter();
  // Nothing is awaited: a writer into memory has nothing to wait for.
  void parquetWrite({
    writer,
    schema: schemaOf(fields),
    columnData: sources,
    rowGroupSize: Math.max(rows, 1),
    kvMetadata: Object.entries(facts).map(([key, value]) => ({ key, value })),
    createdBy: 'florin',
  });
  return Buffer.from(writer.getBuffer());
}

function schemaOf(fields: ParquetFields): SchemaElement[] {
  const root: SchemaElement = { name: 'root', num_children: Object.keys(fields).length };
  const columns = Object.entries(fields).flatMap(([name, field]): SchemaElement[] => {
    const element = elements[field.type];
    const repetition = field.isOptional === true ? 'OPTIONAL' : 'REQUIRED';
    if (!isList(field.type)) return [{ name, ...element, repetition_type: repetition }];
    return [
      {
        name,
        repetition_type: repetition,
        converted_type: 'LIST',
        logical_type: { type: 'LIST' },
        num_children: 1,
      },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', ...element, repetition_type: 'REQUIRED' },
    ];
  });
  return [root, ...columns];
}

function sourceOf(name: string, field: ParquetField, values: readonly unknown[]): ColumnSource {
  const data = values.map((value) => {
    if (value !== undefined) return stored(name, field.type, value);
    assert(field.isOptional === true, `the column ${name} lacks a value`);
    return undefined;
  });
  if (field.type === 'instant') return { name, data, encoding: 'DELTA_BINARY_PACKED' };
  // A dictionary would make the two zeros one, and numbers are to come back bit for bit.
  const isNumeric = field.type === 'number' || field.type === 'numbers';
  return isNumeric ? { name, data, encoding: 'PLAIN' } : { name, data };
}

function stored(name: string, type: ParquetType, value: unknown): unknown {
  switch (type) {
    case 'flag':
    case 'number':
    case 'numbers':
      return value;
    case 'whole':
    case 'instant':
      assert(Number.isSafeInteger(value), `${name} is not whole: ${String(value)}`);
      return BigInt(Number(value));
    case 'text':
      requireText(name, value);
      return value;
    case 'texts':
      assert(Array.isArray(value), `${name} is not a list`);
      for (const text of value) requireText(name, text);
      return value;
  }
}

/** Half a surrogate pair has no bytes of its own and would come back as another character. */
function requireText(name: string, value: unknown): void {
  const isText = typeof value === 'string' && value.isWellFormed();
  assert(isText, `${name} is not text that can be written: ${JSON.stringify(value)}`);
}

function isList(type: ParquetType): boolean {
  return type === 'numbers' || type === 'texts';
}
