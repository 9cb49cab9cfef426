// Owns what is kept of one key: its events in their total order, in planes of one chunk of memory,
// oldest first. Everything else that is held here follows from those and is only there to be quick.

import { limits } from '#config';
import { assert } from '#kernel';
import {
  type Chunk,
  CHUNK_ORDER_MIN,
  CHUNK_ORDERS,
  type Chunks,
  giveChunk,
  orderFor,
  takeChunk,
} from './keys/chunks.ts';
import { cutWindows, type Windows } from './sliding/windows.ts';
import { insertSorted, replaceSorted } from './statistics.ts';

/**
 * The planes come one after another, each as long as there is room for events. Times are in every
 * history, amounts and their sums in one of which features need them; sums run from the first
 * place, itself included.
 */
export const plane = { times: 0, amounts: 1, sums: 2 } as const;

export interface Layout {
  readonly planes: number;
  readonly hasAmounts: boolean;
  /** The first of the planes that not every history has. */
  readonly extraPlane: number;
  /** Hashes of the ids of events, and when they were known to be fraud: where labels are used. */
  readonly idPlane: number | undefined;
  readonly fraudPlane: number | undefined;
  /** How many bounds of windows are followed. */
  readonly bounds: number;
  /** The sizes of the runs of latest amounts that are kept in order. */
  readonly sortedSizes: readonly number[];
  /** By the order of a chunk the events that there is room for in it. */
  readonly capacities: readonly number[];
  /** Events needed: those newer than this, relative to the latest, and so many before. */
  readonly needs: readonly { readonly offsetUs: number; readonly latest: number }[];
  readonly lateUs: number;
}

type Planes = Pick<Layout, 'planes' | 'bounds' | 'sortedSizes'>;

/** Of one event; the values of the planes that not every history has follow their numbers. */
export interface Slot {
  at: number;
  amount: number;
  id: string;
  readonly extras: Float64Array;
}

export interface KnownFraud {
  readonly at: number;
  readonly knownAt: number;
}

export interface KnownLabel {
  readonly knownAt: number;
  readonly at: number;
  readonly id: number;
  readonly isFraud: boolean;
  /** Frauds among the labels up to this one. */
  frauds: number;
}

/**
 * In its chunk are where each bound was found last, which is only a hint; the planes; and the
 * latest amounts in ascending order, a run of each size. They are beside one another, so that few
 * places of memory are waited for.
 */
export interface History {
  readonly kind: number;
  readonly key: string;
  /** The array that the chunk is of, its number, where in it the chunk begins, and its length. */
  planes: Float64Array;
  slab: number;
  base: number;
  order: number;
  /** Where the first plane begins. */
  origin: number;
  /** Events that there is room for. */
  capacity: number;
  start: number;
  end: number;
  /** Of the latest events, at least of those that one that is late may have to be put between. */
  readonly ids: string[];
  /** One list that is empty serves all histories that have none, as it does for labels. */
  frauds: readonly KnownFraud[];
  /** In order of when they became known. */
  labels: KnownLabel[];
  /** What is followed of windows of many events; undefined where none is. */
  windows: Windows | undefined;
  /** The number of the latest event, and what that was when the key was queued. */
  used: number;
  queued: number;
  /** Its neighbours in the queue of the keys. */
  before: History | undefined;
  after: History | undefined;
}

const FIRST_CAPACITY_MIN = 4;
/** With more of its room still needed a history is moved to a larger chunk. */
const FULL_SHARE = 0.75;
const IDS_FEW = 8;
const noFrauds: readonly KnownFraud[] = [];
const noLabels: KnownLabel[] = [];

export function openHistory(layout: Layout, kind: number, key: string, chunk: Chunk): History {
  return {
    kind,
    key,
    planes: chunk.values,
    slab: chunk.slab,
    base: chunk.base,
    order: chunk.order,
    origin: chunk.base + layout.bounds,
    capacity: layout.capacities[chunk.order] ?? 0,
    start: 0,
    end: 0,
    ids: [],
    frauds: noFrauds,
    labels: noLabels,
    windows: undefined,
    used: 0,
    queued: 0,
    before: undefined,
    after: undefined,
  };
}

/** How many numbers a history with room for so many events takes. */
export function roomFor(layout: Planes, capacity: number): number {
  return layout.bounds + sortedOffset(layout, capacity, layout.sortedSizes.length);
}

/** How many events there is room for in a chunk of each order. */
export function capacitiesOf(layout: Planes): readonly number[] {
  return Array.from({ length: CHUNK_ORDERS }, (_, order) => {
    let capacity = 0;
    for (let step = 2 ** order; step >= 1; step /= 2) {
      if (roomFor(layout, capacity + step) <= 2 ** order) capacity += step;
    }
    return capacity;
  });
}

/** The least chunk that is worth to begin with. */
export function firstOrder({ capacities }: Layout): number {
  const order = capacities.findIndex((capacity) => capacity >= FIRST_CAPACITY_MIN);
  return Math.max(CHUNK_ORDER_MIN, order);
}

/** The labels, to be changed. */
export function ownLabels(history: History): KnownLabel[] {
  if (history.labels === noLabels) history.labels = [];
  return history.labels;
}

/** From the first plane to the run of one of the sizes; it has room for no more than are kept. */
function sortedOffset(layout: Planes, capacity: number, which: number): number {
  let offset = layout.planes * capacity;
  for (let before = 0; before < which; before += 1) {
    offset += Math.min(capacity, layout.sortedSizes[before] ?? 0);
  }
  return offset;
}

/** Where the run of one of the sizes begins. */
export function sortedPlace({ origin, capacity }: History, layout: Layout, which: number): number {
  return origin + sortedOffset(layout, capacity, which);
}

/** Where a plane begins. */
export function planePlace({ origin, capacity }: History, index: number): number {
  return origin + index * capacity;
}

export function timeAt({ planes, origin }: History, index: number): number {
  return planes[origin + index] ?? 0;
}

/** The time of the latest event; less than any of a history that is empty. */
export function latestAt(history: History): number {
  return history.end === history.start ? -Infinity : timeAt(history, history.end - 1);
}

/** The first event that is newer than a bound, looked for from where it was before. */
export function locate(history: History, hint: number, bound: number): number {
  const { start, end, planes, origin } = history;
  let at = hint < start ? start : Math.min(hint, end);
  if (at > start && (planes[origin + at - 1] ?? 0) > bound) {
    let low = start;
    while (low < at) {
      const middle = (low + at) >>> 1;
      if ((planes[origin + middle] ?? 0) > bound) at = middle;
      else low = middle + 1;
    }
    return at;
  }
  while (at < end && (planes[origin + at] ?? 0) <= bound) at += 1;
  return at;
}

/**
 * Where an event belongs in the total order, or, if it is there already, the complement (~) of
 * where it is. Those with the same time are put in the order of their ids, by bytes.
 */
export function positionOf(history: History, at: number, id: string): number {
  const { end, ids } = history;
  if (at > latestAt(history)) return end;
  let position = locate(history, end, at);
  while (position > history.start && timeAt(history, position - 1) === at) {
    const other = ids[position - 1 - (end - ids.length)];
    if (other === id) return ~(position - 1);
    if (other === undefined || isLess(other, id)) break;
    position -= 1;
  }
  return position;
}

function isLess(one: string, two: string): boolean {
  return Buffer.compare(Buffer.from(one), Buffer.from(two)) < 0;
}

/** How a history lies in its chunk, and where it gets a larger one. */
export interface Room {
  readonly layout: Layout;
  readonly chunks: Chunks;
}

/** Puts an event where it belongs; those after it move up. */
export function insert(
  history: History,
  { layout, chunks }: Room,
  position: number,
  slot: Slot,
): void {
  let target = position;
  if (history.end === history.capacity) target -= makeRoom(history, layout, chunks);
  const { end, capacity, planes, origin, ids } = history;
  const isLatest = target === end;
  if (isLatest) keepSorted(history, layout, slot.amount);
  else {
    cutWindows(history, target);
    movePlanes(history, layout, { from: target, to: target + 1 });
  }
  history.end = end + 1;
  const place = origin + target;
  planes[place] = slot.at;
  for (let extra = 0; extra < slot.extras.length; extra += 1) {
    planes[place + (layout.extraPlane + extra) * capacity] = slot.extras[extra] ?? 0;
  }
  if (layout.hasAmounts) {
    planes[place + plane.amounts * capacity] = slot.amount;
    runSums(history, target);
  }
  if (isLatest) ids.push(slot.id);
  else {
    ids.splice(target - (end - ids.length), 0, slot.id);
    sortAgain(history, layout);
  }
  // Only now and then: to find which are still needed costs more than to hold a few more.
  if (ids.length >= IDS_FEW && (ids.length & (ids.length - 1)) === 0) dropIds(history, layout);
}

/** Takes the event at a position out; those after it move down. */
export function remove(history: History, layout: Layout, position: number): void {
  const { end, planes, ids } = history;
  if (layout.fraudPlane !== undefined) {
    const knownAt = planes[planePlace(history, layout.fraudPlane) + position] ?? Infinity;
    takeFraud(history, timeAt(history, position), knownAt);
  }
  cutWindows(history, position);
  movePlanes(history, layout, { from: position + 1, to: position });
  history.end = end - 1;
  if (layout.hasAmounts) runSums(history, position);
  ids.splice(position - (end - ids.length), 1);
  sortAgain(history, layout);
}

/** Moves the events from one place on to another. */
function movePlanes(
  history: History,
  layout: Layout,
  { from, to }: { readonly from: number; readonly to: number },
): void {
  const { planes, end } = history;
  for (let index = 0; index < layout.planes; index += 1) {
    const first = planePlace(history, index);
    planes.copyWithin(first + to, first + from, first + end);
  }
}

/** Takes one of the frauds out that are at a time and were known by another, if there is one. */
export function takeFraud(history: History, at: number, knownAt: number): void {
  const { frauds } = history;
  const place = frauds.findIndex((fraud) => fraud.at === at && fraud.knownAt === knownAt);
  if (place !== -1) history.frauds = frauds.toSpliced(place, 1);
}

function runSums(history: History, from: number): void {
  const { planes, end } = history;
  const amounts = planePlace(history, plane.amounts);
  const sums = planePlace(history, plane.sums);
  let sum = from > 0 ? (planes[sums + from - 1] ?? 0) : 0;
  for (let at = from; at < end; at += 1) {
    sum += planes[amounts + at] ?? 0;
    planes[sums + at] = sum;
  }
  assert(sum <= Number.MAX_SAFE_INTEGER, 'the sum of the amounts of a key is exact');
}

function dropIds(history: History, layout: Layout): void {
  const needed = idsNeeded(history, layout, settledAt(history, layout));
  history.ids.splice(0, history.ids.length - needed);
}

/** How many ids, of the latest events, are needed where the latest event is at a time. */
export function idsNeeded(history: History, { lateUs }: Layout, latest: number): number {
  const { ids, end } = history;
  const needed = end - firstFrom(history, latest - lateUs);
  return Math.min(ids.length, Math.max(1, needed));
}

function keepSorted(history: History, layout: Layout, value: number): void {
  const { start, end, planes } = history;
  const { sortedSizes } = layout;
  for (let which = 0; which < sortedSizes.length; which += 1) {
    const size = sortedSizes[which] ?? 0;
    const from = sortedPlace(history, layout, which);
    const count = Math.min(size, end - start);
    if (count === size) {
      const out = planes[planePlace(history, plane.amounts) + end - size] ?? 0;
      replaceSorted(planes, size, { out, value }, from);
    } else insertSorted(planes, count, value, from);
  }
}

/** The latest amounts before a position, in ascending order. */
export function sortedBefore(history: History, position: number, size: number): Float64Array {
  const { start, planes } = history;
  const amounts = planePlace(history, plane.amounts);
  return planes.slice(amounts + Math.max(start, position - size), amounts + position).sort();
}

function sortAgain(history: History, layout: Layout): void {
  for (const [which, size] of layout.sortedSizes.entries()) {
    const place = sortedPlace(history, layout, which);
    history.planes.set(sortedBefore(history, history.end, size), place);
  }
}

/** The first of the events that are needed where the latest event is at a time. */
export function firstNeeded(history: History, layout: Layout, latest: number): number {
  let first = history.end;
  for (const need of layout.needs) {
    first = Math.min(first, locate(history, history.end, latest - need.offsetUs) - need.latest);
  }
  return Math.max(first, history.start, history.end - limits.fraudKeyEventsMax.value);
}

/**
 * The time of the latest event that cannot be taken out any more, because it is further back than
 * an event may come late. What it needs is kept for when all after it are taken out; nothing older
 * can be asked for. Less than any time where there is no such event.
 */
export function settledAt(history: History, { lateUs }: Layout): number {
  const after = firstFrom(history, latestAt(history) - lateUs);
  return after === history.start ? -Infinity : timeAt(history, after - 1);
}

/** The first event at or after a time. */
function firstFrom(history: History, at: number): number {
  return locate(history, history.end, at - 1);
}

/** Lets go of what nothing can ask for any more. */
function prune(history: History, layout: Layout): void {
  const start = firstNeeded(history, layout, settledAt(history, layout));
  history.start = start;
  const { frauds } = history;
  const oldest = timeAt(history, start);
  const kept = frauds.findIndex(({ at }) => at >= oldest);
  if (kept !== 0) history.frauds = kept === -1 ? noFrauds : frauds.slice(kept);
}

/** Answers by how many places the events moved down. */
function makeRoom(history: History, layout: Layout, chunks: Chunks): number {
  prune(history, layout);
  // The places change; what was followed of them is found again within a window's walk.
  history.windows = undefined;
  const { start, end, planes, capacity, base } = history;
  for (let bound = base; bound < base + layout.bounds; bound += 1) {
    planes[bound] = Math.max(0, (planes[bound] ?? 0) - start);
  }
  if (end - start > FULL_SHARE * capacity) widen(history, layout, chunks);
  else movePlanes(history, layout, { from: start, to: 0 });
  history.start = 0;
  history.end = end - start;
  if (layout.hasAmounts) runSums(history, 0);
  return start;
}

function widen(history: History, layout: Layout, chunks: Chunks): void {
  const before = { ...history };
  const { start, end, planes, base, order } = before;
  move(history, layout, takeChunk(chunks, order + 1));
  history.planes.set(planes.subarray(base, base + layout.bounds), history.base);
  for (let index = 0; index < layout.planes; index += 1) {
    const from = planePlace(before, index);
    history.planes.set(planes.subarray(from + start, from + end), planePlace(history, index));
  }
  for (const [which, size] of layout.sortedSizes.entries()) {
    const from = sortedPlace(before, layout, which);
    const run = planes.subarray(from, from + Math.min(size, before.capacity));
    history.planes.set(run, sortedPlace(history, layout, which));
  }
  giveChunk(chunks, before);
}

function move(history: History, layout: Layout, chunk: Chunk): void {
  history.planes = chunk.values;
  history.slab = chunk.slab;
  history.base = chunk.base;
  history.order = chunk.order;
  history.origin = chunk.base + layout.bounds;
  history.capacity = layout.capacities[chunk.order] ?? 0;
}

/** Gives a history that is empty room for so many events. */
export function widenTo(history: History, layout: Layout, chunks: Chunks, count: number): void {
  if (count <= history.capacity) return;
  giveChunk(chunks, history);
  move(history, layout, takeChunk(chunks, orderFor(roomFor(layout, count))));
}

/** All that follows from the events is worked out anew: after they were read from a snapshot. */
export function rebuild(history: History, layout: Layout): void {
  if (layout.hasAmounts) runSums(history, history.start);
  sortAgain(history, layout);
  if (layout.fraudPlane === undefined) return;
  const from = planePlace(history, layout.fraudPlane);
  const frauds: KnownFraud[] = [];
  for (let at = history.start; at < history.end; at += 1) {
    const knownAt = history.planes[from + at] ?? Infinity;
    if (knownAt < Infinity) frauds.push({ at: timeAt(history, at), knownAt });
  }
  if (frauds.length > 0) history.frauds = frauds;
}
