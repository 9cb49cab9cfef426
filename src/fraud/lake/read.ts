// Reads rows of the lake back, day by day, in their total order, each once however often and in
// whatever pieces it was written. Files whose times do not overlap are open one at a time. A file
// that was replaced by another while it was read is looked for once more.

import { limits } from '#config';
import { addDays, assert, DAY_US, Fault, formatInstant, startOfDay, type Instant } from '#kernel';
import { readParquet, type ParquetColumns, type ParquetFields } from '#platform';
import { partsOfDay, type LakeReading, type LakePart } from './layout.ts';
import { compareRows, isRepeated, unreadable, type LakeTable } from './table.ts';

/** From the first instant until just before the second. */
export interface LakeRange {
  readonly from: Instant;
  readonly until: Instant;
}

const PART_GONE = 'lake_part_gone';
/** Each time, somebody has made one file of several in between. */
const ATTEMPTS_MAX = 10;

/** The rows of a range, some thousands at a time. */
export async function* readLake<Row, Fields extends ParquetFields>(
  lake: LakeReading,
  table: LakeTable<Row, Fields>,
  range: LakeRange,
): AsyncGenerator<readonly Row[], void, undefined> {
  const { from, until } = range;
  const daysMax = limits.fraudLakeDaysMax.value;
  assert(until - from <= daysMax * DAY_US, `at most ${daysMax} days of the lake are read at once`);
  for (const day of daysOf(range)) {
    for await (const rows of readDay(lake, table, day)) {
      const wanted = rows.filter((row) => table.at(row) >= from && table.at(row) < until);
      if (wanted.length > 0) yield wanted;
    }
  }
}

/** The days of a range, of the first and the last what is part of it. */
export function* daysOf({ from, until }: LakeRange): Generator<LakeRange> {
  for (let first = from; first < until;) {
    const next = addDays(startOfDay(first), 1);
    yield { from: first, until: next < until ? next : until };
    first = next;
  }
}

async function* readDay<Row, Fields extends ParquetFields>(
  lake: LakeReading,
  table: LakeTable<Row, Fields>,
  { from, until }: LakeRange,
): AsyncGenerator<readonly Row[], void, undefined> {
  let last: Row | undefined;
  for (let attempts = 1; ; attempts += 1) {
    const parts = await partsOfDay(lake, table.name, startOfDay(from));
    const wanted = parts.filter((part) => part.last >= from && part.first < until);
    try {
      for await (const rows of mergeParts(lake, table, wanted, last)) {
        yield rows;
        last = rows.at(-1);
      }
      return;
    } catch (error) {
      const isGone = error instanceof Fault && error.code === PART_GONE;
      if (!isGone || attempts === ATTEMPTS_MAX) throw error;
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

/** The rows after one, in one order; the parts are in the order of their first rows. */
async function* mergeParts<Row, Fields extends ParquetFields>(
  lake: LakeReading,
  table: LakeTable<Row, Fields>,
  parts: readonly LakePart[],
  after: Row | undefined,
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
      open.push(await openPart(lake, table, part));
      continue;
    }
    if (least?.row === undefined) break;
    const isNew = after === undefined || compareRows(table, after, least.row) < 0;
    if (isNew && !isRepeated(table, before, least.row)) batch.push(least.row);
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

async function openPart<Row, Fields extends ParquetFields>(
  lake: LakeReading,
  table: LakeTable<Row, Fields>,
  { key, first }: LakePart,
): Promise<Cursor<Row, Fields>> {
  const content = await lake.get(key);
  if (content === undefined) {
    const message = `The part ${key} was listed and is not there.`;
    throw new Fault(PART_GONE, { retryable: true, message });
  }
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
