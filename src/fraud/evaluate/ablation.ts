// Owns what our own model reaches with which features, on the weeks of the published protocol. What
// it is trained with is chosen on the weeks before alone; the test weeks are only reported.

import { assert } from '#kernel';
import { handbookFeatures, widerFeatures } from '../cards/features.ts';
import type { Matrix } from '../matrix.ts';
import type { BoostedTreesParameters } from '../model/trees/parameters.ts';
import { trainBoostedTrees } from '../model/trees/train.ts';
import type { Metrics } from './metrics.ts';
import {
  evaluateFolds,
  type Evaluation,
  type FoldsOptions,
  type History,
  partOf,
  type Train,
} from './prequential.ts';
import { choicePlans, testPlans } from './splits.ts';
import type { TableRow } from './table.ts';

/** The best of the handbook by each metric on the four test weeks, whichever model it was of. */
export const publishedBest: Metrics = {
  aucRoc: 0.879,
  averagePrecision: 0.694,
  cardPrecision: 0.305,
};

export interface Candidate {
  readonly name: string;
  readonly parameters: BoostedTreesParameters;
}

const sampled = { rowShare: 0.8, columnShare: 0.6 };

/** Splits that chance could have made are left out, which ranks what nothing tells of better. */
const cautious = {
  trees: 400,
  learningRate: 0.03,
  depthMax: 3,
  ...sampled,
  gainMin: 4,
  childWeightMin: 3,
};

/** What is tried; none is added or left out because of a test week. */
export const candidates: readonly Candidate[] = [
  candidateOf({ trees: 400, learningRate: 0.03, depthMax: 3, ...sampled }),
  candidateOf({ trees: 400, learningRate: 0.03, depthMax: 3, ...sampled, gainMin: 4 }),
  candidateOf({ trees: 200, learningRate: 0.06, depthMax: 3, ...sampled, gainMin: 6 }),
  candidateOf(cautious),
];

/** The candidate that the weeks before the test weeks prefer. */
export const preferred: Candidate = candidateOf(cautious);

const customerNames = [
  'AMOUNT_TO_MEAN_30DAY',
  'AMOUNT_TO_MAX_30DAY',
  'AMOUNT_TO_MEDIAN_LAST_100',
  'AMOUNT_TO_Q90_LAST_100',
  'AMOUNT_Z_SCORE_30DAY',
  'CUSTOMER_HOURS_SINCE_PREVIOUS',
  'CUSTOMER_MEDIAN_LAST_100',
];

const terminalNames = [
  'TERMINAL_FRAUD_STREAK',
  'TERMINAL_FRAUD_STREAK_HOURS',
  'TERMINAL_FRAUD_SHARE_LAST_3',
  'TX_HOUR',
];

const handbookNames = handbookFeatures.features.map(({ name }) => name);

export interface FeatureGroup {
  readonly name: string;
  readonly names: readonly string[];
}

export const featureGroups: readonly FeatureGroup[] = [
  { name: '15 of the handbook', names: handbookNames },
  { name: '22, with customer ratios', names: [...handbookNames, ...customerNames] },
  { name: '19, with terminal label state', names: [...handbookNames, ...terminalNames] },
  { name: '26, with both', names: [...handbookNames, ...customerNames, ...terminalNames] },
  { name: '35, wider', names: widerFeatures.features.map(({ name }) => name) },
];

/** Judges each group of features with the same parameters, on the test weeks. */
export function ablate(
  history: History,
  parameters: BoostedTreesParameters,
  options: FoldsOptions,
): readonly TableRow[] {
  return featureGroups.map((group, index) =>
    judgeGroup(group, {
      history,
      parameters,
      options: partOf(options, index, featureGroups.length),
    }),
  );
}

export interface Trial {
  readonly history: History;
  readonly parameters: BoostedTreesParameters;
  readonly options: FoldsOptions;
}

/** One line of the ablation: the test weeks with only these features. */
export function judgeGroup(
  { name, names }: FeatureGroup,
  { history, parameters, options }: Trial,
): TableRow {
  const train = trainerOf(parameters);
  return rowOf(name, evaluateFolds(withColumns(history, names), testPlans, train, options));
}

export interface Choice {
  readonly chosen: Candidate;
  /** How every candidate did on the weeks that it is chosen by. */
  readonly rows: readonly TableRow[];
}

/** Takes the candidate whose metrics add up to most on the weeks to choose by, first of equals. */
export function chooseParameters(history: History, options: FoldsOptions): Choice {
  let chosen: { readonly candidate: Candidate; readonly merit: number } | undefined;
  const rows: TableRow[] = [];
  candidates.forEach((candidate, index) => {
    const train = trainerOf(candidate.parameters);
    const partOptions = partOf(options, index, candidates.length);
    const evaluation = evaluateFolds(history, choicePlans, train, partOptions);
    rows.push(rowOf(candidate.name, evaluation));
    const { aucRoc, averagePrecision, cardPrecision } = evaluation.mean;
    const merit = aucRoc + averagePrecision + cardPrecision;
    if (chosen === undefined || merit > chosen.merit) chosen = { candidate, merit };
  });
  assert(chosen !== undefined, 'there is a candidate to choose');
  return { chosen: chosen.candidate, rows };
}

/** The same history with only some of its columns, in the order of the names. */
function withColumns(history: History, names: readonly string[]): History {
  const { matrix } = history;
  const columns = names.map((name) => {
    const column = matrix.columns[matrix.names.indexOf(name)];
    assert(column !== undefined, `the history has the feature ${name}`);
    return column;
  });
  const narrowed: Matrix = { rows: matrix.rows, names, columns };
  return { ...history, matrix: narrowed };
}

function candidateOf(parameters: BoostedTreesParameters): Candidate {
  const { trees, learningRate, depthMax, gainMin = 0, childWeightMin = 1 } = parameters;
  const size = `${trees}/${learningRate}/${depthMax}`;
  return { name: `${size}, gain ${gainMin}, weight ${childWeightMin}`, parameters };
}

function trainerOf(parameters: BoostedTreesParameters): Train {
  return (training) => trainBoostedTrees(training, parameters);
}

function rowOf(model: string, { mean, deviation }: Evaluation): TableRow {
  return { model, metrics: mean, deviation, published: publishedBest };
}
