// Writes the rows of a day anew, in their order and each once, into as few files as they fit in.

import { addDays, assertNever, type Instant } from '#kernel';
import type { ParquetFields } from '#platform';
import { lakeDecisions } from '../decisions.ts';
import { lakeEvents, lakeLabels } from '../events.ts';
import type { LakeObjects, LakeReading, LakeTableName } from '../layout.ts';
import { readLake } from '../read.ts';
import type { LakeTable } from '../table.ts';
import { openLakeWriter } from '../write.ts';

export interface Rewriting {
  readonly from: LakeReading;
  readonly to: Pick<LakeObjects, 'put'>;
}

/** Answers the keys of the files that have the day now. */
export async function rewriteDay(
  rewriting: Rewriting,
  name: LakeTableName,
  day: Instant,
): Promise<readonly string[]> {
  switch (name) {
    case 'events':
      return await rewrite(rewriting, lakeEvents, day);
    case 'labels':
      return await rewrite(rewriting, lakeLabels, day);
    case 'decisions':
      return await rewrite(rewriting, lakeDecisions, day);
    default:
      return assertNever(name);
  }
}

async function rewrite<Row, Fields extends ParquetFields>(
  { from, to }: Rewriting,
  table: LakeTable<Row, Fields>,
  day: Instant,
): Promise<readonly string[]> {
  const writer = openLakeWriter(to, table, { kind: 'whole' });
  const range = { from: day, until: addDays(day, 1) };
  for await (const rows of readLake(from, table, range)) await writer.add(rows);
  const { keys } = await writer.close();
  return keys;
}
