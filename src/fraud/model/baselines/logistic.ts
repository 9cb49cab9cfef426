// Owns the logistic regression as a baseline: columns standardised by the training rows, weights
// held small by their squares, the intercept free. The optimum is unique, and is found by Newton's
// method to the last few bits; the seed has no part in it.

import type { Classifier, Matrix, Training } from '../../matrix.ts';
import { scoreRows } from './flat-tree.ts';
import { solve } from './solve.ts';
import { requireTraining } from './training.ts';

export interface LogisticParameters {
  /** What rows count against the squares of the weights (C in the literature); 1 unless given. */
  readonly inverseStrength?: number | undefined;
}

export interface LogisticRegression extends Classifier {
  readonly intercept: number;
  /** By column, of the value less its mean and divided by its deviation. */
  readonly weights: Float64Array;
  readonly means: Float64Array;
  readonly deviations: Float64Array;
}

/** Newton's method doubles the right digits at each step; five to twelve steps are usual. */
const STEPS_MAX = 100;
/** Of the loss: a step that promises less is the last one, for the loss can no longer tell. */
const PROMISE_MIN = 1e-13;
/** Of a whole step: shorter ones that still do not help are rounding, and the search is over. */
const SCALE_MIN = 1e-6;

export function trainLogistic(
  training: Training,
  parameters: LogisticParameters = {},
): LogisticRegression {
  requireTraining(training);
  const { matrix, labels, onProgress } = training;
  const { means, deviations, standard } = standardise(matrix);
  const positives = labels.reduce((sum, label) => sum + label, 0);
  const isMixed = positives > 0 && positives < matrix.rows;
  const inverseStrength = parameters.inverseStrength ?? 1;
  const solution = isMixed
    ? newton({ standard, labels, inverseStrength })
    : onlyClass(matrix, positives > 0);
  onProgress?.(1);
  const intercept = solution[standard.length] ?? 0;
  const weights = solution.slice(0, standard.length);
  const names = [...matrix.names];
  const score = (row: Float64Array): number => {
    let margin = intercept;
    for (let column = 0; column < weights.length; column++) {
      const value = row[column] ?? NaN;
      // What is not known counts as the mean, which is 0 once standardised.
      if (Number.isNaN(value)) continue;
      const distance = (value - (means[column] ?? 0)) / (deviations[column] ?? 1);
      margin += (weights[column] ?? 0) * distance;
    }
    return sigmoid(margin);
  };
  const scoreAll = (given: Matrix): Float64Array => scoreRows(names, given, score);
  return { names, intercept, weights, means, deviations, score, scoreAll };
}

/** Where only one class was seen, its intercept has no optimum: the score is that class for all. */
function onlyClass(matrix: Matrix, isFraud: boolean): Float64Array {
  const solution = new Float64Array(matrix.columns.length + 1);
  solution[matrix.columns.length] = isFraud ? Infinity : -Infinity;
  return solution;
}

interface Standardised {
  readonly means: Float64Array;
  /** 1 for a column that never changes. */
  readonly deviations: Float64Array;
  readonly standard: readonly Float64Array[];
}

function standardise(matrix: Matrix): Standardised {
  const means = new Float64Array(matrix.columns.length);
  const deviations = new Float64Array(matrix.columns.length);
  const standard = matrix.columns.map((column, index) => {
    const known = column.filter((value) => !Number.isNaN(value));
    const [first = 0] = known;
    const isConstant = known.every((value) => value === first);
    const mean = isConstant ? first : known.reduce((sum, value) => sum + value) / known.length;
    const squares = known.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const deviation = isConstant ? 1 : Math.sqrt(squares / known.length);
    means[index] = mean;
    deviations[index] = deviation;
    return column.map((value) => (Number.isNaN(value) ? 0 : (value - mean) / deviation));
  });
  return { means, deviations, standard };
}

interface Problem {
  readonly standard: readonly Float64Array[];
  readonly labels: Uint8Array;
  readonly inverseStrength: number;
}

/** The weights of the columns, then the intercept. */
function newton(problem: Problem): Float64Array {
  let point: Float64Array = new Float64Array(problem.standard.length + 1);
  let margins = marginsAt(problem, point);
  let loss = lossAt(problem, point, margins);
  for (let step = 0; step < STEPS_MAX; step++) {
    const { gradient, hessian } = slopesAt(problem, point, margins);
    const direction = solve(hessian, gradient);
    if (product(gradient, direction) <= PROMISE_MIN * loss) return moved(point, direction, 1);
    let scale = 2;
    let nextLoss = Infinity;
    // Far from the optimum a whole step can overshoot; half of it, often enough, cannot.
    while (!(nextLoss < loss)) {
      scale /= 2;
      if (scale < SCALE_MIN) return point;
      const next = moved(point, direction, scale);
      margins = marginsAt(problem, next);
      nextLoss = lossAt(problem, next, margins);
      if (nextLoss < loss) point = next;
    }
    loss = nextLoss;
  }
  return point;
}

function moved(point: Float64Array, direction: Float64Array, scale: number): Float64Array {
  return point.map((value, index) => value - scale * (direction[index] ?? 0));
}

function marginsAt({ standard, labels }: Problem, point: Float64Array): Float64Array {
  const margins = new Float64Array(labels.length).fill(point[standard.length] ?? 0);
  standard.forEach((column, index) => {
    const weight = point[index] ?? 0;
    for (let row = 0; row < margins.length; row++) {
      margins[row] = (margins[row] ?? 0) + weight * (column[row] ?? 0);
    }
  });
  return margins;
}

function lossAt(
  { standard, labels, inverseStrength }: Problem,
  point: Float64Array,
  margins: Float64Array,
): number {
  let loss = 0;
  for (let row = 0; row < margins.length; row++) {
    const margin = margins[row] ?? 0;
    const excess = labels[row] === 1 ? -margin : margin;
    loss += Math.max(0, excess) + Math.log1p(Math.exp(-Math.abs(excess)));
  }
  const weights = point.subarray(0, standard.length);
  const squares = weights.reduce((sum, weight) => sum + weight * weight, 0);
  return loss * inverseStrength + squares / 2;
}

interface Slopes {
  readonly gradient: Float64Array;
  /** Row after row. */
  readonly hessian: Float64Array;
}

function slopesAt(problem: Problem, point: Float64Array, margins: Float64Array): Slopes {
  const { standard, labels, inverseStrength } = problem;
  const size = standard.length + 1;
  const gradient = new Float64Array(size);
  const hessian = new Float64Array(size * size);
  const errors = new Float64Array(labels.length);
  const spreads = new Float64Array(labels.length);
  for (let row = 0; row < labels.length; row++) {
    const share = sigmoid(margins[row] ?? 0);
    errors[row] = inverseStrength * (share - (labels[row] ?? 0));
    spreads[row] = inverseStrength * share * (1 - share);
  }
  const ones = new Float64Array(labels.length).fill(1);
  const columns = [...standard, ones];
  columns.forEach((left, i) => {
    const isIntercept = i === standard.length;
    gradient[i] = product(left, errors) + (isIntercept ? 0 : (point[i] ?? 0));
    const weighted = left.map((value, row) => value * (spreads[row] ?? 0));
    for (let j = 0; j <= i; j++) {
      const part = product(weighted, columns[j] ?? ones) + (i === j && !isIntercept ? 1 : 0);
      hessian[i * size + j] = part;
      hessian[j * size + i] = part;
    }
  });
  return { gradient, hessian };
}

function product(left: Float64Array, right: Float64Array): number {
  let sum = 0;
  for (let row = 0; row < left.length; row++) sum += (left[row] ?? 0) * (right[row] ?? 0);
  return sum;
}

/** Of e to a negative power only, which cannot overflow. */
function sigmoid(margin: number): number {
  const power = Math.exp(-Math.abs(margin));
  return margin >= 0 ? 1 / (1 + power) : power / (1 + power);
}
