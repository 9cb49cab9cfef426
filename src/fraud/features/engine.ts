// Owns the fold over the log of events and labels that answers the features of each event. The
// state is a function of the log and of nothing else: who folds the same log has the same bytes.

import { limits } from '#config';
import {
  accept,
  type Accepted,
  type Clock,
  type Instant,
  refuse,
  type Result,
  SECOND_US,
} from '#kernel';
import type { FraudEvent, FraudLabel } from '../event.ts';
import type { FeatureSet } from './definition.ts';
import { hashInto, keyShard } from './hash.ts';
import {
  firstOrder,
  type History,
  insert,
  latestAt,
  openHistory,
  positionOf,
  remove,
  type Room,
  type Slot,
} from './history.ts';
import { type Chunks, takeChunk } from './keys/chunks.ts';
import { addKey, dropKey, openKeyStore } from './keys/key-store.ts';
import { findKey, keyIn, markOf, queuedKeys } from './keys/key-table.ts';
import { learnAt, unlearnAt, unlearnLater } from './labels.ts';
import { type KeyPlan, planOf } from './plan.ts';
import type { EventRefusal, LabelRefusal } from './refusals.ts';
import { type Core, digestOf, planFor, writeSnapshot } from './snapshot.ts';
import { look, openView, type View } from './view.ts';

export interface FeatureOptions {
  /** Keys of one kind kept at most. */
  readonly keysMax?: number;
  /** Only keys of this shard are kept; it must be given all events and labels even so. */
  readonly shard?: { readonly index: number; readonly count: number };
  /** Events too far ahead of it are refused; without it the clock of the events is believed. */
  readonly clock?: Clock;
}

export interface FeatureCounts {
  readonly events: number;
  readonly labels: number;
  readonly late: number;
  readonly refused: number;
  readonly keys: number;
  readonly keysEvicted: number;
}

export interface FeatureState {
  readonly set: FeatureSet;
  /**
   * Folds an event in and answers its features, in the order of the set. The row is written over by
   * the next call. A refused event leaves nothing behind but a count.
   */
  observe(event: FraudEvent): Result<Float64Array, EventRefusal>;
  /** The features that the event has, or would have, without folding it in. */
  peek(event: FraudEvent): Result<Float64Array, EventRefusal>;
  /**
   * Takes an event out, with what was learned of it, as if it had never come: the digest and the
   * answers are those of a state that never saw it. False where it is not there, or is further back
   * than an event may come late. What a bound on the keys, or on the events of one, let go because
   * of it does not come back; nor does the time go back before which an event is too late.
   */
  forget(event: FraudEvent): boolean;
  /**
   * Takes everything out that happened later than a time, as forgetting each of them would, and has
   * that time be the latest of all: what happens from then on is not late.
   */
  annul(laterThan: Instant): void;
  /** Folds a label in and answers how many keys had something to learn from it. */
  learn(label: FraudLabel): Result<number, LabelRefusal>;
  counts(): FeatureCounts;
  /** The state, from which it can be restored. */
  snapshot(): Buffer;
  /** A number for all that is kept, in hexadecimal; those of the shards add up to the whole's. */
  digest(): string;
}

/** What is worked with for one kind of key while an event is looked at. */
interface Desk {
  readonly plan: KeyPlan;
  readonly room: Room;
  readonly view: View;
  readonly slot: Slot;
  /** Stands for the history of a key that is new. */
  readonly empty: History;
  /** Of the kinds whose different keys are counted, which of the desks each has; -1 for none. */
  readonly others: readonly number[];
  key: string | undefined;
  history: History | undefined;
  position: number;
}

export function openFeatures(set: FeatureSet, options: FeatureOptions = {}): FeatureState {
  const plan = planOf(set);
  const store = openKeyStore(plan.keys, options.keysMax ?? limits.fraudKeysMax.value);
  const tally = { clock: -Infinity, events: 0, labels: 0, late: 0, refused: 0 };
  return stateOf({ set, store, tally }, options);
}

/** The state of a core that is empty or was restored. */
export function stateOf(core: Core, options: FeatureOptions): FeatureState {
  const { set, store, tally } = core;
  const { own } = planOf(set);
  const kinds = store.plans.map(({ kind }) => kind);
  const desks = store.plans.map((plan, kind) =>
    openDesk({ plan, kind, kinds, chunks: store.chunks }),
  );
  /** Of the key of each desk; NaN where the event has none. */
  const hashes = new Float64Array(desks.length);
  const row = new Float64Array(set.features.length);
  const answer: Accepted<Float64Array> = accept(row);
  const isOwn = ownership(options);
  const search = { desks, hashes, isOwn };
  const fill = (event: FraudEvent): Result<Float64Array, EventRefusal> => {
    for (const measure of own) measure(event, row);
    for (const desk of desks) fillDesk(desk, event, hashes, row);
    return answer;
  };
  const place = (event: FraudEvent): EventRefusal | undefined =>
    faultIn(event) ?? timeFault(event, core, options) ?? findKeys(event, core, search);
  const refused = (refusal: EventRefusal): Result<Float64Array, EventRefusal> => {
    tally.refused += 1;
    return refuse(refusal);
  };
  return {
    set,
    observe: (event) => {
      const fault = place(event);
      if (fault !== undefined) return refused(fault);
      for (const { position } of desks) if (position < 0) return refused(repeated(event));
      fill(event);
      keep(event, core, desks);
      return answer;
    },
    peek: (event) => {
      const fault = place(event);
      if (fault !== undefined) return refuse(fault);
      for (const desk of desks) if (desk.position < 0) desk.position = ~desk.position;
      return fill(event);
    },
    forget: (event) =>
      // The clock on the wall has no say in what was taken already.
      (faultIn(event) ?? timeFault(event, core, {}) ?? findKeys(event, core, search)) ===
        undefined && forget(event, core, desks),
    annul: (laterThan) => annul(laterThan, core),
    learn: (label) => learn(label, core, isOwn),
    counts: () => {
      const { events, labels, late, refused: refusedCount } = tally;
      const keys = store.byKind.reduce((sum, { size }) => sum + size, 0);
      const keysEvicted = store.evicted;
      return { events, labels, late, refused: refusedCount, keys, keysEvicted };
    },
    snapshot: () => writeSnapshot(core),
    digest: () => digestOf(core.store),
  };
}

function openDesk({
  plan,
  kind,
  kinds,
  chunks,
}: {
  readonly plan: KeyPlan;
  readonly kind: number;
  readonly kinds: readonly string[];
  readonly chunks: Chunks;
}): Desk {
  const { layout, others } = plan;
  const empty = openHistory(layout, kind, '', takeChunk(chunks, firstOrder(layout)));
  const extras = new Float64Array(others.length + (layout.fraudPlane === undefined ? 0 : 2));
  const view = openView(empty, {
    bounds: layout.bounds,
    sorted: layout.sortedSizes.length,
    others: others.length,
  });
  const slot = { at: 0, amount: 0, id: '', extras };
  const found = { key: undefined, history: undefined, position: 0 };
  const room = { layout, chunks };
  return {
    plan,
    room,
    view,
    slot,
    empty,
    others: others.map((other) => kinds.indexOf(other)),
    ...found,
  };
}

type IsOwn = (kind: string, key: string) => boolean;

function ownership({ shard }: FeatureOptions): IsOwn {
  if (shard === undefined || shard.count === 1) return () => true;
  return (kind, key) => keyShard(kind, key, shard.count) === shard.index;
}

const { fraudKeyBytesMax, fraudAmountMax, fraudAheadMaxS } = limits;

function faultIn({ id, at, amount }: FraudEvent): EventRefusal | undefined {
  if (id === '' || id.length > fraudKeyBytesMax.value) {
    const message = `the id of an event has 1 to ${fraudKeyBytesMax.value} characters`;
    return { code: 'event_malformed', message, param: 'id' };
  }
  if (!Number.isSafeInteger(at)) {
    const message = `the time of event ${id} is not a whole number of microseconds`;
    return { code: 'event_malformed', message, param: 'at' };
  }
  const isAmount = Number.isSafeInteger(amount) && amount >= 0 && amount <= fraudAmountMax.value;
  if (isAmount) return undefined;
  const range = `whole minor units, 0 to ${fraudAmountMax.value}`;
  const message = `the amount of event ${id} is ${amount}; it must be ${range}`;
  return { code: 'event_amount_out_of_range', message, param: 'amount' };
}

function timeFault(
  { id, at }: FraudEvent,
  { set, tally }: Core,
  { clock }: FeatureOptions,
): EventRefusal | undefined {
  const behindS = (tally.clock - at) / SECOND_US;
  if (behindS > set.lateS) {
    const happened = `event ${id} happened ${behindS} s before the latest one`;
    const message = `${happened}; the features take events up to ${set.lateS} s late`;
    return { code: 'event_too_late', message, param: 'at' };
  }
  if (clock === undefined) return undefined;
  const aheadS = (at - clock.now()) / SECOND_US;
  if (aheadS <= fraudAheadMaxS.value) return undefined;
  const allowed = `${fraudAheadMaxS.value} s are allowed`;
  const message = `event ${id} is ${aheadS} s ahead of the clock; ${allowed}`;
  return { code: 'event_ahead_of_clock', message, param: 'at' };
}

interface Search {
  readonly desks: readonly Desk[];
  readonly hashes: Float64Array;
  readonly isOwn: IsOwn;
}

/** Finds the histories of the event's keys, and where it belongs in each. */
function findKeys(
  event: FraudEvent,
  { store }: Core,
  { desks, hashes, isOwn }: Search,
): EventRefusal | undefined {
  for (let kind = 0; kind < desks.length; kind += 1) {
    const desk = desks[kind];
    if (desk === undefined) continue;
    const key = event.keys[desk.plan.kind];
    if (key !== undefined && key.length > fraudKeyBytesMax.value) {
      const whose = `the ${desk.plan.kind} of event ${event.id}`;
      const message = `${whose} has ${key.length} characters, over ${fraudKeyBytesMax.value}`;
      return { code: 'event_malformed', message, param: `keys.${desk.plan.kind}` };
    }
    desk.key = key !== undefined && isOwn(desk.plan.kind, key) ? key : undefined;
    if (key === undefined) hashes[kind] = NaN;
    else hashInto(hashes, kind, key);
  }
  for (let kind = 0; kind < desks.length; kind += 1) {
    const desk = desks[kind];
    const table = store.byKind[kind];
    if (desk === undefined || table === undefined) continue;
    const { key } = desk;
    desk.history = key === undefined ? undefined : findKey(table, key, markOf(hashes[kind] ?? NaN));
  }
  for (const desk of desks) {
    const { history } = desk;
    desk.position = history === undefined ? 0 : positionOf(history, event.at, event.id);
  }
  return undefined;
}

function knownKey({ byKind }: Core['store'], kind: number, key: string): History | undefined {
  const table = byKind[kind];
  return table && keyIn(table, key);
}

function repeated({ id }: FraudEvent): EventRefusal {
  return { code: 'event_repeated', message: `event ${id} is known already`, param: 'id' };
}

function fillDesk(desk: Desk, event: FraudEvent, hashes: Float64Array, row: Float64Array): void {
  const { plan, view, others } = desk;
  const { measures } = plan;
  if (desk.key === undefined) {
    for (const place of plan.features) row[place] = NaN;
    return;
  }
  view.at = event.at;
  view.amount = event.amount;
  for (let index = 0; index < others.length; index += 1) {
    const which = others[index] ?? -1;
    if (which >= 0) view.others[index] = hashes[which] ?? NaN;
    else hashOther(view.others, index, event.keys[plan.others[index] ?? '']);
  }
  look(view, desk.history ?? desk.empty, desk.position, plan);
  for (let index = 0; index < measures.length; index += 1) {
    measures[index]?.(view, row);
  }
}

function hashOther(hashes: Float64Array, place: number, key: string | undefined): void {
  if (key === undefined) hashes[place] = NaN;
  else hashInto(hashes, place, key);
}

const idHash = new Float64Array(1);

function keep(event: FraudEvent, { store, tally }: Core, desks: readonly Desk[]): void {
  tally.events += 1;
  if (event.at < tally.clock) tally.late += 1;
  else tally.clock = event.at;
  // Of all kinds of keys with labels the same, so it is worked out once.
  let isHashed = false;
  for (let kind = 0; kind < desks.length; kind += 1) {
    const desk = desks[kind];
    if (desk?.key === undefined) continue;
    const history = desk.history ?? addKey(store, kind, desk.key, tally.events);
    history.used = tally.events;
    const { layout, others } = desk.plan;
    const { slot, view } = desk;
    slot.at = event.at;
    slot.amount = event.amount;
    slot.id = event.id;
    for (let index = 0; index < others.length; index += 1) {
      slot.extras[index] = view.others[index] ?? NaN;
    }
    if (layout.fraudPlane !== undefined) {
      if (!isHashed) hashInto(idHash, 0, event.id);
      isHashed = true;
      slot.extras[others.length] = idHash[0] ?? NaN;
      slot.extras[others.length + 1] = Infinity;
    }
    insert(history, desk.room, desk.position, slot);
  }
}

function forget(event: FraudEvent, { store }: Core, desks: readonly Desk[]): boolean {
  let isThere = false;
  for (const { plan, history, position } of desks) {
    if (history === undefined || position >= 0) continue;
    isThere = true;
    remove(history, plan.layout, ~position);
    unlearnAt(history, event);
    if (history.start === history.end) dropKey(store, history);
  }
  return isThere;
}

function annul(laterThan: Instant, { store, tally }: Core): void {
  for (const [kind, table] of store.byKind.entries()) {
    const { layout } = planFor(store, kind);
    for (const history of queuedKeys(table)) {
      while (latestAt(history) > laterThan) remove(history, layout, history.end - 1);
      unlearnLater(history, laterThan);
      if (history.start === history.end) dropKey(store, history);
    }
  }
  tally.clock = Math.min(tally.clock, laterThan);
}

function learn(
  label: FraudLabel,
  { store, tally }: Core,
  isOwn: IsOwn,
): Result<number, LabelRefusal> {
  const { event, knownAt } = label;
  if (!(knownAt >= event.at)) {
    const message = `event ${event.id} cannot have been known for fraud or not before it happened`;
    return refuse({ code: 'label_before_event', message, param: 'knownAt' });
  }
  let asked = 0;
  let learned = 0;
  for (const [kind, plan] of store.plans.entries()) {
    const key = event.keys[plan.kind];
    const usesLabels = plan.labels !== undefined || plan.layout.fraudPlane !== undefined;
    if (key === undefined || !usesLabels || !isOwn(plan.kind, key)) continue;
    asked += 1;
    const history = knownKey(store, kind, key);
    if (history !== undefined && learnAt(history, plan, label)) learned += 1;
  }
  if (asked > 0 && learned === 0) {
    const why = 'it was never seen, or is too old';
    const message = `event ${event.id} is not among those kept of its keys: ${why}`;
    return refuse({ code: 'label_of_unknown_event', message, param: 'event' });
  }
  tally.labels += 1;
  return accept(learned);
}
