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
  const width = names.length;
  const packed = packedOf(nodes, width);
  const twice = new Float64Array(2 * width + 1);
  twice[2 * width] = -Infinity;
  const margin = (row: Float64Array): number => {
    assert(row.length === width, 'a row has a value for each of the columns');
    readTwice(row, twice);
    return marginOf(packed, baseMargin, twice);
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
 * The nodes as scoring reads them: 12 bytes for each, children beside one another and what is near
 * a root beside it, so that few lines of the cache are waited for.
 */
interface PackedNodes {
  readonly roots: Int32Array;
  readonly depths: Int32Array;
  /** Thresholds; in a leaf what that adds. */
  readonly numbers: Float64Array;
  /** The place that is asked for in a row that was read, and the left child, of all nodes. */
  readonly links: Uint32Array;
}

const ASKED_BITS = 11;
const ASKED_MASK = 2 ** ASKED_BITS - 1;
/** What fits into the bits of a link. */
export const NODES_MAX = 2 ** (32 - ASKED_BITS) - 1;
export const COLUMNS_MAX = Math.floor(ASKED_MASK / 2);

function packedOf(nodes: TreeNodes, width: number): PackedNodes {
  const { lefts, features, missingRights, thresholds, values, depths } = nodes;
  assert(width <= COLUMNS_MAX, 'a place in a row that was read fits into its bits');
  assert(lefts.length <= NODES_MAX, 'the number of a node fits into its bits');
  const numbers = new Float64Array(lefts.length);
  const links = new Uint32Array(lefts.length);
  const roots = new Int32Array(nodes.roots.length);
  let packed = 0;
  for (const [tree, root] of nodes.roots.entries()) {
    roots[tree] = packed;
    // Level by level; the list grows while it is gone through.
    const tier = [root];
    for (const node of tier) {
      const left = lefts[node] ?? 0;
      const isLeaf = left === node;
      const asked = (features[node] ?? 0) + width * (missingRights[node] ?? 0);
      numbers[packed] = (isLeaf ? values[node] : thresholds[node]) ?? 0;
      // What a leaf asks for is less than anything, so that no row leaves it.
      links[packed] = isLeaf
        ? packed * 2 ** ASKED_BITS + 2 * width
        : ((roots[tree] ?? 0) + tier.length) * 2 ** ASKED_BITS + asked;
      if (!isLeaf) tier.push(left, left + 1);
      packed += 1;
    }
  }
  return { roots, depths, numbers, links };
}

/**
 * A row twice over: what is missing is less than everything in its first half and more than
 * everything in its second. A node that sends what is missing to the right asks the second half, so
 * that no step on the way has to tell whether a value is missing. What a leaf asks for is behind.
 */
function readTwice(row: Float64Array, twice: Float64Array): void {
  const width = row.length;
  for (let column = 0; column < width; column += 1) {
    const value = row[column] ?? 0;
    const isMissing = Number.isNaN(value);
    twice[column] = isMissing ? -Infinity : value;
    twice[width + column] = isMissing ? Infinity : value;
  }
}

/**
 * Two trees side by side: each step waits for the memory of the one before it, and two such waits
 * cost hardly more than one; for more there are too few registers. A row that reaches its leaf
 * early stays there. The side is a number that is added, and not a branch, because the processor
 * would guess it wrong too often.
 */
function marginOf(
  { roots, depths, numbers, links }: PackedNodes,
  baseMargin: number,
  row: Float64Array,
): number {
  const last = roots.length - 1;
  let sum = baseMargin;
  for (let tree = 0; tree <= last; tree += 2) {
    const next = Math.min(tree + 1, last);
    let a = roots[tree] ?? 0;
    let b = roots[next] ?? 0;
    for (let steps = Math.max(depths[tree] ?? 0, depths[next] ?? 0); steps > 0; steps -= 1) {
      const linkA = links[a] ?? 0;
      const linkB = links[b] ?? 0;
      const isRightA = (row[linkA & ASKED_MASK] ?? 0) > (numbers[a] ?? 0);
      const isRightB = (row[linkB & ASKED_MASK] ?? 0) > (numbers[b] ?? 0);
      a = ((linkA >>> ASKED_BITS) + Number(isRightA)) | 0;
      b = ((linkB >>> ASKED_BITS) + Number(isRightB)) | 0;
    }
    sum += numbers[a] ?? 0;
    if (tree < last) sum += numbers[b] ?? 0;
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
