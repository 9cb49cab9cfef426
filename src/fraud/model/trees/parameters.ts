// Owns what training can be told, with what is taken where nothing is said.

import { limits } from '#config';
import { assert } from '#kernel';
import type { Matrix } from '../../matrix.ts';

export interface BoostedTreesParameters {
  readonly trees: number;
  /** How much of each tree is added, 0 to 1. */
  readonly learningRate: number;
  readonly depthMax: number;
  /** Added to the curvature of a leaf, which draws small leaves to zero; 1 unless told. */
  readonly l2?: number | undefined;
  /** The least sum of curvatures of a child; 1 unless told. */
  readonly childWeightMin?: number | undefined;
  /** The least that a split must gain; 0 unless told. */
  readonly gainMin?: number | undefined;
  /** The share of rows that each tree is grown on; all unless told. */
  readonly rowShare?: number | undefined;
  /** The share of columns that each tree may ask for; all unless told. */
  readonly columnShare?: number | undefined;
  /** How many times a fraudulent row counts; once unless told. */
  readonly positiveWeight?: number | undefined;
  readonly earlyStopping?: EarlyStopping | undefined;
}

/** Training ends when the loss on other rows has not fallen for so many trees. */
export interface EarlyStopping {
  readonly matrix: Matrix;
  readonly labels: Uint8Array;
  readonly patienceTrees: number;
}

export interface SettledParameters {
  readonly trees: number;
  readonly learningRate: number;
  readonly depthMax: number;
  readonly l2: number;
  readonly childWeightMin: number;
  readonly gainMin: number;
  readonly rowShare: number;
  readonly columnShare: number;
  readonly positiveWeight: number;
}

const countsMax = {
  trees: limits.fraudModelTreesMax.value,
  depthMax: limits.fraudModelDepthMax.value,
};

export function settle(parameters: BoostedTreesParameters): SettledParameters {
  const settled: SettledParameters = {
    trees: parameters.trees,
    learningRate: parameters.learningRate,
    depthMax: parameters.depthMax,
    l2: parameters.l2 ?? 1,
    childWeightMin: parameters.childWeightMin ?? 1,
    gainMin: parameters.gainMin ?? 0,
    rowShare: parameters.rowShare ?? 1,
    columnShare: parameters.columnShare ?? 1,
    positiveWeight: parameters.positiveWeight ?? 1,
  };
  for (const [name, max] of Object.entries(countsMax)) {
    const count = name === 'trees' ? settled.trees : settled.depthMax;
    assert(Number.isInteger(count) && count > 0 && count <= max, `${name} is 1 to ${max}`);
  }
  for (const name of ['learningRate', 'rowShare', 'columnShare'] as const) {
    assert(settled[name] > 0 && settled[name] <= 1, `${name} is above 0 and at most 1`);
  }
  for (const name of ['l2', 'childWeightMin', 'gainMin'] as const) {
    assert(settled[name] >= 0 && Number.isFinite(settled[name]), `${name} is not negative`);
  }
  assert(settled.positiveWeight > 0 && settled.positiveWeight <= 1_000, 'a weight up to 1,000');
  return settled;
}
