// The SQL of the sequencer: what waits for a place, where the log ends, and the places, subtree
// roots and checkpoints that are added to it. Nothing here changes a row; only the inbox empties.

import { formatInstant, type Instant, type Uuid } from '#kernel';
import { bytesArray, int4Array, int8Array, uuidArray, type Queryable } from '#platform';

// "audit" in ASCII.
const SEQUENCER_LOCK = 0x61_75_64_69_74n;

/** Whether this transaction is the one that gives places. Others come back later. */
export async function lockSequence(queryable: Queryable): Promise<boolean> {
  const [row] = await queryable.query<{ is_locked: boolean }>({
    name: 'audit.lock_sequence',
    text: 'select pg_catalog.pg_try_advisory_xact_lock($1) as is_locked',
    values: [SEQUENCER_LOCK],
  });
  return row?.is_locked === true;
}

export interface Waiting {
  readonly number: bigint;
  readonly month: number;
  readonly bundleId: Uuid;
}

/** Whether anything waits: what an idle sequencer asks, without a transaction. */
export async function isAnythingWaiting(queryable: Queryable): Promise<boolean> {
  const [row] = await queryable.query<{ is_waiting: boolean }>({
    name: 'audit.is_waiting',
    text: 'select exists (select from audit.inbox) as is_waiting',
  });
  return row?.is_waiting === true;
}

export async function selectWaiting(queryable: Queryable, countMax: number): Promise<Waiting[]> {
  const rows = await queryable.query<{ number: bigint; month: number; bundle_id: Uuid }>({
    name: 'audit.select_waiting',
    text: `select i.number, i.month, i.bundle_id from audit.inbox i
      order by i.number limit $1`,
    values: [countMax],
  });
  return rows.map(({ number, month, bundle_id: bundleId }) => ({ number, month, bundleId }));
}

export async function deleteWaiting(
  queryable: Queryable,
  numbers: readonly bigint[],
): Promise<void> {
  await queryable.query({
    name: 'audit.delete_waiting',
    text: 'delete from audit.inbox where number = any($1)',
    values: [int8Array(numbers)],
  });
}

/** How many leaves have a place: the index that the next will have. */
export async function logSize(queryable: Queryable): Promise<number> {
  const [row] = await queryable.query<{ size: bigint }>({
    name: 'audit.log_size',
    text: `select p.first_leaf + p.leaf_count as size from audit.places p
      order by p.first_leaf desc limit 1`,
  });
  return Number(row?.size ?? 0);
}

/** The hashes of the leaves from an index on: the rightmost, incomplete tile. */
export async function selectLeafHashes(queryable: Queryable, from: number): Promise<Buffer[]> {
  const rows = await queryable.query<{ first_leaf: bigint; hashes: Buffer }>({
    name: 'audit.select_leaf_hashes',
    text: `select p.first_leaf, p.hashes from audit.places p
      where p.first_leaf >= coalesce(
        (select max(b.first_leaf) from audit.places b where b.first_leaf <= $1), 0)
      order by p.first_leaf`,
    values: [from],
  });
  return rows.flatMap(({ first_leaf: first, hashes }) =>
    split(hashes).filter((_, index) => Number(first) + index >= from),
  );
}

/** The roots of complete subtrees of a level, from an index on. */
export async function selectNodes(
  queryable: Queryable,
  level: number,
  from: number,
): Promise<Buffer[]> {
  const rows = await queryable.query<{ hash: Buffer }>({
    name: 'audit.select_nodes',
    text: `select n.hash from audit.nodes n where n.level = $1 and n.index >= $2
      order by n.index`,
    values: [level, from],
  });
  return rows.map(({ hash }) => hash);
}

const HASH_BYTES = 32;

function split(hashes: Buffer): Buffer[] {
  return Array.from({ length: hashes.length / HASH_BYTES }, (_, index) =>
    hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES),
  );
}

export interface NewPlace {
  readonly firstLeaf: number;
  readonly leafCount: number;
  readonly month: number;
  readonly bundleId: Uuid;
  readonly hashes: Buffer;
}

export async function insertPlaces(
  queryable: Queryable,
  places: readonly NewPlace[],
  now: Instant,
): Promise<void> {
  await queryable.query({
    name: 'audit.insert_places',
    text: `insert into audit.places
        (first_leaf, leaf_count, month, bundle_id, hashes, sequenced_at)
      select p.*, $6::timestamptz
      from unnest($1::bigint[], $2::integer[], $3::integer[], $4::uuid[], $5::bytea[]) as p`,
    values: [
      int8Array(places.map(({ firstLeaf }) => BigInt(firstLeaf))),
      int4Array(places.map(({ leafCount }) => leafCount)),
      int4Array(places.map(({ month }) => month)),
      uuidArray(places.map(({ bundleId }) => bundleId)),
      bytesArray(places.map(({ hashes }) => hashes)),
      formatInstant(now),
    ],
  });
}

export interface NewNode {
  readonly level: number;
  readonly index: number;
  readonly hash: Buffer;
}

export async function insertNodes(queryable: Queryable, nodes: readonly NewNode[]): Promise<void> {
  if (nodes.length === 0) return;
  await queryable.query({
    name: 'audit.insert_nodes',
    text: `insert into audit.nodes (level, index, hash)
      select n.* from unnest($1::integer[], $2::bigint[], $3::bytea[]) as n`,
    values: [
      int4Array(nodes.map(({ level }) => level)),
      int8Array(nodes.map(({ index }) => BigInt(index))),
      bytesArray(nodes.map(({ hash }) => hash)),
    ],
  });
}

export interface NewCheckpoint {
  readonly size: number;
  readonly root: Buffer;
  readonly note: string;
  readonly createdAt: Instant;
}

export async function insertCheckpoint(
  queryable: Queryable,
  { size, root, note, createdAt }: NewCheckpoint,
): Promise<void> {
  await queryable.query({
    name: 'audit.insert_checkpoint',
    text: `insert into audit.checkpoints (size, root, note, created_at)
      values ($1, $2, $3, $4)`,
    values: [size, root, note, formatInstant(createdAt)],
  });
}

/** The log's name, which is chosen by whoever comes first. */
export async function logOrigin(
  queryable: Queryable,
  proposed: string,
  now: Instant,
): Promise<string> {
  const [chosen] = await queryable.query<{ origin: string }>({
    text: 'select l.origin from audit.logs l',
  });
  if (chosen !== undefined) return chosen.origin;
  await queryable.query({
    text: `insert into audit.logs (origin, begun_at) values ($1, $2) on conflict do nothing`,
    values: [proposed, formatInstant(now)],
  });
  return await logOrigin(queryable, proposed, now);
}

/** Notes that the key signs from now on. False when it did before. */
export async function insertSigningKey(
  queryable: Queryable,
  key: { readonly publicKey: Buffer; readonly sinceSize: number; readonly addedAt: Instant },
): Promise<boolean> {
  const rows = await queryable.query({
    text: `insert into audit.signing_keys (public_key, since_size, added_at)
      values ($1, $2, $3) on conflict do nothing returning 1`,
    values: [key.publicKey, key.sinceSize, formatInstant(key.addedAt)],
  });
  return rows.length > 0;
}
