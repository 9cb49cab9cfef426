// Owns how a history is looked at from one event: everything before the event in the total order,
// and the event itself beside it, not in it. So the same look serves an event that is folded in
// after, one that is only asked about, and one that comes late.

import { limits } from '#config';
import {
  type History,
  type KnownLabel,
  type Layout,
  locate,
  plane,
  planePlace,
  sortedBefore,
  sortedPlace,
  timeAt,
} from './history.ts';

export interface View {
  history: History;
  at: number;
  amount: number;
  /** Events from `start` up to, but without, `position` came before. */
  start: number;
  position: number;
  /** For each bound the first event newer than it. */
  readonly cuts: Int32Array;
  /** For each size the latest amounts, ascending, and where in the array they are. */
  readonly sorted: { amounts: Float64Array; from: number; count: number }[];
  /** For each other kind whose different keys are counted, the hash of this event's; or NaN. */
  readonly others: Float64Array;
}

const WALK_MAX = limits.fraudWalkMax.value;
const EVENTS_MAX = limits.fraudKeyEventsMax.value;

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
    sorted: Array.from({ length: sorted }, () => ({
      amounts: history.planes,
      from: 0,
      count: 0,
    })),
    others: new Float64Array(others),
  };
}

interface Looks {
  readonly layout: Layout;
  /** How far back each bound is, microseconds. */
  readonly offsets: Float64Array;
}

/** Turns a view to a history, at the position where an event belongs. */
export function look(view: View, history: History, position: number, looks: Looks): void {
  const { cuts, at } = view;
  const { planes, base } = history;
  const { offsets, layout } = looks;
  view.history = history;
  view.position = position;
  view.start = Math.max(history.start, position - EVENTS_MAX);
  for (let bound = 0; bound < cuts.length; bound += 1) {
    const cut = locate(history, planes[base + bound] ?? 0, at - (offsets[bound] ?? 0));
    planes[base + bound] = cut;
    cuts[bound] = Math.min(Math.max(cut, view.start), position);
  }
  if (layout.sortedSizes.length > 0) lookAtSorted(view, layout);
}

function lookAtSorted(view: View, layout: Layout): void {
  const { history, position, sorted } = view;
  const { start, end, planes } = history;
  for (let which = 0; which < sorted.length; which += 1) {
    const seen = sorted[which];
    if (seen === undefined) continue;
    const size = layout.sortedSizes[which] ?? 0;
    const isLatest = position === end;
    seen.amounts = isLatest ? planes : sortedBefore(history, position, size);
    seen.from = isLatest ? sortedPlace(history, layout, which) : 0;
    seen.count = Math.min(size, position - start);
  }
}

export function sumBetween({ history }: View, from: number, to: number): number {
  if (from >= to) return 0;
  const { planes } = history;
  const sums = planePlace(history, plane.sums);
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
