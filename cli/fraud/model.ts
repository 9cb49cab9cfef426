// Owns the file of a model as the command writes and reads it: trees, what a score means as a
// probability, and the card that says what the model was trained on and how it was judged.

import { addDays, formatDate } from '#kernel';
import {
  calibrated,
  cardMatrix,
  genericFeatures,
  handbookFeatures,
  modelVersion,
  parseModel,
  paymentFeatures,
  serializeModel,
  trainedOn,
  widerFeatures,
  type FraudModel,
  type Matrix,
  type ModelCard,
  type ModelMetric,
  type SplitPlan,
  type Transactions,
} from '#fraud';
import { UsageError } from '../usage.ts';
import { readBytes, writeWhole, type Target } from './files.ts';
import type { FeatureChoice, JudgedWeek, Trained, TrainingPlan } from './training.ts';

const featureSets = {
  generic: genericFeatures,
  handbook: handbookFeatures,
  wider: widerFeatures,
  payments: paymentFeatures,
} as const;

export interface LoadedModel {
  readonly model: FraudModel;
  readonly features: FeatureChoice;
}

/** A model is made for one of the sets of features, which its names tell. */
export function loadModel(file: string): LoadedModel {
  const bytes = readBytes(file);
  const generic = parseModel(bytes, expectedOf('generic'));
  if (generic.ok) return { model: generic.value, features: 'generic' };
  if (generic.refusal.code === 'model_features_differ') {
    for (const features of ['handbook', 'wider', 'payments'] as const) {
      const other = parseModel(bytes, expectedOf(features));
      if (other.ok) return { model: other.value, features };
    }
  }
  throw new UsageError(`${file} cannot be used: ${generic.refusal.message}.`);
}

function expectedOf(choice: FeatureChoice): { names: string[]; version: string } {
  const { features, version } = featureSets[choice];
  return { names: features.map(({ name }) => name), version };
}

interface RowRange {
  readonly from: number;
  readonly to: number;
}

export function matrixFor(
  features: FeatureChoice,
  transactions: Transactions,
  range: RowRange,
): Matrix {
  if (features === 'payments') {
    throw new UsageError('A model of payments is for decisions of the bank, not for card files.');
  }
  return cardMatrix(transactions, features, range);
}

/** The probability of fraud at a score; undefined where the model does not tell. */
export function probabilityOf({ calibration }: FraudModel, score: number): number | undefined {
  return calibration === undefined ? undefined : calibrated(calibration, score);
}

/** Answers the version of the model. */
export function saveModel(target: Target, trained: Trained, plan: TrainingPlan): string {
  const { last, calibration } = trained;
  const card = cardOf(trained, plan);
  writeWhole(target, [serializeModel({ trees: last.trees, calibration, card })]);
  return card.model;
}

function cardOf({ last, calibrationPlan }: Trained, plan: TrainingPlan): ModelCard {
  const { features, version } = featureSets[plan.features];
  const { trees, learningRate, depthMax, rowShare = 1, columnShare = 1 } = plan.parameters;
  const names = features.map(({ name }) => name);
  const { plan: split } = last.split;
  return {
    model: modelVersion(last.trees),
    features: { version, names },
    trainedOn: trainedOn(last.training),
    protocol:
      `Trained on ${daysOf(split.trainFrom, split.trainDays)}, judged on ` +
      `${testDaysOf(split)}; labels take ${split.delayDays} days, cards known to be compromised ` +
      `are left out day by day. Calibrated on ${testDaysOf(calibrationPlan)} by a model trained ` +
      `on ${daysOf(calibrationPlan.trainFrom, calibrationPlan.trainDays)}.`,
    parameters: { trees, learningRate, depthMax, rowShare, columnShare },
    metrics: metricsOn(last),
    caveats: caveatsOf(plan),
  };
}

function metricsOn({ split, metrics, ceiling }: JudgedWeek): ModelMetric[] {
  const on = testDaysOf(split.plan);
  return [
    { name: 'AUC ROC', on, value: metrics.aucRoc },
    { name: 'average precision', on, value: metrics.averagePrecision },
    { name: 'card precision at 100', on, value: metrics.cardPrecision },
    { name: 'card precision at 100 of a perfect ranking', on, value: ceiling },
  ];
}

function caveatsOf({ heldOut }: TrainingPlan): string[] {
  const general = 'Judged on one bank alone: other customers and other fraud give other figures.';
  if (heldOut.size === 0) return [general];
  const codes = [...heldOut].toSorted((one, other) => one - other).join(', ');
  return [general, `Frauds of the patterns ${codes} were taken out of the training.`];
}

export function testDaysOf({ trainFrom, trainDays, delayDays, testDays }: SplitPlan): string {
  return daysOf(trainFrom, testDays, trainDays + delayDays);
}

export function daysOf(from: SplitPlan['trainFrom'], days: number, after = 0): string {
  const first = addDays(from, after);
  return `${formatDate(first)} to ${formatDate(addDays(first, days - 1))}`;
}
