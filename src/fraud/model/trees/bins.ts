// Owns how values become small whole numbers before training. A column is cut at quantiles of all
// rows and, besides, at quantiles of the fraudulent rows alone: fraud is a part in a hundred, and
// cuts by all rows alone put most of what tells it apart into one bin.

import { assert } from '#kernel';
import type { Matrix } from '../../matrix.ts';

const CUTS_OF_ALL = 160;
const CUTS_OF_POSITIVES = 94;
/** With the bin above the last cut and the one of missing values a code fits one byte. */
const CUTS_MAX = CUTS_OF_ALL + CUTS_OF_POSITIVES;
const CODES_MAX = 65_536;

const noCuts = new Float64Array();

export interface Bins {
  /** Row by row, a code for each column; codes of different columns differ. */
  readonly codes: Uint16Array;
  /** For each column its bin by row. */
  readonly byColumn: readonly Uint8Array[];
  /** The first code of each column and, last, their number. A column's last code is "missing". */
  readonly offsets: Int32Array;
  /** For each column, ascending: a value is in the bin of the first cut it is not greater than. */
  readonly cuts: readonly Float64Array[];
}

export function binsOf(matrix: Matrix, labels: Uint8Array): Bins {
  const cuts = matrix.columns.map((column) => cutsOf(column, labels));
  const offsets = new Int32Array(cuts.length + 1);
  cuts.forEach((column, at) => {
    offsets[at + 1] = (offsets[at] ?? 0) + column.length + 2;
  });
  assert((offsets[cuts.length] ?? 0) <= CODES_MAX, 'the codes of all columns fit 16 bits');
  const byColumn = matrix.columns.map((column, at) => binned(column, cuts[at] ?? noCuts));
  const codes = new Uint16Array(matrix.rows * cuts.length);
  byColumn.forEach((column, at) => {
    const offset = offsets[at] ?? 0;
    let cell = at;
    for (const bin of column) {
      codes[cell] = offset + bin;
      cell += byColumn.length;
    }
  });
  return { codes, byColumn, offsets, cuts };
}

function binned(column: Float64Array, cuts: Float64Array): Uint8Array {
  const binsByRow = new Uint8Array(column.length);
  for (let row = 0; row < column.length; row += 1) {
    const value = column[row] ?? Number.NaN;
    binsByRow[row] = Number.isNaN(value) ? cuts.length + 1 : countBelow(cuts, value);
  }
  return binsByRow;
}

/** How many of the ascending values are less. */
function countBelow(ascending: Float64Array, value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function cutsOf(column: Float64Array, labels: Uint8Array): Float64Array {
  const all = column.filter((value) => !Number.isNaN(value)).sort();
  const distinct = distinctOf(all);
  const cuts = new Set<number>();
  if (distinct.length <= CUTS_MAX) {
    for (let at = 1; at < distinct.length; at += 1) cuts.add(cutBelow(distinct, at));
  } else {
    const positives = column
      .filter((value, row) => labels[row] === 1 && !Number.isNaN(value))
      .sort();
    for (const value of quantiles(all, CUTS_OF_ALL)) {
      cuts.add(cutBelow(distinct, countBelow(distinct, value)));
    }
    for (const value of quantiles(positives, CUTS_OF_POSITIVES)) {
      cuts.add(cutBelow(distinct, countBelow(distinct, value)));
    }
  }
  return Float64Array.from(cuts).filter(Number.isFinite).sort();
}

/** Halfway to the value before, so that rows not yet seen have a margin on both sides. */
function cutBelow(distinct: Float64Array, at: number): number {
  const above = distinct[at] ?? Number.NaN;
  const below = distinct[at - 1] ?? Number.NaN;
  const middle = below / 2 + above / 2;
  return middle < above ? middle : below;
}

function quantiles(ascending: Float64Array, count: number): Float64Array {
  if (ascending.length === 0) return new Float64Array();
  return Float64Array.from({ length: count }, (_, at) => {
    const position = Math.floor(((at + 1) * ascending.length) / (count + 1));
    return ascending[Math.min(position, ascending.length - 1)] ?? 0;
  });
}

function distinctOf(ascending: Float64Array): Float64Array {
  return ascending.filter((value, at) => at === 0 || value !== ascending[at - 1]);
}
