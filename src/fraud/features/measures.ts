// Owns how each kind of feature is worked out from a view of a key's history. The places that a
// measure reads, such as the bound of its window, were settled when the set of features was opened.

import { limits } from '#config';
import { assertNever, HOUR_US, SECOND_US } from '#kernel';
import type {
  DistinctFeature,
  FeatureDefinition,
  FraudAmountFeature,
  GapFeature,
  LatestRiskFeature,
  QuantileFeature,
  RatioFeature,
  RiskFeature,
  ShiftFeature,
  StreakFeature,
  TrendFeature,
  WindowFeature,
  ZScoreFeature,
} from './definition.ts';
import { plane, planePlace, timeAt } from './history.ts';
import { hasDistinct, slideDistinct } from './sliding/distinct.ts';
import { extremeIn } from './sliding/extreme.ts';
import {
  distinctWindow,
  EXTREME_WALKED_MAX,
  extremeWindow,
  WALKED_MAX,
} from './sliding/windows.ts';
import {
  insertSorted,
  maxOf,
  minOf,
  openDistinctCounter,
  quantileOf,
  zScoreOf,
} from './statistics.ts';
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
  /** The number of a window that is followed where it has many events. */
  followed(): number;
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
    case 'shift':
      return shiftMeasure(feature, places);
    case 'trend':
      return trendMeasure(feature, places);
    case 'gap':
      return gapMeasure(feature, places);
    case 'risk':
      return riskMeasure(feature, places);
    case 'fraud_amount':
      return fraudAmountMeasure(feature, places);
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
  const extreme = measure === 'min' ? 'min' : 'max';
  const extremeOf = extremeReader(extreme, places);
  const extremeWithOwn = (view: View): number => {
    const found = extremeOf(view, view.cuts[from] ?? 0, endOf(view));
    if (own === 0) return Number.isNaN(found) ? 0 : found / minorPerUnit;
    return (Number.isNaN(found) ? view.amount : Math[extreme](found, view.amount)) / minorPerUnit;
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
    case 'max':
      return (view, row) => {
        row[place] = extremeWithOwn(view);
      };
    default:
      return assertNever(measure);
  }
}

/** Of the events from one place to another the extreme amount; NaN of none. */
function extremeReader(
  extreme: 'min' | 'max',
  places: Places,
): (view: View, from: number, to: number) => number {
  const which = places.followed();
  const walk = extreme === 'max' ? maxOf : minOf;
  return ({ history }, from, to) => {
    const start = walkFrom(from, to);
    if (to - start > EXTREME_WALKED_MAX) {
      const window = extremeWindow(history, which, plane.amounts, extreme);
      return extremeIn(window, history, start, to);
    }
    const amounts = planePlace(history, plane.amounts);
    return walk(history.planes, amounts + start, amounts + to);
  };
}

function distinctMeasure({ of, windowS }: DistinctFeature, places: Places): Measure {
  const from = places.bound(windowS);
  const other = places.other(of);
  const which = places.followed();
  const { place } = places;
  // The events of a walk, and the one under way.
  const seen = openDistinctCounter(WALKED_MAX + 1);
  return (view, row) => {
    const { history, position } = view;
    const start = walkFrom(view.cuts[from] ?? 0, position);
    const own = view.others[other.index] ?? NaN;
    if (position - start > WALKED_MAX) {
      const window = distinctWindow(history, which, other.plane);
      slideDistinct(window, history, start, position);
      const isNew = !Number.isNaN(own) && !hasDistinct(window, own);
      row[place] = window.count + (isNew ? 1 : 0);
      return;
    }
    const { planes } = history;
    seen.clear();
    seen.add(own);
    const base = planePlace(history, other.plane);
    for (let at = start; at < position; at += 1) seen.add(planes[base + at] ?? NaN);
    row[place] = seen.count;
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
  const extremeOf = extremeReader(to, places);
  return (view, row) => {
    row[place] = ratio(view.amount, extremeOf(view, view.cuts[from] ?? 0, view.position));
  };
}

function zScoreMeasure({ windowS }: ZScoreFeature, places: Places): Measure {
  const bound = places.bound(windowS);
  const { place } = places;
  const run = { from: 0, to: 0, sum: 0 };
  return (view, row) => {
    const from = walkFrom(view.cuts[bound] ?? 0, view.position);
    const amounts = planePlace(view.history, plane.amounts);
    run.from = amounts + from;
    run.to = amounts + view.position;
    run.sum = sumBetween(view, from, view.position);
    row[place] = zScoreOf(view.history.planes, run, view.amount);
  };
}

function quantileMeasure(feature: QuantileFeature, places: Places): Measure {
  const { share, latest, measure } = feature;
  const { minorPerUnit, place } = places;
  const which = places.sorted(latest);
  places.need(0, latest);
  if (measure === 'value') {
    return (view, row) => {
      row[place] = quantileSeen(view, which, share) / minorPerUnit;
    };
  }
  return (view, row) => {
    row[place] = ratio(view.amount, quantileSeen(view, which, share));
  };
}

function quantileSeen({ sorted }: View, which: number, share: number): number {
  const seen = sorted[which];
  return seen === undefined ? NaN : quantileOf(seen.amounts, seen.count, share, seen.from);
}

function shiftMeasure({ of, windowS, share, latest }: ShiftFeature, places: Places): Measure {
  const from = places.bound(windowS);
  const which = places.sorted(latest);
  places.need(0, latest);
  const { place } = places;
  const maxIn = extremeReader('max', places);
  const levelOf = (view: View): number => {
    const start = view.cuts[from] ?? 0;
    const { amount, position } = view;
    if (of === 'average') {
      return (sumBetween(view, start, position) + amount) / (position + 1 - start);
    }
    const most = maxIn(view, start, position);
    return most > amount ? most : amount;
  };
  return (view, row) => {
    row[place] = ratio(levelOf(view), quantileSeen(view, which, share));
  };
}

function trendMeasure({ of, windowS, longerS }: TrendFeature, places: Places): Measure {
  const from = places.bound(windowS);
  const longer = places.bound(longerS);
  const { place } = places;
  const countSince = (view: View, bound: number): number =>
    view.position + 1 - (view.cuts[bound] ?? 0);
  if (of === 'count') {
    return (view, row) => {
      row[place] = countSince(view, from) / countSince(view, longer);
    };
  }
  const averageSince = (view: View, bound: number): number => {
    const sum = sumBetween(view, view.cuts[bound] ?? 0, view.position) + view.amount;
    return sum / countSince(view, bound);
  };
  return (view, row) => {
    row[place] = ratio(averageSince(view, from), averageSince(view, longer));
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

function fraudAmountMeasure(
  { measure, windowS, settled }: FraudAmountFeature,
  places: Places,
): Measure {
  const from = places.bound(settled.delayS + windowS);
  const to = places.bound(settled.delayS);
  const fraud = places.fraudPlane();
  const { place, minorPerUnit } = places;
  const sorted = new Float64Array(limits.fraudWalkMax.value);
  return (view, row) => {
    const { planes, frauds } = view.history;
    const end = view.cuts[to] ?? 0;
    // Most keys never had a fraud, and need no walk.
    const start = frauds.length === 0 ? end : walkFrom(view.cuts[from] ?? 0, end);
    const base = planePlace(view.history, fraud);
    const amounts = planePlace(view.history, plane.amounts);
    let count = 0;
    let sum = 0;
    for (let at = start; at < end; at += 1) {
      if (!((planes[base + at] ?? Infinity) <= view.at)) continue;
      const amount = planes[amounts + at] ?? 0;
      insertSorted(sorted, count, amount);
      count += 1;
      sum += amount;
    }
    if (count === 0) row[place] = NaN;
    else if (measure === 'average') row[place] = sum / (count * minorPerUnit);
    else if (measure === 'min') row[place] = (sorted[0] ?? 0) / minorPerUnit;
    else row[place] = ratio(view.amount, quantileOf(sorted, count, 0.5));
  };
}

function streakMeasure({ measure, latest, settled }: StreakFeature, places: Places): Measure {
  if (settled.kind === 'known') return knownStreakMeasure(measure, latest, places);
  const to = places.bound(settled.delayS);
  const fraud = places.fraudPlane();
  places.need(settled.delayS, latest);
  const { place } = places;
  return (view, row) => {
    const { planes, frauds } = view.history;
    const end = view.cuts[to] ?? 0;
    const oldest = Math.max(view.start, end - latest);
    // Most keys never had a fraud, and need not be looked at.
    const last = frauds.length === 0 ? end : oldest;
    const base = planePlace(view.history, fraud);
    let start = end;
    while (start > last && (planes[base + start - 1] ?? Infinity) <= view.at) start -= 1;
    if (measure === 'length') row[place] = end - start;
    else if (measure === 'age') row[place] = start === end ? 0 : hoursSince(view, start);
    else row[place] = start === oldest ? NaN : hoursSince(view, start - 1);
  };
}

function hoursSince({ at, history }: View, index: number): number {
  return (at - timeAt(history, index)) / HOUR_US;
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
    const hours = (label: number): number => (view.at - (labels[label]?.at ?? NaN)) / HOUR_US;
    if (measure === 'length') row[place] = end - start;
    else if (measure === 'age') row[place] = start === end ? 0 : hours(start);
    else row[place] = start === oldest ? NaN : hours(start - 1);
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
    const { planes, frauds } = view.history;
    const end = view.cuts[to] ?? 0;
    const start = Math.max(view.start, end - latest);
    const base = planePlace(view.history, fraud);
    let count = 0;
    for (let at = frauds.length === 0 ? end : start; at < end; at += 1) {
      if ((planes[base + at] ?? Infinity) <= view.at) count += 1;
    }
    row[place] = end === start ? 0 : count / (end - start);
  };
}
