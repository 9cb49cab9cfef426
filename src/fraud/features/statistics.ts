// Owns the arithmetic of features over a run of amounts, in one order of operations, so that the
// same amounts give the same bits whoever asks. Amounts are minor units and their sums exact.

/**
 * The quantile of `count` numbers in ascending order, between neighbours in proportion; NaN of
 * none. They are the first of the array, unless it is said where they begin.
 */
export function quantileOf(sorted: Float64Array, count: number, share: number, from = 0): number {
  if (count === 0) return NaN;
  const place = (count - 1) * share;
  const below = Math.floor(place);
  const low = sorted[from + below] ?? 0;
  const high = sorted[from + Math.min(below + 1, count - 1)] ?? 0;
  return low + (high - low) * (place - below);
}

/** Puts a number among `count` others in ascending order; there is room behind them. */
export function insertSorted(sorted: Float64Array, count: number, value: number, from = 0): void {
  const place = placeOf(sorted, from, count, value);
  for (let at = from + count; at > place; at -= 1) sorted[at] = sorted[at - 1] ?? 0;
  sorted[place] = value;
}

/** Takes one of `count` numbers in ascending order out and puts another in. */
export function replaceSorted(
  sorted: Float64Array,
  count: number,
  { out, value }: { readonly out: number; readonly value: number },
  from = 0,
): void {
  const last = from + count - 1;
  let place = placeOf(sorted, from, count, out);
  if (value >= out) {
    while (place < last && (sorted[place + 1] ?? 0) < value) {
      sorted[place] = sorted[place + 1] ?? 0;
      place += 1;
    }
  } else {
    while (place > from && (sorted[place - 1] ?? 0) > value) {
      sorted[place] = sorted[place - 1] ?? 0;
      place -= 1;
    }
  }
  sorted[place] = value;
}

/** Where the first number is that is not less. */
function placeOf(sorted: Float64Array, from: number, count: number, value: number): number {
  let low = from;
  let high = from + count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The greatest of amounts[from] up to, but without, amounts[to]; NaN of none. */
export function maxOf(amounts: Float64Array, from: number, to: number): number {
  let most = NaN;
  for (let at = from; at < to; at += 1) {
    const amount = amounts[at] ?? 0;
    if (!(amount <= most)) most = amount;
  }
  return most;
}

/** The least of amounts[from] up to, but without, amounts[to]; NaN of none. */
export function minOf(amounts: Float64Array, from: number, to: number): number {
  let least = NaN;
  for (let at = from; at < to; at += 1) {
    const amount = amounts[at] ?? 0;
    if (!(amount >= least)) least = amount;
  }
  return least;
}

/** Standard deviations above the mean of a run of amounts; NaN of fewer than two, or all alike. */
export function zScoreOf(
  amounts: Float64Array,
  { from, to, sum }: { readonly from: number; readonly to: number; readonly sum: number },
  amount: number,
): number {
  const count = to - from;
  if (count < 2) return NaN;
  const mean = sum / count;
  let squares = 0;
  for (let at = from; at < to; at += 1) {
    const distance = (amounts[at] ?? 0) - mean;
    squares += distance * distance;
  }
  return squares === 0 ? NaN : (amount - mean) / Math.sqrt(squares / count);
}

/** Counts how many different whole numbers of a list there are. */
export interface DistinctCounter {
  /** Begins anew. */
  clear(): void;
  /** A number that is missing (NaN) does not count. */
  add(value: number): void;
  readonly count: number;
}

/**
 * For at most so many numbers at once. A table of numbers rather than a set of objects: it is
 * quicker, and allocates nothing.
 */
export function openDistinctCounter(countMax: number): DistinctCounter {
  let size = 2;
  while (size < 2 * countMax) size *= 2;
  const values = new Float64Array(size);
  // A place is taken where it has the mark of now, so that nothing need be wiped.
  const marks = new Float64Array(size);
  let mark = 0;
  let count = 0;
  return {
    clear() {
      mark += 1;
      count = 0;
    },
    add(value) {
      if (Number.isNaN(value)) return;
      let place = (value >>> 0) & (size - 1);
      while (marks[place] === mark) {
        if (values[place] === value) return;
        place = (place + 1) & (size - 1);
      }
      marks[place] = mark;
      values[place] = value;
      count += 1;
    },
    get count() {
      return count;
    },
  };
}
