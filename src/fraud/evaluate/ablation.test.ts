import assert from 'node:assert/strict';
import test from 'node:test';
import { addDays, DAY_US } from '#kernel';
import { widerFeatures } from '../cards/features.ts';
import type { Transactions } from '../cards/transactions.ts';
import type { Training } from '../matrix.ts';
import { trainTree } from '../model/baselines/tree.ts';
import { ablate, candidates, featureGroups, preferred } from './ablation.ts';
import type { History } from './prequential.ts';
import { type PublishedModel, reprintModel } from './reprint.ts';
import { testPlans, validationPlans } from './splits.ts';

const history = historyOfRisk();
const options = { seed: 1 };

test('the last group of an ablation is every wider feature, in the order of the set', () => {
  const names = widerFeatures.features.map(({ name }) => name);
  assert.deepEqual(featureGroups.at(-1)?.names, names);
});

test('what is preferred is one of the candidates', () => {
  assert.ok(candidates.some(({ name }) => name === preferred.name));
});

test('a group that has the feature which tells fraud ranks better than one that has not', () => {
  const rows = ablate(history, { trees: 4, learningRate: 0.3, depthMax: 2 }, options);
  assert.deepEqual(
    rows.map(({ model }) => model),
    featureGroups.map(({ name }) => name),
  );
  const [without, customer, terminal, both, wider] = rows.map(({ metrics }) => metrics.aucRoc);
  assert.ok(without !== undefined && without < 0.8);
  assert.ok(customer !== undefined && customer < 0.8);
  assert.equal(terminal, 1);
  assert.equal(both, 1);
  assert.equal(wider, 1);
});

test('a history that lacks a feature is a bug of the caller', () => {
  const { names, columns, rows } = history.matrix;
  const cut = { rows, names: names.slice(0, 15), columns: columns.slice(0, 15) };
  const parameters = { trees: 1, learningRate: 0.3, depthMax: 1 };
  assert.throws(
    () => ablate({ ...history, matrix: cut }, parameters, options),
    /has the feature AMOUNT_TO_MEAN_30DAY/,
  );
});

test('each metric of a reprinted line comes from the model that was taken for it', () => {
  const constant = (training: Training) => trainTree(training, { depthMax: 0 });
  const line: PublishedModel = {
    model: 'two trees',
    published: { aucRoc: 0.5, averagePrecision: 1, cardPrecision: 0.5 },
    train: { aucRoc: constant, averagePrecision: trainTree, cardPrecision: constant },
  };
  const row = reprintModel(line, { history, plans: testPlans, options });
  assert.equal(row.metrics.aucRoc, 0.5);
  assert.equal(row.metrics.averagePrecision, 1);
  assert.equal(row.deviation?.aucRoc, 0);
});

/** Fraud is whatever happens at a terminal with a streak; no other feature says anything of it. */
function historyOfRisk(): History {
  const rowsPerDay = 20;
  const [last] = testPlans;
  const first = validationPlans.at(-1);
  assert.ok(first !== undefined && last !== undefined);
  const days = (addDays(last.trainFrom, 21) - first.trainFrom) / DAY_US;
  const count = days * rowsPerDay;
  const patterns = Uint8Array.from({ length: count }, (_, row) => (row % 10 === 3 ? 1 : 0));
  const transactions: Transactions = {
    count,
    customers: Uint32Array.from({ length: count }, (_, row) => row),
    terminals: new Uint32Array(count),
    amounts: new Uint32Array(count).fill(100),
    seconds: Uint32Array.from({ length: count }, (_, row) => Math.floor(row / rowsPerDay) * 86_400),
    start: first.trainFrom,
    patterns,
  };
  const names = widerFeatures.features.map(({ name }) => name);
  const columns = names.map((name, column) =>
    name === 'TERMINAL_FRAUD_STREAK'
      ? Float64Array.from(patterns)
      : Float64Array.from({ length: count }, (_, row) => (row * (column + 7)) % 11),
  );
  return { transactions, matrix: { rows: count, names, columns }, firstRow: 0 };
}
