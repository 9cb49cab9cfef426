// Owns a decision tree as flat arrays and the walk through it. Nodes are in the order of a walk
// that goes left first, so the left child of a node is the next node and only the right one is
// written.

import { assert } from '#kernel';
import type { Matrix } from '../../matrix.ts';

export interface FlatTree {
  /** The column that is asked; without meaning at a leaf. */
  readonly columns: Uint16Array;
  /** A value above it goes right; a value that is not above it, or is not known, goes left. */
  readonly thresholds: Float64Array;
  /** The right child, 0 at a leaf. */
  readonly rights: Uint32Array;
  /** The share of fraud, by weight, among the training rows that came to the node. */
  readonly shares: Float64Array;
}

export function walkTree(tree: FlatTree, row: Float64Array): number {
  const { columns, thresholds, rights, shares } = tree;
  let node = 0;
  for (;;) {
    const right = rights[node] ?? 0;
    if (right === 0) return shares[node] ?? 0;
    const isAbove = (row[columns[node] ?? 0] ?? NaN) > (thresholds[node] ?? 0);
    node = isAbove ? right : node + 1;
  }
}

/** The scores of all rows, the columns of the matrix being those that the model was trained on. */
export function scoreRows(
  names: readonly string[],
  matrix: Matrix,
  score: (row: Float64Array) => number,
): Float64Array {
  requireNames(names, matrix.names);
  const scores = new Float64Array(matrix.rows);
  const row = new Float64Array(names.length);
  const columns = [...matrix.columns];
  for (let index = 0; index < matrix.rows; index++) {
    for (let column = 0; column < row.length; column++) {
      row[column] = columns[column]?.[index] ?? NaN;
    }
    scores[index] = score(row);
  }
  return scores;
}

function requireNames(trained: readonly string[], given: readonly string[]): void {
  const wrong = trained.findIndex((name, index) => name !== given[index]);
  const isSame = wrong === -1 && trained.length === given.length;
  assert(
    isSame,
    `the model was trained on the columns ${trained.join(', ')}; given are ${given.join(', ')}`,
  );
}
