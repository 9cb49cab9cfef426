// The SQL that reads the places of bundles in the total order, either way.

import type { Uuid } from '#kernel';
import { int8Array, type Queryable } from '#platform';

/** Where a bundle's leaves stand in the log. */
export interface Place {
  readonly firstLeaf: number;
  readonly leafCount: number;
  readonly month: number;
  readonly bundleId: Uuid;
}

/** Leaves from one index to below another. */
export interface LeafSpan {
  readonly from: number;
  readonly below: number;
}

export type Order = 'ascending' | 'descending';

interface PlaceRow {
  readonly first_leaf: bigint;
  readonly leaf_count: number;
  readonly month: number;
  readonly bundle_id: Uuid;
}

const columns = 'p.first_leaf, p.leaf_count, p.month, p.bundle_id';

function placeOf(row: PlaceRow): Place {
  const { first_leaf: firstLeaf, leaf_count: leafCount, month, bundle_id: bundleId } = row;
  return { firstLeaf: Number(firstLeaf), leafCount, month, bundleId };
}

/** The places with any leaf of the span, in order, at most `limit`. */
export async function selectPlaces(
  queryable: Queryable,
  { from, below }: LeafSpan,
  order: Order,
  limit: number,
): Promise<Place[]> {
  const direction = order === 'ascending' ? 'asc' : 'desc';
  const rows = await queryable.query<PlaceRow>({
    name: `audit.places_${order}`,
    text: `select ${columns} from audit.places p
      where p.first_leaf < $2 and p.first_leaf >= coalesce(
        (select max(b.first_leaf) from audit.places b where b.first_leaf <= $1), 0)
      order by p.first_leaf ${direction} limit $3`,
    values: [from, below, limit],
  });
  const places = rows.map(placeOf);
  return places.filter(({ firstLeaf, leafCount }) => firstLeaf + leafCount > from);
}

/** The places that begin with these leaves, ascending. */
export async function selectPlacesAt(
  queryable: Queryable,
  firstLeaves: readonly number[],
): Promise<Place[]> {
  const rows = await queryable.query<PlaceRow>({
    name: 'audit.places_at',
    text: `select ${columns} from audit.places p
      where p.first_leaf = any($1::bigint[]) order by p.first_leaf`,
    values: [int8Array(firstLeaves.map(BigInt))],
  });
  return rows.map(placeOf);
}

/** The place of a bundle; undefined while it waits for one. */
export async function selectPlaceOf(
  queryable: Queryable,
  bundleId: Uuid,
): Promise<Place | undefined> {
  const [row] = await queryable.query<PlaceRow>({
    name: 'audit.place_of',
    text: `select ${columns} from audit.places p where p.bundle_id = $1`,
    values: [bundleId],
  });
  return row === undefined ? undefined : placeOf(row);
}
