// The SQL of the self-check: places by an index that they hold, and the latest signed tree heads.

import type { Uuid } from '#kernel';
import { int8Array, type Queryable } from '#platform';

export interface SampledPlace {
  readonly firstLeaf: number;
  readonly leafCount: number;
  readonly month: number;
  readonly bundleId: Uuid;
  /** What the bundle takes in the database; undefined where it is not there. */
  readonly bytes: number | undefined;
  /** Its month is only in the archive. */
  readonly isRemoved: boolean;
}

/**
 * The place of each of the leaves, in their order, without duplicates and without those that lack
 * one.
 */
export async function selectSampledPlaces(
  queryable: Queryable,
  leaves: readonly number[],
): Promise<SampledPlace[]> {
  const rows = await queryable.query<{
    first_leaf: bigint;
    leaf_count: number;
    month: number;
    bundle_id: Uuid;
    bytes: number | null;
    is_removed: boolean;
  }>({
    name: 'audit.select_sampled_places',
    text: `select p.first_leaf, p.leaf_count, p.month, p.bundle_id,
        octet_length(b.leaves) as bytes,
        exists (select from audit.removed_months r where r.month = p.month) as is_removed
      from unnest($1::bigint[]) with ordinality as w (leaf, ordinal)
      cross join lateral (select q.first_leaf, q.leaf_count, q.month, q.bundle_id
        from audit.places q where q.first_leaf <= w.leaf
        order by q.first_leaf desc limit 1) p
      left join audit.bundles b on b.id = p.bundle_id and b.month = p.month
      where w.leaf < p.first_leaf + p.leaf_count
      order by w.ordinal`,
    values: [int8Array(leaves.map(BigInt))],
  });
  const places = new Map<number, SampledPlace>();
  for (const row of rows) {
    const { leaf_count: leafCount, month, bundle_id: bundleId, bytes, is_removed: isRemoved } = row;
    const firstLeaf = Number(row.first_leaf);
    const place = { firstLeaf, leafCount, month, bundleId, bytes: bytes ?? undefined, isRemoved };
    if (!places.has(firstLeaf)) places.set(firstLeaf, place);
  }
  return [...places.values()];
}

/** The leaf hashes of places, by their first leaf. */
export async function selectPlaceHashes(
  queryable: Queryable,
  firstLeaves: readonly number[],
): Promise<ReadonlyMap<number, Buffer>> {
  const rows = await queryable.query<{ first_leaf: bigint; hashes: Buffer }>({
    name: 'audit.select_place_hashes',
    text: `select p.first_leaf, p.hashes from audit.places p
      where p.first_leaf = any($1::bigint[])`,
    values: [int8Array(firstLeaves.map(BigInt))],
  });
  return new Map(rows.map(({ first_leaf: first, hashes }) => [Number(first), hashes]));
}
