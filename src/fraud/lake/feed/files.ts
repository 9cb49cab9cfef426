// Makes the files of what is fed. What was decided is told again in the table of events: where both
// have the same rows in the same order, its columns are made once.

import {
  encodeColumn,
  writeEncoded,
  type EncodedColumn,
  type ParquetFields,
  type ParquetInput,
} from '#platform';
import { lakeDecisions } from '../decisions.ts';
import { lakeEvents } from '../events.ts';
import type { LakeObjects, LakeTableName } from '../layout.ts';
import { factsOf, putPart } from '../write.ts';
import { rowsAt, type FedDecisions } from './columns.ts';
import { areSameRows, daysOfRows, type DayRows } from './days.ts';

/** Of one tenant, into its lake. */
export async function writeFed(
  lake: Pick<LakeObjects, 'put'>,
  { ids, eventAt, decidedAt, columns }: FedDecisions,
): Promise<void> {
  const made: (DayRows & { readonly encoded: readonly EncodedColumn[] })[] = [];
  for (const rows of daysOfRows(decidedAt, ids)) {
    const encoded = encodedOf(lakeDecisions.fields, columns, rows);
    await put(lake, 'decisions', rows, encoded);
    made.push({ ...rows, encoded });
  }
  for (const rows of daysOfRows(eventAt, ids)) {
    const same = made.find((other) => areSameRows(rows, other))?.encoded;
    const encoded = same?.filter(({ name }) => Object.hasOwn(lakeEvents.fields, name));
    await put(lake, 'events', rows, encoded ?? encodedOf(lakeEvents.fields, columns, rows));
  }
}

function encodedOf<Fields extends ParquetFields>(
  fields: Fields,
  columns: { readonly [Name in keyof Fields]: ParquetInput },
  { places }: DayRows,
): EncodedColumn[] {
  return Object.entries(fields).map(([name, field]) => {
    const column = columns[name] ?? [];
    return encodeColumn(name, field, places === undefined ? column : rowsAt(column, places));
  });
}

async function put(
  lake: Pick<LakeObjects, 'put'>,
  table: LakeTableName,
  { first, last }: DayRows,
  columns: readonly EncodedColumn[],
): Promise<void> {
  const content = writeEncoded(columns, factsOf(table));
  await putPart(lake, { table, kind: 'part', first, last }, content);
}
