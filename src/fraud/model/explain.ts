// Owns why a row has its score: a contribution of each column to the margin. The base and the
// contributions together are the margin, to within 1e-9, in both ways of explaining.

import { assert } from '#kernel';
import { type BoostedTrees, childOf, type TreeNodes } from './trees/trees.ts';

/**
 * What the way of a row through each tree changed, credited to the column asked at each step. Quick
 * and allocates nothing, so it serves while a payment waits; a column asked late may get credit
 * that a column asked early prepared. The contributions are written over; answers the base.
 */
export function explainPath(
  { nodes, baseMargin }: BoostedTrees,
  row: Float64Array,
  contributions: Float64Array,
): number {
  const { roots, features, lefts, values } = nodes;
  assert(contributions.length >= row.length, 'every column has a contribution');
  contributions.fill(0);
  let base = baseMargin;
  for (let tree = 0; tree < roots.length; tree += 1) {
    let node = roots[tree] ?? 0;
    let value = values[node] ?? 0;
    base += value;
    while (lefts[node] !== node) {
      const column = features[node] ?? 0;
      node = childOf(nodes, node, row);
      const after = values[node] ?? 0;
      contributions[column] = (contributions[column] ?? 0) + (after - value);
      value = after;
    }
  }
  return base;
}

/**
 * Exact Shapley values, where a column not known leaves both children possible, in proportion
 * to the training rows that went there: algorithm 2 of Lundberg, Erion and Lee, "Consistent
 * individualized feature attribution for tree ensembles" (2018). Some hundred times slower than the
 * path, and the same whatever the order of the questions. Answers the base.
 */
export function explainExactly(
  { nodes, baseMargin }: BoostedTrees,
  row: Float64Array,
  contributions: Float64Array,
): number {
  assert(contributions.length >= row.length, 'every column has a contribution');
  contributions.fill(0);
  let base = baseMargin;
  for (const root of nodes.roots) {
    base += nodes.values[root] ?? 0;
    const whole = { column: -1, zeroShare: 1, oneShare: 1 };
    descend(nodes, root, [], whole, row, contributions);
  }
  return base;
}

/** A column asked on the way. */
interface Asked {
  readonly column: number;
  /** The share of subsets without the column that come this way. */
  readonly zeroShare: number;
  /** The same of subsets with it: 1 or 0. */
  readonly oneShare: number;
}

/** With the weight of the subsets that have as many columns as stand before it. */
interface Step extends Asked {
  readonly weight: number;
}

type Way = readonly Step[];

function descend(
  nodes: TreeNodes,
  node: number,
  before: Way,
  asked: Asked,
  row: Float64Array,
  contributions: Float64Array,
): void {
  const way = extended(before, asked);
  const left = nodes.lefts[node] ?? 0;
  if (left === node) {
    credit(way, nodes.values[node] ?? 0, contributions);
    return;
  }
  const column = nodes.features[node] ?? 0;
  const taken = childOf(nodes, node, row);
  const again = way.findIndex((step) => step.column === column);
  const earlier = again < 0 ? { zeroShare: 1, oneShare: 1 } : way[again];
  assert(earlier !== undefined, 'a step found is on the way');
  const rest = again < 0 ? way : without(way, again);
  const cover = nodes.covers[node] ?? 0;
  for (const child of [left, left + 1]) {
    const zeroShare = (earlier.zeroShare * (nodes.covers[child] ?? 0)) / cover;
    const oneShare = child === taken ? earlier.oneShare : 0;
    descend(nodes, child, rest, { column, zeroShare, oneShare }, row, contributions);
  }
}

function credit(way: Way, value: number, contributions: Float64Array): void {
  for (let at = 1; at < way.length; at += 1) {
    const step = way[at];
    assert(step !== undefined, 'every step of the way is there');
    const weight = without(way, at).reduce((sum, { weight: part }) => sum + part, 0);
    const added = weight * (step.oneShare - step.zeroShare) * value;
    contributions[step.column] = (contributions[step.column] ?? 0) + added;
  }
}

function extended(way: Way, asked: Asked): Way {
  const depth = way.length;
  const weights = way.map((step) => step.weight);
  weights.push(depth === 0 ? 1 : 0);
  for (let at = depth - 1; at >= 0; at -= 1) {
    const weight = weights[at] ?? 0;
    weights[at + 1] = (weights[at + 1] ?? 0) + (asked.oneShare * weight * (at + 1)) / (depth + 1);
    weights[at] = (asked.zeroShare * weight * (depth - at)) / (depth + 1);
  }
  return [...way, asked].map((step, at) => ({ ...step, weight: weights[at] ?? 0 }));
}

/** The way as if a step had never been taken: the inverse of extending it. */
function without(way: Way, index: number): Way {
  const last = way.length - 1;
  const { zeroShare, oneShare } = way[index] ?? { zeroShare: 1, oneShare: 1 };
  const weights = way.map((step) => step.weight);
  let next = weights[last] ?? 0;
  for (let at = last - 1; at >= 0; at -= 1) {
    const weight = weights[at] ?? 0;
    if (oneShare !== 0) {
      weights[at] = (next * (last + 1)) / ((at + 1) * oneShare);
      next = weight - ((weights[at] ?? 0) * zeroShare * (last - at)) / (last + 1);
    } else {
      weights[at] = (weight * (last + 1)) / (zeroShare * (last - at));
    }
  }
  return way
    .filter((_, at) => at !== index)
    .map((step, at) => ({ ...step, weight: weights[at] ?? 0 }));
}
