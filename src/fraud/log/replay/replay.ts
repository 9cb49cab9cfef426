// Owns making decisions again from the log: for each run of a process the state as it was, by what
// it had folded and what it had decided itself, then each decision in its order. Of a batch that
// was never kept nothing is left to fold, so what was decided beside one is told apart.

import { limits } from '#config';
import { assert, MILLISECOND_US, type Instant, type Uuid } from '#kernel';
import type { FeatureState } from '../../features/engine.ts';
import { configAt } from '../../registry/config-at.ts';
import { STARTER_VERSION } from '../../registry/starter-rules.ts';
import {
  selectBatches,
  type StoredBatch,
  type StoredDecision,
} from '../../screening/decision-store.ts';
import type { DecisionId } from '../../screening/item.ts';
import { paymentFeatures } from '../../screening/payment-features.ts';
import type { AnnulmentEntry } from '../entry.ts';
import { foldEntry, foldLog, openCursor } from '../fold.ts';
import { selectBatchContents } from '../log-store.ts';
import { latestState, restoreState, type SnapshotWorld } from '../snapshots/find.ts';
import { areSame, differencesOf, openRemaking, type Remaking } from './remake.ts';
import {
  countLostBatches,
  selectRunBatches,
  selectRuns,
  selectUnseenBatches,
  type Run,
} from './run-store.ts';

export interface ReplayOptions {
  readonly tenant: string;
  /** Decisions made since; all unless given. */
  readonly from?: Instant | undefined;
  readonly progress?: ReplayProgress | undefined;
}

export interface ReplayProgress {
  start(decisions: number): void;
  advance(decisions: number): void;
}

export interface ReplayReport {
  readonly runs: number;
  readonly decisions: number;
  /** Those that do not come out the same. */
  readonly different: number;
  /**
   * Those that do, of features that cannot be computed again, because they were decided beside a
   * batch that was rolled back or died with its process.
   */
  readonly besideLost: number;
  /** The first of both. */
  readonly differences: readonly ReplayDifference[];
}

export interface ReplayDifference {
  readonly decision: DecisionId;
  readonly run: Uuid;
  readonly ordinal: bigint;
  readonly members: readonly string[];
  /** Of the run's batches that it may have seen, so many were never kept. */
  readonly batchesLost: number;
}

/** For so long a batch may have been seen that was not kept, with time to find that out. */
const PENDING_US = 2 * limits.fraudPendingMaxMs.value * MILLISECOND_US;

/** Everything is read, and nothing is changed. */
export async function replayDecisions(
  world: SnapshotWorld,
  { tenant, from, progress }: ReplayOptions,
): Promise<ReplayReport> {
  const { database } = world;
  const runs = await selectRuns(database, { tenant, from });
  progress?.start(runs.reduce((sum, { decisions }) => sum + decisions, 0));
  const upTo = runs[0]?.foldedUpTo ?? 0n;
  const base = await latestState(world, { tenant, upTo });
  const replay = new Replay(world, tenant, progress);
  let position = base.position;
  for (const run of runs) {
    const range = { tenant, after: position, upTo: run.foldedUpTo };
    await foldLog(database, base.features, range);
    position = run.foldedUpTo;
    // A run that comes later begins with what this one must not change.
    const forked = restoreState(base.features.snapshot());
    assert(forked.ok, 'a state is restored from what it was just written to');
    await replay.replayRun(run, forked.value);
  }
  return { runs: runs.length, ...replay.report };
}

/** One at a time, as one process made them. */
class Replay {
  readonly #world: SnapshotWorld;
  readonly #tenant: string;
  readonly #progress: ReplayProgress | undefined;
  readonly #differences: ReplayDifference[] = [];
  #remaking: (Remaking & { readonly what: string }) | undefined;
  #decisions = 0;
  #different = 0;
  #besideLost = 0;

  constructor(world: SnapshotWorld, tenant: string, progress: ReplayProgress | undefined) {
    this.#world = world;
    this.#tenant = tenant;
    this.#progress = progress;
  }

  get report(): Omit<ReplayReport, 'runs'> {
    return {
      decisions: this.#decisions,
      different: this.#different,
      besideLost: this.#besideLost,
      differences: this.#differences,
    };
  }

  async replayRun(run: Run, features: FeatureState): Promise<void> {
    const { database } = this.#world;
    const tenant = this.#tenant;
    const unseen = await selectUnseenBatches(database, { ...run, tenant });
    const contents = await selectBatchContents(database, unseen);
    for (const id of unseen) {
      for (const event of contents.get(id)?.events ?? []) features.observe(event);
    }
    const cursor = openCursor(database, { tenant, after: run.foldedUpTo });
    for await (const batch of this.#batchesOf(run)) {
      for (const entry of await cursor.upTo(batch.foldedUpTo)) {
        if (entry.kind === 'annulment')
          await this.#annul({ ...run, ordinal: batch.ordinal }, entry, features);
        else if (entry.kind === 'label' || entry.run !== run.run) foldEntry(features, entry);
      }
      await this.#replayBatch(batch, features);
    }
  }

  /** What the run had decided by then, and the log shows only after it, stays whatever its time. */
  async #annul(
    run: Run,
    { laterThan, position }: AnnulmentEntry,
    features: FeatureState,
  ): Promise<void> {
    const { database } = this.#world;
    features.annul(laterThan);
    const asked = { ...run, foldedUpTo: position, tenant: this.#tenant };
    const unseen = await selectUnseenBatches(database, asked);
    const contents = await selectBatchContents(database, unseen);
    for (const id of unseen) {
      for (const event of contents.get(id)?.events ?? []) {
        if (event.at > laterThan) features.observe(event);
      }
    }
  }

  async *#batchesOf({ run, ordinal }: Run): AsyncGenerator<StoredBatch> {
    const { database } = this.#world;
    const countMax = limits.fraudLogPageEntries.value;
    let from = ordinal;
    for (;;) {
      const ids = await selectRunBatches(database, { tenant: this.#tenant, run, from, countMax });
      const batches = await selectBatches(database, ids);
      yield* batches.toSorted((one, other) => (one.ordinal < other.ordinal ? -1 : 1));
      if (ids.length < countMax) return;
      from = batches.reduce((last, each) => (each.ordinal > last ? each.ordinal : last), from) + 1n;
    }
  }

  async #replayBatch(batch: StoredBatch, features: FeatureState): Promise<void> {
    const remaking = await this.#remakingOf(batch);
    const { config } = remaking;
    for (const decision of batch.decisions) {
      const members = differencesOf(decision, batch, { config, remade: remaking.remake(decision) });
      if (!areSame(decision.features, foldAgain(features, decision))) members.push('features');
      if (members.length > 0) await this.#note(batch, decision.id, members);
    }
    this.#decisions += batch.decisions.length;
    this.#progress?.advance(batch.decisions.length);
  }

  async #note(
    { run, ordinal, madeAt }: StoredBatch,
    decision: DecisionId,
    members: readonly string[],
  ): Promise<void> {
    const since = (madeAt - PENDING_US) as Instant;
    const batchesLost = await countLostBatches(this.#world.database, { run, ordinal, since });
    const isOfFeatures = members.every((member) => member === 'features');
    if (isOfFeatures && batchesLost > 0) this.#besideLost += 1;
    else this.#different += 1;
    if (this.#differences.length >= limits.fraudReplayDifferencesMax.value) return;
    this.#differences.push({ decision, run, ordinal, members, batchesLost });
  }

  async #remakingOf({ revision, ruleSetVersion, ruleSetFingerprint }: StoredBatch) {
    // Two processes of one revision may have been shipped with other starter rules.
    const starter = ruleSetVersion === STARTER_VERSION ? ruleSetFingerprint : undefined;
    const what = `${revision} ${starter ?? ''}`;
    if (this.#remaking?.what !== what) {
      const asked = { tenant: this.#tenant, revision, starter };
      const config = await configAt(this.#world.database, paymentFeatures, asked);
      this.#remaking = { what, ...openRemaking(config) };
    }
    return this.#remaking;
  }
}

/** The features again; those that had refused the event are not asked. */
function foldAgain(features: FeatureState, { event, features: kept }: StoredDecision) {
  if (kept.every(Number.isNaN)) return kept;
  const observed = features.observe(event);
  // The row is written over by the next event.
  return observed.ok ? observed.value.slice() : new Float64Array(kept.length).fill(NaN);
}
