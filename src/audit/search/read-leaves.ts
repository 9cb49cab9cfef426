// Reads the leaves of places: from the database, and where a month left it, from the archive. A
// bundle that is gone or damaged yields no leaves, and whoever asked says so; it stops nobody.

import { Fault } from '#kernel';
import type { Objects, Queryable } from '#platform';
import { readArchivedRange } from '../archive/read.ts';
import { RunIndex } from '../archive/runs.ts';
import { selectArchive, selectArchivesOf } from '../archive/store/archive-store.ts';
import { readableLeaves, selectBundles, type BundleRow } from '../store/bundle-store.ts';
import type { Place } from './place-store.ts';

/** Months that left the database. */
export interface ArchivedLeaves {
  /** In order; undefined where the archive has a leaf not, or no more. */
  readLeaves(firstLeaf: number, count: number): Promise<readonly (Buffer | undefined)[]>;
  /** Those of the leaves that were kept as long as their class asks, and given up. */
  expiredLeaves(firstLeaf: number, count: number): Promise<ReadonlySet<number>>;
}

/** The archive in the objects port. */
export function archivedLeaves(queryable: Queryable, objects: Objects): ArchivedLeaves {
  return {
    readLeaves: (first, count) => readArchivedRange(queryable, objects, { first, count }),
    async expiredLeaves(first, count) {
      const expired = new Set<number>();
      for (const { number, expiredAt } of await selectArchivesOf(queryable, { first, count })) {
        if (expiredAt === undefined) continue;
        const index = new RunIndex((await selectArchive(queryable, number)).runs);
        for (let leaf = first; leaf < first + count; leaf += 1) {
          if (index.lineOf(leaf) !== undefined) expired.add(leaf);
        }
      }
      return expired;
    },
  };
}

export interface PlaceLeaves {
  readonly place: Place;
  /** Undefined when none of the bundle could be read; so is each leaf that could not be. */
  readonly leaves: readonly (Buffer | undefined)[] | undefined;
  /** Whether nothing is missing but what expired. */
  readonly isWhole: boolean;
}

// Bounds the memory of a group, and how long the process is kept from its other callers.
const GROUP_LEAVES_MAX = 4_096;
const GROUP_PLACES_MAX = 256;

export async function* readLeaves(
  queryable: Queryable,
  places: readonly Place[],
  archive?: ArchivedLeaves,
): AsyncGenerator<PlaceLeaves> {
  for (const group of groupsOf(places)) {
    const wanted = group.map(({ bundleId: id, month }) => ({ id, month }));
    const bundles = await selectBundles(queryable, wanted);
    for (const place of group) {
      const bundle = bundles.get(place.bundleId);
      yield bundle === undefined ? await archivedAt(place, archive) : storedAt(place, bundle);
    }
  }
}

function storedAt(place: Place, bundle: BundleRow): PlaceLeaves {
  const leaves = readableLeaves(bundle);
  const isWhole = leaves?.length === place.leafCount;
  return { place, leaves: isWhole ? leaves : undefined, isWhole };
}

async function archivedAt(place: Place, archive: ArchivedLeaves | undefined): Promise<PlaceLeaves> {
  const { firstLeaf, leafCount } = place;
  if (archive === undefined) return { place, leaves: undefined, isWhole: false };
  try {
    const leaves = await archive.readLeaves(firstLeaf, leafCount);
    const missing = leaves.flatMap((leaf, at) => (leaf === undefined ? [firstLeaf + at] : []));
    if (missing.length === 0) return { place, leaves, isWhole: true };
    const expired = await archive.expiredLeaves(firstLeaf, leafCount);
    const isWhole = missing.every((leaf) => expired.has(leaf));
    return { place, leaves: missing.length < leafCount ? leaves : undefined, isWhole };
  } catch (error) {
    const isDamaged = error instanceof Fault && error.code === 'archive_damaged';
    if (isDamaged) return { place, leaves: undefined, isWhole: false };
    throw error;
  }
}

/** Consecutive places whose bundles are read by one query. */
function* groupsOf(places: readonly Place[]): Generator<Place[]> {
  let group: Place[] = [];
  let leaves = 0;
  for (const place of places) {
    const isFull = leaves + place.leafCount > GROUP_LEAVES_MAX || group.length === GROUP_PLACES_MAX;
    if (isFull && group.length > 0) {
      yield group;
      group = [];
      leaves = 0;
    }
    group.push(place);
    leaves += place.leafCount;
  }
  if (group.length > 0) yield group;
}
