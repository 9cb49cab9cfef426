// The SQL that reads hashes of the tree. Only what is asked for travels, and one round trip answers
// any count of ranges of leaves, another any count of ranges above them.

import { int4Array, int8Array, type Queryable } from '#platform';

/** Consecutive hashes of a level: of leaves at level 0, above of complete subtrees. */
export interface HashRange {
  readonly level: number;
  readonly first: number;
  /** At most 256. */
  readonly count: number;
}

/** The hashes of each range, 32 bytes after another; fewer where the log has not as many. */
export async function selectHashes(
  queryable: Queryable,
  ranges: readonly HashRange[],
): Promise<Buffer[]> {
  const leaves = ranges.filter(({ level }) => level === 0);
  const nodes = ranges.filter(({ level }) => level > 0);
  const leafHashes = await selectLeafHashes(queryable, leaves);
  const nodeHashes = await selectNodeHashes(queryable, nodes);
  const hashes = new Map<HashRange, Buffer>();
  for (const [at, range] of leaves.entries()) hashes.set(range, leafHashes[at] ?? NONE);
  for (const [at, range] of nodes.entries()) hashes.set(range, nodeHashes[at] ?? NONE);
  return ranges.map((range) => hashes.get(range) ?? NONE);
}

const NONE = Buffer.alloc(0);

// The limits keep the planner on the indexes, whatever it believes of tables that grow all the
// time; 256 leaves lie in at most 257 bundles, the first of which may end before them. The arrays
// stand in selects of their own, so that a plan for known arrays looks no better than one for any,
// and the statement is planned once per connection: planning takes longer than reading.
async function selectLeafHashes(
  queryable: Queryable,
  ranges: readonly HashRange[],
): Promise<Buffer[]> {
  if (ranges.length === 0) return [];
  const rows = await queryable.query<[Buffer]>({
    name: 'audit.select_hashes_of_leaves',
    text: `select h.hashes
      from unnest((select $1::bigint[]), (select $2::bigint[])) with ordinality
        as w (first, past, number)
      cross join lateral (
        select coalesce(string_agg(
          substr(p.hashes, (1 + 32 * greatest(w.first - p.first_leaf, 0))::integer,
            (32 * greatest(least(w.past, p.first_leaf + p.leaf_count)
              - greatest(w.first, p.first_leaf), 0))::integer),
          ''::bytea order by p.first_leaf), ''::bytea) as hashes
        from (
          select b.first_leaf, b.leaf_count, b.hashes from audit.places b
          where b.first_leaf < w.past and b.first_leaf >= coalesce(
            (select max(f.first_leaf) from audit.places f where f.first_leaf <= w.first), 0)
          order by b.first_leaf limit 257
        ) p
      ) h
      order by w.number`,
    values: [firsts(ranges), pasts(ranges)],
    rowMode: 'array',
  });
  return rows.map(([hashes]) => hashes);
}

async function selectNodeHashes(
  queryable: Queryable,
  ranges: readonly HashRange[],
): Promise<Buffer[]> {
  if (ranges.length === 0) return [];
  const rows = await queryable.query<[Buffer]>({
    name: 'audit.select_hashes_of_nodes',
    text: `select h.hashes
      from unnest((select $1::bigint[]), (select $2::bigint[]), (select $3::integer[]))
        with ordinality as w (first, past, level, number)
      cross join lateral (
        select coalesce(string_agg(m.hash, ''::bytea order by m.index), ''::bytea) as hashes
        from (
          select n.index, n.hash from audit.nodes n
          where n.level = w.level and n.index >= w.first and n.index < w.past
          order by n.index limit 256
        ) m
      ) h
      order by w.number`,
    values: [firsts(ranges), pasts(ranges), int4Array(ranges.map(({ level }) => level))],
    rowMode: 'array',
  });
  return rows.map(([hashes]) => hashes);
}

function firsts(ranges: readonly HashRange[]): Buffer {
  return int8Array(ranges.map(({ first }) => BigInt(first)));
}

function pasts(ranges: readonly HashRange[]): Buffer {
  return int8Array(ranges.map(({ first, count }) => BigInt(first + count)));
}
