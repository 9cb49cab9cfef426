// Owns the columns of a training set as ranks: which of the column's different values a row has.
// All splits of a tree are found by comparing ranks, so each column is sorted once, not at every
// node.

import type { Matrix } from '../../matrix.ts';

export interface RankedColumn {
  /** The rank of each row; a value that is not known has the rank 0, below all others. */
  readonly ranks: Uint32Array;
  /** The different values, ascending; NaN first if there is one. */
  readonly values: Float64Array;
}

export function rankColumns(matrix: Matrix): readonly RankedColumn[] {
  return matrix.columns.map(rankColumn);
}

function rankColumn(column: Float64Array): RankedColumn {
  const values = differentValues(Float64Array.from(column).sort());
  const firstKnown = Number.isNaN(values[0]) ? 1 : 0;
  const ranks = new Uint32Array(column.length);
  for (let row = 0; row < column.length; row++) {
    ranks[row] = rankOf(values, firstKnown, column[row] ?? NaN);
  }
  return { ranks, values };
}

/** Of sorted values, which have NaN last, each once and NaN first. */
function differentValues(sorted: Float64Array): Float64Array {
  const values = new Float64Array(sorted.length);
  let count = 0;
  if (Number.isNaN(sorted.at(-1))) values[count++] = NaN;
  for (let index = 0; index < sorted.length; index++) {
    const value = sorted[index] ?? NaN;
    if (Number.isNaN(value)) break;
    if (index === 0 || value !== sorted[index - 1]) values[count++] = value;
  }
  return values.slice(0, count);
}

function rankOf(values: Float64Array, firstKnown: number, value: number): number {
  if (Number.isNaN(value)) return 0;
  let low = firstKnown;
  let high = values.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
