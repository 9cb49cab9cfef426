// Owns judging a way of training over several weeks: each fold trains a model of its own on its own
// week and is judged on a later one. The same seed gives the same figures.

import { assert } from '#kernel';
import type { Transactions } from '../cards/transactions.ts';
import type { Classifier, Matrix, Training } from '../matrix.ts';
import { type Judged, type Metrics, metricsOf } from './metrics.ts';
import { dayAt, labelsAt, type Split, splitBy, type SplitPlan } from './splits.ts';

export type Train = (training: Training) => Classifier;

/** Features of consecutive rows of a history. */
export interface History {
  readonly transactions: Transactions;
  readonly matrix: Matrix;
  /** Which transaction the first row of the matrix is. */
  readonly firstRow: number;
}

export interface Spread {
  readonly mean: Metrics;
  /** The standard deviation over the folds, which are all there are: divided by their number. */
  readonly deviation: Metrics;
}

export interface Evaluation extends Spread {
  readonly folds: readonly Metrics[];
}

export interface FoldsOptions {
  readonly seed: number;
  readonly onProgress?: ((share: number) => void) | undefined;
}

/** The options of one of several equal parts, whose progress is a part of the whole. */
export function partOf(
  { seed, onProgress }: FoldsOptions,
  part: number,
  parts: number,
): FoldsOptions {
  if (onProgress === undefined) return { seed };
  return { seed, onProgress: (share) => onProgress((part + share) / parts) };
}

/** Trains and judges once a plan, in the order of the plans. */
export function evaluateFolds(
  history: History,
  plans: readonly SplitPlan[],
  train: Train,
  options: FoldsOptions,
): Evaluation {
  const folds = plans.map((plan, fold) =>
    evaluateFold(
      history,
      splitBy(history.transactions, plan),
      train,
      partOf(options, fold, plans.length),
    ),
  );
  return { folds, ...spreadOf(folds) };
}

function evaluateFold(
  history: History,
  split: Split,
  train: Train,
  { seed, onProgress }: FoldsOptions,
): Metrics {
  const { transactions } = history;
  const classifier = train({
    matrix: rowsOfHistory(history, split.train),
    labels: labelsAt(transactions, split.train),
    seed,
    onProgress,
  });
  const scores = classifier.scoreAll(rowsOfHistory(history, split.test));
  return metricsOf(judgedRows(transactions, split.test, scores));
}

export function judgedRows(
  transactions: Transactions,
  rows: Uint32Array,
  scores: Float64Array,
): Judged {
  return {
    scores,
    labels: labelsAt(transactions, rows),
    customers: Uint32Array.from(rows, (row) => transactions.customers[row] ?? 0),
    days: Uint32Array.from(rows, (row) => dayAt(transactions, row)),
  };
}

/** The features of some transactions, in the order they are named. */
export function rowsOfHistory({ matrix, firstRow }: History, rows: Uint32Array): Matrix {
  const first = rows[0] ?? firstRow;
  const last = rows.at(-1) ?? firstRow;
  assert(
    first >= firstRow && last < firstRow + matrix.rows,
    'the history has features for its rows',
  );
  const columns = matrix.columns.map((column) =>
    Float64Array.from(rows, (row) => column[row - firstRow] ?? Number.NaN),
  );
  return { rows: rows.length, names: matrix.names, columns };
}

export function spreadOf(folds: readonly Metrics[]): Spread {
  const mean = eachMetric((metric) => meanOf(folds.map(metric)));
  const deviation = eachMetric((metric) => {
    const middle = metric(mean);
    return Math.sqrt(meanOf(folds.map((fold) => (metric(fold) - middle) ** 2)));
  });
  return { mean, deviation };
}

function eachMetric(compute: (metric: (of: Metrics) => number) => number): Metrics {
  return {
    aucRoc: compute((of) => of.aucRoc),
    averagePrecision: compute((of) => of.averagePrecision),
    cardPrecision: compute((of) => of.cardPrecision),
  };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
