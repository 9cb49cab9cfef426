// Owns what is kept of one key: its events in their total order, in planes of one typed array,
// oldest first. Everything else that is held here follows from those and is only there to be quick.

import { limits } from '#config';
import { assert } from '#kernel';
import { insertSorted, replaceSorted } from './statistics.ts';

/** The planes that every history has; sums run from the first place, itself included. */
export const plane = { times: 0, amounts: 1, sums: 2 } as const;
const PLANES = 3;

export interface Layout {
  readonly planes: number;
  /** Hashes of the ids of events, and when they were known to be fraud: where labels are used. */
  readonly idPlane: number | undefined;
  readonly fraudPlane: number | undefined;
  /** How many bounds of windows are followed. */
  readonly bounds: number;
  /** The sizes of the runs of latest amounts that are kept in order. */
  readonly sortedSizes: readonly number[];
  /** Events needed: those newer than this, relative to the latest, and so many before. */
  readonly needs: readonly { readonly offsetUs: number; readonly latest: number }[];
  readonly lateUs: number;
}

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

export interface History {
  readonly kind: number;
  readonly key: string;
  planes: Float64Array;
  capacity: number;
  start: number;
  end: number;
  /** Where each bound was found last; only a hint. */
  readonly hints: Int32Array;
  readonly sorted: Float64Array[];
  /** Of the latest events, which one that is late may have to be put between. */
  readonly ids: string[];
  readonly frauds: KnownFraud[];
  /** In order of when they became known. */
  readonly labels: KnownLabel[];
  /** The number of the latest event, and what that was when the key was queued. */
  used: number;
  queued: number;
}

const FIRST_CAPACITY = 8;
const FIRST_SORTED = 16;

export function openHistory(layout: Layout, kind: number, key: string): History {
  return {
    kind,
    key,
    planes: new Float64Array(layout.planes * FIRST_CAPACITY),
    capacity: FIRST_CAPACITY,
    start: 0,
    end: 0,
    hints: new Int32Array(layout.bounds),
    sorted: layout.sortedSizes.map((size) => new Float64Array(Math.min(size, FIRST_SORTED))),
    ids: [],
    frauds: [],
    labels: [],
    used: 0,
    queued: 0,
  };
}

export const firstPlane = PLANES;

export function timeAt({ planes }: History, index: number): number {
  return planes[index] ?? 0;
}

/** The time of the latest event; less than any of a history that is empty. */
export function latestAt(history: History): number {
  return history.end === history.start ? -Infinity : timeAt(history, history.end - 1);
}

/** The first event that is newer than a bound, looked for from where it was before. */
export function locate(history: History, hint: number, bound: number): number {
  const { start, end, planes } = history;
  let at = hint < start ? start : Math.min(hint, end);
  if (at > start && (planes[at - 1] ?? 0) > bound) {
    let low = start;
    while (low < at) {
      const middle = (low + at) >>> 1;
      if ((planes[middle] ?? 0) > bound) at = middle;
      else low = middle + 1;
    }
    return at;
  }
  while (at < end && (planes[at] ?? 0) <= bound) at += 1;
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

/** Puts an event where it belongs; those after it move up. */
export function insert(history: History, layout: Layout, position: number, slot: Slot): void {
  let target = position;
  if (history.end === history.capacity) target -= makeRoom(history, layout);
  const { end, capacity, planes, ids } = history;
  if (target === end) keepSorted(history, layout, slot.amount);
  else {
    for (let from = 0; from < planes.length; from += capacity) {
      planes.copyWithin(from + target + 1, from + target, from + end);
    }
  }
  history.end = end + 1;
  planes[target] = slot.at;
  planes[capacity + target] = slot.amount;
  for (let extra = 0; extra < slot.extras.length; extra += 1) {
    planes[(PLANES + extra) * capacity + target] = slot.extras[extra] ?? 0;
  }
  runSums(history, target);
  if (target === end) ids.push(slot.id);
  else {
    ids.splice(target - (end - ids.length), 0, slot.id);
    for (let size = 0; size < layout.sortedSizes.length; size += 1)
      sortAgain(history, layout, size);
  }
  dropIds(history, layout);
}

function runSums({ planes, capacity, end }: History, from: number): void {
  const sums = plane.sums * capacity;
  let sum = from > 0 ? (planes[sums + from - 1] ?? 0) : 0;
  for (let at = from; at < end; at += 1) {
    sum += planes[capacity + at] ?? 0;
    planes[sums + at] = sum;
  }
  assert(sum <= Number.MAX_SAFE_INTEGER, 'the sum of the amounts of a key is exact');
}

function dropIds(history: History, { lateUs }: Layout): void {
  const { ids, end } = history;
  const bound = latestAt(history) - lateUs;
  let drop = 0;
  while (drop < ids.length - 1 && timeAt(history, end - ids.length + drop) < bound) drop += 1;
  if (drop === 1) ids.shift();
  else if (drop > 1) ids.splice(0, drop);
}

function keepSorted(history: History, layout: Layout, value: number): void {
  const { start, end, planes, capacity, sorted } = history;
  for (let which = 0; which < sorted.length; which += 1) {
    const size = layout.sortedSizes[which] ?? 0;
    const count = Math.min(size, end - start);
    let amounts = sorted[which];
    if (amounts === undefined) continue;
    if (count === size) {
      const out = planes[capacity + end - size] ?? 0;
      replaceSorted(amounts, size, { out, value });
      continue;
    }
    if (count === amounts.length) {
      const wider = new Float64Array(Math.min(size, 2 * count));
      wider.set(amounts);
      sorted[which] = wider;
      amounts = wider;
    }
    insertSorted(amounts, count, value);
  }
}

/** The latest amounts before a position, in ascending order. */
export function sortedBefore(history: History, position: number, size: number): Float64Array {
  const { start, capacity, planes } = history;
  const from = Math.max(start, position - size);
  return planes.slice(capacity + from, capacity + position).sort();
}

function sortAgain(history: History, layout: Layout, which: number): void {
  const size = layout.sortedSizes[which] ?? 0;
  const sorted = sortedBefore(history, history.end, size);
  const room = new Float64Array(Math.min(size, Math.max(FIRST_SORTED, 2 * sorted.length)));
  room.set(sorted);
  history.sorted[which] = room;
}

/** Lets go of what nothing can ask for any more. */
export function prune(history: History, layout: Layout): void {
  const latest = latestAt(history);
  let start = history.end;
  for (const need of layout.needs) {
    start = Math.min(start, locate(history, history.end, latest - need.offsetUs) - need.latest);
  }
  start = Math.max(start, history.start, history.end - limits.fraudKeyEventsMax.value);
  history.start = start;
  const { frauds } = history;
  const oldest = timeAt(history, start);
  const kept = frauds.findIndex(({ at }) => at >= oldest);
  frauds.splice(0, kept === -1 ? frauds.length : kept);
}

/** Answers by how many places the events moved down. */
function makeRoom(history: History, layout: Layout): number {
  prune(history, layout);
  const { start, end, planes, hints, capacity } = history;
  const count = end - start;
  const wanted = count > capacity / 2 ? 2 * capacity : capacity;
  const room = wanted === capacity ? planes : new Float64Array(layout.planes * wanted);
  for (let index = 0; index < layout.planes; index += 1) {
    const from = index * capacity;
    if (room === planes) planes.copyWithin(from, from + start, from + end);
    else room.set(planes.subarray(from + start, from + end), index * wanted);
  }
  for (let bound = 0; bound < hints.length; bound += 1) {
    hints[bound] = Math.max(0, (hints[bound] ?? 0) - start);
  }
  history.planes = room;
  history.capacity = wanted;
  history.start = 0;
  history.end = count;
  runSums(history, 0);
  return start;
}

/** All that follows from the events is worked out anew: after they were read from a snapshot. */
export function rebuild(history: History, layout: Layout): void {
  runSums(history, history.start);
  for (let size = 0; size < layout.sortedSizes.length; size += 1) sortAgain(history, layout, size);
  if (layout.fraudPlane === undefined) return;
  const from = layout.fraudPlane * history.capacity;
  for (let at = history.start; at < history.end; at += 1) {
    const knownAt = history.planes[from + at] ?? Infinity;
    if (knownAt < Infinity) history.frauds.push({ at: timeAt(history, at), knownAt });
  }
}
