// Owns whether a challenger takes the champion's place: only when it was better on the same weeks,
// by a margin that chance does not reach, and no worse at naming cards. Every no is given its
// reasons.

import { limits } from '#config';
import { formatDate, type Instant } from '#kernel';
import type { Metrics } from '../evaluate/metrics.ts';
import { evaluateFolds, spreadOf } from '../evaluate/prequential.ts';
import type { FoldsOptions, History, Train } from '../evaluate/prequential.ts';
import type { SplitPlan } from '../evaluate/splits.ts';
import { formatMetric } from '../evaluate/table.ts';

/** How a model did on the rows of one week, none of which it was trained on. */
export interface Week {
  /** The first day that was learnt from; the week that is judged is a fixed time after it. */
  readonly trainFrom: Instant;
  readonly metrics: Metrics;
}

export interface Contest {
  readonly champion: readonly Week[];
  readonly challenger: readonly Week[];
}

/** What a challenger has to reach. */
export interface PromotionBar {
  readonly weeksMin: number;
  /** Of the mean average precision. */
  readonly gainMin: number;
  /** Of the mean card precision. */
  readonly cardLossMax: number;
}

export const usualBar: PromotionBar = {
  weeksMin: limits.fraudPromotionWeeksMin.value,
  gainMin: limits.fraudPromotionGainMin.value,
  cardLossMax: limits.fraudPromotionCardLossMax.value,
};

export type PromotionCode =
  | 'better_on_the_weeks'
  | 'weeks_differ'
  | 'too_few_weeks'
  | 'figure_unknown'
  | 'average_precision_below_margin'
  | 'better_in_too_few_weeks'
  | 'card_precision_worse';

export interface PromotionReason {
  readonly code: PromotionCode;
  readonly message: string;
}

export interface Promotion {
  readonly isPromoted: boolean;
  /** Of a promotion one, otherwise everything that stands against it. */
  readonly reasons: readonly PromotionReason[];
  /** The challenger's means less the champion's; absent where the weeks cannot be compared. */
  readonly gain?: Metrics;
  /** The weeks whose average precision is the challenger's. */
  readonly weeksBetter?: number;
}

/** Trains and judges both ways on the same rows of the same weeks, with the same seed. */
export function contestOn(
  history: History,
  plans: readonly SplitPlan[],
  { champion, challenger }: { readonly champion: Train; readonly challenger: Train },
  { seed, onProgress }: FoldsOptions,
): Contest {
  const weeksOf = (train: Train, done: number): readonly Week[] => {
    const told = onProgress && ((share: number) => onProgress((done + share) / 2));
    const { folds } = evaluateFolds(history, plans, train, { seed, onProgress: told });
    return plans.flatMap(({ trainFrom }, fold) => {
      const metrics = folds[fold];
      return metrics === undefined ? [] : [{ trainFrom, metrics }];
    });
  };
  return { champion: weeksOf(champion, 0), challenger: weeksOf(challenger, 1) };
}

export function judgePromotion(contest: Contest, bar: PromotionBar = usualBar): Promotion {
  const doubts = [...incomparable(contest, bar)];
  if (doubts.length > 0) return { isPromoted: false, reasons: doubts };
  const compared = compare(contest);
  const against = reasonsAgainst(compared, bar);
  const { gain, weeksBetter } = compared;
  const isPromoted = against.length === 0;
  return { isPromoted, reasons: isPromoted ? [praise(compared)] : against, gain, weeksBetter };
}

function* incomparable(
  { champion, challenger }: Contest,
  { weeksMin }: PromotionBar,
): Generator<PromotionReason> {
  const isSame =
    champion.length === challenger.length &&
    champion.every(({ trainFrom }, index) => challenger[index]?.trainFrom === trainFrom);
  if (!isSame) {
    const message =
      `the champion was judged on the weeks of ${namesOf(champion)}, the challenger on ` +
      `those of ${namesOf(challenger)}`;
    yield { code: 'weeks_differ', message };
  }
  const weeks = new Set(champion.map(({ trainFrom }) => trainFrom)).size;
  if (weeks < weeksMin) {
    const message = `they were compared on ${weeks} weeks; at least ${weeksMin} are asked for`;
    yield { code: 'too_few_weeks', message };
  }
  const all = [...champion, ...challenger];
  const unknown = all.filter(({ metrics: { aucRoc, averagePrecision, cardPrecision } }) =>
    [aucRoc, averagePrecision, cardPrecision].some(Number.isNaN),
  );
  if (unknown.length > 0) {
    const message = `a figure is not known for the weeks of ${namesOf(unknown)}`;
    yield { code: 'figure_unknown', message };
  }
}

function namesOf(weeks: readonly Week[]): string {
  const names = [...new Set(weeks.map(({ trainFrom }) => formatDate(trainFrom)))];
  return names.length === 0 ? 'no date' : names.join(', ');
}

interface Comparison {
  readonly champion: Metrics;
  readonly challenger: Metrics;
  readonly gain: Metrics;
  readonly weeks: number;
  readonly weeksBetter: number;
}

function compare(contest: Contest): Comparison {
  const champion = meanOf(contest.champion);
  const challenger = meanOf(contest.challenger);
  const weeksBetter = contest.champion.filter(({ metrics }, index) => {
    const other = contest.challenger[index]?.metrics.averagePrecision ?? NaN;
    return other > metrics.averagePrecision;
  }).length;
  const gain = {
    aucRoc: rounded(challenger.aucRoc - champion.aucRoc),
    averagePrecision: rounded(challenger.averagePrecision - champion.averagePrecision),
    cardPrecision: rounded(challenger.cardPrecision - champion.cardPrecision),
  };
  return { champion, challenger, gain, weeks: contest.champion.length, weeksBetter };
}

function reasonsAgainst(
  { champion, challenger, gain, weeks, weeksBetter }: Comparison,
  { gainMin, cardLossMax }: PromotionBar,
): readonly PromotionReason[] {
  const reasons: PromotionReason[] = [];
  if (gain.averagePrecision < gainMin) {
    const message =
      `the average precision is ${formatMetric(challenger.averagePrecision)}, the champion's ` +
      `${formatMetric(champion.averagePrecision)}: a gain of ` +
      `${formatMetric(gain.averagePrecision)}, at least ${formatMetric(gainMin)} is asked for`;
    reasons.push({ code: 'average_precision_below_margin', message });
  }
  if (weeksBetter * 2 <= weeks) {
    const message = `the average precision was better in ${weeksBetter} of ${weeks} weeks only`;
    reasons.push({ code: 'better_in_too_few_weeks', message });
  }
  if (gain.cardPrecision < -cardLossMax) {
    const message =
      `the card precision is ${formatMetric(challenger.cardPrecision)}, the champion's ` +
      `${formatMetric(champion.cardPrecision)}`;
    reasons.push({ code: 'card_precision_worse', message });
  }
  return reasons;
}

function praise({ champion, challenger, weeks, weeksBetter }: Comparison): PromotionReason {
  const message =
    `the average precision is ${formatMetric(challenger.averagePrecision)} against ` +
    `${formatMetric(champion.averagePrecision)}, better in ${weeksBetter} of ${weeks} weeks; the ` +
    `card precision ${formatMetric(challenger.cardPrecision)} against ` +
    formatMetric(champion.cardPrecision);
  return { code: 'better_on_the_weeks', message };
}

function meanOf(weeks: readonly Week[]): Metrics {
  return spreadOf(weeks.map(({ metrics }) => metrics)).mean;
}

/** To 12 decimals: equal figures in another order differ in the last bits of their mean. */
function rounded(value: number): number {
  return Math.round(value * 1e12) / 1e12;
}
