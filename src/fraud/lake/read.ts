// Reads rows of the lake back, day by day, in their total order, each once however often and in
// whatever pieces it was written. Files whose times do not overlap are open one at a time.

import { limits } from '#config';
import { assert, DAY_US, formatInstant, startOfDay, type Instant } from '#kernel';
import { readParquet, type Objects, type ParquetColumns, type ParquetFields } from '#platform';
import { dayPrefix, partOf, type LakePart } from './layout.ts';
import { compareRows, isRepeated, unreadable, type LakeTable } from './table.ts';

/** From the first instant until just before the second. */
export interface LakeRange {
  readonly from: Instant;
  readonly until: Instant;
}

/** The rows of a range, some thousands at a time. */
export async function* readLake<Row, Fields extends ParquetFields>(
  objects: Objects,
  table: LakeTable<Row, Fields>,
  range: LakeRange,
): AsyncGenerator<readonly Row[], void, undefined> {
  const { from, until } = range;
  const daysMax = limits.fraudLakeDaysMax.value;
  assert(until - from <= daysMax * DAY_US, `at most ${daysMax} days of the lake are read at once`);
  for (let day = startOfDay(from); day < until; day = (day + DAY_US) as Instant) {
    const parts = await partsOf(objects, dayPrefix(table.name, day), range);
    for await (const rows of mergeParts(objects, table, parts)) {
      const wanted = rows.filter((row) => table.at(row) >= from && table.at(row) < until);
      if (wanted.length > 0) yield wanted;
    }
  }
}

/** A file that is being read: its rows, and the one that is next. */
class Cursor<Row, Fields extends ParquetFields> {
  readonly #table: LakeTable<Row, Fields>;
  readonly #columns: ParquetColumns<Fields>;
  readonly #rows: number;
  #next = 0;
  /** Undefined when all have been taken. */
  row: Row | undefined;

  constructor(table: LakeTable<Row, Fields>, columns: ParquetColumns<Fields>, rows: number) {
    this.#table = table;
    this.#columns = columns;
    this.#rows = rows;
    this.step();
  }

  step(): void {
    const isOver = this.#next >= this.#rows;
    this.row = isOver ? undefined : this.#table.rowOf(this.#columns, this.#next);
    this.#next += 1;
  }
}

/** The rows of all parts in one order; the parts are in the order of their first rows. */
async function* mergeParts<Row, Fields extends ParquetFields>(
  objects: Objects,
  table: LakeTable<Row, Fields>,
  parts: readonly LakePart[],
): AsyncGenerator<readonly Row[], void, undefined> {
  const waiting = [...parts];
  const batchRows = limits.fraudLakeBatchRows.value;
  let open: Cursor<Row, Fields>[] = [];
  let batch: Row[] = [];
  let before: Row | undefined;
  for (;;) {
    let [least] = open;
    for (const cursor of open) if (isBefore(table, cursor, least)) least = cursor;
    const [part] = waiting;
    if (part !== undefined && (least?.row === undefined || part.first <= table.at(least.row))) {
      waiting.shift();
      open.push(await openPart(objects, table, part));
      continue;
    }
    if (least?.row === undefined) break;
    if (!isRepeated(table, before, least.row)) batch.push(least.row);
    before = least.row;
    least.step();
    if (least.row === undefined) open = open.filter((cursor) => cursor.row !== undefined);
    if (batch.length < batchRows) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function isBefore<Row, Fields extends ParquetFields>(
  table: LakeTable<Row, Fields>,
  one: Cursor<Row, Fields>,
  other: Cursor<Row, Fields> | undefined,
): boolean {
  if (one === other || one.row === undefined) return false;
  return other?.row === undefined || compareRows(table, one.row, other.row) < 0;
}

/** The files of a day that have rows of the range, by the time of their first row. */
async function partsOf(
  objects: Objects,
  prefix: string,
  { from, until }: LakeRange,
): Promise<LakePart[]> {
  const parts: LakePart[] = [];
  for await (const { key } of objects.list(prefix)) {
    const part = partOf(key);
    if (part !== undefined && part.last >= from && part.first < until) parts.push(part);
  }
  return parts.sort((one, other) => one.first - other.first);
}

async function openPart<Row, Fields extends ParquetFields>(
  objects: Objects,
  table: LakeTable<Row, Fields>,
  { key, first }: LakePart,
): Promise<Cursor<Row, Fields>> {
  const content = await objects.get(key);
  if (content === undefined) throw unreadable(`The part ${key} was listed and is not there.`);
  const read = await readParquet(content, table.fields, {
    rowsMax: limits.fraudLakePartRowsMax.value,
    bytesMax: limits.fraudLakePartBytesMax.value,
  });
  if (!read.ok) throw unreadable(`The part ${key} cannot be read. ${read.refusal.message}`);
  const { columns, rows } = read.value;
  const cursor = new Cursor(table, columns, rows);
  if (cursor.row !== undefined && table.at(cursor.row) === first) return cursor;
  throw unreadable(`The part ${key} does not begin at ${formatInstant(first)} as its name says.`);
}
