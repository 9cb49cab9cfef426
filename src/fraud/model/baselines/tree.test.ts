import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { Training } from '../../matrix.ts';
import { drawnRows, remainderRows } from './testing/rows.ts';
import { trainTree } from './tree.ts';

function training(columns: readonly number[][], labels: readonly number[]): Training {
  const matrix = {
    rows: labels.length,
    names: columns.map((_, index) => `column_${index}`),
    columns: columns.map((column) => Float64Array.from(column)),
  };
  return { matrix, labels: Uint8Array.from(labels), seed: 1 };
}

interface Split {
  readonly column: number;
  readonly threshold: number;
}

/** Every split of every column tried on the plain rows; the first of the best wins. */
function slowly({ matrix, labels }: Training, rows: readonly number[], splits: Split[]): void {
  const frauds = (of: readonly number[]): number => of.filter((row) => labels[row] === 1).length;
  const purity = (of: readonly number[]): number =>
    (frauds(of) ** 2 + (of.length - frauds(of)) ** 2) / of.length;
  if (frauds(rows) === 0 || frauds(rows) === rows.length) return;
  let best: { left: number[]; right: number[]; split: Split; purity: number } | undefined;
  for (const [column, all] of matrix.columns.entries()) {
    const value = (row: number): number => all[row] ?? NaN;
    const known = rows.map(value).filter((one) => !Number.isNaN(one));
    const values = [...new Set(known)].sort((left, right) => left - right);
    const unknown = known.length < rows.length && values.length > 0 ? [-Infinity] : [];
    const middles = values.slice(1).map((high, at) => (values[at] ?? 0) / 2 + high / 2);
    for (const threshold of [...unknown, ...middles]) {
      const right = rows.filter((row) => value(row) > threshold);
      const left = rows.filter((row) => !(value(row) > threshold));
      const here = purity(left) + purity(right);
      if (best !== undefined && here <= best.purity) continue;
      best = { left, right, split: { column, threshold }, purity: here };
    }
  }
  if (best === undefined) return;
  splits.push(best.split);
  slowly({ matrix, labels, seed: 1 }, best.left, splits);
  slowly({ matrix, labels, seed: 1 }, best.right, splits);
}

function splitsOf({ tree }: ReturnType<typeof trainTree>): Split[] {
  return [...tree.rights].flatMap((right, node) =>
    right === 0 ? [] : [{ column: tree.columns[node] ?? 0, threshold: tree.thresholds[node] ?? 0 }],
  );
}

test('every split is the best of all splits of the plain rows, in small nodes and large', () => {
  const sizes = fc.record({
    seed: fc.nat(1_000_000),
    rows: fc.integer({ min: 1, max: 150 }),
    values: fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 4 }),
  });
  fc.assert(
    fc.property(sizes, ({ seed, rows, values }) => {
      const drawn = drawnRows(seed, rows, values);
      const expected: Split[] = [];
      slowly(
        drawn,
        Array.from({ length: rows }, (_, row) => row),
        expected,
      );
      assert.deepEqual(splitsOf(trainTree(drawn)), expected);
    }),
    { numRuns: 60 },
  );
});

test('nodes with few rows of many values are split as well as others', () => {
  const drawn = drawnRows(7, 1_200, [1_000_000, 1_000_000]);
  const expected: Split[] = [];
  slowly(
    drawn,
    Array.from({ length: 1_200 }, (_, row) => row),
    expected,
  );
  assert.deepEqual(splitsOf(trainTree(drawn)), expected);
});

test('the tree of the remainders is the one that scikit-learn grows', () => {
  const model = trainTree(remainderRows(), { depthMax: 3 });
  const splits = splitsOf(model).map(({ column, threshold }) => [column, threshold]);
  assert.deepEqual(splits, [
    [0, 17.125],
    [0, 13.375],
    [0, 11.375],
    [1, 11],
    [0, 20.625],
    [1, 8.5],
  ]);
  assert.deepEqual(
    [...model.tree.shares],
    [
      66 / 200,
      12 / 136,
      2 / 107,
      0,
      1 / 8,
      10 / 29,
      9 / 19,
      1 / 10,
      54 / 64,
      18 / 28,
      12 / 13,
      0.4,
      1,
    ],
  );
});

test('a tree of any depth gives each row its label, unless equal rows differ in it', () => {
  const { matrix, labels, seed } = remainderRows();
  const scores = trainTree({ matrix, labels, seed }).scoreAll(matrix);
  assert.deepEqual([...scores], [...labels]);
  const twins = training([[1, 1, 2, 2]], [0, 1, 1, 1]);
  assert.deepEqual([...trainTree(twins).scoreAll(twins.matrix)], [0.5, 0.5, 1, 1]);
});

test('of two equal splits the first column and its lowest threshold win', () => {
  const { tree } = trainTree(
    training(
      [
        [1, 2, 3],
        [3, 2, 1],
      ],
      [0, 1, 0],
    ),
    { depthMax: 1 },
  );
  assert.deepEqual([tree.columns[0], tree.thresholds[0]], [0, 1.5]);
});

test('a value that is not known goes left, and can be told from all that is known', () => {
  const model = trainTree(training([[NaN, 1, NaN, 2, 3]], [1, 0, 1, 0, 0]));
  assert.equal(model.tree.thresholds[0], -Infinity);
  assert.equal(model.score(Float64Array.of(NaN)), 1);
  assert.equal(model.score(Float64Array.of(-1e300)), 0);
});

test('a threshold between two neighbouring numbers still parts them', () => {
  const next = 1 + Number.EPSILON;
  const model = trainTree(training([[1, next]], [0, 1]));
  assert.deepEqual([model.score(Float64Array.of(1)), model.score(Float64Array.of(next))], [0, 1]);
  const wide = trainTree(training([[-Number.MAX_VALUE, Number.MAX_VALUE]], [0, 1]));
  assert.equal(wide.tree.thresholds[0], 0);
});

test('a tree of no levels, or of one class, is the share of fraud', () => {
  const rows = training([[1, 2, 3, 4]], [0, 0, 0, 1]);
  assert.equal(trainTree(rows, { depthMax: 0 }).score(Float64Array.of(4)), 0.25);
  assert.equal(trainTree(training([[1, 2]], [0, 0])).score(Float64Array.of(2)), 0);
});

test('rows that cannot be trained on are named for what is wrong', () => {
  assert.throws(() => trainTree(training([[]], [])), /at least one row/);
  assert.throws(() => trainTree(training([[1, Infinity]], [0, 1])), /column_0 has an infinite/);
  assert.throws(() => trainTree(training([[1, -Infinity, NaN]], [0, 1, 1])), /infinite/);
  assert.throws(() => trainTree(training([[1, 2]], [0, 2])), /0 or 1, not 2/);
});

test('a matrix of other columns is not scored', () => {
  const rows = training([[1, 2, 3, 4]], [0, 0, 0, 1]);
  const other = { ...rows.matrix, names: ['amount'] };
  assert.throws(() => trainTree(rows).scoreAll(other), /trained on .* column_0; given are amount/);
});
