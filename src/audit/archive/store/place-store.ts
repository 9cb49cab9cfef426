// The SQL that reads what is archived: the bundles of a month in the order of their places, and the
// hashes that leaves must have. Pages are bounded by bytes, so that large bundles come one by one.

import type { Instant, Uuid } from '#kernel';
import type { Queryable } from '#platform';
import { instantIn, us } from './archive-store.ts';
import type { Run } from '../runs.ts';

export interface Bounds {
  readonly first: number;
  /** The index after the last leaf. */
  readonly end: number;
}

/** From the first leaf of a month to its last; leaves of other months may be between them. */
export async function selectMonthBounds(q: Queryable, month: number): Promise<Bounds | undefined> {
  const [row] = await q.query<{ first: bigint | null; ends: bigint | null }>({
    name: 'audit.select_month_bounds',
    // "+ 0" keeps PostgreSQL from looking for the first row in the order of all leaves, where the
    // months before it would come first.
    text: `select min(p.first_leaf + 0) as first, max(p.first_leaf + p.leaf_count) as ends
      from audit.places p where p.month = $1`,
    values: [month],
  });
  if (row === undefined || row.first === null || row.ends === null) return undefined;
  return { first: Number(row.first), end: Number(row.ends) };
}

export interface PlacedBundle {
  readonly firstLeaf: number;
  readonly id: Uuid;
  readonly hashes: Buffer;
  readonly recordedAt: Instant;
  readonly encoding: number;
  readonly leaf_count: number;
  /** Null where the bundle is gone, which nothing of ours does. */
  readonly leaves: Buffer | null;
}

const PLACES_PAGE = 512;
const PAGE_BYTES_MAX = 4_194_304;

/** Bundles of a month with places within the bounds, in order. */
export async function* selectPlacedBundles(
  q: Queryable,
  month: number,
  bounds: Bounds,
): AsyncGenerator<PlacedBundle> {
  let from = bounds.first;
  for (;;) {
    const rows = await q.query<
      Omit<PlacedBundle, 'firstLeaf' | 'recordedAt'> & {
        first_leaf: bigint;
        recorded_at: bigint | null;
      }
    >({
      name: 'audit.select_placed_bundles',
      // "+ 0" keeps PostgreSQL on the order of leaves, which the pages follow.
      text: `select o.first_leaf, o.id, o.hashes, o.recorded_at, o.encoding, o.leaf_count, o.leaves
        from (
          select p.first_leaf, p.bundle_id as id, p.hashes, b.encoding, p.leaf_count, b.leaves,
            ${us('b.recorded_at')} as recorded_at,
            octet_length(b.leaves) as bytes,
            sum(octet_length(b.leaves)) over (order by p.first_leaf) as total
          from (
            select q.* from audit.places q
            where q.first_leaf >= $2 and q.first_leaf < $3 and q.month + 0 = $1
            order by q.first_leaf limit $4
          ) p
          left join audit.bundles b on b.id = p.bundle_id and b.month = $1
        ) o where coalesce(o.total - o.bytes, 0) < $5 order by o.first_leaf`,
      values: [month, from, bounds.end, PLACES_PAGE, PAGE_BYTES_MAX],
    });
    for (const { first_leaf: firstLeaf, recorded_at: recordedAt, ...row } of rows) {
      yield { ...row, firstLeaf: Number(firstLeaf), recordedAt: instantIn(recordedAt ?? 0n) };
      from = Number(firstLeaf) + 1;
    }
    if (rows.length === 0) return;
  }
}

const HASH_BYTES = 32;
const HASHES_PAGE_MAX = 32_768;

/** The hashes of the leaves in the runs, in order. Shorter where places are missing. */
export async function* selectHashes(q: Queryable, runs: readonly Run[]): AsyncGenerator<Buffer> {
  const end = runs.reduce((last, { first, count }) => Math.max(last, first + count), 0);
  const pages = placesFrom(q, { first: runs[0]?.first ?? 0, end });
  try {
    let step = await pages.next();
    for (const { first, count } of runs) {
      for (let leaf = first; leaf < first + count; leaf += 1) {
        while (step.done !== true && leaf >= endOf(step.value)) step = await pages.next();
        if (step.done === true || leaf < step.value.firstLeaf) return;
        const offset = (leaf - step.value.firstLeaf) * HASH_BYTES;
        yield step.value.hashes.subarray(offset, offset + HASH_BYTES);
      }
    }
  } finally {
    await pages.return(undefined);
  }
}

interface PlacedHashes {
  readonly firstLeaf: number;
  readonly hashes: Buffer;
}

function endOf({ firstLeaf, hashes }: PlacedHashes): number {
  return firstLeaf + hashes.length / HASH_BYTES;
}

async function* placesFrom(
  q: Queryable,
  { first, end }: Bounds,
): AsyncGenerator<PlacedHashes, undefined> {
  let from = first;
  for (;;) {
    const rows = await q.query<{ first_leaf: bigint; hashes: Buffer }>({
      name: 'audit.select_archived_hashes',
      text: `select o.first_leaf, o.hashes
        from (
          select p.first_leaf, p.hashes, p.leaf_count,
            sum(p.leaf_count) over (order by p.first_leaf) as total
          from (
            select q.* from audit.places q
            where q.first_leaf >= coalesce(
                (select max(b.first_leaf) from audit.places b where b.first_leaf <= $1), 0)
              and q.first_leaf < $2
            order by q.first_leaf limit $3
          ) p
        ) o where o.total - o.leaf_count < $3 order by o.first_leaf`,
      values: [from, end, HASHES_PAGE_MAX],
    });
    for (const { first_leaf: firstLeaf, hashes } of rows) {
      const place = { firstLeaf: Number(firstLeaf), hashes };
      // The place that the last page ended with comes again where its successor is missing.
      if (endOf(place) <= from && from > first) continue;
      yield place;
    }
    const last = rows.at(-1);
    const next = last === undefined ? from : Number(last.first_leaf) + last.hashes.length / 32;
    if (next <= from) return undefined;
    from = next;
  }
}
