// Owns the state of screening of every tenant in this process: the features, how far of the log
// they have folded, and the batches of this process that the log has not shown yet. An event is in
// the features exactly if its batch was kept, or is not known yet not to have been.

import { limits } from '#config';
import { assert, type Instant, type Uuid } from '#kernel';
import type { FraudEvent } from '../event.ts';
import { type FeatureState, openFeatures } from '../features/engine.ts';
import type { LogEntry } from '../log/entry.ts';
import type { ScreeningBatchId } from './item.ts';
import { paymentFeatureOptions, paymentFeatures } from './payment-features.ts';

export interface TenantState {
  readonly tenant: string;
  readonly features: FeatureState;
  /** The position of the log up to which it has folded; 0 before the first entry. */
  readonly foldedUpTo: bigint;
  /** What this process decided and the log has not shown, the oldest first. */
  readonly pending: ReadonlyMap<ScreeningBatchId, PendingBatch>;
}

export interface PendingBatch {
  readonly judgedAt: Instant;
  /** Those that were folded in. */
  readonly events: readonly FraudEvent[];
}

export interface NamedBatch {
  readonly tenant: string;
  readonly batch: ScreeningBatchId;
}

export interface States {
  /** The process, from its start to its end. */
  readonly run: Uuid;
  /** A tenant that was not there begins with nothing. */
  of(tenant: string): TenantState;
  /** Those that there are. */
  tenants(): readonly string[];
  /** Begins a tenant with what was folded of the log; a bug where it has decided already. */
  start(tenant: string, features: FeatureState, position: bigint): void;
  /** Whether the log has yet to show a batch of this process. */
  isPending(tenant: string, batch: ScreeningBatchId): boolean;
  /** Told of events that were judged and folded in, before anything of them is kept. */
  await(tenant: string, batch: ScreeningBatchId, pending: PendingBatch): void;
  /** The next entry of the log; one that was folded before changes nothing. */
  fold(entry: LogEntry): void;
  /** Batches that were judged before a time and that the log has not shown, the oldest first. */
  expired(before: Instant): readonly NamedBatch[];
  /** Takes the events of a batch out that was rolled back; false where it is not pending. */
  forget(tenant: string, batch: ScreeningBatchId): boolean;
  /** Over all tenants: keys with a history, and batches that are pending. */
  counts(): { readonly keys: number; readonly pending: number };
}

interface OpenState extends TenantState {
  readonly pending: Map<ScreeningBatchId, PendingBatch>;
  features: FeatureState;
  foldedUpTo: bigint;
}

export function openStates({ run }: { readonly run: Uuid }): States {
  const states = new Map<string, OpenState>();
  const of = (tenant: string): OpenState => {
    const known = states.get(tenant);
    if (known !== undefined) return known;
    const features = openFeatures(paymentFeatures, paymentFeatureOptions);
    const opened = { tenant, features, foldedUpTo: 0n, pending: new Map() };
    states.set(tenant, opened);
    return opened;
  };
  return {
    run,
    of,
    isPending: (tenant, batch) => states.get(tenant)?.pending.has(batch) === true,
    tenants: () => [...states.keys()],
    start(tenant, features, position) {
      const state = of(tenant);
      const isNew = state.features.counts().events === 0 && state.foldedUpTo === 0n;
      assert(isNew, `the state of ${tenant} is started before anything is judged`);
      state.features = features;
      state.foldedUpTo = position;
    },
    await(tenant, batch, pending) {
      if (pending.events.length === 0) return;
      const state = of(tenant);
      state.pending.set(batch, pending);
      if (state.pending.size <= limits.fraudPendingBatchesMax.value) return;
      // Nobody follows the log: most batches are kept, so the oldest is held for kept.
      const [oldest] = state.pending.keys();
      if (oldest !== undefined) state.pending.delete(oldest);
    },
    fold(entry) {
      const state = of(entry.tenant);
      if (entry.position <= state.foldedUpTo) return;
      foldInto(state, entry, run);
      state.foldedUpTo = entry.position;
    },
    expired: (before) => {
      return [...states.values()].flatMap(({ tenant, pending }) =>
        [...pending]
          .filter(([, { judgedAt }]) => judgedAt < before)
          .map(([batch]) => ({ tenant, batch })),
      );
    },
    forget(tenant, batch) {
      const state = of(tenant);
      const pending = state.pending.get(batch);
      if (pending === undefined) return false;
      state.pending.delete(batch);
      for (const event of pending.events.toReversed()) state.features.forget(event);
      return true;
    },
    counts: () => countsOf([...states.values()]),
  };
}

/** A batch of our own that was given up is folded like another's, if it was kept after all. */
function foldInto({ features, pending }: OpenState, entry: LogEntry, run: Uuid): void {
  if (entry.kind === 'label') {
    features.learn(entry.label);
    return;
  }
  if (entry.kind === 'annulment') {
    features.annul(entry.laterThan);
    // What the log has not shown yet comes after it, whatever its time.
    for (const { events } of pending.values()) {
      for (const event of events) if (event.at > entry.laterThan) features.observe(event);
    }
    return;
  }
  if (entry.run === run && pending.delete(entry.id)) return;
  for (const event of entry.events) features.observe(event);
}

function countsOf(states: readonly TenantState[]): ReturnType<States['counts']> {
  let keys = 0;
  let pending = 0;
  for (const state of states) {
    keys += state.features.counts().keys;
    pending += state.pending.size;
  }
  return { keys, pending };
}
