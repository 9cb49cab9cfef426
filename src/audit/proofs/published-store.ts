// The SQL of what the log publishes about itself: its signed tree heads, a page at a time, and the
// keys that signed them.

import type { Instant } from '#kernel';
import type { Queryable } from '#platform';
import { verifierKey } from '../tree/note.ts';
import { selectCheckpoints, type Checkpoint } from './checkpoint-store.ts';

/** The largest checkpoints below a size; of all unless it is given. Newest first. */
export async function checkpointPage(
  queryable: Queryable,
  { below, limit }: { readonly below?: number | undefined; readonly limit: number },
): Promise<Checkpoint[]> {
  const rows = await queryable.query<{ size: bigint }>({
    name: 'audit.checkpoint_page',
    text: `select c.size from audit.checkpoints c
      where c.size < coalesce($1::bigint, 9223372036854775807) order by c.size desc limit $2`,
    values: [below ?? null, limit],
  });
  const sizes = rows.map(({ size }) => Number(size));
  const found = await selectCheckpoints(queryable, sizes);
  return sizes.flatMap((size) => found.get(size) ?? []);
}

export interface PublishedKey {
  /** The log's, which is its key's too. */
  readonly name: string;
  readonly publicKey: Buffer;
  readonly verifierKey: string;
  /** The size of the log when the key began to sign. */
  readonly sinceSize: number;
  readonly addedAt: Instant;
}

/** Every key that ever signed, oldest first; none while the log is empty. */
export async function publishedKeys(queryable: Queryable): Promise<PublishedKey[]> {
  const rows = await queryable.query<{
    name: string;
    public_key: Buffer;
    since_size: bigint;
    added_at_us: bigint;
  }>({
    name: 'audit.published_keys',
    text: `select l.origin as name, k.public_key, k.since_size,
        (extract(epoch from k.added_at) * 1000000)::bigint as added_at_us
      from audit.logs l cross join audit.signing_keys k
      order by k.since_size, k.added_at`,
  });
  return rows.map(({ name, public_key: publicKey, since_size: size, added_at_us: addedAt }) => ({
    name,
    publicKey,
    verifierKey: verifierKey(name, publicKey),
    sinceSize: Number(size),
    addedAt: Number(addedAt) as Instant,
  }));
}
