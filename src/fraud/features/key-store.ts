// Owns the histories of all keys and the bound on how many there are of a kind: when it is reached,
// keys are gone through in the order in which they were last queued, those used since are queued
// again, and the first that was not is let go. It depends on nothing but the order of the events.

import { assert } from '#kernel';
import { type History, openHistory } from './history.ts';
import type { KeyPlan } from './plan.ts';

export interface KeyStore {
  readonly plans: readonly KeyPlan[];
  /** The order of a map is that of the queue. */
  readonly byKind: readonly Map<string, History>[];
  /** How far each queue was gone through. A new walk would pass all that was let go, each time. */
  readonly hands: MapIterator<History>[];
  readonly keysMax: number;
  /** Keys let go because there were too many. */
  evicted: number;
}

export function openKeyStore(plans: readonly KeyPlan[], keysMax: number): KeyStore {
  assert(keysMax > 0, 'there is room for a key');
  const byKind = plans.map(() => new Map<string, History>());
  return { plans, byKind, hands: byKind.map((map) => map.values()), keysMax, evicted: 0 };
}

/** The history of a key that has none yet, from the event of this number on. */
export function addKey(store: KeyStore, kind: number, key: string, event: number): History {
  const plan = store.plans[kind];
  const map = store.byKind[kind];
  assert(plan !== undefined && map !== undefined, 'every kind of key has a plan');
  if (map.size >= store.keysMax) evict(store, kind, map);
  const history = openHistory(plan.layout, kind, key);
  history.used = event;
  history.queued = event;
  map.set(key, history);
  return history;
}

/** Takes a key out of which nothing is left. */
export function dropKey(store: KeyStore, { kind, key }: History): void {
  store.byKind[kind]?.delete(key);
}

function evict(store: KeyStore, kind: number, map: Map<string, History>): void {
  const hand = store.hands[kind];
  for (;;) {
    const history = hand?.next().value;
    assert(history !== undefined, 'a queue has no end, because what is used is queued again');
    map.delete(history.key);
    if (history.used === history.queued) break;
    history.queued = history.used;
    map.set(history.key, history);
  }
  store.evicted += 1;
}
