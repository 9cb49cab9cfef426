// The SQL of anchors: those that were written, and which hour needs the next. Rows are only added.

import { formatInstant, type Instant } from '#kernel';
import type { Queryable, Transaction } from '#platform';
import type { Checkpoint } from '../proofs/checkpoint-store.ts';

export interface Anchor {
  readonly number: number;
  readonly start: Instant;
  readonly end: Instant;
  readonly key: string;
  /** Of the digest, without the line of the signature. */
  readonly sha256: Buffer;
  readonly signature: Buffer;
  readonly size: number;
  readonly root: Buffer;
  /** The number of the latest manifest that it or one before it lists. */
  readonly manifestsThrough: number;
}

interface AnchorRow {
  readonly number: bigint;
  readonly starts_at: bigint;
  readonly ends_at: bigint;
  readonly object_key: string;
  readonly sha256: Buffer;
  readonly signature: Buffer;
  readonly size: bigint;
  readonly root: Buffer;
  readonly manifests_through: bigint;
}

const anchorColumns = `a.number, (extract(epoch from a.starts_at) * 1000000)::bigint as starts_at,
  (extract(epoch from a.ends_at) * 1000000)::bigint as ends_at, a.object_key, a.sha256,
  a.signature, a.size, a.root, a.manifests_through`;

function anchorOf(row: AnchorRow): Anchor {
  return {
    number: Number(row.number),
    start: Number(row.starts_at) as Instant,
    end: Number(row.ends_at) as Instant,
    key: row.object_key,
    sha256: row.sha256,
    signature: row.signature,
    size: Number(row.size),
    root: row.root,
    manifestsThrough: Number(row.manifests_through),
  };
}

export async function latestAnchor(q: Queryable): Promise<Anchor | undefined> {
  const [row] = await q.query<AnchorRow>({
    name: 'audit.latest_anchor',
    text: `select ${anchorColumns} from audit.anchors a order by a.number desc limit 1`,
  });
  return row === undefined ? undefined : anchorOf(row);
}

/** Anchors after a number, in order. */
export async function selectAnchors(
  q: Queryable,
  { after, countMax }: { readonly after: number; readonly countMax: number },
): Promise<Anchor[]> {
  const rows = await q.query<AnchorRow>({
    name: 'audit.select_anchors',
    text: `select ${anchorColumns} from audit.anchors a
      where a.number > $1 order by a.number limit $2`,
    values: [after, countMax],
  });
  return rows.map(anchorOf);
}

/** Those of the keys that no anchor has. */
export async function selectUnknownKeys(q: Queryable, keys: readonly string[]): Promise<string[]> {
  const rows = await q.query<{ key: string }>({
    name: 'audit.select_unknown_anchor_keys',
    text: `select k.key from unnest($1::text[]) as k (key)
      where not exists (select from audit.anchors a where a.object_key = k.key) order by k.key`,
    values: [keys],
  });
  return rows.map(({ key }) => key);
}

/** False where another process wrote it. */
export async function insertAnchor(tx: Transaction, anchor: Anchor): Promise<boolean> {
  const rows = await tx.query({
    text: `insert into audit.anchors (number, starts_at, ends_at, object_key, sha256, signature,
        size, root, manifests_through, written_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
      on conflict do nothing returning 1`,
    values: [
      anchor.number,
      formatInstant(anchor.start),
      formatInstant(anchor.end),
      anchor.key,
      anchor.sha256,
      anchor.signature,
      anchor.size,
      anchor.root,
      anchor.manifestsThrough,
      formatInstant(tx.now),
    ],
  });
  return rows.length > 0;
}

export interface LogFacts {
  readonly origin: string;
  readonly begunAt: Instant;
}

/** Undefined while nothing has a place. */
export async function logFacts(q: Queryable): Promise<LogFacts | undefined> {
  const [row] = await q.query<{ origin: string; begun_at: bigint }>({
    name: 'audit.log_facts',
    text: `select l.origin, (extract(epoch from l.begun_at) * 1000000)::bigint as begun_at
      from audit.logs l`,
  });
  return row === undefined
    ? undefined
    : { origin: row.origin, begunAt: Number(row.begun_at) as Instant };
}

interface CheckpointRow {
  readonly size: bigint;
  readonly root: Buffer;
  readonly note: string;
  readonly created_at: bigint;
}

const checkpointColumns = `c.size, c.root, c.note,
  (extract(epoch from c.created_at) * 1000000)::bigint as created_at`;

function checkpointOf(row: CheckpointRow): Checkpoint {
  const { root, note } = row;
  return { size: Number(row.size), root, note, createdAt: Number(row.created_at) as Instant };
}

/**
 * The smallest checkpoint above a size, made at or after an instant where one is given; undefined
 * where there is none.
 */
export async function checkpointAbove(
  q: Queryable,
  { size, notBefore }: { readonly size: number; readonly notBefore?: Instant },
): Promise<Checkpoint | undefined> {
  const [row] = await q.query<CheckpointRow>({
    name: 'audit.checkpoint_above',
    text: `select ${checkpointColumns} from audit.checkpoints c
      where c.size > $1 and ($2::timestamptz is null or c.created_at >= $2)
      order by c.size limit 1`,
    values: [size, notBefore === undefined ? null : formatInstant(notBefore)],
  });
  return row === undefined ? undefined : checkpointOf(row);
}

/** The largest checkpoint below a size. */
export async function checkpointBelow(q: Queryable, size: number): Promise<Checkpoint | undefined> {
  const [row] = await q.query<CheckpointRow>({
    name: 'audit.checkpoint_below',
    text: `select ${checkpointColumns} from audit.checkpoints c
      where c.size < $1 order by c.size desc limit 1`,
    values: [size],
  });
  return row === undefined ? undefined : checkpointOf(row);
}
