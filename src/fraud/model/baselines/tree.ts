// Owns the decision tree as a baseline: grown on all rows by CART with the Gini impurity, without
// pruning. The score is the share of fraud in the leaf.

import type { Classifier, Training } from '../../matrix.ts';
import { scoreRows, walkTree, type FlatTree } from './flat-tree.ts';
import { growTree } from './grow.ts';
import { rankColumns } from './ranks.ts';
import { openSearchRoom } from './split.ts';
import { requireTraining } from './training.ts';

export interface TreeParameters {
  /** Levels of splits at most; without it, until no leaf can be split. */
  readonly depthMax?: number | undefined;
}

export interface DecisionTree extends Classifier {
  readonly tree: FlatTree;
}

export function trainTree(training: Training, parameters: TreeParameters = {}): DecisionTree {
  requireTraining(training);
  const { matrix, labels, onProgress } = training;
  const columns = rankColumns(matrix);
  const weights = new Uint8Array(matrix.rows).fill(1);
  const { depthMax } = parameters;
  const growth = {
    columns,
    weights,
    labels,
    depthMax,
    candidates: columns.length,
    random: undefined,
  };
  const tree = growTree(growth, openSearchRoom(matrix.rows));
  onProgress?.(1);
  const names = [...matrix.names];
  const score = (row: Float64Array): number => walkTree(tree, row);
  return { names, tree, score, scoreAll: (given) => scoreRows(names, given, score) };
}
