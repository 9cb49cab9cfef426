// Owns where the least or the greatest amount is in a window that slides over the events of a
// history: as long as that event is in the window, only what came in besides is looked at.

import type { Columns } from './distinct.ts';

export interface ExtremeWindow {
  /** The plane of the amounts. */
  readonly plane: number;
  /** 1 where the greatest is looked for, -1 where it is the least. */
  readonly sign: 1 | -1;
  /** The events that were looked at. */
  from: number;
  to: number;
  /** The one with the extreme amount; -1 where it is not known. */
  place: number;
}

export function openExtremeWindow(plane: number, extreme: 'min' | 'max'): ExtremeWindow {
  return { plane, sign: extreme === 'max' ? 1 : -1, from: 0, to: 0, place: -1 };
}

/** The extreme amount of the events from one place to another, of which there is at least one. */
export function extremeIn(
  window: ExtremeWindow,
  columns: Columns,
  from: number,
  to: number,
): number {
  if (window.place < from || window.place >= to) {
    window.place = from;
    window.from = from;
    window.to = from;
  }
  if (from < window.from) compare(window, columns, from, window.from);
  if (window.to < to) compare(window, columns, window.to, to);
  window.from = from;
  window.to = to;
  const { planes, origin, capacity } = columns;
  return planes[origin + window.plane * capacity + window.place] ?? NaN;
}

/** Forgets of the events from a place on, which will not be the same any more. */
export function cutExtreme(window: ExtremeWindow, place: number): void {
  if (window.place >= place) window.place = -1;
  window.to = Math.min(window.to, place);
}

/** Of equals the latest is taken, which stays longest in the window. */
function compare(
  window: ExtremeWindow,
  { planes, origin, capacity }: Columns,
  from: number,
  to: number,
): void {
  const { plane, sign } = window;
  const base = origin + plane * capacity;
  let { place } = window;
  let most = sign * (planes[base + place] ?? 0);
  for (let at = from; at < to; at += 1) {
    const amount = sign * (planes[base + at] ?? 0);
    if (amount < most || (amount === most && at < place)) continue;
    most = amount;
    place = at;
  }
  window.place = place;
}
