// Owns what a table of the lake is: its columns, and the total order of its rows, by time and then
// by the bytes of the id. Two rows at the same place are the same row told twice, or a fault.

import { isDeepStrictEqual } from 'node:util';
import { assert, Fault, formatInstant, type Instant } from '#kernel';
import type { ParquetColumns, ParquetFields } from '#platform';
import type { LakeTableName } from './layout.ts';

export interface LakeTable<Row, Fields extends ParquetFields> {
  readonly name: LakeTableName;
  readonly fields: Fields;
  /** When it happened or became known; the day that it is filed under. */
  at(row: Row): Instant;
  id(row: Row): string;
  columnsOf(rows: readonly Row[]): ParquetColumns<Fields>;
  rowOf(columns: ParquetColumns<Fields>, index: number): Row;
}

type Ordered<Row> = Pick<LakeTable<Row, ParquetFields>, 'name' | 'at' | 'id'>;

export function compareRows<Row>(table: Ordered<Row>, one: Row, other: Row): number {
  const difference = table.at(one) - table.at(other);
  if (difference !== 0) return difference;
  // Comparing texts in JavaScript orders some characters otherwise than their bytes do.
  return Buffer.compare(Buffer.from(table.id(one)), Buffer.from(table.id(other)));
}

/**
 * Whether a row only repeats the one before it. Throws Fault 'lake_conflict' where two rows at the
 * same place differ, because no reader could say which of them is true.
 */
export function isRepeated<Row>(table: Ordered<Row>, before: Row | undefined, row: Row): boolean {
  if (before === undefined || table.at(before) !== table.at(row)) return false;
  if (table.id(before) !== table.id(row)) return false;
  if (isDeepStrictEqual(before, row)) return true;
  const place = `"${table.id(row)}" at ${formatInstant(table.at(row))}`;
  throw new Fault('lake_conflict', {
    retryable: false,
    message: `Two rows of ${table.name} for ${place} say different things.`,
  });
}

/** The value of a column in a row, which may be undefined only where the column is optional. */
export function valueAt<Value>(values: readonly Value[], index: number): Value {
  assert(index < values.length, `the columns have ${values.length} rows and no row ${index}`);
  return values[index] as Value;
}

/** What a text of JSON holds; what is wrong with it is the file's fault, not the reader's. */
export function parseStored<Value>(
  text: string,
  isExpected: (json: unknown) => json is Value,
): Value {
  const json = jsonOf(text);
  if (json !== undefined && isExpected(json)) return json;
  throw unreadable(`A row of the lake holds a text that is not what its column is for: ${text}`);
}

export function oneOf<Value extends string>(values: readonly Value[], text: string): Value {
  const found = values.find((value) => value === text);
  if (found !== undefined) return found;
  throw unreadable(`A row of the lake says "${text}" where one of ${values.join(', ')} is known.`);
}

export function unreadable(message: string): Fault {
  return new Fault('lake_part_unreadable', { retryable: false, message });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
