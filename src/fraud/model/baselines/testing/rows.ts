// Owns the small training sets of the tests: one whose models are known from scikit-learn, and
// drawn ones with ties, repeated rows and values that are not known.

import { randomStream } from '../../../generator/random.ts';
import type { Training } from '../../../matrix.ts';

/** 200 rows, 66 of them fraud, made of remainders; scikit-learn 1.7 was given the same. */
export function remainderRows(): Training {
  const rows = 200;
  const row = Float64Array.from({ length: rows }, (_, index) => index);
  const columns = [
    row.map((index) => ((index * 37) % 101) / 4),
    row.map((index) => (index * index) % 17),
    row.map((index) => ((index * 53 + 11) % 29) / 2 - 3),
  ];
  const labels = Uint8Array.from(row, (index) => {
    const noise = ((index * 29) % 13) * 2;
    return 3 * (columns[0]?.[index] ?? 0) - (columns[1]?.[index] ?? 0) + noise > 55 ? 1 : 0;
  });
  return { matrix: { rows, names: ['first', 'second', 'third'], columns }, labels, seed: 1 };
}

/** Each column has about as many different values as is said; the last also has unknown ones. */
export function drawnRows(
  seed: number,
  rows: number,
  differentValues: readonly number[],
): Training {
  const random = randomStream(seed);
  const columns = differentValues.map((different, index) =>
    Float64Array.from({ length: rows }, () => {
      const isUnknown = index === differentValues.length - 1 && random.below(10) === 0;
      return isUnknown ? NaN : random.below(different) / 8;
    }),
  );
  const labels = Uint8Array.from({ length: rows }, (_, row) => {
    const isHigh = (columns[0]?.[row] ?? 0) * 8 > (differentValues[0] ?? 0) / 2;
    return random.below(10) < (isHigh ? 6 : 2) ? 1 : 0;
  });
  const names = columns.map((_, index) => `column_${index}`);
  return { matrix: { rows, names, columns }, labels, seed };
}
