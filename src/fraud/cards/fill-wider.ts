// Owns the quick way to the features that only the wider set has: how a customer's spending moves,
// and of what amounts the frauds of a terminal were. The numbers are those that the engine answers.

import { limits } from '#config';
import { HOUR_US, SECOND_US } from '#kernel';
import { insertSorted, maxOf, quantileOf } from '../features/statistics.ts';
import { columnAt, type Filling, type Grouped, type Habit, ratio } from './grouped.ts';
import { DAY_S, LABEL_DELAY_S, MINOR_PER_UNIT, STREAK_MAX } from './windows.ts';

const HOUR_S = HOUR_US / SECOND_US;
const WEEK_S = 7 * DAY_S;
const MONTH_S = 30 * DAY_S;
const first = { customer: 26, terminal: 31 };

/** What is paid lately beside the customer's habit, and how the count and average have moved. */
export function shiftFiller(filling: Filling, grouped: Grouped): (habit: Habit) => void {
  const { amounts, rows, seconds } = grouped;
  const dayToMedian = columnAt(filling, first.customer);
  const weekToMedian = columnAt(filling, first.customer + 1);
  const mostToMedian = columnAt(filling, first.customer + 2);
  const counts = columnAt(filling, first.customer + 3);
  const averages = columnAt(filling, first.customer + 4);
  const walkMax = limits.fraudWalkMax.value;
  const since = { index: 0, sum: 0 };
  const goBack = (at: number, begin: number, windowS: number): void => {
    const bound = (seconds[at] ?? 0) - windowS;
    while (since.index > begin && (seconds[since.index - 1] ?? 0) > bound) {
      since.index -= 1;
      since.sum += amounts[since.index] ?? 0;
    }
  };
  return ({ at, begin, first: month, sum, median }) => {
    const out = (rows[at] ?? 0) - filling.range.from;
    if (out < 0) return;
    const amount = amounts[at] ?? 0;
    since.index = at;
    since.sum = amount;
    goBack(at, begin, DAY_S);
    const dayCount = at + 1 - since.index;
    dayToMedian[out] = ratio(since.sum / dayCount, median);
    goBack(at, begin, WEEK_S);
    const weekAverage = since.sum / (at + 1 - since.index);
    weekToMedian[out] = ratio(weekAverage, median);
    const most = maxOf(amounts, Math.max(since.index, at - walkMax), at);
    mostToMedian[out] = ratio(most > amount ? most : amount, median);
    const monthCount = at + 1 - month;
    counts[out] = dayCount / monthCount;
    averages[out] = ratio(weekAverage, (sum + amount) / monthCount);
  };
}

/** Of what amounts the frauds of the terminal were, and since when it has had no genuine one. */
export function fillFraudAmounts(filling: Filling, grouped: Grouped): void {
  const { rows, seconds, starts } = grouped;
  const fill = fraudAmountFiller(filling, grouped);
  for (let key = 0; key + 1 < starts.length; key += 1) {
    const begin = starts[key] ?? 0;
    const end = starts[key + 1] ?? 0;
    let start = begin;
    let settled = begin;
    for (let at = begin; at < end; at += 1) {
      const bound = (seconds[at] ?? 0) - LABEL_DELAY_S;
      while ((seconds[settled] ?? 0) <= bound) settled += 1;
      while (start < settled && (seconds[start] ?? 0) <= bound - MONTH_S) start += 1;
      if ((rows[at] ?? 0) >= filling.range.from) fill({ begin, start, settled, at });
    }
  }
}

interface Settled {
  readonly begin: number;
  /** Labelled within the month are those from here up to `settled`. */
  readonly start: number;
  readonly settled: number;
  readonly at: number;
}

function fraudAmountFiller(filling: Filling, grouped: Grouped): (settled: Settled) => void {
  const { amounts, isFraud, rows, seconds } = grouped;
  const averages = columnAt(filling, first.terminal);
  const leasts = columnAt(filling, first.terminal + 1);
  const toMedian = columnAt(filling, first.terminal + 2);
  const hours = columnAt(filling, first.terminal + 3);
  const walkMax = limits.fraudWalkMax.value;
  const sorted = new Float64Array(walkMax);
  return ({ begin, start, settled, at }) => {
    const out = (rows[at] ?? 0) - filling.range.from;
    let count = 0;
    let sum = 0;
    for (let place = Math.max(start, settled - walkMax); place < settled; place += 1) {
      if (isFraud[place] !== 1) continue;
      const amount = amounts[place] ?? 0;
      insertSorted(sorted, count, amount);
      count += 1;
      sum += amount;
    }
    averages[out] = count === 0 ? NaN : sum / (count * MINOR_PER_UNIT);
    leasts[out] = count === 0 ? NaN : (sorted[0] ?? 0) / MINOR_PER_UNIT;
    toMedian[out] = ratio(amounts[at] ?? 0, quantileOf(sorted, count, 0.5));
    const oldest = Math.max(begin, settled - STREAK_MAX);
    let genuine = settled - 1;
    while (genuine >= oldest && isFraud[genuine] === 1) genuine -= 1;
    const isKnown = genuine >= oldest;
    hours[out] = isKnown ? ((seconds[at] ?? 0) - (seconds[genuine] ?? 0)) / HOUR_S : NaN;
  };
}
