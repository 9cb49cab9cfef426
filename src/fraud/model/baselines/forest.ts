// Owns the random forest as a baseline: trees grown on rows drawn with replacement, each split
// among columns drawn anew. The score is the mean of the trees' leaves. Each tree draws from a
// stream of its own, so a tree is the same however many are grown.

import { randomStream, type RandomStream } from '../../generator/random.ts';
import type { Classifier, Training } from '../../matrix.ts';
import { scoreRows, walkTree, type FlatTree } from './flat-tree.ts';
import { growTree } from './grow.ts';
import { rankColumns } from './ranks.ts';
import { openSearchRoom } from './split.ts';
import { requireTraining } from './training.ts';

export interface ForestParameters {
  readonly trees: number;
  /** Levels of splits at most; without it, until no leaf can be split. */
  readonly depthMax?: number | undefined;
  /** Columns drawn for a split; without it, the square root of their number, rounded down. */
  readonly columnsDrawn?: number | undefined;
}

export interface RandomForest extends Classifier {
  readonly trees: readonly FlatTree[];
}

export function trainForest(training: Training, parameters: ForestParameters): RandomForest {
  requireTraining(training);
  const { matrix, labels, seed, onProgress } = training;
  const { depthMax, columnsDrawn } = parameters;
  const columns = rankColumns(matrix);
  const candidates = columnsDrawn ?? Math.max(1, Math.floor(Math.sqrt(columns.length)));
  const room = openSearchRoom(matrix.rows);
  const trees: FlatTree[] = [];
  for (let index = 0; index < parameters.trees; index++) {
    const random = randomStream(seed, index);
    const weights = drawnRows(matrix.rows, random);
    trees.push(growTree({ columns, weights, labels, depthMax, candidates, random }, room));
    onProgress?.((index + 1) / parameters.trees);
  }
  const names = [...matrix.names];
  const score = (row: Float64Array): number => meanOf(trees, row);
  return { names, trees, score, scoreAll: (given) => scoreRows(names, given, score) };
}

/** How often each row was drawn; 255 times is beyond what happens even once in all forests. */
function drawnRows(rows: number, random: RandomStream): Uint8Array {
  const times = new Uint8Array(rows);
  for (let index = 0; index < rows; index++) {
    const row = random.below(rows);
    times[row] = (times[row] ?? 0) + 1;
  }
  return times;
}

function meanOf(trees: readonly FlatTree[], row: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < trees.length; index++) {
    const tree = trees[index];
    if (tree !== undefined) sum += walkTree(tree, row);
  }
  return sum / trees.length;
}
