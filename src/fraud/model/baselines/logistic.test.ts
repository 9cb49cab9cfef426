import assert from 'node:assert/strict';
import test from 'node:test';
import { trainLogistic } from './logistic.ts';
import { drawnRows, remainderRows } from './testing/rows.ts';

function assertNear(actual: Float64Array | number[], expected: readonly number[]): void {
  assert.equal(actual.length, expected.length);
  for (const [index, value] of expected.entries()) {
    const distance = Math.abs((actual[index] ?? NaN) - value);
    assert.ok(distance < 1e-9, `${actual[index]} is not ${value}, which is at ${index}`);
  }
}

test('the weights of the remainders are those that scikit-learn finds', () => {
  const usual = trainLogistic(remainderRows());
  assertNear(
    [usual.intercept, ...usual.weights],
    [-1.980672384258729, 3.382396949164159, -0.8401790659282721, 0.3524654993129326],
  );
  const held = trainLogistic(remainderRows(), { inverseStrength: 0.01 });
  assertNear(
    [held.intercept, ...held.weights],
    [-0.7492761721475516, 0.4929351787994734, -0.08413685268800565, 0.04596348730975237],
  );
});

test('the intercept is free, so the mean of the scores is the share of fraud', () => {
  for (const inverseStrength of [1e-6, 1, 1e6]) {
    const { matrix, labels, seed } = remainderRows();
    const scores = trainLogistic({ matrix, labels, seed }, { inverseStrength }).scoreAll(matrix);
    assertNear([scores.reduce((sum, score) => sum + score, 0) / 200], [66 / 200]);
  }
});

test('scores do not depend on the unit of a column', () => {
  const { matrix, labels, seed } = remainderRows();
  const columns = matrix.columns.map((column) => column.map((value) => value * 1_000 + 7));
  const other = { ...matrix, columns };
  const scores = trainLogistic({ matrix, labels, seed }).scoreAll(matrix);
  const scaled = trainLogistic({ matrix: other, labels, seed }).scoreAll(other);
  assertNear(scaled, [...scores]);
});

test('the same rows give the same weights, byte for byte, whatever the seed', () => {
  const rows = drawnRows(5, 300, [40, 300, 2]);
  const bytes = (seed: number): string =>
    Buffer.from(trainLogistic({ ...rows, seed }).weights.buffer).toString('hex');
  assert.equal(bytes(1), bytes(2));
});

test('a column that never changes has no weight, and an unknown value counts as the mean', () => {
  const { matrix, labels, seed } = remainderRows();
  const constant = new Float64Array(200).fill(0.1);
  const names = [...matrix.names, 'constant'];
  const columns = [...matrix.columns, constant];
  const model = trainLogistic({ matrix: { rows: 200, names, columns }, labels, seed });
  assert.equal(model.weights[3], 0);
  const known = Float64Array.of(3, model.means[1] ?? NaN, 2, 0.1);
  assertNear([model.score(Float64Array.of(3, NaN, 2, NaN))], [model.score(known)]);
});

test('a column that repeats another is no harm: the two share its weight', () => {
  const { matrix, labels, seed } = remainderRows();
  const [first = new Float64Array(200)] = matrix.columns;
  const twice = { rows: 200, names: ['one', 'two'], columns: [first, first] };
  const [one, two] = trainLogistic({ matrix: twice, labels, seed }).weights;
  assertNear([one ?? NaN], [two ?? 0]);
});

test('rows that a line parts without error still have weights, held by their squares', () => {
  const matrix = { rows: 4, names: ['value'], columns: [Float64Array.of(1, 2, 3, 4)] };
  const model = trainLogistic(
    { matrix, labels: Uint8Array.of(0, 0, 1, 1), seed: 1 },
    { inverseStrength: 1e6 },
  );
  assert.ok(Number.isFinite(model.weights[0]));
  assert.ok(model.score(Float64Array.of(2)) < 0.01 && model.score(Float64Array.of(3)) > 0.99);
});

test('where one class was seen, every row is of that class', () => {
  const matrix = { rows: 2, names: ['value'], columns: [Float64Array.of(1, 2)] };
  const score = (labels: Uint8Array): number =>
    trainLogistic({ matrix, labels, seed: 1 }).score(Float64Array.of(9));
  assert.deepEqual([score(Uint8Array.of(0, 0)), score(Uint8Array.of(1, 1))], [0, 1]);
});
