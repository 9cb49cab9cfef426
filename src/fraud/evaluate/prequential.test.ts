import assert from 'node:assert/strict';
import test from 'node:test';
import { parseDate } from '#kernel';
import type { Transactions } from '../cards/transactions.ts';
import type { Classifier, Matrix, Training } from '../matrix.ts';
import { evaluateFolds, type History, rowsOfHistory, spreadOf } from './prequential.ts';
import { prequentialPlans } from './splits.ts';

const start = dateOf('2018-04-01');
const plans = prequentialPlans(dateOf('2018-04-08'), 2);

test('a model that knows the amounts of fraud ranks it perfectly in every fold', () => {
  const evaluation = evaluateFolds(historyOfAmounts(), plans, ranksByAmount, { seed: 1 });
  assert.equal(evaluation.folds.length, 2);
  assert.equal(evaluation.mean.aucRoc, 1);
  assert.equal(evaluation.mean.averagePrecision, 1);
  assert.equal(evaluation.deviation.aucRoc, 0);
});

test('each fold trains on its own week with its labels, and with the seed that was given', () => {
  const trainings: Training[] = [];
  const watch = (training: Training): Classifier => {
    trainings.push(training);
    return ranksByAmount(training);
  };
  evaluateFolds(historyOfAmounts(), plans, watch, { seed: 42 });
  assert.deepEqual(
    trainings.map(({ seed, labels, matrix }) => ({
      seed,
      labels: labels.length,
      matrix: matrix.rows,
    })),
    [
      { seed: 42, labels: 70, matrix: 70 },
      { seed: 42, labels: 70, matrix: 70 },
    ],
  );
  // Each day has ten rows, and the last of each ten is fraud.
  assert.equal(trainings[0]?.labels.filter((label) => label === 1).length, 7);
});

test('progress rises to one over all folds', () => {
  const shares: number[] = [];
  const train = (training: Training): Classifier => {
    training.onProgress?.(0.5);
    training.onProgress?.(1);
    return ranksByAmount(training);
  };
  const onProgress = (share: number) => shares.push(share);
  evaluateFolds(historyOfAmounts(), plans, train, { seed: 1, onProgress });
  assert.deepEqual(shares, [0.25, 0.5, 0.75, 1]);
});

test('the deviation is that of all the folds there are', () => {
  const { mean, deviation } = spreadOf(
    [0.451, 0.42, 0.409, 0.397].map((cardPrecision) => ({
      aucRoc: 1,
      averagePrecision: 1,
      cardPrecision,
    })),
  );
  assert.equal(Math.round(mean.cardPrecision * 1_000), 419);
  assert.equal(Math.round(deviation.cardPrecision * 1_000), 20);
});

test('rows that have no features are a bug of the caller', () => {
  const history = historyOfAmounts();
  const { columns, names } = history.matrix;
  const cut: History = { ...history, matrix: { rows: 100, names, columns } };
  assert.throws(() => rowsOfHistory(cut, Uint32Array.of(99, 100)), /features for its rows/);
  const late: History = { ...history, firstRow: 50 };
  assert.throws(() => rowsOfHistory(late, Uint32Array.of(49)), /features for its rows/);
});

test('a history that begins later finds the features of its rows', () => {
  const history = historyOfAmounts();
  const late: History = {
    ...history,
    firstRow: 50,
    matrix: {
      ...history.matrix,
      rows: history.matrix.rows - 50,
      columns: history.matrix.columns.map((column) => column.slice(50)),
    },
  };
  const rows = Uint32Array.of(50, 61, 99);
  assert.deepEqual(rowsOfHistory(late, rows), rowsOfHistory(history, rows));
});

function historyOfAmounts(): History {
  const count = 10 * 40;
  const patterns = Uint8Array.from({ length: count }, (_, row) => (row % 10 === 9 ? 1 : 0));
  const transactions: Transactions = {
    count,
    customers: Uint32Array.from({ length: count }, (_, row) => row),
    terminals: new Uint32Array(count),
    amounts: Uint32Array.from(patterns, (pattern, row) => 10_000 * pattern + row),
    seconds: Uint32Array.from({ length: count }, (_, row) => Math.floor(row / 10) * 86_400),
    start,
    patterns,
  };
  const matrix: Matrix = {
    rows: count,
    names: ['amount'],
    columns: [Float64Array.from(transactions.amounts)],
  };
  return { transactions, matrix, firstRow: 0 };
}

function ranksByAmount({ matrix: { names } }: Training): Classifier {
  const score = (row: Float64Array): number => (row[0] ?? 0) / 100_000;
  return {
    names,
    score,
    scoreAll: (matrix) => (matrix.columns[0] ?? new Float64Array(0)).map((amount) => amount / 1e5),
  };
}

function dateOf(text: string) {
  const date = parseDate(text);
  assert.ok(date !== undefined);
  return date;
}
