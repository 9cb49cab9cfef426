// Owns how the command trains: a model a week, each on days whose labels were known when the week
// it is judged on began, and calibrated by a model that was trained and judged still earlier. Of
// the judged week nothing, and no label that came too late, has a part in the model.

import { addDays, assert, type Instant } from '#kernel';
import {
  calibrationOf,
  cardMatrix,
  cardPrecisionCeiling,
  cardsPerDay,
  judgedRows,
  labelsAt,
  metricsOf,
  rowsOfHistory,
  rowsOfPlans,
  splitBy,
  trainBoostedTrees,
  type BoostedTrees,
  type BoostedTreesParameters,
  type Calibration,
  type History,
  type Matrix,
  type Metrics,
  type Split,
  type SplitPlan,
  type Training,
  type Transactions,
} from '#fraud';
import type { Progress } from '../progress.ts';

/** Of card transactions, computed here; of payments, as the bank has kept them. */
export type FeatureChoice = 'generic' | 'handbook' | 'wider' | 'payments';

/** What is learnt from. */
export interface TrainingSource {
  readonly transactions: Transactions;
  /** The features of all transactions, where they are kept and not to be computed. */
  readonly matrix?: Matrix | undefined;
}

export interface TrainingPlan {
  readonly features: FeatureChoice;
  readonly parameters: BoostedTreesParameters;
  readonly seed: number;
  /** The first day that is judged. */
  readonly testFrom: Instant;
  readonly trainDays: number;
  readonly delayDays: number;
  readonly testDays: number;
  /** Spans of as many test days are judged, the last first, each by a model of its own. */
  readonly weeks: number;
  /** Codes of patterns that training does not see. */
  readonly heldOut: ReadonlySet<number>;
}

export interface JudgedWeek {
  readonly training: Training;
  readonly split: Split;
  readonly trees: BoostedTrees;
  readonly scores: Float64Array;
  readonly metrics: Metrics;
  /** What a model that knew every label would reach. */
  readonly ceiling: number;
}

export interface Trained {
  /** Of the last week, on which the model that is kept was judged. */
  readonly last: JudgedWeek;
  readonly weeks: readonly JudgedWeek[];
  readonly calibration: Calibration;
  readonly calibrationPlan: SplitPlan;
}

/** How many days a history must have before the first day that is judged. */
export function daysNeeded({ trainDays, delayDays, testDays, weeks }: TrainingPlan): number {
  return 2 * (trainDays + delayDays) + (weeks - 1) * testDays;
}

export function train(source: TrainingSource, plan: TrainingPlan, progress: Progress): Trained {
  const { transactions } = source;
  const { trainDays, delayDays, testDays } = plan;
  const trainFrom = addDays(plan.testFrom, -(trainDays + delayDays));
  const plans = Array.from({ length: plan.weeks }, (_, week) => ({
    trainFrom: addDays(trainFrom, -testDays * week),
    trainDays,
    delayDays,
    testDays,
  }));
  // The earlier model is judged on the days that the kept one learns from: their labels are known.
  const calibrationPlan = {
    trainFrom: addDays(trainFrom, -(trainDays + delayDays)),
    trainDays,
    delayDays,
    testDays: trainDays,
  };
  const history = historyOf(source, [...plans, calibrationPlan], plan, progress);
  const weeks = plans.map((each) => judge(history, each, plan, progress));
  const [last] = weeks;
  assert(last !== undefined, 'at least one week is judged');
  const earlier = judge(history, calibrationPlan, plan, progress);
  const labels = labelsAt(transactions, earlier.split.test);
  progress.finish();
  return { last, weeks, calibration: calibrationOf(earlier.scores, labels), calibrationPlan };
}

function historyOf(
  { transactions, matrix: kept }: TrainingSource,
  plans: readonly SplitPlan[],
  { features }: TrainingPlan,
  progress: Progress,
): History {
  if (kept !== undefined) return { transactions, matrix: kept, firstRow: 0 };
  assert(features !== 'payments', 'features of payments are kept, not computed from cards');
  const range = rowsOfPlans(transactions, plans);
  progress.start('features', { total: range.to - range.from, unit: 'transactions' });
  const matrix = cardMatrix(transactions, features, range);
  progress.advance(matrix.rows);
  return { transactions, matrix, firstRow: range.from };
}

function judge(
  history: History,
  plan: SplitPlan,
  { parameters, seed, heldOut }: TrainingPlan,
  progress: Progress,
): JudgedWeek {
  const { transactions } = history;
  const split = splitBy(transactions, plan);
  const seen = split.train.filter((row) => !heldOut.has(transactions.patterns[row] ?? 0));
  progress.start('training', { total: parameters.trees, unit: 'trees' });
  let trained = 0;
  const training = {
    matrix: rowsOfHistory(history, seen),
    labels: labelsAt(transactions, seen),
    seed,
    onProgress: (share: number) => {
      const now = Math.round(share * parameters.trees);
      progress.advance(now - trained);
      trained = now;
    },
  };
  const trees = trainBoostedTrees(training, parameters);
  const scores = trees.scoreAll(rowsOfHistory(history, split.test));
  const judged = judgedRows(transactions, split.test, scores);
  const ceiling = cardPrecisionCeiling(cardsPerDay, judged);
  return { training, split, trees, scores, metrics: metricsOf(judged), ceiling };
}
