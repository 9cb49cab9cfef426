// Owns the bins that drift is counted in: about equal shares of the reference rows, what is below
// and above all of them, and what is not known. They are fixed by the reference and never move
// after.

export interface Bins {
  /** Of the known values of the reference; 0 if there are none. */
  readonly lowest: number;
  readonly highest: number;
  /** Ascending; a value that equals a cut is in the bin that ends there. */
  readonly cuts: readonly number[];
}

export function binsOf(values: Float64Array, binsMax: number): Bins {
  const known = values.filter((value) => !Number.isNaN(value)).sort();
  const [lowest = 0] = known;
  const cuts: number[] = [];
  let rowsLeft = known.length;
  let rowsIn = 0;
  for (let index = 0; index + 1 < known.length; index++) {
    const value = known[index] ?? 0;
    rowsIn += 1;
    // Values that are equal are in one bin; the bins after it share what such a bin leaves.
    if (known[index + 1] === value || rowsIn < rowsLeft / (binsMax - cuts.length)) continue;
    if (cuts.length + 1 >= binsMax) break;
    cuts.push(value);
    rowsLeft -= rowsIn;
    rowsIn = 0;
  }
  return { lowest, highest: known.at(-1) ?? 0, cuts };
}

/** 0 is below the reference, then the bins between the cuts, above the reference, not known. */
export function binOf({ lowest, highest, cuts }: Bins, value: number): number {
  if (Number.isNaN(value)) return cuts.length + 3;
  if (value < lowest) return 0;
  if (value > highest) return cuts.length + 2;
  let bin = 1;
  for (let index = 0; index < cuts.length && value > (cuts[index] ?? 0); index++) bin += 1;
  return bin;
}

/** What each bin holds, in words. */
export function boundsOf({ lowest, highest, cuts }: Bins): readonly string[] {
  const ends = [...cuts, highest];
  const between = ends.map((end, index) =>
    index === 0 ? `from ${lowest} to ${end}` : `above ${ends[index - 1] ?? 0}, to ${end}`,
  );
  return [`below ${lowest}`, ...between, `above ${highest}`, 'not known'];
}
