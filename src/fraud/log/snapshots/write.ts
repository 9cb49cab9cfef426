// Owns writing snapshots, so that a start need not fold the whole log. One follows from the log up
// to its entry and from nothing else, so whichever process writes it writes the same bytes, and a
// store that keeps what it has refuses any other.

import { limits } from '#config';
import { assert, uuidOf } from '#kernel';
import type { Queryable, TransactionContext } from '#platform';
import type { FeatureState } from '../../features/engine.ts';
import { planOf } from '../../features/plan.ts';
import { foldEntry, type FoldRange } from '../fold.ts';
import { countLog, selectLogHead, selectLogTenants } from '../log-store.ts';
import { paymentFeatures } from '../../screening/payment-features.ts';
import { readLog, type OwnBatches } from '../read.ts';
import { selectFoldedEvents } from './contents-store.ts';
import { entryAt, latestState, listSnapshots, snapshotKey, type SnapshotWorld } from './find.ts';

export interface SnapshotsWorld extends SnapshotWorld {
  /** Folds and writes beside everything else; without it, that is done here. */
  readonly apart?: { snapshot(tenant: string): Promise<void> } | undefined;
}

/**
 * Of each tenant whose log has grown enough since the latest: that one, with the rest of the log
 * folded in, is the next. Answers how many were written.
 */
export async function writeSnapshots(
  world: SnapshotsWorld,
  { now }: Pick<TransactionContext, 'now'>,
  entriesMin: number = limits.fraudSnapshotEntriesMin.value,
): Promise<number> {
  const { database, objects, apart } = world;
  let written = 0;
  for (const tenant of await selectLogTenants(database)) {
    const [latest] = await listSnapshots(world, tenant);
    const after = latest?.position ?? 0n;
    if ((await countLog(database, { tenant, after })) < entriesMin) continue;
    if (apart === undefined) await writeSnapshot(world, tenant);
    else await apart.snapshot(tenant);
    written += 1;
    const old = (await listSnapshots(world, tenant)).slice(limits.fraudSnapshotsKept.value);
    for (const { key } of old) await objects.remove(key, now);
  }
  return written;
}

/** Reads and folds for as long as that takes: not where payments are judged. */
export async function writeSnapshot(world: SnapshotWorld, tenant: string): Promise<void> {
  const { database, objects } = world;
  const upTo = await selectLogHead(database, tenant);
  const { features, position: after } = await latestState(world, { tenant });
  await foldCheaply(database, features, { tenant, after, upTo });
  const last = await entryAt(database, { tenant, position: upTo });
  assert(last !== undefined, 'a log of which there is something to write has a last entry');
  await objects.put(snapshotKey(last), features.snapshot());
}

/** As every fold of the log, but for how the events of batches are read. */
async function foldCheaply(
  q: Queryable,
  features: FeatureState,
  { tenant, after, upTo }: FoldRange,
): Promise<void> {
  const countMax = limits.fraudLogPageEntries.value;
  for (let position = after; position < upTo;) {
    const range = { after: position, upTo, tenant, countMax };
    const entries = await readLog(q, range, withoutEvents);
    const batches = entries.flatMap(({ kind, id }) => (kind === 'batch' ? [uuidOf(id)] : []));
    const events = await selectFoldedEvents(q, batches, foldedKinds);
    for (const entry of entries) {
      if (entry.kind !== 'batch') foldEntry(features, entry);
      else foldEntry(features, { ...entry, events: events.get(uuidOf(entry.id)) ?? [] });
    }
    position = entries.length < countMax ? upTo : (entries.at(-1)?.position ?? upTo);
  }
}

/** Those that the features ask an event for. */
const foldedKinds: readonly string[] = [
  ...new Set(planOf(paymentFeatures).keys.flatMap(({ kind, others }) => [kind, ...others])),
];

/** Of batches, the log gives their place alone. */
const withoutEvents: OwnBatches = {
  run: '00000000-0000-0000-0000-000000000000',
  isPending: () => true,
};
