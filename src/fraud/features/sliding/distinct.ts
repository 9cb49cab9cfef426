// Owns how many different keys there are in a window that slides over the events of a history: what
// comes in and what goes out is counted, so that a busy key costs no more than one that is not. The
// window moves either way, so that an event that comes late costs no walk either.

/** The planes of a history. */
export interface Columns {
  readonly planes: Float64Array;
  /** Where the first of them begins, and how far apart they are. */
  readonly origin: number;
  readonly capacity: number;
}

export interface DistinctWindow {
  /** The plane of the hashes. */
  readonly plane: number;
  /** The events that are counted. */
  from: number;
  to: number;
  /** How many different hashes they have. */
  count: number;
  /**
   * A table of hashes and how often each is there, 0 where its place is free: at least two places
   * for every event, so that what is looked for is soon found.
   */
  hashes: Float64Array;
  times: Uint32Array;
}

const FIRST_PLACES = 256;

export function openDistinctWindow(plane: number): DistinctWindow {
  const hashes = new Float64Array(FIRST_PLACES);
  const times = new Uint32Array(FIRST_PLACES);
  return { plane, from: 0, to: 0, count: 0, hashes, times };
}

/** Moves the window to other events, or counts anew where that is less to do. */
export function slideDistinct(
  window: DistinctWindow,
  { planes, origin, capacity }: Columns,
  from: number,
  to: number,
): void {
  const base = origin + window.plane * capacity;
  const moves = Math.abs(from - window.from) + Math.abs(to - window.to);
  if (moves > to - from || 2 * (to - from) > window.times.length) {
    clear(window, to - from);
    window.from = from;
    window.to = from;
  }
  // What goes out goes first, so that there is room in the table for what comes in.
  while (window.from < from) remove(window, planes[base + window.from++] ?? NaN);
  while (window.to > to) remove(window, planes[base + --window.to] ?? NaN);
  while (window.from > from) add(window, planes[base + --window.from] ?? NaN);
  while (window.to < to) add(window, planes[base + window.to++] ?? NaN);
}

/** Lets go of the events from a place on, which will not be the same any more. */
export function cutDistinct(window: DistinctWindow, columns: Columns, place: number): void {
  if (place >= window.to) return;
  slideDistinct(window, columns, Math.min(window.from, place), place);
}

/** Whether an event of the window has a hash. */
export function hasDistinct({ hashes, times }: DistinctWindow, hash: number): boolean {
  return (times[placeOf(hashes, times, hash)] ?? 0) > 0;
}

/** Begins anew, with room for so many events. */
function clear(window: DistinctWindow, size: number): void {
  window.count = 0;
  if (2 * size <= window.times.length) {
    window.times.fill(0);
    return;
  }
  const places = placesFor(size);
  window.hashes = new Float64Array(places);
  window.times = new Uint32Array(places);
}

function placesFor(size: number): number {
  let places = FIRST_PLACES;
  while (places < 2 * size) places *= 2;
  return places;
}

/** What a window of so many events takes of memory. */
export function distinctBytes(size: number): number {
  return placesFor(size) * (Float64Array.BYTES_PER_ELEMENT + Uint32Array.BYTES_PER_ELEMENT);
}

/** Where a hash is, or the free place where it would be. */
function placeOf(hashes: Float64Array, times: Uint32Array, hash: number): number {
  const mask = times.length - 1;
  let place = (hash >>> 0) & mask;
  while ((times[place] ?? 0) > 0 && hashes[place] !== hash) place = (place + 1) & mask;
  return place;
}

function add(window: DistinctWindow, hash: number): void {
  if (Number.isNaN(hash)) return;
  const { hashes, times } = window;
  const place = placeOf(hashes, times, hash);
  const before = times[place] ?? 0;
  times[place] = before + 1;
  if (before > 0) return;
  hashes[place] = hash;
  window.count += 1;
}

function remove(window: DistinctWindow, hash: number): void {
  if (Number.isNaN(hash)) return;
  const { hashes, times } = window;
  const place = placeOf(hashes, times, hash);
  const left = (times[place] ?? 0) - 1;
  times[place] = left;
  if (left > 0) return;
  window.count -= 1;
  closeGap(hashes, times, place);
}

/** Moves those behind a place that came free up, so that each is found from its own place on. */
function closeGap(hashes: Float64Array, times: Uint32Array, free: number): void {
  const mask = times.length - 1;
  let gap = free;
  for (let place = (gap + 1) & mask; (times[place] ?? 0) > 0; place = (place + 1) & mask) {
    const hash = hashes[place] ?? NaN;
    const own = (hash >>> 0) & mask;
    if (((place - own) & mask) < ((place - gap) & mask)) continue;
    hashes[gap] = hash;
    times[gap] = times[place] ?? 0;
    times[place] = 0;
    gap = place;
  }
}
