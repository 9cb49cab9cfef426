// The SQL of manifests: the signed lists of archive objects. Rows are only added.

import { formatInstant } from '#kernel';
import type { Queryable, Transaction } from '#platform';

export interface NewManifest {
  readonly month: number;
  readonly key: string;
  readonly sha256: Buffer;
  readonly signature: Buffer;
  /** Of the checkpoint under which all that it lists can be proven. */
  readonly size: number;
  readonly leafCount: number;
  readonly objectCount: number;
  /** Every leaf of the month with a lower index is archived. */
  readonly leavesBefore: number;
  /** The number of the latest archive object that it lists. */
  readonly archivesThrough: number;
}

export interface Manifest extends NewManifest {
  readonly number: number;
}

/** False where another process wrote it. */
export async function insertManifest(tx: Transaction, manifest: NewManifest): Promise<boolean> {
  const rows = await tx.query({
    name: 'audit.insert_manifest',
    text: `insert into audit.manifests (number, month, object_key, sha256, signature, size,
        leaf_count, object_count, leaves_before, archives_through, archived_at)
      select coalesce(max(m.number), 0) + 1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10
      from audit.manifests m
      on conflict do nothing
      returning 1`,
    values: [
      manifest.month,
      manifest.key,
      manifest.sha256,
      manifest.signature,
      manifest.size,
      manifest.leafCount,
      manifest.objectCount,
      manifest.leavesBefore,
      manifest.archivesThrough,
      formatInstant(tx.now),
    ],
  });
  return rows.length > 0;
}

interface ManifestRow {
  readonly number: bigint;
  readonly month: number;
  readonly object_key: string;
  readonly sha256: Buffer;
  readonly signature: Buffer;
  readonly size: bigint;
  readonly leaf_count: bigint;
  readonly object_count: number;
  readonly leaves_before: bigint;
  readonly archives_through: bigint;
}

const manifestColumns = `m.number, m.month, m.object_key, m.sha256, m.signature, m.size,
  m.leaf_count, m.object_count, m.leaves_before, m.archives_through`;

function manifestOf(row: ManifestRow): Manifest {
  return {
    number: Number(row.number),
    month: row.month,
    key: row.object_key,
    sha256: row.sha256,
    signature: row.signature,
    size: Number(row.size),
    leafCount: Number(row.leaf_count),
    objectCount: row.object_count,
    leavesBefore: Number(row.leaves_before),
    archivesThrough: Number(row.archives_through),
  };
}

/** The manifest of a month that goes furthest. */
export async function latestManifest(q: Queryable, month: number): Promise<Manifest | undefined> {
  const [row] = await q.query<ManifestRow>({
    name: 'audit.latest_manifest',
    text: `select ${manifestColumns} from audit.manifests m
      where m.month = $1 order by m.leaves_before desc limit 1`,
    values: [month],
  });
  return row === undefined ? undefined : manifestOf(row);
}

/** The manifest of the same month before this one. */
export async function manifestBefore(
  q: Queryable,
  { month, leavesBefore }: Pick<Manifest, 'month' | 'leavesBefore'>,
): Promise<Manifest | undefined> {
  const [row] = await q.query<ManifestRow>({
    name: 'audit.manifest_before',
    text: `select ${manifestColumns} from audit.manifests m
      where m.month = $1 and m.leaves_before < $2 order by m.leaves_before desc limit 1`,
    values: [month, leavesBefore],
  });
  return row === undefined ? undefined : manifestOf(row);
}

/** Manifests after a number, in order. */
export async function selectManifests(q: Queryable, after: number): Promise<Manifest[]> {
  const rows = await q.query<ManifestRow>({
    name: 'audit.select_manifests',
    text: `select ${manifestColumns} from audit.manifests m
      where m.number > $1 order by m.number`,
    values: [after],
  });
  return rows.map(manifestOf);
}

export interface CheckpointFacts {
  readonly origin: string;
  readonly note: string;
  readonly size: number;
}

/** The oldest checkpoint of the log that has all leaves before an index. */
export async function checkpointOver(
  q: Queryable,
  leavesBefore: number,
): Promise<CheckpointFacts | undefined> {
  const [row] = await q.query<{ origin: string; note: string; size: bigint }>({
    name: 'audit.checkpoint_over',
    text: `select l.origin, c.note, c.size from audit.checkpoints c, audit.logs l
      where c.size >= $1 order by c.size limit 1`,
    values: [leavesBefore],
  });
  return row === undefined ? undefined : { ...row, size: Number(row.size) };
}

/** Keys that signed for this log, whenever that was. */
export async function isSigningKey(q: Queryable, publicKey: Buffer): Promise<boolean> {
  const [row] = await q.query<{ is_known: boolean }>({
    name: 'audit.is_signing_key',
    text: `select exists (select from audit.signing_keys k where k.public_key = $1) as is_known`,
    values: [publicKey],
  });
  return row?.is_known === true;
}

/** Whether a manifest is as it was listed, by its key and 64 hexadecimal digits. */
export async function isManifest(
  q: Queryable,
  { key, sha256 }: { readonly key: string; readonly sha256: string },
): Promise<boolean> {
  const [row] = await q.query<{ is_known: boolean }>({
    name: 'audit.is_manifest',
    text: `select exists (select from audit.manifests m
      where m.object_key = $1 and m.sha256 = decode($2, 'hex')) as is_known`,
    values: [key, sha256],
  });
  return row?.is_known === true;
}
