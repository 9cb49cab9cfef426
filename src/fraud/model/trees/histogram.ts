// Owns the sums of gradients by bin. Gradients are whole numbers whose sums stay below 2^53, so
// every sum is exact, whatever its order, and what is had by subtraction is exact too.

import type { Bins } from './bins.ts';

/** Gradient and curvature of each row, one after the other. */
export type Gradients = Float64Array;

export function emptyHistogram(bins: Bins): Float64Array {
  return new Float64Array(2 * (bins.offsets[bins.cuts.length] ?? 0));
}

export function fillHistogram(
  histogram: Float64Array,
  bins: Bins,
  gradients: Gradients,
  rows: Int32Array,
  start: number,
  end: number,
): void {
  const { codes, cuts } = bins;
  const width = cuts.length;
  histogram.fill(0);
  for (let at = start; at < end; at += 1) {
    const row = rows[at] ?? 0;
    const gradient = gradients[2 * row] ?? 0;
    const curvature = gradients[2 * row + 1] ?? 0;
    const stop = (row + 1) * width;
    for (let cell = row * width; cell < stop; cell += 1) {
      const code = 2 * (codes[cell] ?? 0);
      histogram[code] = (histogram[code] ?? 0) + gradient;
      histogram[code + 1] = (histogram[code + 1] ?? 0) + curvature;
    }
  }
}

/** Leaves in the first what is not in the second. */
export function subtractHistogram(histogram: Float64Array, part: Float64Array): void {
  for (let at = 0; at < histogram.length; at += 1) {
    histogram[at] = (histogram[at] ?? 0) - (part[at] ?? 0);
  }
}
