// Training and scoring of the model alone, on one core, in one process: boosted trees on generated
// card transactions with the Handbook's features, unless other rows are given. Generating the rows
// and computing their features is not measured here.

import {
  cardMatrix,
  explainPath,
  generateTransactions,
  trainBoostedTrees,
  type BoostedTrees,
  type Training,
} from '#fraud';
import { parseDate } from '#kernel';
import { medianRun, type Run } from '../measure.ts';

export interface TrainScale {
  readonly rows: number;
  readonly trees: number;
  readonly depthMax: number;
  readonly runs: number;
}

export interface TrainBench {
  /** Rows a second through a whole training; the times are those of a training. */
  readonly trained: Run;
  /** Scores of single rows. */
  readonly scoreUs: number;
  /** Explanations of single scores by the path, score included. */
  readonly explainUs: number;
  readonly rows: number;
  readonly columns: number;
  readonly nodes: number;
}

const SEED = 6;
const LEARNING_RATE = 0.1;
/** About ten thousand transactions a day. */
const CUSTOMERS = 5_000;
const TERMINALS = 10_000;
const ROWS_PER_DAY = 8_000;
/** So that the longest window, a month after a week's delay, is full when the rows begin. */
const DAYS_BEFORE = 37;

export function benchTrain(
  scale: TrainScale,
  log: (line: string) => void,
  given?: Training,
): TrainBench {
  const training = given ?? generatedTraining(scale.rows, log);
  const runs: Run[] = [];
  let model = trainOnce(training, scale, runs);
  for (let at = 1; at < scale.runs; at += 1) {
    log(`training, ${at + 1} of ${scale.runs}`);
    model = trainOnce(training, scale, runs);
  }
  const row = new Float64Array(model.names.length);
  const contributions = new Float64Array(model.names.length);
  const explain = (): number => model.score(row) + explainPath(model, row, contributions);
  return {
    trained: medianRun(runs),
    scoreUs: perRowUs(training, row, () => model.score(row)),
    explainUs: perRowUs(training, row, explain),
    rows: training.matrix.rows,
    columns: model.names.length,
    nodes: model.nodes.lefts.length,
  };
}

function trainOnce(training: Training, scale: TrainScale, runs: Run[]): BoostedTrees {
  const { trees, depthMax } = scale;
  const startedMs = performance.now();
  const model = trainBoostedTrees(training, { trees, depthMax, learningRate: LEARNING_RATE });
  const tookMs = performance.now() - startedMs;
  const ratePerSecond = (training.matrix.rows * 1_000) / tookMs;
  runs.push({ ratePerSecond, p50Ms: tookMs, p99Ms: tookMs });
  return model;
}

/** The mean over all rows, each copied from its columns first, which is measured with it. */
function perRowUs({ matrix }: Training, row: Float64Array, call: () => number): number {
  const startedMs = performance.now();
  let sum = 0;
  for (let at = 0; at < matrix.rows; at += 1) {
    matrix.columns.forEach((column, index) => {
      row[index] = column[at] ?? Number.NaN;
    });
    sum += call();
  }
  const tookMs = performance.now() - startedMs;
  if (Number.isNaN(sum)) throw new Error('a score of the benchmark is not a number');
  return (tookMs * 1_000) / matrix.rows;
}

/** The last so many rows of generated transactions. */
export function generatedTraining(rows: number, log: (line: string) => void): Training {
  log(`generating ${rows.toLocaleString('en')} card transactions and those before them`);
  const start = parseDate('2018-04-01');
  if (start === undefined) throw new Error('the benchmark begins on a day');
  const days = DAYS_BEFORE + Math.ceil(rows / ROWS_PER_DAY);
  const transactions = generateTransactions({
    seed: SEED,
    customers: CUSTOMERS,
    terminals: TERMINALS,
    days,
    start,
  });
  if (transactions.count < rows) throw new Error('fewer transactions were generated than needed');
  const range = { from: transactions.count - rows, to: transactions.count };
  const patterns = transactions.patterns.subarray(range.from, range.to);
  return {
    matrix: cardMatrix(transactions, 'handbook', range),
    labels: Uint8Array.from(patterns, (pattern) => (pattern > 0 ? 1 : 0)),
    seed: SEED,
  };
}
