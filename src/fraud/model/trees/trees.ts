// Owns a sum of decision trees as flat arrays and how it scores: a score is the logistic of the sum
// of one leaf of each tree, added in the order of the trees, so that it is the same wherever and in
// whatever company a row is scored. Scoring allocates nothing.

import { assert } from '#kernel';
import type { Classifier, Matrix } from '../../matrix.ts';
import { logistic } from './logistic.ts';

/** The nodes of all trees, one tree after another; the arrays are parallel. */
export interface TreeNodes {
  /** The first node of each tree. */
  readonly roots: Int32Array;
  /** The longest way down in each tree, in steps. */
  readonly depths: Int32Array;
  /** The column that a node asks for; 0 in a leaf. */
  readonly features: Int32Array;
  /** A value greater than this goes right; in a leaf infinity, so that no value leaves it. */
  readonly thresholds: Float64Array;
  /** The left child; the right one is next to it. A leaf is its own left child. */
  readonly lefts: Int32Array;
  /** 1 where a row whose value is missing goes right. */
  readonly missingRights: Uint8Array;
  /** What a leaf adds; for other nodes the mean of that over the training rows below. */
  readonly values: Float64Array;
  /** How many training rows came through. */
  readonly covers: Float64Array;
}

export interface BoostedTrees extends Classifier {
  readonly nodes: TreeNodes;
  /** The margin that trees add to: the log odds before any tree. */
  readonly baseMargin: number;
  /** The sum that the score is the logistic of. */
  margin(row: Float64Array): number;
}

export function boostedTreesOf(
  names: readonly string[],
  baseMargin: number,
  nodes: TreeNodes,
): BoostedTrees {
  const margin = (row: Float64Array): number => {
    assert(row.length === names.length, 'a row has a value for each of the columns');
    for (let column = 0; column < row.length; column += 1) {
      if (Number.isNaN(row[column] ?? 0)) return marginWithMissing(nodes, baseMargin, row);
    }
    return marginOf(nodes, baseMargin, row);
  };
  const score = (row: Float64Array): number => logistic(margin(row));
  return {
    names,
    nodes,
    baseMargin,
    margin,
    score,
    scoreAll: (matrix) => scoreRows(matrix, names, score),
  };
}

/**
 * Four trees side by side: each step waits for the memory of the one before it, and four such waits
 * cost hardly more than one. A row that reaches its leaf early stays there.
 */
function marginOf(nodes: TreeNodes, baseMargin: number, row: Float64Array): number {
  const { roots, depths, features, thresholds, lefts, values } = nodes;
  const last = roots.length - 1;
  let sum = baseMargin;
  for (let tree = 0; tree <= last; tree += 4) {
    let a = roots[tree] ?? 0;
    let b = roots[Math.min(tree + 1, last)] ?? 0;
    let c = roots[Math.min(tree + 2, last)] ?? 0;
    let d = roots[Math.min(tree + 3, last)] ?? 0;
    const depth = Math.max(
      depths[tree] ?? 0,
      depths[Math.min(tree + 1, last)] ?? 0,
      depths[Math.min(tree + 2, last)] ?? 0,
      depths[Math.min(tree + 3, last)] ?? 0,
    );
    for (let step = 0; step < depth; step += 1) {
      a = (lefts[a] ?? 0) + ((row[features[a] ?? 0] ?? 0) > (thresholds[a] ?? 0) ? 1 : 0);
      b = (lefts[b] ?? 0) + ((row[features[b] ?? 0] ?? 0) > (thresholds[b] ?? 0) ? 1 : 0);
      c = (lefts[c] ?? 0) + ((row[features[c] ?? 0] ?? 0) > (thresholds[c] ?? 0) ? 1 : 0);
      d = (lefts[d] ?? 0) + ((row[features[d] ?? 0] ?? 0) > (thresholds[d] ?? 0) ? 1 : 0);
    }
    sum += values[a] ?? 0;
    if (tree < last) sum += values[b] ?? 0;
    if (tree + 1 < last) sum += values[c] ?? 0;
    if (tree + 2 < last) sum += values[d] ?? 0;
  }
  return sum;
}

function marginWithMissing(nodes: TreeNodes, baseMargin: number, row: Float64Array): number {
  const { roots, lefts, values } = nodes;
  let sum = baseMargin;
  for (const root of roots) {
    let node = root;
    while (lefts[node] !== node) node = childOf(nodes, node, row);
    sum += values[node] ?? 0;
  }
  return sum;
}

/** Where a row goes from a node that is not a leaf. */
export function childOf(nodes: TreeNodes, node: number, row: Float64Array): number {
  const value = row[nodes.features[node] ?? 0] ?? 0;
  const left = nodes.lefts[node] ?? 0;
  if (Number.isNaN(value)) return left + (nodes.missingRights[node] ?? 0);
  return value > (nodes.thresholds[node] ?? 0) ? left + 1 : left;
}

function scoreRows(
  matrix: Matrix,
  names: readonly string[],
  score: (row: Float64Array) => number,
): Float64Array {
  assert(
    matrix.names.length === names.length && names.every((name, at) => matrix.names[at] === name),
    `the matrix has the columns of the model, in order: ${names.join(', ')}`,
  );
  const scores = new Float64Array(matrix.rows);
  const row = new Float64Array(names.length);
  for (let at = 0; at < matrix.rows; at += 1) {
    for (let column = 0; column < row.length; column += 1) {
      row[column] = matrix.columns[column]?.[at] ?? Number.NaN;
    }
    scores[at] = score(row);
  }
  return scores;
}
