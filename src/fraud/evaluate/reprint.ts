// Owns the published table of the Fraud Detection Handbook and our way to each of its lines: our
// own models on its fifteen features, its weeks and its parameters. Nothing here is chosen by a
// result.

import { assert } from '#kernel';
import { trainForest } from '../model/baselines/forest.ts';
import { trainLogistic } from '../model/baselines/logistic.ts';
import { trainTree } from '../model/baselines/tree.ts';
import { trainBoostedTrees } from '../model/trees/train.ts';
import type { Metrics } from './metrics.ts';
import {
  evaluateFolds,
  type Evaluation,
  type FoldsOptions,
  type History,
  partOf,
  type Spread,
  type Train,
} from './prequential.ts';
import { baselinePlan, type SplitPlan, testPlans } from './splits.ts';
import type { TableRow } from './table.ts';

/** A line of a published table. */
export interface PublishedModel {
  readonly model: string;
  readonly published: Metrics;
  /** By metric: for each, chapter 5 takes the parameters that were best by it on validation. */
  readonly train: Readonly<Record<keyof Metrics, Train>>;
}

/** Chapter 3: one week, the parameters of the libraries. */
export const baselineModels: readonly PublishedModel[] = [
  {
    model: 'logistic regression',
    published: { aucRoc: 0.871, averagePrecision: 0.606, cardPrecision: 0.291 },
    train: forAll(logistic(1)),
  },
  {
    model: 'decision tree of depth 2',
    published: { aucRoc: 0.763, averagePrecision: 0.496, cardPrecision: 0.241 },
    train: forAll(tree(2)),
  },
  {
    model: 'decision tree, unlimited',
    published: { aucRoc: 0.788, averagePrecision: 0.309, cardPrecision: 0.243 },
    train: forAll(tree()),
  },
  {
    model: 'random forest of 100',
    published: { aucRoc: 0.867, averagePrecision: 0.658, cardPrecision: 0.287 },
    train: forAll(forest()),
  },
  {
    model: 'boosted trees 100/0.3/6',
    published: { aucRoc: 0.862, averagePrecision: 0.639, cardPrecision: 0.273 },
    train: forAll(boosted(100, 0.3, 6)),
  },
];

/** Chapter 5: four test weeks, the parameters that its grid search took on the validation weeks. */
export const prequentialModels: readonly PublishedModel[] = [
  {
    model: 'decision tree 50, 3, 5',
    published: { aucRoc: 0.797, averagePrecision: 0.579, cardPrecision: 0.284 },
    train: { aucRoc: tree(50), averagePrecision: tree(3), cardPrecision: tree(5) },
  },
  {
    model: 'logistic regression',
    published: { aucRoc: 0.868, averagePrecision: 0.623, cardPrecision: 0.297 },
    train: forAll(logistic(100)),
  },
  {
    model: 'random forest 100/20',
    published: { aucRoc: 0.87, averagePrecision: 0.678, cardPrecision: 0.299 },
    train: forAll(forest(20)),
  },
  {
    model: 'boosted trees 100/50/25, 0.3, 3',
    published: { aucRoc: 0.869, averagePrecision: 0.687, cardPrecision: 0.303 },
    train: {
      aucRoc: boosted(100, 0.3, 3),
      averagePrecision: boosted(50, 0.3, 3),
      cardPrecision: boosted(25, 0.3, 3),
    },
  },
];

export interface Reprint {
  readonly history: History;
  readonly plans: readonly SplitPlan[];
  readonly options: FoldsOptions;
}

export function reprintBaseline(history: History, options: FoldsOptions): readonly TableRow[] {
  return reprintAll(baselineModels, { history, plans: [baselinePlan], options });
}

export function reprintPrequential(history: History, options: FoldsOptions): readonly TableRow[] {
  return reprintAll(prequentialModels, { history, plans: testPlans, options });
}

/** One line of a published table, with our own figures. */
export function reprintModel(line: PublishedModel, reprint: Reprint): TableRow {
  const { history, plans, options } = reprint;
  const trains = [...new Set(Object.values(line.train))];
  const evaluations = new Map(
    trains.map((train, index) => {
      const partOptions = partOf(options, index, trains.length);
      return [train, evaluateFolds(history, plans, train, partOptions)] as const;
    }),
  );
  const pick = (spread: keyof Spread): Metrics => ({
    aucRoc: requireEvaluation(evaluations, line.train.aucRoc)[spread].aucRoc,
    averagePrecision: requireEvaluation(evaluations, line.train.averagePrecision)[spread]
      .averagePrecision,
    cardPrecision: requireEvaluation(evaluations, line.train.cardPrecision)[spread].cardPrecision,
  });
  return {
    model: line.model,
    metrics: pick('mean'),
    deviation: plans.length > 1 ? pick('deviation') : undefined,
    published: line.published,
  };
}

function reprintAll(lines: readonly PublishedModel[], reprint: Reprint): readonly TableRow[] {
  return lines.map((line, index) => {
    const options = partOf(reprint.options, index, lines.length);
    return reprintModel(line, { ...reprint, options });
  });
}

function requireEvaluation(evaluations: ReadonlyMap<Train, Evaluation>, train: Train): Evaluation {
  const evaluation = evaluations.get(train);
  assert(evaluation !== undefined, 'every way of training of a line was judged');
  return evaluation;
}

function forAll(train: Train): PublishedModel['train'] {
  return { aucRoc: train, averagePrecision: train, cardPrecision: train };
}

function logistic(inverseStrength: number): Train {
  return (training) => trainLogistic(training, { inverseStrength });
}

function tree(depthMax?: number): Train {
  return (training) => trainTree(training, { depthMax });
}

function forest(depthMax?: number): Train {
  return (training) => trainForest(training, { trees: 100, depthMax });
}

function boosted(trees: number, learningRate: number, depthMax: number): Train {
  return (training) => trainBoostedTrees(training, { trees, learningRate, depthMax });
}
