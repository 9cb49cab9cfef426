// Writes rows into the lake: sorted, one file for each day and no more rows in memory than a stated
// number. The same rows in the same order give the same files: writing them again changes nothing.

import { limits } from '#config';
import { startOfDay, type Instant } from '#kernel';
import { writeParquet, type ParquetFacts, type ParquetFields } from '#platform';
import {
  partKey,
  type LakeObjects,
  type LakePartKind,
  type LakeTableName,
  type PartSpan,
} from './layout.ts';
import { compareRows, isRepeated, type LakeTable } from './table.ts';

export interface LakeReport {
  readonly rows: number;
  readonly parts: number;
  readonly bytes: number;
  /** Of the files. */
  readonly keys: readonly string[];
}

export interface LakeWriter<Row> {
  /** Written for good only once the writer is closed. */
  add(rows: Iterable<Row>): Promise<void>;
  /** Writes what waits, and tells what was written in all. */
  close(): Promise<LakeReport>;
}

export interface LakeWriterOptions {
  readonly partRowsMax?: number | undefined;
  /** As rows come in, unless given. */
  readonly kind?: LakePartKind | undefined;
}

export function openLakeWriter<Row, Fields extends ParquetFields>(
  lake: Pick<LakeObjects, 'put'>,
  table: LakeTable<Row, Fields>,
  { partRowsMax = limits.fraudLakePartRowsMax.value, kind = 'part' }: LakeWriterOptions = {},
): LakeWriter<Row> {
  const days = new Map<Instant, Row[]>();
  const written = { rows: 0, bytes: 0 };
  const keys: string[] = [];
  let waiting = 0;

  const writeDay = async (day: Instant): Promise<void> => {
    const rows = inOrder(table, days.get(day) ?? []);
    const [first] = rows;
    const last = rows.at(-1);
    if (first === undefined || last === undefined) return;
    const span = { table: table.name, kind, first: table.at(first), last: table.at(last) };
    const content = writeParquet(table.fields, table.columnsOf(rows), factsOf(table.name));
    keys.push(await putPart(lake, span, content));
    waiting -= days.get(day)?.length ?? 0;
    days.delete(day);
    written.rows += rows.length;
    written.bytes += content.length;
  };

  return {
    add: async (rows) => {
      for (const row of rows) {
        const day = startOfDay(table.at(row));
        const open = days.get(day);
        if (open === undefined) days.set(day, [row]);
        else open.push(row);
        waiting += 1;
        // Rows come more or less in order of time, so the earliest day is the one most complete.
        if (waiting >= partRowsMax) await writeDay(earliest(days));
      }
    },
    close: async () => {
      while (days.size > 0) await writeDay(earliest(days));
      return { ...written, parts: keys.length, keys };
    },
  };
}

/** What a file of a table says of itself. */
export function factsOf(table: LakeTableName): ParquetFacts {
  return { 'florin.table': table };
}

/** Answers its key. */
export async function putPart(
  lake: Pick<LakeObjects, 'put'>,
  span: PartSpan,
  content: Buffer,
): Promise<string> {
  const key = partKey(span, content);
  await lake.put(key, content);
  return key;
}

function inOrder<Row, Fields extends ParquetFields>(
  table: LakeTable<Row, Fields>,
  rows: readonly Row[],
): Row[] {
  const sorted = rows.toSorted((one, other) => compareRows(table, one, other));
  return sorted.filter((row, index) => !isRepeated(table, sorted[index - 1], row));
}

function earliest(days: ReadonlyMap<Instant, unknown>): Instant {
  return [...days.keys()].reduce((one, other) => (other < one ? other : one));
}
