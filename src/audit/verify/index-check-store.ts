// The SQL that reads the search index as it is stored.

import type { Instant } from '#kernel';
import type { Queryable } from '#platform';

export interface StoredBlock {
  readonly firstLeaf: number;
  readonly leafCount: number;
  readonly earliestAt: Instant;
  readonly latestAt: Instant;
  readonly unread: readonly number[];
}

const BLOCKS_PAGE = 256;

/** All blocks in the order of their first leaf. */
export async function* storedBlocks(queryable: Queryable): AsyncGenerator<StoredBlock> {
  let after = -1;
  for (;;) {
    const rows = await queryable.query<[number, number, number, number, number[]]>({
      name: 'audit.verify_blocks',
      text: `select t.first_leaf::float8, t.leaf_count,
          (extract(epoch from t.earliest_at) * 1000000)::float8,
          (extract(epoch from t.latest_at) * 1000000)::float8, t.unread
        from audit.term_blocks t where t.first_leaf > $1 order by t.first_leaf limit $2`,
      values: [after, BLOCKS_PAGE],
      rowMode: 'array',
    });
    for (const [firstLeaf, leafCount, earliest, latest, unread] of rows) {
      const times = { earliestAt: earliest as Instant, latestAt: latest as Instant };
      yield { firstLeaf, leafCount, ...times, unread };
      after = firstLeaf;
    }
    if (rows.length < BLOCKS_PAGE) return;
  }
}

/** The postings of a block by bucket. */
export async function storedPostings(
  queryable: Queryable,
  firstLeaf: number,
): Promise<Map<number, Buffer>> {
  const rows = await queryable.query<[number, Buffer]>({
    name: 'audit.verify_postings',
    text: `select t.bucket, t.postings from audit.terms t
      where t.first_leaf = $1 and t.bucket between 0 and 255`,
    values: [firstLeaf],
    rowMode: 'array',
  });
  return new Map(rows);
}

/** First leaves of postings that are of no block. */
export async function foreignPostings(queryable: Queryable): Promise<bigint[]> {
  const rows = await queryable.query<{ first_leaf: bigint }>({
    text: `select distinct t.first_leaf from audit.terms t
      where not exists (select from audit.term_blocks b where b.first_leaf = t.first_leaf)
      order by t.first_leaf`,
  });
  return rows.map(({ first_leaf: firstLeaf }) => firstLeaf);
}
