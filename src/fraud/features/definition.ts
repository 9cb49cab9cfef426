// Owns what a feature is: data that says what is computed of an event and of the history of one of
// its keys. Times are whole seconds, windows slide with each event and are open at their old end:
// (t − w, t]. What cannot be known, such as a ratio to a history that is empty, is NaN.

import type { KeyKind } from '../event.ts';

export interface FeatureSet {
  /** Changes whenever the definitions do; a model knows the version that it was trained on. */
  readonly version: string;
  /** The kinds of keys whose history is kept. */
  readonly keys: readonly KeyKind[];
  /** Minor units in one unit of what the features say of amounts: 100 where they are in dollars. */
  readonly minorPerUnit: number;
  /** How long after the latest event one that happened before may still come. */
  readonly lateS: number;
  readonly features: readonly FeatureDefinition[];
}

export type FeatureDefinition =
  | AmountFeature
  | CalendarFeature
  | WindowFeature
  | DistinctFeature
  | RatioFeature
  | ZScoreFeature
  | QuantileFeature
  | ShiftFeature
  | TrendFeature
  | GapFeature
  | RiskFeature
  | FraudAmountFeature
  | StreakFeature
  | LatestRiskFeature;

interface Named {
  readonly name: string;
}

interface Keyed extends Named {
  readonly key: KeyKind;
}

/** The amount, in units. */
export interface AmountFeature extends Named {
  readonly kind: 'amount';
}

/** Of the time in UTC: the hour; the day, Monday 0; 1 on Saturday and Sunday, or at night. */
export interface CalendarFeature extends Named {
  readonly kind: 'calendar';
  readonly part: 'hour' | 'weekday' | 'is_weekend' | 'is_night';
}

/**
 * Of the events in the window that ended `delayS` ago. Without a delay the event itself is one of
 * them. Average, least and greatest are in units, and 0 where the window is empty.
 */
export interface WindowFeature extends Keyed {
  readonly kind: 'window';
  readonly measure: 'count' | 'sum' | 'average' | 'min' | 'max';
  readonly windowS: number;
  readonly delayS?: number;
}

/** How many different keys of another kind the events in the window had, this one's included. */
export interface DistinctFeature extends Keyed {
  readonly kind: 'distinct';
  readonly of: KeyKind;
  readonly windowS: number;
}

/** The amount, divided by what the events before it in the window come to. */
export interface RatioFeature extends Keyed {
  readonly kind: 'ratio';
  readonly to: 'average' | 'min' | 'max';
  readonly windowS: number;
}

/** How many standard deviations the amount is above the mean of those before it in the window. */
export interface ZScoreFeature extends Keyed {
  readonly kind: 'z_score';
  readonly windowS: number;
}

/** A quantile of the amounts of the latest events before this one, or the amount divided by it. */
export interface QuantileFeature extends Keyed {
  readonly kind: 'quantile';
  readonly measure: 'value' | 'ratio';
  /** 0.5 is the median. */
  readonly share: number;
  readonly latest: number;
}

/**
 * The average or the greatest amount in the window, this event's included, divided by a quantile of
 * the latest before it: whether lately more is paid than was paid before.
 */
export interface ShiftFeature extends Keyed {
  readonly kind: 'shift';
  readonly of: 'average' | 'max';
  readonly windowS: number;
  readonly share: number;
  readonly latest: number;
}

/** Events in the window, or their average amount, divided by the same of a longer window. */
export interface TrendFeature extends Keyed {
  readonly kind: 'trend';
  readonly of: 'count' | 'average';
  readonly windowS: number;
  readonly longerS: number;
}

/** Hours since the key's previous event. */
export interface GapFeature extends Keyed {
  readonly kind: 'gap';
}

/**
 * When an event counts as labelled: a set time after it happened, when it is held for genuine
 * unless it is known by then to be fraud; or when its label became known, of either kind.
 */
export type Settlement = SettledAfter | { readonly kind: 'known' };

export interface SettledAfter {
  readonly kind: 'after';
  readonly delayS: number;
}

/** Of the events that came to count as labelled within the window, the frauds; 0 of none. */
export interface RiskFeature extends Keyed {
  readonly kind: 'risk';
  readonly measure: 'count' | 'frauds' | 'share';
  readonly windowS: number;
  readonly settled: Settlement;
}

/**
 * Of the frauds among the events that came to count as labelled within the window: their average
 * or least amount, in units, or this event's amount divided by their median. NaN of none.
 */
export interface FraudAmountFeature extends Keyed {
  readonly kind: 'fraud_amount';
  readonly measure: 'average' | 'min' | 'ratio';
  readonly windowS: number;
  readonly settled: SettledAfter;
}

/**
 * How many of the latest labelled events in a row were fraud; hours since the first of them; or
 * hours since the one before it, which was genuine, and NaN where there is none.
 */
export interface StreakFeature extends Keyed {
  readonly kind: 'streak';
  readonly measure: 'length' | 'age' | 'before';
  /** A row is not followed further back than this. */
  readonly latest: number;
  readonly settled: Settlement;
}

/** The share of frauds among the latest labelled events; 0 of none. */
export interface LatestRiskFeature extends Keyed {
  readonly kind: 'latest_risk';
  readonly latest: number;
  readonly settled: Settlement;
}
