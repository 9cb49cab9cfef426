// Owns how a process comes to the state of screening and stays with it: warmed up from snapshots
// and the log before the doors open, and then following the log, which tells what other processes
// decided, what became known, and which of its own batches committed.

import { setImmediate } from 'node:timers/promises';
import { limits } from '#config';
import { MILLISECOND_US, type Instant } from '#kernel';
import type { TransactionContext } from '#platform';
import type { FeatureState } from '../features/engine.ts';
import type { ScreeningBatchId } from '../screening/item.ts';
import type { LogEntry } from './entry.ts';
import { foldLog, type FoldProgress } from './fold.ts';
import { countLog, selectKeptBatches, selectLogHead, selectLogTenants } from './log-store.ts';
import { readLog, type OwnBatches } from './read.ts';
import { latestState, type SnapshotWorld } from './snapshots/find.ts';

/** The states of all tenants in the memory of one process. */
export interface FollowingStates extends OwnBatches {
  start(tenant: string, features: FeatureState, position: bigint): void;
  fold(entry: LogEntry): void;
  /** Own batches judged before, which the log has not confirmed. */
  expired(before: Instant): readonly PendingBatch[];
  forget(tenant: string, batch: ScreeningBatchId): void;
}

export interface PendingBatch {
  readonly tenant: string;
  readonly batch: ScreeningBatchId;
}

export interface FollowWorld extends SnapshotWorld {
  readonly states: FollowingStates;
}

export interface WarmUpProgress {
  /** Once for each tenant that has a log: from where on it is folded, and how much that is. */
  start(tenant: string, stage: { readonly from: bigint; readonly entries: number }): void;
  advance: FoldProgress;
}

/** Follows the log from where the states were warmed up to. */
export interface Follower {
  /** Before anything is judged, once. Answers how many entries were folded. */
  warmUp(progress?: WarmUpProgress): Promise<number>;
  /** Folds what is new, and forgets own batches that were rolled back. Answers the entries. */
  follow(context: Pick<TransactionContext, 'now'>): Promise<number>;
  /** Everything of the log up to here is in the states. */
  readonly position: bigint;
}

/** A second or two of folding. */
const TOLD_ENTRIES = 10_000;

export function openFollower(world: FollowWorld): Follower {
  const { database, states } = world;
  let position = 0n;
  /** Own batches that are kept, and only wait for their place in the log. */
  const kept = new Set<ScreeningBatchId>();
  return {
    get position() {
      return position;
    },
    async warmUp(progress) {
      const head = await selectLogHead(database);
      let entries = 0;
      for (const tenant of await selectLogTenants(database)) {
        entries += await warmUpTenant(world, { tenant, head }, progress);
      }
      position = head;
      return entries;
    },
    async follow({ now }) {
      const countMax = limits.fraudLogPageEntries.value;
      let folded = 0;
      for (;;) {
        const entries = await readLog(database, { after: position, countMax }, states);
        let events = 0;
        for (const entry of entries) {
          states.fold(entry);
          position = entry.position;
          events += entry.kind === 'batch' ? entry.events.length : 1;
          if (events < limits.fraudBatchDecisionsMax.value) continue;
          // Files of other processes are long, and payments are to be judged meanwhile.
          await setImmediate();
          events = 0;
        }
        folded += entries.length;
        if (entries.length < countMax) break;
      }
      await forgetRolledBack(world, kept, now);
      return folded;
    },
  };
}

async function warmUpTenant(
  world: FollowWorld,
  { tenant, head }: { readonly tenant: string; readonly head: bigint },
  progress: WarmUpProgress | undefined,
): Promise<number> {
  const { database, states, logger } = world;
  const { features, position: after } = await latestState(world, { tenant });
  const entries = await countLog(database, { tenant, after, upTo: head });
  progress?.start(tenant, { from: after, entries });
  let folded = 0;
  let told = 0;
  await foldLog(database, features, { tenant, after, upTo: head }, (count) => {
    progress?.advance(count);
    folded += count;
    if (folded - told < TOLD_ENTRIES) return;
    told = folded;
    logger.info('state of screening is warming up', { tenant, entries, folded });
  });
  states.start(tenant, features, head);
  const { keys } = features.counts();
  const facts = { tenant, snapshotPosition: String(after), entries, keys };
  logger.info('state of screening is warm', facts);
  return entries;
}

/**
 * A transaction that is neither kept nor under way has been rolled back. One that takes longer than
 * the limit and commits after all comes with the log, as that of another process would.
 */
async function forgetRolledBack(
  { database, states }: FollowWorld,
  kept: Set<ScreeningBatchId>,
  now: Instant,
): Promise<void> {
  const before = (now - limits.fraudPendingMaxMs.value * MILLISECOND_US) as Instant;
  const expired = states.expired(before);
  // Those that the state has stopped waiting for may be named by the log much later.
  const waiting = new Set(expired.map(({ batch }) => batch));
  for (const batch of kept) if (!waiting.has(batch)) kept.delete(batch);
  const doubtful = expired.filter(({ batch }) => !kept.has(batch));
  if (doubtful.length === 0) return;
  const ids = doubtful.map(({ batch }) => batch);
  for (const id of await selectKeptBatches(database, ids)) kept.add(id);
  for (const { tenant, batch } of doubtful) if (!kept.has(batch)) states.forget(tenant, batch);
}
