// The SQL that reads the log in its order for verification: places with the bundles they name, and
// the bundles that wait. A page is bounded by its leaves, and the next one is under way while a
// page is worked on.

import type { Instant, Uuid } from '#kernel';
import type { Queryable } from '#platform';
import type { StoredBundle } from './bundle-check.ts';

export interface StoredPlace {
  readonly firstLeaf: number;
  readonly leafCount: number;
  readonly month: number;
  readonly bundleId: Uuid;
  readonly hashes: Buffer;
  readonly sequencedAt: Instant;
  /** Undefined where there is none of that id and month. */
  readonly bundle: StoredBundle | undefined;
}

const PAGE_LEAVES = 8_192;
const PAGE_ROWS_FIRST = 64;
const PAGE_ROWS_MAX = 8_192;

type PlaceRow = [
  firstLeaf: bigint,
  leafCount: number,
  month: number,
  bundleId: Uuid,
  hashes: Buffer,
  sequencedAtUs: number,
  ...bundle: BundleColumns | [null, null, null, null],
];
type BundleColumns = [recordedAtUs: number, leafCount: number, encoding: number, bytes: Buffer];

const bundleColumns = `(extract(epoch from b.recorded_at) * 1000000)::float8, b.leaf_count,
  b.encoding, b.leaves`;

const PLACES = `
select o.first_leaf, o.leaf_count, o.month, o.bundle_id, o.hashes,
  (extract(epoch from o.sequenced_at) * 1000000)::float8, ${bundleColumns}
from (
  select p.*, sum(p.leaf_count) over (order by p.first_leaf) as total
  from (
    select q.* from audit.places q where q.first_leaf > $1 order by q.first_leaf limit $2
  ) p
) o
left join audit.bundles b on b.id = o.bundle_id and b.month = o.month
where o.total - o.leaf_count < $3
order by o.first_leaf`;

/** All places in the order of their first leaf. */
export async function* pagesOfPlaces(queryable: Queryable): AsyncGenerator<StoredPlace[]> {
  let limit = PAGE_ROWS_FIRST;
  const read = async (after: bigint): Promise<PlaceRow[]> =>
    await queryable.query<PlaceRow>({
      name: 'audit.verify_places',
      text: PLACES,
      values: [after, limit, PAGE_LEAVES],
      rowMode: 'array',
    });
  let next = read(-1n);
  for (;;) {
    const rows = await next;
    const last = rows.at(-1);
    if (last === undefined) return;
    // Twice as many rows as the last page's, scaled to the leaves wanted: most pages are full then.
    const leaves = rows.reduce((sum, row) => sum + Math.max(1, row[1]), 0);
    const wanted = Math.ceil((2 * rows.length * PAGE_LEAVES) / leaves);
    limit = Math.min(PAGE_ROWS_MAX, Math.max(2, wanted));
    next = read(last[0]);
    // Whoever stops early does not wait for the page under way.
    next.catch(() => undefined);
    yield rows.map(placeOf);
  }
}

function placeOf(row: PlaceRow): StoredPlace {
  const [firstLeaf, leafCount, month, bundleId, hashes, sequencedAtUs, ...columns] = row;
  return {
    firstLeaf: Number(firstLeaf),
    leafCount,
    month,
    bundleId,
    hashes,
    sequencedAt: sequencedAtUs as Instant,
    bundle: columns[0] === null ? undefined : bundleOf(bundleId, month, columns),
  };
}

function bundleOf(id: Uuid, month: number, columns: BundleColumns): StoredBundle {
  const [recordedAtUs, leafCount, encoding, bytes] = columns;
  return { id, month, recordedAt: recordedAtUs as Instant, leafCount, encoding, bytes };
}

/** The bundles of these ids in whatever month they are. */
export async function bundlesAnywhere(
  queryable: Queryable,
  ids: readonly Uuid[],
): Promise<Map<Uuid, StoredBundle>> {
  const rows = await queryable.query<[Uuid, number, ...BundleColumns]>({
    name: 'audit.verify_bundles_anywhere',
    text: `select b.id, b.month, ${bundleColumns} from audit.bundles b
      where b.id = any($1::uuid[])`,
    values: [ids],
    rowMode: 'array',
  });
  return new Map(rows.map(([id, month, ...columns]) => [id, bundleOf(id, month, columns)]));
}

/** Which months have left the database for the archive. */
export async function removedMonths(queryable: Queryable): Promise<Set<number>> {
  const rows = await queryable.query<{ month: number }>({
    text: 'select r.month from audit.removed_months r',
  });
  return new Set(rows.map(({ month }) => month));
}

/** A bundle without a place, and the rows of the inbox that name it. */
export interface WaitingBundle {
  readonly bundle: StoredBundle;
  /** Of each row: its month, and whether the transaction that wrote the bundle wrote it too. */
  readonly inbox: readonly { readonly month: number; readonly isOfBundle: boolean }[];
}

const WAITING_PAGE = 64;

// xmin is the transaction that wrote a row as it stands: an inbox row and its bundle are written by
// one, so a row that was changed since, or put there by hand, shows.
const WAITING = `
select b.id, b.month, ${bundleColumns},
  coalesce((select array_agg(i.month order by i.number) from audit.inbox i
    where i.bundle_id = b.id), '{}'::integer[]) as months,
  coalesce((select array_agg(i.xmin = b.xmin order by i.number) from audit.inbox i
    where i.bundle_id = b.id), '{}'::boolean[]) as are_of_bundle
from audit.bundles b
where (b.id, b.month) > ($1::uuid, $2::integer) and not exists (
    select from audit.places p where p.bundle_id = b.id and p.month = b.month)
order by b.id, b.month limit $3`;

/** The bundles that no place names by id and month, in the order of both. */
export async function* waitingBundles(queryable: Queryable): AsyncGenerator<WaitingBundle> {
  let after: [Uuid, number] = ['00000000-0000-0000-0000-000000000000', 0];
  for (;;) {
    const rows = await queryable.query<[Uuid, number, ...BundleColumns, number[], boolean[]]>({
      name: 'audit.verify_waiting',
      text: WAITING,
      values: [...after, WAITING_PAGE],
      rowMode: 'array',
    });
    for (const [id, month, recordedAt, leafCount, encoding, bytes, months, areOfBundle] of rows) {
      const bundle = bundleOf(id, month, [recordedAt, leafCount, encoding, bytes]);
      const inbox = months.map((one, at) => ({ month: one, isOfBundle: areOfBundle[at] === true }));
      yield { bundle, inbox };
      after = [id, month];
    }
    if (rows.length < WAITING_PAGE) return;
  }
}
