// Owns the three figures a model is judged by. Rows with equal scores are one step: no order among
// them is invented, except where exactly so many cards must be named: there the lower card wins.

import { assert } from '#kernel';

/** Scores of rows, what the rows were, and whose they were on which day. */
export interface Judged {
  readonly scores: Float64Array;
  /** 1 where the row was fraud. */
  readonly labels: Uint8Array;
  readonly customers: Uint32Array;
  /** Ascending. */
  readonly days: Uint32Array;
}

export interface Metrics {
  readonly aucRoc: number;
  readonly averagePrecision: number;
  readonly cardPrecision: number;
}

/** How many cards a day investigators can look at, in the published protocol. */
export const cardsPerDay = 100;

export function metricsOf(judged: Judged): Metrics {
  return {
    aucRoc: aucRoc(judged.scores, judged.labels),
    averagePrecision: averagePrecision(judged.scores, judged.labels),
    cardPrecision: cardPrecisionAt(cardsPerDay, judged),
  };
}

/** The chance that a fraud scores above a genuine row, a tie counting half. */
export function aucRoc(scores: Float64Array, labels: Uint8Array): number {
  let frauds = 0;
  let genuine = 0;
  let doubledArea = 0;
  for (const step of stepsOf(scores, labels)) {
    doubledArea += step.genuine * (2 * frauds + step.frauds);
    frauds += step.frauds;
    genuine += step.genuine;
  }
  return frauds === 0 || genuine === 0 ? Number.NaN : doubledArea / (2 * frauds * genuine);
}

/** The mean, over the frauds, of the precision at the step each is reached; not interpolated. */
export function averagePrecision(scores: Float64Array, labels: Uint8Array): number {
  let frauds = 0;
  let seen = 0;
  let sum = 0;
  for (const step of stepsOf(scores, labels)) {
    frauds += step.frauds;
    seen += step.frauds + step.genuine;
    sum += step.frauds * (frauds / seen);
  }
  return frauds === 0 ? Number.NaN : sum / frauds;
}

/**
 * The mean, over the days, of the share of compromised cards among the `top` cards of the day, each
 * card at its greatest score. A card that was found is stopped, and is not found again.
 */
export function cardPrecisionAt(top: number, judged: Judged): number {
  const { days } = judged;
  const found = new Set<number>();
  let dayCount = 0;
  let sum = 0;
  let from = 0;
  while (from < days.length) {
    let to = from + 1;
    while (to < days.length && days[to] === days[from]) to += 1;
    assert((days[to] ?? Infinity) > (days[from] ?? 0), 'judged rows are in order of days');
    sum += foundOn(cardsOf(judged, { from, to, found }), top, found) / top;
    dayCount += 1;
    from = to;
  }
  return dayCount === 0 ? Number.NaN : sum / dayCount;
}

/** What a model that knew every label would reach: below 1 where fewer cards are compromised. */
export function cardPrecisionCeiling(top: number, judged: Judged): number {
  return cardPrecisionAt(top, { ...judged, scores: Float64Array.from(judged.labels) });
}

interface Step {
  readonly frauds: number;
  readonly genuine: number;
}

/** The rows by falling score, those of one score together. */
function* stepsOf(scores: Float64Array, labels: Uint8Array): Generator<Step> {
  assert(scores.length === labels.length, 'every score has a label');
  assert(!scores.includes(Number.NaN), 'a score is a number');
  const order = orderByScore(scores);
  let index = 0;
  while (index < order.length) {
    const score = scores[order[index] ?? 0] ?? 0;
    let frauds = 0;
    const from = index;
    while (index < order.length && scores[order[index] ?? 0] === score) {
      frauds += labels[order[index] ?? 0] ?? 0;
      index += 1;
    }
    yield { frauds, genuine: index - from - frauds };
  }
}

function orderByScore(scores: Float64Array): Uint32Array {
  const order = Uint32Array.from(scores, (_, row) => row);
  return order.sort((left, right) => (scores[right] ?? 0) - (scores[left] ?? 0));
}

interface Card {
  readonly customer: number;
  score: number;
  isCompromised: boolean;
}

interface DayRows {
  readonly from: number;
  readonly to: number;
  readonly found: ReadonlySet<number>;
}

function cardsOf(judged: Judged, { from, to, found }: DayRows): readonly Card[] {
  const cards = new Map<number, Card>();
  for (let row = from; row < to; row += 1) {
    const customer = judged.customers[row] ?? 0;
    if (found.has(customer)) continue;
    const score = judged.scores[row] ?? 0;
    const isFraud = judged.labels[row] === 1;
    const card = cards.get(customer);
    if (card === undefined) {
      cards.set(customer, { customer, score, isCompromised: isFraud });
    } else {
      card.score = Math.max(card.score, score);
      card.isCompromised ||= isFraud;
    }
  }
  return [...cards.values()];
}

function foundOn(cards: readonly Card[], top: number, found: Set<number>): number {
  const ranked = cards.toSorted(
    (left, right) => right.score - left.score || left.customer - right.customer,
  );
  const compromised = ranked.slice(0, top).filter((card) => card.isCompromised);
  for (const { customer } of compromised) found.add(customer);
  return compromised.length;
}
