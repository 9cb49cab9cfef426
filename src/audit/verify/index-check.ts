// Makes the search index again, block after block, and compares: nothing that is searched for may
// be passed over because its term was taken out. A block with leaves that are not kept any more
// cannot be made again, and is passed over.

import { formatInstant, MILLISECOND_US, type Instant } from '#kernel';
import type { Objects, Queryable } from '#platform';
import { Block, BUCKETS } from '../search/block.ts';
import { msOfUuid } from '../search/index-terms.ts';
import { selectPlaces, type Place } from '../search/place-store.ts';
import { archivedLeaves, readLeaves } from '../search/read-leaves.ts';
import { scanLeaf } from '../search/scan.ts';
import type { Findings } from './finding.ts';
import {
  foreignPostings,
  storedBlocks,
  storedPostings,
  type StoredBlock,
} from './index-check-store.ts';

export async function checkIndex(
  queryable: Queryable,
  findings: Findings,
  { objects, size }: { readonly objects: Objects | undefined; readonly size: number },
): Promise<void> {
  const breach = (place: string, expected: string, found: string): void => {
    findings.breach({ rule: 'terms_wrong', place, expected, found });
  };
  let end = 0;
  for await (const block of storedBlocks(queryable)) {
    const place = `block of terms at leaf ${block.firstLeaf}`;
    findings.checked('terms');
    if (block.firstLeaf !== end) breach(place, `a block at leaf ${end}`, `${block.firstLeaf}`);
    end = block.firstLeaf + block.leafCount;
    const difference = await differenceOf(queryable, block, objects);
    if (difference !== undefined) breach(place, 'the terms of its leaves', difference);
  }
  if (end > size) breach('blocks of terms', `an end at leaf ${size}`, `leaf ${end}`);
  for (const firstLeaf of await foreignPostings(queryable)) {
    breach(`terms at leaf ${firstLeaf}`, 'a block', 'none');
  }
}

async function differenceOf(
  queryable: Queryable,
  block: StoredBlock,
  objects: Objects | undefined,
): Promise<string | undefined> {
  const { firstLeaf, leafCount, earliestAt, latestAt } = block;
  const span = { from: firstLeaf, below: firstLeaf + leafCount };
  const places = await selectPlaces(queryable, span, 'ascending', leafCount);
  const last = places.at(-1);
  const isWhole =
    places[0]?.firstLeaf === firstLeaf &&
    (last?.firstLeaf ?? 0) + (last?.leafCount ?? 0) === span.below;
  if (!isWhole) return 'leaves of other places';
  const times = timesOf(places);
  if (times.earliestAt !== earliestAt) return `its earliest at ${formatInstant(earliestAt)}`;
  if (times.latestAt !== latestAt) return `its latest at ${formatInstant(latestAt)}`;
  const unread = new Set(block.unread.map((offset) => firstLeaf + offset));
  const readable = places.filter((place) => !unread.delete(place.firstLeaf));
  if (unread.size > 0) return 'places that it says could not be read, where there are none';
  const made = await makeAgain(queryable, firstLeaf, { places: readable, objects });
  if (made === undefined) return undefined;
  const stored = await storedPostings(queryable, firstLeaf);
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    const wanted = made[bucket] ?? NOTHING;
    if (!(stored.get(bucket) ?? NOTHING).equals(wanted)) return `others in bucket ${bucket}`;
  }
  return undefined;
}

const NOTHING = Buffer.alloc(0);

function timesOf(places: readonly Place[]): { earliestAt: Instant; latestAt: Instant } {
  let [earliest, latest] = [Infinity, -Infinity];
  for (const { bundleId } of places) {
    const ms = msOfUuid(bundleId);
    earliest = Math.min(earliest, ms);
    latest = Math.max(latest, ms);
  }
  const instantOf = (ms: number): Instant => (ms * MILLISECOND_US) as Instant;
  return { earliestAt: instantOf(earliest), latestAt: instantOf(latest) };
}

/** The postings of a block by bucket; undefined where not all of its leaves can be read. */
async function makeAgain(
  queryable: Queryable,
  firstLeaf: number,
  from: { readonly places: readonly Place[]; readonly objects: Objects | undefined },
): Promise<Buffer[] | undefined> {
  const archive = from.objects === undefined ? undefined : archivedLeaves(queryable, from.objects);
  const block = new Block();
  for await (const { place, leaves } of readLeaves(queryable, from.places, archive)) {
    const terms = new Set<number>();
    for (const leaf of leaves ?? [undefined]) {
      if (leaf === undefined) return undefined;
      scanLeaf(leaf, (term) => void terms.add(term));
    }
    block.add(place.firstLeaf - firstLeaf, terms);
  }
  return [...block.buckets()];
}
