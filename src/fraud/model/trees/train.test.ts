import assert from 'node:assert/strict';
import test from 'node:test';
import type { Training } from '../../matrix.ts';
import { seededDraw } from './draw.ts';
import { serializeModel } from './model-file.ts';
import type { BoostedTreesParameters } from './parameters.ts';
import { trainBoostedTrees } from './train.ts';
import { childOf } from './trees.ts';

const parameters: BoostedTreesParameters = { trees: 20, learningRate: 0.3, depthMax: 4 };

/** Fraud where the first column is above 220 or the second and third are both large. */
function training(rows: number, seed: number, missingShare = 0): Training {
  const draw = seededDraw(seed);
  const columns = Array.from({ length: 5 }, () => new Float64Array(rows));
  const labels = new Uint8Array(rows);
  for (let row = 0; row < rows; row += 1) {
    for (const column of columns) column[row] = Math.floor(draw() ** 2 * 30_000) / 100;
    const [first, second, third] = columns.map((column) => column[row] ?? 0);
    const isLarge = (first ?? 0) > 220 || ((second ?? 0) > 150 && (third ?? 0) > 150);
    labels[row] = draw() < (isLarge ? 0.8 : 0.01) ? 1 : 0;
    for (const column of columns) if (draw() < missingShare) column[row] = Number.NaN;
  }
  const names = ['a', 'b', 'c', 'd', 'e'];
  return { matrix: { rows, names, columns }, labels, seed };
}

function bytesOf(data: Training, told: BoostedTreesParameters): string {
  const trees = trainBoostedTrees(data, told);
  return serializeModel({ trees, calibration: undefined, card: undefined }).toString();
}

test('the same rows, parameters and seed give the same model byte for byte', () => {
  const told = { ...parameters, rowShare: 0.7, columnShare: 0.6 };
  const data = training(3_000, 1);
  assert.equal(bytesOf(data, told), bytesOf(training(3_000, 1), told));
  assert.notEqual(bytesOf(data, told), bytesOf({ ...data, seed: 2 }, told));
});

test('the order of the rows does not change the trees', () => {
  const { matrix, labels, seed } = training(2_000, 3);
  const columns = matrix.columns.map((column) => column.toReversed());
  const reversed = { matrix: { ...matrix, columns }, labels: labels.toReversed(), seed };
  assert.equal(bytesOf(reversed, parameters), bytesOf({ matrix, labels, seed }, parameters));
});

test('planted fraud scores high and the rest low', () => {
  const trees = trainBoostedTrees(training(5_000, 4), parameters);
  const row = (first: number, second: number, third: number): Float64Array =>
    Float64Array.of(first, second, third, 50, 50);
  assert.ok(trees.score(row(250, 10, 10)) > 0.6);
  assert.ok(trees.score(row(100, 200, 200)) > 0.6);
  assert.ok(trees.score(row(100, 200, 10)) < 0.1);
  assert.ok(trees.score(row(215, 10, 10)) < 0.1);
});

for (const isFraud of [true, false]) {
  test(`missing values go to the ${isFraud ? 'fraud' : 'genuine'} side when they are`, () => {
    const rows = 1_000;
    const column = Float64Array.from({ length: rows }, (_, row) => row % 100);
    const labels = new Uint8Array(rows);
    for (let row = 0; row < rows; row += 1) {
      if (row % 5 === 0) column[row] = Number.NaN;
      const isMissing = row % 5 === 0;
      labels[row] = (isMissing && isFraud) || (!isMissing && row % 100 > 80) ? 1 : 0;
    }
    const matrix = { rows, names: ['a'], columns: [column] };
    const trees = trainBoostedTrees({ matrix, labels, seed: 1 }, parameters);
    const score = trees.score(Float64Array.of(Number.NaN));
    assert.ok(isFraud ? score > 0.9 : score < 0.1, String(score));
    assert.ok(trees.score(Float64Array.of(95)) > 0.9);
    assert.ok(trees.score(Float64Array.of(10)) < 0.1);
  });
}

test('a value never seen missing goes where most rows went', () => {
  const rows = 100;
  for (const highShare of [0.3, 0.7]) {
    const column = Float64Array.from({ length: rows }, (_, row) =>
      row < highShare * rows ? 9 : 1,
    );
    const labels = Uint8Array.from(column, (value) => (value === 9 ? 1 : 0));
    const matrix = { rows, names: ['a'], columns: [column] };
    const trees = trainBoostedTrees({ matrix, labels, seed: 1 }, parameters);
    const usual = trees.score(Float64Array.of(highShare > 0.5 ? 9 : 1));
    assert.equal(trees.score(Float64Array.of(Number.NaN)), usual);
  }
});

test('rows score the same alone, together and walked node by node, for any number of trees', () => {
  const data = training(1_500, 6, 0.1);
  for (const trees of [1, 2, 3, 4, 5, 8, 9]) {
    const model = trainBoostedTrees(data, { ...parameters, trees });
    const scores = model.scoreAll(data.matrix);
    for (let at = 0; at < data.matrix.rows; at += 1) {
      const row = Float64Array.from(data.matrix.columns, (column) => column[at] ?? 0);
      assert.equal(scores[at], model.score(row));
      let sum = model.baseMargin;
      for (const root of model.nodes.roots) {
        let node = root;
        while (model.nodes.lefts[node] !== node) node = childOf(model.nodes, node, row);
        sum += model.nodes.values[node] ?? 0;
      }
      assert.equal(model.margin(row), sum);
    }
  }
});

test('the first split is the best of all cuts by exhaustive search', () => {
  for (let seed = 10; seed < 16; seed += 1) {
    const { matrix, labels } = training(200, seed);
    const stump = { trees: 1, learningRate: 1, depthMax: 1, childWeightMin: 0 };
    const { nodes } = trainBoostedTrees({ matrix, labels, seed }, stump);
    const gainAt = (column: number, cut: number): number => {
      const sums = [0, 0, 0, 0];
      (matrix.columns[column] ?? []).forEach((value, row) => {
        const side = value > cut ? 2 : 0;
        sums[side] = (sums[side] ?? 0) + 0.5 - (labels[row] ?? 0);
        sums[side + 1] = (sums[side + 1] ?? 0) + 0.25;
      });
      const [left = 0, leftWeight = 0, right = 0, rightWeight = 0] = sums;
      return left ** 2 / (leftWeight + 1) + right ** 2 / (rightWeight + 1);
    };
    const best = Math.max(
      ...matrix.columns.flatMap((column, at) => [...column].map((cut) => gainAt(at, cut))),
    );
    const found = gainAt(nodes.features[0] ?? 0, nodes.thresholds[0] ?? 0);
    assert.ok(Math.abs(found - best) < 1e-9, `${found} against ${best}`);
  }
});

test('covers count the training rows and a node above has the mean of those below', () => {
  const data = training(2_000, 7);
  const { nodes } = trainBoostedTrees(data, parameters);
  for (const root of nodes.roots) assert.equal(nodes.covers[root], 2_000);
  for (let node = 0; node < nodes.lefts.length; node += 1) {
    const left = nodes.lefts[node] ?? 0;
    if (left === node) continue;
    const covers = [nodes.covers[left] ?? 0, nodes.covers[left + 1] ?? 0] as const;
    assert.equal(nodes.covers[node], covers[0] + covers[1]);
    const sum = (nodes.values[left] ?? 0) * covers[0] + (nodes.values[left + 1] ?? 0) * covers[1];
    assert.ok(Math.abs((nodes.values[node] ?? 0) - sum / (covers[0] + covers[1])) < 1e-12);
  }
});

test('trees are no deeper than told and leaves no lighter', () => {
  const { nodes } = trainBoostedTrees(training(2_000, 8), { ...parameters, childWeightMin: 5 });
  assert.ok(nodes.depths.every((depth) => depth <= 4));
  // A row weighs a quarter at most.
  assert.ok(nodes.covers.every((cover) => cover >= 20));
});

test('a greater gain asked for gives fewer splits, and none at all gives no opinion', () => {
  const data = training(2_000, 9);
  const free = trainBoostedTrees(data, parameters);
  const strict = trainBoostedTrees(data, { ...parameters, gainMin: 5 });
  assert.ok(strict.nodes.lefts.length < free.nodes.lefts.length);
  const none = trainBoostedTrees(data, { ...parameters, gainMin: 1e9 });
  assert.equal(none.nodes.lefts.length, parameters.trees);
});

test('training ends early when other rows no longer gain, and keeps the best trees', () => {
  const { matrix, labels } = training(1_000, 11);
  const earlyStopping = { matrix, labels, patienceTrees: 5 };
  const data = training(400, 10);
  const told = { ...parameters, trees: 300, learningRate: 0.5 };
  const { nodes } = trainBoostedTrees(data, { ...told, earlyStopping });
  assert.ok(nodes.roots.length > 1 && nodes.roots.length < 300, String(nodes.roots.length));
  const plain = trainBoostedTrees(data, { ...told, trees: nodes.roots.length });
  assert.deepEqual(nodes, plain.nodes);
});

test('rows of fraud that count more raise the scores', () => {
  const data = training(2_000, 12);
  const row = Float64Array.of(100, 160, 140, 50, 50);
  const weighted = trainBoostedTrees(data, { ...parameters, positiveWeight: 10 });
  assert.ok(weighted.score(row) > trainBoostedTrees(data, parameters).score(row));
});

test('a share of rows or columns still learns what was planted', () => {
  for (const told of [
    { rowShare: 0.5 },
    { columnShare: 0.4 },
    { rowShare: 0.3, columnShare: 0.8 },
  ]) {
    const trees = trainBoostedTrees(training(5_000, 13), { ...parameters, trees: 60, ...told });
    assert.ok(trees.score(Float64Array.of(250, 10, 10, 50, 50)) > 0.5);
    assert.ok(trees.score(Float64Array.of(100, 10, 10, 50, 50)) < 0.1);
  }
});

test('rows without any fraud, or of a single value, give a model that says so', () => {
  const rows = 100;
  const matrix = { rows, names: ['a'], columns: [new Float64Array(rows)] };
  const trees = trainBoostedTrees({ matrix, labels: new Uint8Array(rows), seed: 1 }, parameters);
  assert.ok(trees.score(Float64Array.of(0)) < 0.1);
  const fraud = { matrix, labels: new Uint8Array(rows).fill(1), seed: 1 };
  assert.ok(trainBoostedTrees(fraud, parameters).score(Float64Array.of(7)) > 0.9);
});

test('progress runs to 1', () => {
  const told: number[] = [];
  trainBoostedTrees({ ...training(100, 1), onProgress: (share) => told.push(share) }, parameters);
  assert.equal(told.length, parameters.trees);
  assert.equal(told.at(-1), 1);
});

test('what cannot be trained on is a mistake of the caller', () => {
  const data = training(100, 1);
  assert.throws(
    () => trainBoostedTrees({ ...data, labels: new Uint8Array(9) }, parameters),
    /label/,
  );
  assert.throws(() => trainBoostedTrees(data, { ...parameters, trees: 0 }), /trees/);
  assert.throws(() => trainBoostedTrees(data, { ...parameters, depthMax: 99 }), /depthMax/);
  assert.throws(() => trainBoostedTrees(data, { ...parameters, rowShare: 0 }), /rowShare/);
  const trees = trainBoostedTrees(data, parameters);
  assert.throws(() => trees.score(Float64Array.of(1)), /value for each/);
  const other = { ...data.matrix, names: ['a', 'b', 'c', 'e', 'd'] };
  assert.throws(() => trees.scoreAll(other), /columns of the model/);
});
