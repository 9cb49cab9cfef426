// Owns the search for the best threshold of one column among the rows of one node. Every threshold
// between two neighbouring values is weighed by whole numbers of rows, so no order of rows matters.

import { assert } from '#kernel';
import type { RankedColumn } from './ranks.ts';

/** The rows that a tree is grown on. */
export interface Sample {
  /** How often each row is in the sample; rows of weight 0 are not. */
  readonly weights: Uint8Array;
  readonly labels: Uint8Array;
}

export interface Members {
  readonly rows: Uint32Array;
  readonly weight: number;
  readonly positives: number;
}

export interface Candidate {
  /** The greater, the purer are both sides. */
  readonly purity: number;
  /** The highest rank that goes left. */
  readonly rank: number;
  readonly threshold: number;
}

/** Room for the search, kept between nodes and trees, because most nodes are small. */
export interface SearchRoom {
  /** By rank; all 0 between two searches. */
  readonly weightOf: Uint32Array;
  readonly positivesOf: Uint32Array;
  readonly keys: Uint32Array;
  /** The groups of equal rank in a node, ascending. */
  readonly ranks: Uint32Array;
  readonly weights: Uint32Array;
  readonly positives: Uint32Array;
}

export function openSearchRoom(rows: number): SearchRoom {
  return {
    weightOf: new Uint32Array(rows),
    positivesOf: new Uint32Array(rows),
    keys: new Uint32Array(rows),
    ranks: new Uint32Array(rows),
    weights: new Uint32Array(rows),
    positives: new Uint32Array(rows),
  };
}

/** Undefined where all rows of the node have the same value. */
export function bestThreshold(
  sample: Sample,
  room: SearchRoom,
  column: RankedColumn,
  members: Members,
): Candidate | undefined {
  // Counting visits every rank between the node's lowest and highest: dear where rows are few.
  const isCounted = column.values.length <= members.rows.length * 8;
  const groups = isCounted
    ? countGroups(sample, room, column.ranks, members.rows)
    : sortGroups(sample, room, column.ranks, members.rows);
  return groups < 2 ? undefined : bestOfGroups(room, groups, column.values, members);
}

function countGroups(
  { weights, labels }: Sample,
  room: SearchRoom,
  ranks: Uint32Array,
  rows: Uint32Array,
): number {
  const { weightOf, positivesOf } = room;
  let lowest = ranks[rows[0] ?? 0] ?? 0;
  let highest = lowest;
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index] ?? 0;
    const rank = ranks[row] ?? 0;
    const weight = weights[row] ?? 0;
    if (rank < lowest) lowest = rank;
    if (rank > highest) highest = rank;
    weightOf[rank] = (weightOf[rank] ?? 0) + weight;
    if (labels[row] === 1) positivesOf[rank] = (positivesOf[rank] ?? 0) + weight;
  }
  let groups = 0;
  for (let rank = lowest; rank <= highest; rank++) {
    const weight = weightOf[rank] ?? 0;
    if (weight === 0) continue;
    room.ranks[groups] = rank;
    room.weights[groups] = weight;
    room.positives[groups++] = positivesOf[rank] ?? 0;
    weightOf[rank] = 0;
    positivesOf[rank] = 0;
  }
  return groups;
}

/** Below the rank, a key holds 8 bits of the row's weight and 1 of its label. */
const KEY_RANK = 512;

function sortGroups(
  { weights, labels }: Sample,
  room: SearchRoom,
  ranks: Uint32Array,
  rows: Uint32Array,
): number {
  const { keys } = room;
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index] ?? 0;
    const low = (weights[row] ?? 0) * 2 + (labels[row] ?? 0);
    keys[index] = (ranks[row] ?? 0) * KEY_RANK + low;
  }
  sortKeys(keys, rows.length);
  let groups = 0;
  for (let index = 0; index < rows.length; index++) {
    const key = keys[index] ?? 0;
    const rank = Math.floor(key / KEY_RANK);
    const weight = (key % KEY_RANK) >>> 1;
    const positives = key % 2 === 1 ? weight : 0;
    if (groups > 0 && room.ranks[groups - 1] === rank) {
      room.weights[groups - 1] = (room.weights[groups - 1] ?? 0) + weight;
      room.positives[groups - 1] = (room.positives[groups - 1] ?? 0) + positives;
      continue;
    }
    room.ranks[groups] = rank;
    room.weights[groups] = weight;
    room.positives[groups++] = positives;
  }
  return groups;
}

/** Below this, putting each key in its place costs less than the call of the sort. */
const FEW_KEYS = 48;

function sortKeys(keys: Uint32Array, count: number): void {
  if (count > FEW_KEYS) {
    keys.subarray(0, count).sort();
    return;
  }
  for (let index = 1; index < count; index++) {
    const key = keys[index] ?? 0;
    let place = index;
    for (; place > 0 && (keys[place - 1] ?? 0) > key; place--) keys[place] = keys[place - 1] ?? 0;
    keys[place] = key;
  }
}

/**
 * The least Gini impurity of both sides, weighted, is the greatest sum over the sides of the
 * squares of what each class weighs, divided by what the side weighs.
 */
function bestOfGroups(
  room: SearchRoom,
  groups: number,
  values: Float64Array,
  members: Members,
): Candidate {
  let weight = 0;
  let positives = 0;
  let purity = -1;
  let best = 0;
  for (let group = 0; group + 1 < groups; group++) {
    weight += room.weights[group] ?? 0;
    positives += room.positives[group] ?? 0;
    const here =
      squares(weight, positives) + squares(members.weight - weight, members.positives - positives);
    if (here <= purity) continue;
    purity = here;
    best = group;
  }
  const rank = room.ranks[best] ?? 0;
  const next = room.ranks[best + 1] ?? 0;
  assert(rank < next, 'groups of rows are in the order of their ranks');
  return { purity, rank, threshold: between(values[rank] ?? NaN, values[next] ?? NaN) };
}

function squares(weight: number, positives: number): number {
  const negatives = weight - positives;
  return (positives * positives + negatives * negatives) / weight;
}

/** The middle, unless rounding took it out of the two; everything known is above what is not. */
function between(low: number, high: number): number {
  if (Number.isNaN(low)) return -Infinity;
  const middle = low / 2 + high / 2;
  return middle >= low && middle < high ? middle : low;
}
