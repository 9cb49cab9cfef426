// Reads Parquet files with hyparquet. A file that was cut, claims too much, or has other columns is
// refused, never read in part. Its bytes must be known to be those that were written, as objects
// are by their checksums: the library trusts the counts inside pages, and false ones cost memory.

import { zstdDecompressSync } from 'node:zlib';
import {
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
  snappyUncompress,
  type AsyncBuffer,
  type FileMetaData,
  type SchemaElement,
  type SchemaTree,
} from 'hyparquet';
import { accept, assert, refuse, type Result } from '#kernel';
import type {
  ParquetColumns,
  ParquetField,
  ParquetFields,
  ParquetLimits,
  ParquetRefusal,
  ParquetTable,
  ParquetType,
} from './port.ts';

const MILLISECOND_US = 1_000n;
const MICROSECOND_NS = 1_000n;

/** Reads the columns that the fields name; a file may have more. */
export async function readParquet<Fields extends ParquetFields>(
  content: Buffer,
  fields: Fields,
  limits: ParquetLimits,
): Promise<Result<ParquetTable<Fields>, ParquetRefusal>> {
  const file = bufferOf(content);
  try {
    const metadata = await parquetMetadataAsync(file);
    const rows = Number(metadata.num_rows);
    const refusal = tooLarge(metadata, limits) ?? unfit(parquetSchema(metadata), fields);
    if (refusal !== undefined) return refuse(refusal);
    const found = await readColumns({ file, metadata, fields, limits });
    const all = convertAll(fields, found, rows);
    if (!all.ok) return all;
    const columns = all.value as ParquetColumns<Fields>;
    return accept({ rows, columns, facts: factsOf(metadata) });
  } catch (error) {
    // Whatever the library stumbles over, the bytes are not what a writer of Parquet writes.
    return refuse(damaged(error instanceof Error ? error.message : String(error)));
  }
}

function bufferOf(content: Buffer): AsyncBuffer {
  return {
    byteLength: content.length,
    slice: (start, end) => new Uint8Array(content.subarray(start, end)).buffer,
  };
}

function tooLarge(metadata: FileMetaData, limits: ParquetLimits): ParquetRefusal | undefined {
  const rows = metadata.num_rows;
  const groups = metadata.row_groups;
  const bytes = groups.flatMap((group) =>
    group.columns.map(({ meta_data }) => meta_data?.total_uncompressed_size ?? 0n),
  );
  const total = bytes.reduce((sum, size) => sum + size, 0n);
  const counted = groups.reduce((sum, group) => sum + group.num_rows, 0n);
  if (rows < 0n || counted !== rows) {
    return damaged(`it says that it has ${rows} rows, and its groups have ${counted}`);
  }
  if (rows <= limits.rowsMax && total <= limits.bytesMax) return undefined;
  return {
    code: 'parquet_too_large',
    message:
      `The Parquet file has ${rows} rows of ${total} bytes in all; at most ` +
      `${limits.rowsMax} rows and ${limits.bytesMax} bytes are read.`,
  };
}

function unfit(schema: SchemaTree, fields: ParquetFields): ParquetRefusal | undefined {
  const found = new Map(schema.children.map((child) => [child.element.name, child]));
  for (const [name, { type, isOptional }] of Object.entries(fields)) {
    const column = found.get(name);
    if (column === undefined && isOptional !== true) {
      const names = [...found.keys()].join(', ');
      const message = `The Parquet file has no column "${name}"; it has ${names}.`;
      return { code: 'parquet_column_missing', message };
    }
    const held = column === undefined ? type : typeOf(column);
    if (held === type) continue;
    const message =
      `The column "${name}" of the Parquet file holds ${held ?? 'values of another kind'} ` +
      `where ${type} was expected.`;
    return { code: 'parquet_column_differs', message };
  }
  return undefined;
}

function typeOf({ element, children }: SchemaTree): ParquetType | undefined {
  const isList = element.converted_type === 'LIST' || element.logical_type?.type === 'LIST';
  if (!isList) return children.length === 0 ? plainTypeOf(element) : undefined;
  const item = children[0]?.children[0];
  if (item === undefined || item.children.length > 0) return undefined;
  const type = plainTypeOf(item.element);
  if (type === 'number') return 'numbers';
  return type === 'text' ? 'texts' : undefined;
}

function plainTypeOf(element: SchemaElement): ParquetType | undefined {
  const logical = element.logical_type?.type;
  const { converted_type: converted, type } = element;
  if (logical === 'TIMESTAMP' || converted?.startsWith('TIMESTAMP') === true) return 'instant';
  if (logical === 'STRING' || converted === 'UTF8') return 'text';
  const isPlain = converted === undefined || /^U?INT_/.test(converted);
  if (!isPlain) return undefined;
  if (type === 'INT32' || type === 'INT64') return 'whole';
  if (type === 'DOUBLE' || type === 'FLOAT') return 'number';
  return type === 'BOOLEAN' ? 'flag' : undefined;
}

interface Reading {
  readonly file: AsyncBuffer;
  readonly metadata: FileMetaData;
  readonly fields: ParquetFields;
  readonly limits: ParquetLimits;
}

type Chunks = Map<string, { readonly start: number; readonly values: ArrayLike<unknown> }[]>;

async function readColumns({ file, metadata, fields, limits }: Reading): Promise<Chunks> {
  const held = new Set(parquetSchema(metadata).children.map(({ element }) => element.name));
  const names = Object.keys(fields).filter((name) => held.has(name));
  const chunks: Chunks = new Map(names.map((name) => [name, []]));
  await parquetRead({
    file,
    metadata,
    columns: names,
    parsers: {
      timestampFromMilliseconds: (ms) => ms * MILLISECOND_US,
      timestampFromMicroseconds: (us) => us,
      timestampFromNanoseconds: (ns) => ns / MICROSECOND_NS,
    },
    compressors: {
      SNAPPY: (input, length) => {
        assert(length <= limits.bytesMax, `a page says that it holds ${length} bytes`);
        const output = new Uint8Array(length);
        snappyUncompress(input, output);
        return output;
      },
      ZSTD: (input, length) => {
        assert(length <= limits.bytesMax, `a page says that it holds ${length} bytes`);
        return zstdDecompressSync(input, { maxOutputLength: Math.max(length, 1) });
      },
    },
    onChunk: ({ columnName, columnData, rowStart }) => {
      chunks.get(columnName)?.push({ start: rowStart, values: columnData });
    },
  });
  return chunks;
}

function convertAll(
  fields: ParquetFields,
  found: Chunks,
  rows: number,
): Result<Record<string, unknown[]>, ParquetRefusal> {
  const columns: Record<string, unknown[]> = {};
  for (const [name, field] of Object.entries(fields)) {
    const chunks = found.get(name);
    const values = chunks === undefined ? absent(rows) : convertColumn(field, chunks);
    if (values?.length !== rows) {
      const why =
        values === undefined ? `holds what is not ${field.type}` : `has ${values.length} values`;
      return refuse(damaged(`its column "${name}" ${why} in ${rows} rows`));
    }
    columns[name] = values;
  }
  return accept(columns);
}

function absent(rows: number): undefined[] {
  return Array.from({ length: rows }, () => undefined);
}

/** Undefined when a value is not of the field's type. */
function convertColumn(
  { type, isOptional }: ParquetField,
  chunks: readonly { readonly start: number; readonly values: ArrayLike<unknown> }[],
): unknown[] | undefined {
  const values: unknown[] = [];
  for (const chunk of chunks.toSorted((one, other) => one.start - other.start)) {
    if (chunk.start !== values.length) return undefined;
    for (let index = 0; index < chunk.values.length; index += 1) {
      const raw = chunk.values[index] ?? undefined;
      const value = raw === undefined ? undefined : convertOne(type, raw);
      if (value === undefined && (raw !== undefined || isOptional !== true)) return undefined;
      values.push(value);
    }
  }
  return values;
}

function convertOne(type: ParquetType, raw: unknown): unknown {
  switch (type) {
    case 'flag':
      return typeof raw === 'boolean' ? raw : undefined;
    case 'number':
      return typeof raw === 'number' ? raw : undefined;
    case 'text':
      return typeof raw === 'string' ? raw : undefined;
    case 'whole':
    case 'instant': {
      const value = typeof raw === 'bigint' ? Number(raw) : raw;
      return Number.isSafeInteger(value) ? value : undefined;
    }
    case 'numbers':
      return isListOf(raw, 'number') ? raw : undefined;
    case 'texts':
      return isListOf(raw, 'string') ? raw : undefined;
  }
}

function isListOf(raw: unknown, type: 'number' | 'string'): boolean {
  return Array.isArray(raw) && raw.every((item) => typeof item === type);
}

function factsOf(metadata: FileMetaData): Record<string, string> {
  const pairs = metadata.key_value_metadata ?? [];
  return Object.fromEntries(pairs.map(({ key, value }) => [key, value ?? '']));
}

function damaged(why: string): ParquetRefusal {
  return { code: 'parquet_damaged', message: `The Parquet file is damaged: ${why}.` };
}
