// Owns the choice of a split: of all cuts of the columns allowed, the one that lowers the loss the
// most; of equals the first column and the lowest cut, so that the choice is always the same.

import type { Bins } from './bins.ts';

export interface SplitRules {
  readonly l2: number;
  readonly childWeightMin: number;
  readonly gainMin: number;
  /** What a whole number in the sums stands for. */
  readonly unit: number;
}

/** The best split found; written over by each search, so that searching allocates nothing. */
export interface Split {
  /** -1 where no split is worth having. */
  column: number;
  /** Rows whose bin is at most this go left. */
  bin: number;
  isMissingRight: boolean;
  /** Whether any row of the node has no value there. */
  isMissingSeen: boolean;
  gain: number;
  leftGradient: number;
  leftCurvature: number;
}

interface Node {
  readonly gradient: number;
  readonly curvature: number;
}

/** Less than this is noise of the arithmetic. */
const GAIN_NOISE = 1e-6;

export function findSplit(
  split: Split,
  bins: Bins,
  histogram: Float64Array,
  columns: Int32Array,
  node: Node,
  rules: SplitRules,
): void {
  split.column = -1;
  split.gain = Math.max(rules.gainMin, GAIN_NOISE);
  for (const column of columns) {
    const start = bins.offsets[column] ?? 0;
    const missing = (bins.offsets[column + 1] ?? 0) - 1;
    const missingCurvature = histogram[2 * missing + 1] ?? 0;
    const isSeen = missingCurvature > 0;
    const scan = { column, start, end: missing - 1, gradient: 0, curvature: 0, isSeen };
    scanCuts(split, histogram, scan, node, rules, true);
    if (isSeen) {
      const gradient = histogram[2 * missing] ?? 0;
      const withMissing = { ...scan, gradient, curvature: missingCurvature };
      scanCuts(split, histogram, withMissing, node, rules, false);
    }
  }
}

interface Scan {
  readonly column: number;
  readonly start: number;
  readonly end: number;
  /** What is left of every cut from the beginning. */
  readonly gradient: number;
  readonly curvature: number;
  readonly isSeen: boolean;
}

function scanCuts(
  split: Split,
  histogram: Float64Array,
  scan: Scan,
  node: Node,
  { l2, childWeightMin, unit }: SplitRules,
  isMissingRight: boolean,
): void {
  const { column, start, end, isSeen } = scan;
  const curvatureMin = childWeightMin / unit;
  const added = l2 / unit;
  const parent = (node.gradient * node.gradient) / (node.curvature + added);
  let { gradient, curvature } = scan;
  for (let code = start; code < end; code += 1) {
    const more = histogram[2 * code + 1] ?? 0;
    if (more === 0) continue;
    gradient += histogram[2 * code] ?? 0;
    curvature += more;
    if (curvature < curvatureMin) continue;
    const right = node.curvature - curvature;
    if (right < curvatureMin || right <= 0) break;
    const rightGradient = node.gradient - gradient;
    const gain =
      unit *
      ((gradient * gradient) / (curvature + added) +
        (rightGradient * rightGradient) / (right + added) -
        parent);
    if (gain > split.gain) {
      split.gain = gain;
      split.column = column;
      split.bin = code - start;
      split.isMissingRight = isMissingRight;
      split.isMissingSeen = isSeen;
      split.leftGradient = gradient;
      split.leftCurvature = curvature;
    }
  }
}
