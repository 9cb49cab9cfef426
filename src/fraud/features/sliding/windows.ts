// Owns the windows that are followed in one history, those of many events only: few keys have any,
// and a short walk is quicker than to look elsewhere in memory. They follow from the events alone:
// none is in a snapshot, and they are made again when they are next looked at.

import { type Columns, cutDistinct, type DistinctWindow, openDistinctWindow } from './distinct.ts';
import { cutExtreme, type ExtremeWindow, openExtremeWindow } from './extreme.ts';

/** A window of no more events than this is walked through for different keys. */
export const WALKED_MAX = 64;
/** For an extreme, of which a step costs less; and what has a spread is walked through anyway. */
export const EXTREME_WALKED_MAX = 192;

/** By the numbers that the features were given. */
export interface Windows {
  readonly distinct: (DistinctWindow | undefined)[];
  readonly extremes: (ExtremeWindow | undefined)[];
}

interface Followed extends Columns {
  windows: Windows | undefined;
}

export function distinctWindow(history: Followed, which: number, plane: number): DistinctWindow {
  const { distinct } = windowsOf(history);
  return (distinct[which] ??= openDistinctWindow(plane));
}

export function extremeWindow(
  history: Followed,
  which: number,
  plane: number,
  extreme: 'min' | 'max',
): ExtremeWindow {
  const { extremes } = windowsOf(history);
  return (extremes[which] ??= openExtremeWindow(plane, extreme));
}

/** Before the events from a place on are moved: only what was before them is held to be known. */
export function cutWindows(history: Followed, place: number): void {
  const { windows } = history;
  if (windows === undefined) return;
  for (const window of windows.distinct) {
    if (window !== undefined) cutDistinct(window, history, place);
  }
  for (const window of windows.extremes) if (window !== undefined) cutExtreme(window, place);
}

function windowsOf(history: Followed): Windows {
  return (history.windows ??= { distinct: [], extremes: [] });
}
