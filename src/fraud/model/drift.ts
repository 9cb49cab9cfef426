// Owns telling that what a model is given, or what it answers, is no longer what it was trained on:
// the population stability index of each feature and of the score, over bins that the reference
// rows fix once. Rows compared should be whole weeks: a Sunday alone differs from any reference.

import { limits } from '#config';
import { assert } from '#kernel';
import { formatMetric } from '../evaluate/table.ts';
import type { Matrix } from '../matrix.ts';
import { binOf, type Bins, binsOf, boundsOf } from './drift-bins.ts';

/** Plain data, to be kept with the model. */
export interface DriftReference {
  readonly rows: number;
  /** In the order of the features of the model. */
  readonly features: readonly DriftMeasure[];
  readonly score: DriftMeasure;
}

export interface DriftMeasure {
  readonly name: string;
  readonly bins: Bins;
  /** Of the reference rows, by bin. */
  readonly counts: readonly number[];
}

export type DriftLevel = 'too_few_rows' | 'steady' | 'warning' | 'alarm';

export interface MeasuredDrift {
  readonly name: string;
  readonly isScore: boolean;
  readonly index: number;
  readonly level: DriftLevel;
  /** The bin that adds the most to the index, and the shares of the rows in it. */
  readonly worst: { readonly bin: string; readonly expected: number; readonly actual: number };
}

export interface DriftReport {
  readonly rows: number;
  /** The worst of all measures. */
  readonly level: DriftLevel;
  /** The features in order, then the score. */
  readonly measures: readonly MeasuredDrift[];
  readonly alarms: readonly DriftAlarm[];
}

/** For whoever is to be told; the worst first. */
export interface DriftAlarm {
  readonly code: 'feature_drifted' | 'score_drifted';
  readonly level: 'warning' | 'alarm';
  readonly name: string;
  readonly index: number;
  readonly message: string;
}

/** Counts what is scored now, one row at a time, against a reference. */
export interface DriftCounts {
  observe(row: Float64Array, score: number): void;
  report(): DriftReport;
}

export function driftReference(matrix: Matrix, scores: Float64Array): DriftReference {
  assert(scores.length === matrix.rows, 'every row of a reference has a score');
  assert(matrix.rows > 0, 'a reference has rows');
  const features = matrix.names.map((name, index) =>
    measureOf(name, matrix.columns[index] ?? new Float64Array(matrix.rows).fill(NaN)),
  );
  return { rows: matrix.rows, features, score: measureOf('score', scores) };
}

function measureOf(name: string, values: Float64Array): DriftMeasure {
  const bins = binsOf(values, limits.fraudDriftBins.value);
  const counts = Array.from({ length: boundsOf(bins).length }, () => 0);
  for (const value of values) {
    const bin = binOf(bins, value);
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { name, bins, counts };
}

export function openDriftCounts(reference: DriftReference): DriftCounts {
  const measures = [...reference.features, reference.score];
  const counts = measures.map((measure) => new Uint32Array(measure.counts.length));
  const width = reference.features.length;
  let rows = 0;
  const observe = (row: Float64Array, score: number): void => {
    assert(row.length === width, `a row has ${row.length} values, the reference ${width} features`);
    rows += 1;
    for (let index = 0; index <= width; index++) {
      const measure = measures[index];
      const counted = counts[index];
      if (measure === undefined || counted === undefined) continue;
      const bin = binOf(measure.bins, index === width ? score : (row[index] ?? NaN));
      counted[bin] = (counted[bin] ?? 0) + 1;
    }
  };
  const report = (): DriftReport => {
    const measured = measures.map((measure, index) =>
      driftOf(measure, counts[index] ?? new Uint32Array(0), index === width),
    );
    return reportOf(rows, measured);
  };
  return { observe, report };
}

function driftOf(measure: DriftMeasure, counts: Uint32Array, isScore: boolean): MeasuredDrift {
  const expected = sharesOf(measure.counts);
  const actual = sharesOf(counts);
  const parts = expected.map((share, bin) => {
    const now = actual[bin] ?? share;
    return (now - share) * Math.log(now / share);
  });
  const worst = parts.indexOf(Math.max(...parts));
  // The last bit of a logarithm may differ between engines, which 12 decimals do not show.
  const index = Math.round(parts.reduce((sum, part) => sum + part, 0) * 1e12) / 1e12;
  return {
    name: measure.name,
    isScore,
    index,
    level: levelOf(index),
    worst: {
      bin: boundsOf(measure.bins)[worst] ?? '',
      expected: expected[worst] ?? 0,
      actual: actual[worst] ?? 0,
    },
  };
}

/** Half a row is added to each bin, so that an empty one is rare rather than impossible. */
function sharesOf(counts: readonly number[] | Uint32Array): readonly number[] {
  const all = [...counts];
  const sum = all.reduce((total, count) => total + count + 0.5, 0);
  return all.map((count) => (count + 0.5) / sum);
}

function levelOf(index: number): DriftLevel {
  if (index >= limits.fraudDriftAlarm.value) return 'alarm';
  return index >= limits.fraudDriftWarning.value ? 'warning' : 'steady';
}

function reportOf(rows: number, measured: readonly MeasuredDrift[]): DriftReport {
  if (rows < limits.fraudDriftRowsMin.value) {
    const measures = measured.map((one) => ({ ...one, level: 'too_few_rows' as const }));
    return { rows, level: 'too_few_rows', measures, alarms: [] };
  }
  const alarms = measured
    .flatMap((one) => alarmsOf(one))
    .toSorted((left, right) => right.index - left.index);
  return { rows, level: alarms[0]?.level ?? 'steady', measures: measured, alarms };
}

function alarmsOf({ name, isScore, index, level, worst }: MeasuredDrift): readonly DriftAlarm[] {
  if (level !== 'warning' && level !== 'alarm') return [];
  const code = isScore ? 'score_drifted' : 'feature_drifted';
  const message =
    `the stability index of ${name} is ${formatMetric(index)}; most of it where the value is ` +
    `${worst.bin}: ${formatMetric(worst.expected)} of the rows then, ` +
    `${formatMetric(worst.actual)} now`;
  return [{ code, level, name, index, message }];
}
