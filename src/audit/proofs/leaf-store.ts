// The SQL that finds leaves: by the id of their bundle, and by their index in the log.

import type { Uuid } from '#kernel';
import type { Queryable } from '#platform';
import { leavesOf } from '../store/bundle-store.ts';

interface BundleColumns {
  readonly first_leaf: bigint | null;
  readonly leaf_count: number | null;
  readonly encoding: number | null;
  readonly leaves: Buffer | null;
  readonly stored_count: number | null;
}

const columns = `p.first_leaf, p.leaf_count, b.encoding, b.leaves, b.leaf_count as stored_count`;

function leavesIn(row: BundleColumns): Buffer[] | undefined {
  const { encoding, leaves, stored_count: count } = row;
  if (encoding === null || leaves === null || count === null) return undefined;
  return leavesOf({ encoding, leaves, leaf_count: count });
}

export interface FoundBundle {
  /** Undefined while it waits for its place. */
  readonly firstLeaf: number | undefined;
  /** As many as its place says, or as it has itself; 0 where there is no such bundle. */
  readonly leafCount: number;
  /** Undefined where it is not in the database, or no more. */
  readonly leaves: readonly Buffer[] | undefined;
}

export async function findBundle(
  queryable: Queryable,
  { id, month }: { readonly id: Uuid; readonly month: number },
): Promise<FoundBundle> {
  const [row] = await queryable.query<BundleColumns>({
    name: 'audit.find_bundle',
    text: `select ${columns}
      from (select $1::uuid as id, $2::integer as month) w
      left join audit.places p on p.bundle_id = w.id
      left join audit.bundles b on b.id = w.id and b.month = w.month`,
    values: [id, month],
  });
  if (row === undefined) return { firstLeaf: undefined, leafCount: 0, leaves: undefined };
  return {
    firstLeaf: row.first_leaf === null ? undefined : Number(row.first_leaf),
    leafCount: row.leaf_count ?? row.stored_count ?? 0,
    leaves: leavesIn(row),
  };
}

export interface PlacedBundle {
  readonly firstLeaf: number;
  readonly leafCount: number;
  /** Undefined where it is not in the database any more. */
  readonly leaves: readonly Buffer[] | undefined;
}

/** The bundles that hold any of the leaves, at most 256 leaves, in order. */
export async function selectBundlesOf(
  queryable: Queryable,
  { first, count }: { readonly first: number; readonly count: number },
): Promise<PlacedBundle[]> {
  const rows = await queryable.query<BundleColumns>({
    name: 'audit.select_bundles_of',
    text: `select ${columns}
      from (
        select c.first_leaf, c.leaf_count, c.month, c.bundle_id from audit.places c
        where c.first_leaf < $2 and c.first_leaf >= coalesce(
          (select max(f.first_leaf) from audit.places f where f.first_leaf <= $1), 0)
        order by c.first_leaf limit 257
      ) p
      left join audit.bundles b on b.id = p.bundle_id and b.month = p.month
      order by p.first_leaf`,
    values: [first, first + count],
  });
  return rows.map((row) => ({
    firstLeaf: Number(row.first_leaf),
    leafCount: row.leaf_count ?? 0,
    leaves: leavesIn(row),
  }));
}
