// The SQL of the search index: appends a block, and reads the postings of terms block by block.

import { formatInstant, instantOfMs, type Uuid } from '#kernel';
import { bytesArray, int2Array, int8Array, int4Array, type Queryable } from '#platform';
import type { LeafSpan, Order } from './place-store.ts';

// "terms" in ASCII.
const INDEX_LOCK = 0x74_65_72_6d_73n;

/** Whether this transaction is the one that appends. Others come back later. */
export async function lockIndex(queryable: Queryable): Promise<boolean> {
  const [row] = await queryable.query<{ is_locked: boolean }>({
    name: 'audit.lock_index',
    text: 'select pg_catalog.pg_try_advisory_xact_lock($1) as is_locked',
    values: [INDEX_LOCK],
  });
  return row?.is_locked === true;
}

/** The bundle that has waited longest for its place. */
export async function longestWaiting(queryable: Queryable): Promise<Uuid | undefined> {
  const [row] = await queryable.query<{ bundle_id: Uuid }>({
    name: 'audit.longest_waiting',
    text: 'select i.bundle_id from audit.inbox i order by i.number limit 1',
  });
  return row?.bundle_id;
}

/** The index has all leaves below this one. */
export async function indexedSize(queryable: Queryable): Promise<number> {
  const [row] = await queryable.query<{ size: bigint }>({
    name: 'audit.indexed_size',
    text: `select t.first_leaf + t.leaf_count as size from audit.term_blocks t
      order by t.first_leaf desc limit 1`,
  });
  return Number(row?.size ?? 0);
}

/** Times in whole milliseconds, both inclusive. */
export interface TimeSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface NewBlock {
  readonly firstLeaf: number;
  readonly leafCount: number;
  readonly times: TimeSpan;
  readonly unread: readonly number[];
  /** By bucket. */
  readonly postings: readonly Buffer[];
}

export async function insertBlock(queryable: Queryable, block: NewBlock): Promise<void> {
  const { firstLeaf, leafCount, times, unread, postings } = block;
  const buckets = postings.flatMap(({ length }, bucket) => (length > 0 ? [bucket] : []));
  await queryable.query({
    name: 'audit.insert_terms',
    text: `insert into audit.terms (bucket, first_leaf, postings)
      select t.bucket, $1, t.postings from unnest($2::smallint[], $3::bytea[])
        as t (bucket, postings)`,
    values: [
      firstLeaf,
      int2Array(buckets),
      bytesArray(buckets.map((bucket) => postings[bucket] as Buffer)),
    ],
  });
  await queryable.query({
    name: 'audit.insert_term_block',
    text: `insert into audit.term_blocks
        (first_leaf, leaf_count, earliest_at, latest_at, unread)
      values ($1, $2, $3, $4, $5)`,
    values: [
      firstLeaf,
      leafCount,
      formatInstant(instantOfMs(times.fromMs)),
      formatInstant(instantOfMs(times.toMs)),
      int4Array(unread),
    ],
  });
}

export interface BlockFacts {
  readonly firstLeaf: number;
  readonly leafCount: number;
  readonly unread: readonly number[];
}

/** The blocks with leaves of the span and bundles of the time, in order, at most `limit`. */
export async function selectBlocks(
  queryable: Queryable,
  { from, below }: LeafSpan,
  times: TimeSpan,
  order: Order,
  limit: number,
): Promise<BlockFacts[]> {
  const direction = order === 'ascending' ? 'asc' : 'desc';
  const rows = await queryable.query<{
    first_leaf: bigint;
    leaf_count: number;
    unread: number[];
  }>({
    name: `audit.term_blocks_${order}`,
    text: `select t.first_leaf, t.leaf_count, t.unread from audit.term_blocks t
      where t.first_leaf < $2 and t.first_leaf >= coalesce(
          (select max(b.first_leaf) from audit.term_blocks b where b.first_leaf <= $1), 0)
        and t.first_leaf + t.leaf_count > $1
        and t.latest_at >= $3::timestamptz and t.earliest_at <= $4::timestamptz
      order by t.first_leaf ${direction} limit $5`,
    values: [
      from,
      below,
      formatInstant(instantOfMs(times.fromMs)),
      formatInstant(instantOfMs(times.toMs)),
      limit,
    ],
  });
  return rows.map(({ first_leaf: firstLeaf, leaf_count: leafCount, unread }) => {
    return { firstLeaf: Number(firstLeaf), leafCount, unread };
  });
}

/** The postings of buckets in the blocks that begin with these leaves. */
export async function selectPostings(
  queryable: Queryable,
  buckets: readonly number[],
  firstLeaves: readonly number[],
): Promise<ReadonlyMap<string, Buffer>> {
  const rows = await queryable.query<{ bucket: number; first_leaf: bigint; postings: Buffer }>({
    name: 'audit.select_postings',
    text: `select t.bucket, t.first_leaf, t.postings from audit.terms t
      where t.bucket = any($1::smallint[]) and t.first_leaf = any($2::bigint[])`,
    values: [int2Array(buckets), int8Array(firstLeaves.map(BigInt))],
  });
  return new Map(
    rows.map(({ bucket, first_leaf: first, postings }) => [
      postingsKey(bucket, Number(first)),
      postings,
    ]),
  );
}

export function postingsKey(bucket: number, firstLeaf: number): string {
  return `${bucket}/${firstLeaf}`;
}
