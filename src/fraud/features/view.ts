// Owns how a history is looked at from one event: everything before the event in the total order,
// and the event itself beside it, not in it. So the same look serves an event that is folded in
// after, one that is only asked about, and one that comes late.

import { limits } from '#config';
import { type History, type KnownLabel, locate, plane, sortedBefore, timeAt } from './history.ts';

export interface View {
  history: History;
  at: number;
  amount: number;
  /** Events from `start` up to, but without, `position` came before. */
  start: number;
  position: number;
  /** For each bound the first event newer than it. */
  readonly cuts: Int32Array;
  /** For each size the latest amounts, ascending, and how many there are. */
  readonly sorted: Float64Array[];
  readonly sortedCounts: Int32Array;
  /** For each other kind whose different keys are counted, the hash of this event's; or NaN. */
  readonly others: Float64Array;
}

const WALK_MAX = limits.fraudWalkMax.value;

export function openView(
  history: History,
  { bounds, sorted, others }: Record<'bounds' | 'sorted' | 'others', number>,
): View {
  return {
    history,
    at: 0,
    amount: 0,
    start: 0,
    position: 0,
    cuts: new Int32Array(bounds),
    sorted: Array.from({ length: sorted }, () => new Float64Array(0)),
    sortedCounts: new Int32Array(sorted),
    others: new Float64Array(others),
  };
}

interface Looks {
  /** How far back each bound is, microseconds. */
  readonly offsets: Float64Array;
  readonly sortedSizes: readonly number[];
}

/** Turns a view to a history, at the position where an event belongs. */
export function look(view: View, history: History, position: number, looks: Looks): void {
  const { cuts, at } = view;
  const { end, hints } = history;
  view.history = history;
  view.position = position;
  view.start = Math.max(history.start, position - limits.fraudKeyEventsMax.value);
  for (let bound = 0; bound < cuts.length; bound += 1) {
    const cut = locate(history, hints[bound] ?? 0, at - (looks.offsets[bound] ?? 0));
    hints[bound] = cut;
    cuts[bound] = Math.min(Math.max(cut, view.start), position);
  }
  const { sortedSizes } = looks;
  for (let which = 0; which < sortedSizes.length; which += 1) {
    const size = sortedSizes[which] ?? 0;
    const isLatest = position === end;
    const sorted = isLatest ? history.sorted[which] : sortedBefore(history, position, size);
    if (sorted !== undefined) view.sorted[which] = sorted;
    view.sortedCounts[which] = Math.min(size, position - history.start);
  }
}

export function sumBetween({ history }: View, from: number, to: number): number {
  if (from >= to) return 0;
  const { planes, capacity } = history;
  const sums = plane.sums * capacity;
  const before = from === 0 ? 0 : (planes[sums + from - 1] ?? 0);
  return (planes[sums + to - 1] ?? 0) - before;
}

/** Where to begin to walk over the events of a window: no more than the latest are looked at. */
export function walkFrom(from: number, to: number): number {
  return Math.max(from, to - WALK_MAX);
}

/** Of the events from one place to another, those known by the time of the view to be fraud. */
export function fraudsBetween(view: View, from: number, to: number): number {
  const { history, at } = view;
  const { frauds } = history;
  if (frauds.length === 0 || from >= to) return 0;
  const above = from > history.start ? timeAt(history, from - 1) : -Infinity;
  const upTo = timeAt(history, to - 1);
  let count = 0;
  for (let index = frauds.length - 1; index >= 0; index -= 1) {
    const fraud = frauds[index];
    if (fraud === undefined || fraud.at <= above) break;
    if (fraud.at <= upTo && fraud.knownAt <= at) count += 1;
  }
  return count;
}

/** How many labels were known by a time. */
export function labelsBy(labels: readonly KnownLabel[], at: number): number {
  let low = 0;
  let high = labels.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((labels[middle]?.knownAt ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}
