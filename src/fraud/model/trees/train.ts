// Owns the training of gradient-boosted trees on the logistic loss: each tree is grown on what the
// trees before it still get wrong. The same rows, parameters and seed give the same trees.

import { limits } from '#config';
import { assert } from '#kernel';
import type { Training } from '../../matrix.ts';
import { binsOf } from './bins.ts';
import { seededDraw } from './draw.ts';
import { growerOf } from './grow.ts';
import { logistic } from './logistic.ts';
import { nodeList } from './node-list.ts';
import { settle, type BoostedTreesParameters } from './parameters.ts';
import { stoppingOf } from './stopping.ts';
import { boostedTreesOf, type BoostedTrees } from './trees.ts';

/** Even odds before any tree: the first trees learn how rare fraud is. */
const BASE_MARGIN = 0;
/** Whole numbers and their sums are exact up to here, with a bit to spare. */
const EXACT_MAX = 2 ** 52;
const FRACTION_BITS_MAX = 40;

export function trainBoostedTrees(
  training: Training,
  parameters: BoostedTreesParameters,
): BoostedTrees {
  const { matrix, labels, seed, onProgress } = training;
  assert(matrix.rows > 0 && labels.length === matrix.rows, 'every row has a label');
  assert(matrix.columns.length === matrix.names.length, 'every column has a name');
  assert(matrix.rows <= limits.fraudModelRowsMax.value, 'no more rows than sums stay exact for');
  assert(matrix.names.length <= limits.fraudModelColumnsMax.value, 'no more columns than bins fit');
  const settled = settle(parameters);
  const bins = binsOf(matrix, labels);
  const unit = unitFor(matrix.rows * settled.positiveWeight);
  const margins = new Float64Array(matrix.rows).fill(BASE_MARGIN);
  const gradients = new Float64Array(2 * matrix.rows);
  const rows = new Int32Array(matrix.rows);
  const nodes = nodeList();
  const grower = growerOf({ bins, gradients, rows, nodes, rules: { ...settled, unit } });
  const draw = seededDraw(seed);
  const add = (value: number, start: number, end: number): void => {
    for (let at = start; at < end; at += 1) {
      const row = rows[at] ?? 0;
      margins[row] = (margins[row] ?? 0) + value;
    }
  };
  const stopping = stoppingOf(parameters.earlyStopping, matrix.names, nodes);
  for (let tree = 0; tree < settled.trees; tree += 1) {
    setGradients(gradients, margins, labels, settled.positiveWeight, unit);
    const count = drawRows(rows, settled.rowShare, draw);
    const columns = drawColumns(matrix.columns.length, settled.columnShare, draw);
    grower.grow(count, columns, add);
    for (let at = count; at < rows.length; at += 1) {
      add(nodes.lastAdds(matrix.columns, rows[at] ?? 0), at, at + 1);
    }
    onProgress?.((tree + 1) / settled.trees);
    if (stopping.isOver()) break;
  }
  nodes.keep(stopping.treesKept() ?? settled.trees);
  return boostedTreesOf(matrix.names, BASE_MARGIN, nodes.toNodes());
}

/** The finest power of two in which the sum over all rows is exact. */
function unitFor(weight: number): number {
  let bits = FRACTION_BITS_MAX;
  while (bits > 0 && weight * 2 ** bits > EXACT_MAX) bits -= 1;
  return 2 ** -bits;
}

function setGradients(
  gradients: Float64Array,
  margins: Float64Array,
  labels: Uint8Array,
  positiveWeight: number,
  unit: number,
): void {
  const scale = 1 / unit;
  for (let row = 0; row < margins.length; row += 1) {
    const score = logistic(margins[row] ?? 0);
    const isFraud = labels[row] === 1;
    const weight = isFraud ? positiveWeight * scale : scale;
    gradients[2 * row] = Math.round((isFraud ? score - 1 : score) * weight);
    gradients[2 * row + 1] = Math.max(1, Math.round(score * (1 - score) * weight));
  }
}

/** Puts the rows drawn first, in ascending order; answers how many were drawn. */
function drawRows(rows: Int32Array, share: number, draw: () => number): number {
  let count = 0;
  let others = rows.length;
  for (let row = 0; row < rows.length; row += 1) {
    if (share === 1 || draw() < share) {
      rows[count] = row;
      count += 1;
    } else {
      others -= 1;
      rows[others] = row;
    }
  }
  // A tree grown on nothing would have no mean; the chance is that of drawing no row at all.
  return Math.max(1, count);
}

function drawColumns(count: number, share: number, draw: () => number): Int32Array {
  const columns = Int32Array.from({ length: count }, (_, column) => column);
  if (share === 1) return columns;
  const drawn = Math.max(1, Math.round(count * share));
  for (let at = 0; at < drawn; at += 1) {
    const other = at + Math.floor(draw() * (count - at));
    const column = columns[other] ?? 0;
    columns[other] = columns[at] ?? 0;
    columns[at] = column;
  }
  return columns.slice(0, drawn).sort();
}
