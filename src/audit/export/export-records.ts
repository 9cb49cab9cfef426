// Exports the records that a filter asks for as text, in the order of the log, as it was when the
// export began. As JSON lines each line is a leaf, byte for byte, so that its hash can be made.

import type { Queryable } from '#platform';
import { latestCheckpoint } from '../proofs/checkpoint-store.ts';
import type { RecordFilter } from '../search/filter.ts';
import { csvHeader, csvLine } from './csv.ts';
import { matches, type MatchOptions } from './matches.ts';

export type TextFormat = 'jsonl' | 'csv';

export interface ExportOptions extends MatchOptions {
  /** Told how many records went out with each piece. */
  readonly onRecords?: ((count: number) => void) | undefined;
}

export async function* exportRecords(
  queryable: Queryable,
  filter: RecordFilter,
  format: TextFormat,
  options: ExportOptions = {},
): AsyncGenerator<string> {
  if (format === 'csv') yield csvHeader;
  const size = (await latestCheckpoint(queryable))?.size ?? 0;
  for await (const records of matches(queryable, filter, size, options)) {
    options.onRecords?.(records.length);
    yield records.map((found) => (format === 'csv' ? csvLine(found) : `${found.leaf}\n`)).join('');
  }
}
