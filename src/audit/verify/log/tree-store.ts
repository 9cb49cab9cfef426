// The SQL that reads the tree for verification: checkpoints by size, subtree roots, the log's name
// and its keys.

import type { Instant } from '#kernel';
import type { Queryable } from '#platform';
import type { Subtree } from './log-tree.ts';

export interface StoredCheckpoint {
  readonly size: number;
  readonly root: Buffer;
  readonly note: string;
  readonly createdAt: Instant;
}

const CHECKPOINTS_PAGE = 1_000;

/** Gives the checkpoints in the order of their sizes, as far as is asked. */
export class CheckpointReader {
  readonly #queryable: Queryable;
  #page: StoredCheckpoint[] = [];
  #after = -1n;
  #isAtEnd = false;

  constructor(queryable: Queryable) {
    this.#queryable = queryable;
  }

  /** Those of at most the size that were not taken before. */
  async takeUpTo(size: number): Promise<StoredCheckpoint[]> {
    const taken: StoredCheckpoint[] = [];
    for (;;) {
      const count = this.#page.findIndex((each) => each.size > size);
      taken.push(...this.#page.splice(0, count < 0 ? this.#page.length : count));
      if (count >= 0 || this.#isAtEnd) return taken;
      await this.#readPage();
    }
  }

  async #readPage(): Promise<void> {
    const rows = await this.#queryable.query<[bigint, Buffer, string, number]>({
      name: 'audit.verify_checkpoints',
      text: `select c.size, c.root, c.note, (extract(epoch from c.created_at) * 1000000)::float8
        from audit.checkpoints c where c.size > $1 order by c.size limit $2`,
      values: [this.#after, CHECKPOINTS_PAGE],
      rowMode: 'array',
    });
    this.#after = rows.at(-1)?.[0] ?? this.#after;
    this.#isAtEnd = rows.length < CHECKPOINTS_PAGE;
    this.#page = rows.map(([size, root, note, createdAtUs]) => {
      return { size: Number(size), root, note, createdAt: createdAtUs as Instant };
    });
  }
}

/** The stored roots of these subtrees, in their order; undefined where there is none. */
export async function storedRoots(
  queryable: Queryable,
  subtrees: readonly Subtree[],
): Promise<(Buffer | undefined)[]> {
  const rows = await queryable.query<[Buffer | null]>({
    name: 'audit.verify_nodes',
    text: `select n.hash
      from unnest($1::integer[], $2::bigint[]) with ordinality as wanted (level, index, place)
      left join audit.nodes n on n.level = wanted.level and n.index = wanted.index
      order by wanted.place`,
    values: [subtrees.map(({ level }) => level), subtrees.map(({ index }) => index)],
    rowMode: 'array',
  });
  return rows.map(([hash]) => hash ?? undefined);
}

/** Roots stored of subtrees that a log of this size does not have. */
export async function foreignNodes(
  queryable: Queryable,
  size: number,
): Promise<{ readonly level: number; readonly index: bigint }[]> {
  return await queryable.query({
    text: `select n.level::integer, n.index from audit.nodes n
      where n.level < 1 or n.level > 7 or n.index < 0
        or (n.index + 1)::numeric * (256::numeric ^ n.level) > $1::numeric
      order by n.level, n.index`,
    values: [String(size)],
  });
}

export interface StoredLog {
  readonly origin: string;
  readonly begunAt: Instant;
}

export async function storedLogs(queryable: Queryable): Promise<StoredLog[]> {
  const rows = await queryable.query<{ origin: string; begun_at_us: number }>({
    text: `select l.origin, (extract(epoch from l.begun_at) * 1000000)::float8 as begun_at_us
      from audit.logs l`,
  });
  return rows.map((row) => ({ origin: row.origin, begunAt: row.begun_at_us as Instant }));
}

export interface StoredKey {
  readonly publicKey: Buffer;
  readonly sinceSize: number;
  readonly addedAt: Instant;
}

/** In the order in which they began to sign. */
export async function storedKeys(queryable: Queryable): Promise<StoredKey[]> {
  const rows = await queryable.query<{
    public_key: Buffer;
    since_size: bigint;
    added_at_us: number;
  }>({
    text: `select k.public_key, k.since_size,
        (extract(epoch from k.added_at) * 1000000)::float8 as added_at_us
      from audit.signing_keys k order by k.since_size, k.added_at`,
  });
  return rows.map((row) => ({
    publicKey: row.public_key,
    sinceSize: Number(row.since_size),
    addedAt: row.added_at_us as Instant,
  }));
}
