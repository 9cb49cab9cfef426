// Reads all records that a filter asks for in the order of the log, as they were when reading
// began: the log only grows at its end, so a size is a snapshot. Memory is bounded by a bundle.

import type { Queryable } from '#platform';
import { candidates } from '../search/candidates.ts';
import { judgeOf, termsOf, type RecordFilter } from '../search/filter.ts';
import type { LeafSpan } from '../search/place-store.ts';
import { readLeaves, type ArchivedLeaves, type PlaceLeaves } from '../search/read-leaves.ts';
import { spanOf, type FoundRecord } from '../search/search.ts';

export interface MatchOptions {
  readonly archive?: ArchivedLeaves | undefined;
  /**
   * Told of the first leaf of each bundle in which something may have been found, had it not been
   * gone or damaged.
   */
  readonly onUnreadable?: ((firstLeaf: number) => void) | undefined;
}

/** The records of the first `size` leaves that pass, those of a bundle together. */
export async function* matches(
  queryable: Queryable,
  filter: RecordFilter,
  size: number,
  { archive, onUnreadable }: MatchOptions,
): AsyncGenerator<readonly FoundRecord[]> {
  const { from, below } = spanOf(filter);
  const span = { from, below: Math.min(below, size) };
  const wanted = { terms: termsOf(filter), from: filter.from, to: filter.to };
  const judge = judgeOf(filter);
  for await (const { places } of candidates(queryable, wanted, span, 'ascending')) {
    for await (const each of readLeaves(queryable, places, archive)) {
      const { records, isReadable } = matchesIn(each, span, judge);
      if (!isReadable) onUnreadable?.(each.place.firstLeaf);
      if (records.length > 0) yield records;
    }
  }
}

function matchesIn(
  { place, leaves, isWhole }: PlaceLeaves,
  { from, below }: LeafSpan,
  judge: ReturnType<typeof judgeOf>,
): { readonly records: readonly FoundRecord[]; readonly isReadable: boolean } {
  const records: FoundRecord[] = [];
  let isReadable = isWhole;
  for (const [offset, bytes] of (leaves ?? []).entries()) {
    const index = place.firstLeaf + offset;
    if (bytes === undefined || index < from || index >= below) continue;
    const record = judge(bytes);
    if (record === 'unreadable') isReadable = false;
    else if (record !== 'other') records.push({ index, leaf: bytes.toString(), record });
  }
  return { records, isReadable };
}
