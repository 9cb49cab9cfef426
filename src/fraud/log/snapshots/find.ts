// Owns where snapshots of screening's state are kept, and which of them can be used. The name of
// one tells the tenant and the entry of the log up to which it was folded; one that is damaged, of
// other features or of another log is passed over, and never trusted.

import { Fault, idOf, isId, type Id, type Instant, type Result } from '#kernel';
import type { Logger, ObjectFacts, Queryable } from '#platform';
import { openFeatures, type FeatureState } from '../../features/engine.ts';
import type { SnapshotRefusal } from '../../features/refusals.ts';
import { restoreFeatures } from '../../features/restore.ts';
import { paymentFeatureOptions, paymentFeatures } from '../../screening/payment-features.ts';
import { selectLog, type LogRow } from '../log-store.ts';

export interface SnapshotWorld {
  readonly database: Queryable;
  readonly objects: SnapshotObjects;
  readonly logger: Logger;
}

/** What snapshots ask of the store that they are in. */
export interface SnapshotObjects {
  put(key: string, content: Buffer): Promise<unknown>;
  get(key: string): Promise<Buffer | undefined>;
  list(prefix: string): AsyncIterable<Pick<ObjectFacts, 'key'>>;
  remove(key: string, now: Instant): Promise<void>;
}

export interface Snapshot {
  readonly key: string;
  readonly position: bigint;
  /** The entry at that position, by which the log is recognised. */
  readonly entry: Id<'log'>;
}

const FOLDER = 'fraud/snapshots';
const POSITION = /^(\d{20})-(.+)$/;

export function snapshotKey({ tenant, position, id }: LogRow): string {
  return `${FOLDER}/${tenant}/${String(position).padStart(20, '0')}-${id}`;
}

/** Those of this log, the latest first, whether or not they can be read. */
export async function listSnapshots(
  { database, objects, logger }: SnapshotWorld,
  tenant: string,
): Promise<Snapshot[]> {
  const found: Snapshot[] = [];
  const prefix = `${FOLDER}/${tenant}/`;
  for await (const { key } of objects.list(prefix)) {
    const [, digits = '', uuid = ''] = POSITION.exec(key.slice(prefix.length)) ?? [];
    const entry = `log_${uuid}`;
    if (!isId('log', entry)) continue;
    const position = BigInt(digits);
    // A database that was put back to an earlier time has other entries at the same positions.
    const row = await entryAt(database, { tenant, position });
    if (row !== undefined && idOf('log', row.id) === entry) found.push({ key, position, entry });
    else passOver(logger, { tenant, key }, 'it is of another log');
  }
  return found.reverse();
}

export async function entryAt(
  database: Queryable,
  { tenant, position }: { readonly tenant: string; readonly position: bigint },
): Promise<LogRow | undefined> {
  const range = { after: position - 1n, upTo: position, tenant, countMax: 1 };
  const [row] = await selectLog(database, range);
  return row;
}

/** Whose snapshot is wanted, and how late it may be. */
export interface Wanted {
  readonly tenant: string;
  readonly upTo?: bigint | undefined;
}

/**
 * Gives the content of each to `restore`, the latest first, until one can be used, and answers its
 * position; 0 where there is none.
 */
async function useSnapshot(
  world: SnapshotWorld,
  { tenant, upTo }: Wanted,
  restore: (content: Buffer) => string | undefined | Promise<string | undefined>,
): Promise<bigint> {
  for (const { key, position } of await listSnapshots(world, tenant)) {
    if (upTo !== undefined && position > upTo) continue;
    const content = await readSnapshot(world.objects, key);
    const reason = typeof content === 'string' ? content : await restore(content);
    if (reason === undefined) return position;
    passOver(world.logger, { tenant, key }, reason);
  }
  return 0n;
}

/** The content, or why there is none. */
async function readSnapshot(objects: SnapshotObjects, key: string): Promise<Buffer | string> {
  try {
    // Another process removes one when it has two later ones.
    return (await objects.get(key)) ?? 'it was removed meanwhile';
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'object_corrupt') throw error;
    return error.message;
  }
}

function passOver(
  logger: Logger,
  { tenant, key }: { readonly tenant: string; readonly key: string },
  reason: string,
): void {
  const message = 'a snapshot of screening is passed over: the log is folded from further back';
  logger.warn(message, { tenant, snapshot: key, reason });
}

/** A state, and up to where it was folded. */
export interface FoldedState {
  readonly features: FeatureState;
  readonly position: bigint;
}

/** The state of the latest snapshot that can be used; an empty one where there is none. */
export async function latestState(world: SnapshotWorld, wanted: Wanted): Promise<FoldedState> {
  let features = emptyState();
  const position = await useSnapshot(world, wanted, (content) => {
    const restored = restoreState(content);
    if (!restored.ok) return restored.refusal.message;
    features = restored.value;
    return undefined;
  });
  return { features, position };
}

export function emptyState(): FeatureState {
  return openFeatures(paymentFeatures, paymentFeatureOptions);
}

export function restoreState(content: Buffer): Result<FeatureState, SnapshotRefusal> {
  return restoreFeatures(paymentFeatures, content, paymentFeatureOptions);
}
