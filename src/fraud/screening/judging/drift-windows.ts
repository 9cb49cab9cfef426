// Owns what is counted of a model's rows for drift: the last half to whole week of them, by two
// counts of a week each that begin half a week apart. A week's rows are compared because a Sunday
// alone differs from any reference.

import { DAY_US, type Instant } from '#kernel';
import { type DriftReference, type DriftReport, openDriftCounts } from '../../model/drift.ts';

export interface DriftWindows {
  /** The score is the model's own, before calibration. */
  observe(row: Float64Array, score: number, at: Instant): void;
  /** Of the count that began first. */
  report(): DriftReport;
}

const HALF_US = 3.5 * DAY_US;

export function openDriftWindows(reference: DriftReference): DriftWindows {
  let older = openDriftCounts(reference);
  let newer = openDriftCounts(reference);
  let half: number | undefined;
  return {
    observe(row, score, at) {
      const current = Math.floor(at / HALF_US);
      half ??= current;
      if (current > half) {
        older = current === half + 1 ? newer : openDriftCounts(reference);
        newer = openDriftCounts(reference);
        half = current;
      }
      older.observe(row, score);
      newer.observe(row, score);
    },
    report: () => older.report(),
  };
}
