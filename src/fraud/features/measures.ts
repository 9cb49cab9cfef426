// Owns how each kind of feature is worked out from a view of a key's history. The places that a
// measure reads, such as the bound of its window, were settled when the set of features was opened.

import { assertNever, HOUR_US, SECOND_US } from '#kernel';
import type {
  DistinctFeature,
  FeatureDefinition,
  GapFeature,
  LatestRiskFeature,
  QuantileFeature,
  RatioFeature,
  RiskFeature,
  StreakFeature,
  WindowFeature,
  ZScoreFeature,
} from './definition.ts';
import { timeAt } from './history.ts';
import { maxOf, minOf, quantileOf, zScoreOf } from './statistics.ts';
import { fraudsBetween, labelsBy, sumBetween, type View, walkFrom } from './view.ts';

/** Writes a feature into its place of the row; a number handed back would be an object. */
export type Measure = (view: View, row: Float64Array) => void;

/** What a measure may ask for while it is made; asking twice for the same gives the same place. */
export interface Places {
  /** Where the feature is in the row. */
  readonly place: number;
  readonly minorPerUnit: number;
  /** The place of the bound so far back. */
  bound(offsetS: number): number;
  sorted(latest: number): number;
  other(kind: string): { readonly index: number; readonly plane: number };
  /** The plane that holds when an event was known to be fraud. */
  fraudPlane(): number;
  /** Asks for so many events before the bound to be kept. */
  need(offsetS: number, latest: number): void;
  needLabels(windowS: number, latest: number): void;
}

export type KeyedFeature = Extract<FeatureDefinition, { readonly key: string }>;

export function measureOf(feature: KeyedFeature, places: Places): Measure {
  switch (feature.kind) {
    case 'window':
      return windowMeasure(feature, places);
    case 'distinct':
      return distinctMeasure(feature, places);
    case 'ratio':
      return ratioMeasure(feature, places);
    case 'z_score':
      return zScoreMeasure(feature, places);
    case 'quantile':
      return quantileMeasure(feature, places);
    case 'gap':
      return gapMeasure(feature, places);
    case 'risk':
      return riskMeasure(feature, places);
    case 'streak':
      return streakMeasure(feature, places);
    case 'latest_risk':
      return latestRiskMeasure(feature, places);
    default:
      return assertNever(feature);
  }
}

function windowMeasure(feature: WindowFeature, places: Places): Measure {
  const { measure, windowS, delayS = 0 } = feature;
  const { minorPerUnit, place } = places;
  const from = places.bound(delayS + windowS);
  const to = delayS === 0 ? -1 : places.bound(delayS);
  const own = delayS === 0 ? 1 : 0;
  const endOf = (view: View): number => (to < 0 ? view.position : (view.cuts[to] ?? 0));
  const countOf = (view: View): number => endOf(view) - (view.cuts[from] ?? 0) + own;
  const sumOf = (view: View): number =>
    sumBetween(view, view.cuts[from] ?? 0, endOf(view)) + own * view.amount;
  const extremeOf = (view: View, extreme: typeof minOf, choose: typeof Math.min): number => {
    const { planes, capacity } = view.history;
    const end = endOf(view);
    const start = walkFrom(view.cuts[from] ?? 0, end);
    const found = extreme(planes, capacity + start, capacity + end);
    if (own === 0) return Number.isNaN(found) ? 0 : found / minorPerUnit;
    return (Number.isNaN(found) ? view.amount : choose(found, view.amount)) / minorPerUnit;
  };
  switch (measure) {
    case 'count':
      return (view, row) => {
        row[place] = countOf(view);
      };
    case 'sum':
      return (view, row) => {
        row[place] = sumOf(view) / minorPerUnit;
      };
    case 'average':
      return (view, row) => {
        const count = countOf(view);
        row[place] = count === 0 ? 0 : sumOf(view) / (count * minorPerUnit);
      };
    case 'min':
      return (view, row) => {
        row[place] = extremeOf(view, minOf, Math.min);
      };
    case 'max':
      return (view, row) => {
        row[place] = extremeOf(view, maxOf, Math.max);
      };
    default:
      return assertNever(measure);
  }
}

function distinctMeasure({ of, windowS }: DistinctFeature, places: Places): Measure {
  const from = places.bound(windowS);
  const other = places.other(of);
  const { place } = places;
  const seen = new Set<number>();
  return (view, row) => {
    const { planes, capacity } = view.history;
    seen.clear();
    const own = view.others[other.index] ?? NaN;
    if (!Number.isNaN(own)) seen.add(own);
    const base = other.plane * capacity;
    for (let at = walkFrom(view.cuts[from] ?? 0, view.position); at < view.position; at += 1) {
      const hash = planes[base + at] ?? NaN;
      if (!Number.isNaN(hash)) seen.add(hash);
    }
    row[place] = seen.size;
  };
}

/** NaN where there is nothing to compare with. */
function ratio(amount: number, of: number): number {
  return of > 0 ? amount / of : NaN;
}

function ratioMeasure({ to, windowS }: RatioFeature, places: Places): Measure {
  const from = places.bound(windowS);
  const { place } = places;
  if (to === 'average') {
    return (view, row) => {
      const start = view.cuts[from] ?? 0;
      const sum = sumBetween(view, start, view.position);
      row[place] = ratio(view.amount * (view.position - start), sum);
    };
  }
  const extreme = to === 'max' ? maxOf : minOf;
  return (view, row) => {
    const { planes, capacity } = view.history;
    const start = walkFrom(view.cuts[from] ?? 0, view.position);
    row[place] = ratio(view.amount, extreme(planes, capacity + start, capacity + view.position));
  };
}

function zScoreMeasure({ windowS }: ZScoreFeature, places: Places): Measure {
  const bound = places.bound(windowS);
  const { place } = places;
  const run = { from: 0, to: 0, sum: 0 };
  return (view, row) => {
    const { planes, capacity } = view.history;
    const from = walkFrom(view.cuts[bound] ?? 0, view.position);
    run.from = capacity + from;
    run.to = capacity + view.position;
    run.sum = sumBetween(view, from, view.position);
    row[place] = zScoreOf(planes, run, view.amount);
  };
}

function quantileMeasure(feature: QuantileFeature, places: Places): Measure {
  const { share, latest, measure } = feature;
  const { minorPerUnit, place } = places;
  const which = places.sorted(latest);
  places.need(0, latest);
  const none = new Float64Array(0);
  const quantile = (view: View): number =>
    quantileOf(view.sorted[which] ?? none, view.sortedCounts[which] ?? 0, share);
  if (measure === 'value') {
    return (view, row) => {
      row[place] = quantile(view) / minorPerUnit;
    };
  }
  return (view, row) => {
    row[place] = ratio(view.amount, quantile(view));
  };
}

function gapMeasure(_: GapFeature, places: Places): Measure {
  const { place } = places;
  places.need(0, 1);
  return (view, row) => {
    const { at, history, position, start } = view;
    row[place] = position === start ? NaN : (at - timeAt(history, position - 1)) / HOUR_US;
  };
}

function riskMeasure({ measure, windowS, settled }: RiskFeature, places: Places): Measure {
  if (settled.kind === 'known') return knownRiskMeasure(measure, windowS, places);
  const from = places.bound(settled.delayS + windowS);
  const to = places.bound(settled.delayS);
  const { place } = places;
  return (view, row) => {
    const start = view.cuts[from] ?? 0;
    const end = view.cuts[to] ?? 0;
    const frauds = measure === 'count' ? 0 : fraudsBetween(view, start, end);
    row[place] = riskOf(measure, end - start, frauds);
  };
}

function riskOf(measure: RiskFeature['measure'], count: number, frauds: number): number {
  if (measure === 'count' || count === 0) return count;
  return measure === 'frauds' ? frauds : frauds / count;
}

function knownRiskMeasure(
  measure: RiskFeature['measure'],
  windowS: number,
  places: Places,
): Measure {
  places.needLabels(windowS, 0);
  const { place } = places;
  const windowUs = windowS * SECOND_US;
  return (view, row) => {
    const { labels } = view.history;
    const end = labelsBy(labels, view.at);
    const start = labelsBy(labels, view.at - windowUs);
    const frauds = (labels[end - 1]?.frauds ?? 0) - (labels[start - 1]?.frauds ?? 0);
    row[place] = riskOf(measure, end - start, frauds);
  };
}

function streakMeasure({ measure, latest, settled }: StreakFeature, places: Places): Measure {
  if (settled.kind === 'known') return knownStreakMeasure(measure, latest, places);
  const to = places.bound(settled.delayS);
  const fraud = places.fraudPlane();
  places.need(settled.delayS, latest);
  const { place } = places;
  return (view, row) => {
    const { planes, capacity } = view.history;
    const end = view.cuts[to] ?? 0;
    const oldest = Math.max(view.start, end - latest);
    const base = fraud * capacity;
    let start = end;
    while (start > oldest && (planes[base + start - 1] ?? Infinity) <= view.at) start -= 1;
    if (measure === 'length') row[place] = end - start;
    else row[place] = start === end ? 0 : (view.at - timeAt(view.history, start)) / HOUR_US;
  };
}

function knownStreakMeasure(
  measure: StreakFeature['measure'],
  latest: number,
  places: Places,
): Measure {
  places.needLabels(0, latest);
  const { place } = places;
  return (view, row) => {
    const { labels } = view.history;
    const end = labelsBy(labels, view.at);
    const oldest = Math.max(0, end - latest);
    let start = end;
    while (start > oldest && labels[start - 1]?.isFraud === true) start -= 1;
    if (measure === 'length') row[place] = end - start;
    else row[place] = start === end ? 0 : (view.at - (labels[start]?.at ?? view.at)) / HOUR_US;
  };
}

function latestRiskMeasure({ latest, settled }: LatestRiskFeature, places: Places): Measure {
  const { place } = places;
  if (settled.kind === 'known') {
    places.needLabels(0, latest);
    return ({ at, history: { labels } }, row) => {
      const end = labelsBy(labels, at);
      const start = Math.max(0, end - latest);
      const frauds = (labels[end - 1]?.frauds ?? 0) - (labels[start - 1]?.frauds ?? 0);
      row[place] = end === start ? 0 : frauds / (end - start);
    };
  }
  const to = places.bound(settled.delayS);
  const fraud = places.fraudPlane();
  places.need(settled.delayS, latest);
  return (view, row) => {
    const { planes, capacity } = view.history;
    const end = view.cuts[to] ?? 0;
    const start = Math.max(view.start, end - latest);
    const base = fraud * capacity;
    let frauds = 0;
    for (let at = start; at < end; at += 1) {
      if ((planes[base + at] ?? Infinity) <= view.at) frauds += 1;
    }
    row[place] = end === start ? 0 : frauds / (end - start);
  };
}
