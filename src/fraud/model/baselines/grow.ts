// Owns the growing of one decision tree: at each node the split that leaves the least Gini
// impurity, among all thresholds of the candidate columns. Of equal splits the first found wins, in
// the order of the columns drawn and then of the values, so that the same rows and draws give the
// same tree.

import type { RandomStream } from '../../generator/random.ts';
import type { FlatTree } from './flat-tree.ts';
import type { RankedColumn } from './ranks.ts';
import { bestThreshold } from './split.ts';
import type { Candidate, Members, Sample, SearchRoom } from './split.ts';

export interface Growth extends Sample {
  readonly columns: readonly RankedColumn[];
  /** Levels of splits; undefined is until no leaf holds both classes. */
  readonly depthMax: number | undefined;
  /** Columns looked at for a split; more only while all seen so far are constant in the node. */
  readonly candidates: number;
  /** Draws the columns to look at; undefined is all of them in order. */
  readonly random: RandomStream | undefined;
}

interface OpenNode {
  readonly start: number;
  readonly end: number;
  readonly depth: number;
  /** The node whose right child this is; -1 where it is a left child or the root. */
  readonly rightOf: number;
}

export function growTree(growth: Growth, room: SearchRoom): FlatTree {
  const rows = sampledRows(growth.weights);
  const columns: number[] = [];
  const thresholds: number[] = [];
  const rights: number[] = [];
  const shares: number[] = [];
  const open: OpenNode[] = [{ start: 0, end: rows.length, depth: 0, rightOf: -1 }];
  const order = Uint16Array.from(growth.columns, (_, index) => index);
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const id = columns.length;
    if (node.rightOf >= 0) rights[node.rightOf] = id;
    const members = weigh(rows.subarray(node.start, node.end), growth);
    const { weight, positives } = members;
    const isPure = positives === 0 || positives === weight;
    const isDeepest = growth.depthMax !== undefined && node.depth >= growth.depthMax;
    const split = isPure || isDeepest ? undefined : bestSplit(growth, room, order, members);
    columns.push(split?.column ?? 0);
    thresholds.push(split?.threshold ?? 0);
    rights.push(0);
    shares.push(weight === 0 ? 0 : positives / weight);
    if (split === undefined) continue;
    const { start, end } = node;
    const depth = node.depth + 1;
    const middle = start + part(members.rows, growth.columns[split.column], split.rank);
    open.push({ start: middle, end, depth, rightOf: id });
    open.push({ start, end: middle, depth, rightOf: -1 });
  }
  return {
    columns: Uint16Array.from(columns),
    thresholds: Float64Array.from(thresholds),
    rights: Uint32Array.from(rights),
    shares: Float64Array.from(shares),
  };
}

function sampledRows(weights: Uint8Array): Uint32Array {
  const rows = new Uint32Array(weights.length);
  let count = 0;
  for (let row = 0; row < weights.length; row++) {
    if (weights[row] !== 0) rows[count++] = row;
  }
  return rows.slice(0, count);
}

function weigh(rows: Uint32Array, { weights, labels }: Sample): Members {
  let weight = 0;
  let positives = 0;
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index] ?? 0;
    const times = weights[row] ?? 0;
    weight += times;
    positives += times * (labels[row] ?? 0);
  }
  return { rows, weight, positives };
}

interface Split extends Candidate {
  readonly column: number;
}

function bestSplit(
  growth: Growth,
  room: SearchRoom,
  order: Uint16Array,
  members: Members,
): Split | undefined {
  let best: Split | undefined;
  for (let seen = 0; seen < order.length; seen++) {
    if (seen >= growth.candidates && best !== undefined) break;
    const index = drawn(order, seen, growth.random);
    const column = growth.columns[index];
    if (column === undefined) continue;
    const candidate = bestThreshold(growth, room, column, members);
    if (candidate === undefined) continue;
    if (best === undefined || candidate.purity > best.purity) {
      best = { ...candidate, column: index };
    }
  }
  return best;
}

/** One step of the Fisher-Yates shuffle: the columns not seen yet are behind the place. */
function drawn(order: Uint16Array, place: number, random: RandomStream | undefined): number {
  if (random === undefined) return order[place] ?? 0;
  const from = place + random.below(order.length - place);
  const index = order[from] ?? 0;
  order[from] = order[place] ?? 0;
  order[place] = index;
  return index;
}

/** Brings the rows of at most the rank to the front; answers how many they are. */
function part(rows: Uint32Array, column: RankedColumn | undefined, rank: number): number {
  if (column === undefined) return 0;
  const { ranks } = column;
  let left = 0;
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index] ?? 0;
    if ((ranks[row] ?? 0) > rank) continue;
    rows[index] = rows[left] ?? 0;
    rows[left++] = row;
  }
  return left;
}
