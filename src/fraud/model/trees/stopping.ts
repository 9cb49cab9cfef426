// Owns when training ends early: when the loss on rows that the trees are not grown on has not
// fallen for so many trees; the trees up to the least loss are kept.

import { assert } from '#kernel';
import { logistic } from './logistic.ts';
import type { NodeList } from './node-list.ts';
import type { EarlyStopping } from './parameters.ts';

export interface Stopping {
  /** Asked after each tree. */
  isOver(): boolean;
  /** Undefined where all are. */
  treesKept(): number | undefined;
}

export function stoppingOf(
  early: EarlyStopping | undefined,
  names: readonly string[],
  nodes: NodeList,
): Stopping {
  if (early === undefined) return { isOver: () => false, treesKept: () => undefined };
  const { matrix, labels, patienceTrees } = early;
  assert(labels.length === matrix.rows && matrix.rows > 0, 'every row has a label');
  assert(matrix.names.join() === names.join(), 'those rows have the columns trained on');
  const margins = new Float64Array(matrix.rows);
  let trees = 0;
  let best = { loss: Number.POSITIVE_INFINITY, trees: 0 };
  return {
    isOver() {
      trees += 1;
      for (let row = 0; row < margins.length; row += 1) {
        margins[row] = (margins[row] ?? 0) + nodes.lastAdds(matrix.columns, row);
      }
      const loss = squaredLoss(margins, labels);
      if (loss < best.loss) best = { loss, trees };
      return trees - best.trees >= patienceTrees;
    },
    treesKept: () => best.trees,
  };
}

/**
 * The squared error of the scores. A proper score like the logarithmic one, made of operations that
 * every machine rounds alike, so that the number of trees kept is the same everywhere.
 */
function squaredLoss(margins: Float64Array, labels: Uint8Array): number {
  let sum = 0;
  for (let row = 0; row < margins.length; row += 1) {
    const error = logistic(margins[row] ?? 0) - (labels[row] ?? 0);
    sum += error * error;
  }
  return sum;
}
