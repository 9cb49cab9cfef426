// Owns the order of what is fed: as the rows of a table are ordered, and cut where a day ends.

import { instantOf, startOfDay, type Instant } from '#kernel';

/** Rows of one day. */
export interface DayRows {
  readonly first: Instant;
  readonly last: Instant;
  /** In their order; undefined where that is how they came, all of them. */
  readonly places: Uint32Array | undefined;
}

/** Ids are of ASCII, so that their characters are in the order of their bytes. */
export function daysOfRows(times: Float64Array, ids: readonly string[]): DayRows[] {
  const compare = (one: number, other: number): number => {
    const difference = (times[one] ?? 0) - (times[other] ?? 0);
    if (difference !== 0) return difference;
    return (ids[one] ?? '') < (ids[other] ?? '') ? -1 : 1;
  };
  const places = ids.map((_, at) => at);
  const isInOrder = places.every((at) => at === 0 || compare(at - 1, at) < 0);
  // Rows come in runs that are in order, which this sort takes as they are.
  if (!isInOrder) places.sort(compare);
  const days: DayRows[] = [];
  for (let from = 0; from < places.length;) {
    const first = timeAt(times, places[from]);
    const day = startOfDay(first);
    let until = from + 1;
    while (until < places.length && startOfDay(timeAt(times, places[until])) === day) until += 1;
    const isWhole = isInOrder && until - from === places.length;
    const rows = isWhole ? undefined : Uint32Array.from(places.slice(from, until));
    days.push({ first, last: timeAt(times, places[until - 1]), places: rows });
    from = until;
  }
  return days;
}

function timeAt(times: Float64Array, place = 0): Instant {
  return instantOf(times[place] ?? 0) ?? (0 as Instant);
}

export function areSameRows(one: DayRows, other: DayRows): boolean {
  const [places, others] = [one.places, other.places];
  if (places === undefined || others === undefined) return places === others;
  return places.length === others.length && places.every((place, at) => place === others[at]);
}
