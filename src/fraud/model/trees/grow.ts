// Owns the growing of one tree from gradients: depth first, each node split where that lowers the
// loss the most, the sums of the larger child had by subtraction from its parent's.

import type { Bins } from './bins.ts';
import { emptyHistogram, fillHistogram, subtractHistogram, type Gradients } from './histogram.ts';
import type { NodeCut, NodeList } from './node-list.ts';
import { findSplit, type Split, type SplitRules } from './split.ts';

export interface GrowRules extends SplitRules {
  readonly depthMax: number;
  readonly learningRate: number;
}

/** What all trees are grown from. */
export interface Ground {
  readonly bins: Bins;
  readonly gradients: Gradients;
  /** The rows that a tree is grown on come first; they end up in the order of its leaves. */
  readonly rows: Int32Array;
  readonly nodes: NodeList;
  readonly rules: GrowRules;
}

export interface Grower {
  /** Grows a tree on the first so many rows, and tells which of them each leaf holds. */
  grow(count: number, columns: Int32Array, onLeaf: OnLeaf): void;
}

type OnLeaf = (value: number, start: number, end: number) => void;

/** What is kept from tree to tree, so that growing allocates little. */
interface Growth extends Ground {
  readonly split: Split;
  readonly scratch: Int32Array;
  readonly spare: Float64Array[];
  columns: Int32Array;
  onLeaf: OnLeaf;
}

interface Node {
  readonly at: number;
  readonly start: number;
  readonly end: number;
  readonly depth: number;
  readonly gradient: number;
  readonly curvature: number;
}

export function growerOf(ground: Ground): Grower {
  const growth: Growth = {
    ...ground,
    split: {
      column: -1,
      bin: 0,
      isMissingRight: false,
      isMissingSeen: false,
      gain: 0,
      leftGradient: 0,
      leftCurvature: 0,
    },
    scratch: new Int32Array(ground.rows.length),
    spare: [],
    columns: new Int32Array(),
    onLeaf: () => undefined,
  };
  return {
    grow(count, columns, onLeaf) {
      growth.columns = columns;
      growth.onLeaf = onLeaf;
      growTree(growth, count);
    },
  };
}

function growTree(growth: Growth, count: number): void {
  const { bins, gradients, rows, nodes, spare } = growth;
  const histogram = spare.pop() ?? emptyHistogram(bins);
  fillHistogram(histogram, bins, gradients, rows, 0, count);
  let gradient = 0;
  let curvature = 0;
  // Every row is in one bin of the first column.
  for (let code = 0; code < (bins.offsets[1] ?? 0); code += 1) {
    gradient += histogram[2 * code] ?? 0;
    curvature += histogram[2 * code + 1] ?? 0;
  }
  const root = { at: nodes.plant(), start: 0, end: count, depth: 0, gradient, curvature };
  growNode(growth, root, histogram);
  spare.push(histogram);
}

/** Grows what is below a node; the histogram is the node's and is used up. Answers its mean. */
function growNode(growth: Growth, node: Node, histogram: Float64Array | undefined): number {
  const { split, bins, rows, nodes } = growth;
  split.column = -1;
  if (histogram !== undefined) {
    findSplit(split, bins, histogram, growth.columns, node, growth.rules);
  }
  if (histogram === undefined || split.column < 0) return endNode(growth, node);
  const { column, bin, isMissingSeen, leftGradient, leftCurvature } = split;
  const { start, end } = node;
  const depth = node.depth + 1;
  const middle = partition(bins, rows, growth.scratch, node, split);
  // Where no value was ever missing, a missing one later goes where most rows went.
  const isMissingRight = isMissingSeen ? split.isMissingRight : end - middle > middle - start;
  const left = nodes.split(node.at, { column, bin, isMissingRight }, bins, node.depth);
  const lower: Node = {
    at: left,
    start,
    end: middle,
    depth,
    gradient: leftGradient,
    curvature: leftCurvature,
  };
  const upper: Node = {
    at: left + 1,
    start: middle,
    end,
    depth,
    gradient: node.gradient - leftGradient,
    curvature: node.curvature - leftCurvature,
  };
  const mean = growChildren(growth, lower, upper, histogram);
  nodes.finish(node.at, mean, end - start);
  return mean;
}

function growChildren(growth: Growth, lower: Node, upper: Node, histogram: Float64Array): number {
  const { bins, gradients, rows, rules, spare } = growth;
  const lowerRows = lower.end - lower.start;
  const upperRows = upper.end - upper.start;
  let lowerHistogram: Float64Array | undefined;
  let upperHistogram: Float64Array | undefined;
  if (canSplit(lower, rules) || canSplit(upper, rules)) {
    const isLowerSmall = lowerRows <= upperRows;
    const small = isLowerSmall ? lower : upper;
    const part = spare.pop() ?? emptyHistogram(bins);
    fillHistogram(part, bins, gradients, rows, small.start, small.end);
    subtractHistogram(histogram, part);
    lowerHistogram = isLowerSmall ? part : histogram;
    upperHistogram = isLowerSmall ? histogram : part;
  }
  const below = growNode(growth, lower, lowerHistogram) * lowerRows;
  const above = growNode(growth, upper, upperHistogram) * upperRows;
  const part = lowerHistogram === histogram ? upperHistogram : lowerHistogram;
  if (part !== undefined) spare.push(part);
  return (below + above) / (lowerRows + upperRows);
}

function endNode({ nodes, rules, onLeaf }: Growth, node: Node): number {
  const weight = node.curvature * rules.unit + rules.l2;
  const value = weight > 0 ? (-rules.learningRate * node.gradient * rules.unit) / weight : 0;
  nodes.finish(node.at, value, node.end - node.start);
  onLeaf(value, node.start, node.end);
  return value;
}

function canSplit(node: Node, rules: GrowRules): boolean {
  const isHeavy = node.curvature * rules.unit >= 2 * rules.childWeightMin;
  return node.depth < rules.depthMax && node.end - node.start > 1 && isHeavy;
}

/**
 * Puts the rows that go left before those that go right, both in their order before. Each row is
 * written to both ends and counted in one: which way rows go cannot be guessed, and a wrong guess
 * of the processor costs more than the second write.
 */
function partition(
  bins: Bins,
  rows: Int32Array,
  scratch: Int32Array,
  { start, end }: Node,
  cut: NodeCut,
): number {
  const codes = bins.byColumn[cut.column] ?? new Uint8Array();
  const missing = (bins.cuts[cut.column]?.length ?? 0) + 1;
  const goesRight = new Uint8Array(256).fill(1, cut.bin + 1);
  goesRight[missing] = cut.isMissingRight ? 1 : 0;
  let left = start;
  let right = 0;
  for (let at = start; at < end; at += 1) {
    const row = rows[at] ?? 0;
    const side = goesRight[codes[row] ?? 0] ?? 0;
    rows[left] = row;
    scratch[right] = row;
    right += side;
    left += 1 - side;
  }
  rows.set(scratch.subarray(0, right), left);
  return left;
}
