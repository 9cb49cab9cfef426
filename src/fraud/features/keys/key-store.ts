// Owns the histories of all keys and the bound on how many there are of a kind: when it is reached,
// keys are gone through in the order in which they were last queued, those used since are queued
// again, and the first that was not is let go. It depends on nothing but the order of the events.

import { assert } from '#kernel';
import { firstOrder, type History, openHistory } from '../history.ts';
import type { KeyPlan } from '../plan.ts';
import { type Chunks, giveChunk, openChunks, takeChunk } from './chunks.ts';
import { type KeyTable, openKeyTable, putKey, queueAgain, takeKey } from './key-table.ts';

export interface KeyStore {
  readonly plans: readonly KeyPlan[];
  readonly byKind: readonly KeyTable[];
  /** What the histories lie in. */
  readonly chunks: Chunks;
  readonly keysMax: number;
  /** Keys let go because there were too many. */
  evicted: number;
}

export function openKeyStore(plans: readonly KeyPlan[], keysMax: number): KeyStore {
  assert(keysMax > 0, 'there is room for a key');
  return { plans, byKind: plans.map(openKeyTable), chunks: openChunks(), keysMax, evicted: 0 };
}

/** The history of a key that has none yet, from the event of this number on. */
export function addKey(store: KeyStore, kind: number, key: string, event: number): History {
  const plan = store.plans[kind];
  const table = store.byKind[kind];
  assert(plan !== undefined && table !== undefined, 'every kind of key has a plan');
  if (table.size >= store.keysMax) evict(store, table);
  const history = openHistory(
    plan.layout,
    kind,
    key,
    takeChunk(store.chunks, firstOrder(plan.layout)),
  );
  history.used = event;
  history.queued = event;
  putKey(table, history);
  return history;
}

/** Takes a key out, and gives its memory back. */
export function dropKey({ byKind, chunks }: KeyStore, history: History): void {
  const table = byKind[history.kind];
  assert(table !== undefined, 'every kind of key has a table');
  takeKey(table, history);
  giveChunk(chunks, history);
}

function evict(store: KeyStore, table: KeyTable): void {
  for (;;) {
    const { first } = table;
    assert(first !== undefined, 'a queue has no end, because what is used is queued again');
    if (first.used === first.queued) {
      dropKey(store, first);
      break;
    }
    first.queued = first.used;
    queueAgain(table, first);
  }
  store.evicted += 1;
}
