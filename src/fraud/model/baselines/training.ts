// Owns what every training of a baseline requires of its rows: they are there and not too many,
// each has a label, each column has a name, and each value is a number or not known.

import { limits } from '#config';
import { assert } from '#kernel';
import type { Training } from '../../matrix.ts';

export function requireTraining({ matrix, labels }: Training): void {
  const { rows, names, columns } = matrix;
  const rowsMax = limits.fraudBaselineRowsMax.value;
  assert(rows > 0, 'a model is trained on at least one row');
  assert(rows <= rowsMax, `a baseline is trained on at most ${rowsMax} rows, not ${rows}`);
  assert(labels.length === rows, `there are ${rows} rows, but ${labels.length} labels`);
  assert(names.length === columns.length, 'every column of a matrix has a name');
  for (const label of labels) assert(label <= 1, `a label is 0 or 1, not ${label}`);
  columns.forEach((column, index) => {
    const name = names[index] ?? '';
    assert(column.length === rows, `the column ${name} has ${column.length} of ${rows} values`);
    const isEndless = column.includes(Infinity) || column.includes(-Infinity);
    assert(!isEndless, `the column ${name} has an infinite value`);
  });
}
