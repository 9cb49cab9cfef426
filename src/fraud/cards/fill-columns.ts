// Owns the quick way to the features of many card transactions: key by key over whole columns,
// which needs no state to be kept. The numbers are those that the engine answers event by event.

import { limits } from '#config';
import { assert, HOUR_US, instantOf, type Instant, SECOND_US } from '#kernel';
import { hourOf, nightOf, weekendOf } from '../features/calendar.ts';
import {
  insertSorted,
  maxOf,
  quantileOf,
  replaceSorted,
  zScoreOf,
} from '../features/statistics.ts';
import { fillFraudAmounts, shiftFiller } from './fill-wider.ts';
import { columnAt, type Filling, type Grouped, groupRows, type Habit, ratio } from './grouped.ts';
import type { Transactions } from './transactions.ts';
import {
  DAY_S,
  LABEL_DELAY_S,
  LATEST_AMOUNTS,
  LATEST_LABELLED,
  MINOR_PER_UNIT,
  STREAK_MAX,
  WINDOW_DAYS,
} from './windows.ts';

const HOUR_S = HOUR_US / SECOND_US;
const MONTH = WINDOW_DAYS.length - 1;
const columnOf = {
  amount: 0,
  weekend: 1,
  night: 2,
  customer: 3,
  terminal: 9,
  generic: 15,
  hour: 25,
};

export function fillColumns(filling: Filling): void {
  const { transactions, range, set } = filling;
  fillOwn(filling);
  const customers = groupRows(transactions, transactions.customers, range.to);
  fillCustomerWindows(filling, customers);
  if (set !== 'handbook') fillHabits(filling, customers);
  const terminals = groupRows(transactions, transactions.terminals, range.to);
  fillTerminalWindows(filling, terminals);
  if (set !== 'handbook') fillStreaks(filling, terminals);
  if (set === 'wider') fillFraudAmounts(filling, terminals);
}

function fillOwn(filling: Filling): void {
  const { transactions, range, set } = filling;
  const amounts = columnAt(filling, columnOf.amount);
  const weekends = columnAt(filling, columnOf.weekend);
  const nights = columnAt(filling, columnOf.night);
  const hours = set === 'handbook' ? undefined : columnAt(filling, columnOf.hour);
  for (let row = range.from; row < range.to; row += 1) {
    const out = row - range.from;
    const at = instantAt(transactions, row);
    amounts[out] = (transactions.amounts[row] ?? 0) / MINOR_PER_UNIT;
    weekends[out] = weekendOf(at);
    nights[out] = nightOf(at);
    if (hours !== undefined) hours[out] = hourOf(at);
  }
}

function instantAt({ start, seconds }: Transactions, row: number): Instant {
  const at = instantOf(start + (seconds[row] ?? 0) * SECOND_US);
  assert(at !== undefined, 'the time of a transaction is an instant');
  return at;
}

function fillCustomerWindows(filling: Filling, grouped: Grouped): void {
  const { from: firstRow } = filling.range;
  const { rows, seconds, amounts, starts } = grouped;
  for (const [index, days] of WINDOW_DAYS.entries()) {
    const counts = columnAt(filling, columnOf.customer + 2 * index);
    const means = columnAt(filling, columnOf.customer + 2 * index + 1);
    for (let key = 0; key + 1 < starts.length; key += 1) {
      const end = starts[key + 1] ?? 0;
      let start = starts[key] ?? 0;
      let sum = 0;
      for (let at = start; at < end; at += 1) {
        const bound = (seconds[at] ?? 0) - days * DAY_S;
        sum += amounts[at] ?? 0;
        while ((seconds[start] ?? 0) <= bound) {
          sum -= amounts[start] ?? 0;
          start += 1;
        }
        const out = (rows[at] ?? 0) - firstRow;
        if (out < 0) continue;
        const count = at + 1 - start;
        counts[out] = count;
        means[out] = sum / (count * MINOR_PER_UNIT);
      }
    }
  }
}

/** What an amount is beside those that the customer paid before. */
function fillHabits(filling: Filling, grouped: Grouped): void {
  const { seconds, amounts, starts } = grouped;
  const fill = habitFiller(filling, grouped);
  const fillShift = filling.set === 'wider' ? shiftFiller(filling, grouped) : undefined;
  const sorted = new Float64Array(LATEST_AMOUNTS);
  for (let key = 0; key + 1 < starts.length; key += 1) {
    const begin = starts[key] ?? 0;
    const end = starts[key + 1] ?? 0;
    let first = begin;
    let sum = 0;
    for (let at = begin; at < end; at += 1) {
      const bound = (seconds[at] ?? 0) - (WINDOW_DAYS[MONTH] ?? 0) * DAY_S;
      while (first < at && (seconds[first] ?? 0) <= bound) {
        sum -= amounts[first] ?? 0;
        first += 1;
      }
      const median = quantileOf(sorted, Math.min(at - begin, LATEST_AMOUNTS), 0.5);
      const habit = { sorted, median, begin, first, sum, at };
      fill(habit);
      fillShift?.(habit);
      const value = amounts[at] ?? 0;
      const out = amounts[at - LATEST_AMOUNTS] ?? 0;
      if (at - begin < LATEST_AMOUNTS) insertSorted(sorted, at - begin, value);
      else replaceSorted(sorted, LATEST_AMOUNTS, { out, value });
      sum += value;
    }
  }
}

function habitFiller(filling: Filling, grouped: Grouped): (habit: Habit) => void {
  const { amounts, seconds, rows } = grouped;
  const first = columnOf.generic;
  const toMean = columnAt(filling, first);
  const toMax = columnAt(filling, first + 1);
  const toMedian = columnAt(filling, first + 2);
  const toHigh = columnAt(filling, first + 3);
  const zScores = columnAt(filling, first + 4);
  const gaps = columnAt(filling, first + 5);
  const medians = columnAt(filling, first + 6);
  const walkMax = limits.fraudWalkMax.value;
  return (habit) => {
    const { at, begin, median } = habit;
    const out = (rows[at] ?? 0) - filling.range.from;
    if (out < 0) return;
    const amount = amounts[at] ?? 0;
    const from = Math.max(habit.first, at - walkMax);
    const latest = Math.min(at - begin, LATEST_AMOUNTS);
    toMean[out] = ratio(amount * (at - habit.first), habit.sum);
    toMax[out] = ratio(amount, maxOf(amounts, from, at));
    toMedian[out] = ratio(amount, median);
    toHigh[out] = ratio(amount, quantileOf(habit.sorted, latest, 0.9));
    let sum = habit.sum;
    for (let index = habit.first; index < from; index += 1) sum -= amounts[index] ?? 0;
    zScores[out] = zScoreOf(amounts, { from, to: at, sum }, amount);
    gaps[out] = at === begin ? NaN : ((seconds[at] ?? 0) - (seconds[at - 1] ?? 0)) / HOUR_S;
    medians[out] = median / MINOR_PER_UNIT;
  };
}

function fillTerminalWindows(filling: Filling, grouped: Grouped): void {
  const { from: firstRow } = filling.range;
  const { rows, seconds, isFraud, starts } = grouped;
  for (const [index, days] of WINDOW_DAYS.entries()) {
    const counts = columnAt(filling, columnOf.terminal + 2 * index);
    const risks = columnAt(filling, columnOf.terminal + 2 * index + 1);
    for (let key = 0; key + 1 < starts.length; key += 1) {
      const end = starts[key + 1] ?? 0;
      let start = starts[key] ?? 0;
      let settled = start;
      let frauds = 0;
      for (let at = start; at < end; at += 1) {
        const bound = (seconds[at] ?? 0) - LABEL_DELAY_S;
        while ((seconds[settled] ?? 0) <= bound) {
          frauds += isFraud[settled] ?? 0;
          settled += 1;
        }
        while (start < settled && (seconds[start] ?? 0) <= bound - days * DAY_S) {
          frauds -= isFraud[start] ?? 0;
          start += 1;
        }
        const out = (rows[at] ?? 0) - firstRow;
        if (out < 0) continue;
        const count = settled - start;
        counts[out] = count;
        risks[out] = count === 0 ? 0 : frauds / count;
      }
    }
  }
}

/** What the latest labelled transactions of the terminal were. */
function fillStreaks(filling: Filling, grouped: Grouped): void {
  const { from: firstRow } = filling.range;
  const { rows, seconds, isFraud, starts } = grouped;
  const first = columnOf.generic + 7;
  const streaks = columnAt(filling, first);
  const ages = columnAt(filling, first + 1);
  const shares = columnAt(filling, first + 2);
  for (let key = 0; key + 1 < starts.length; key += 1) {
    const begin = starts[key] ?? 0;
    const end = starts[key + 1] ?? 0;
    let settled = begin;
    for (let at = begin; at < end; at += 1) {
      while ((seconds[settled] ?? 0) <= (seconds[at] ?? 0) - LABEL_DELAY_S) settled += 1;
      const out = (rows[at] ?? 0) - firstRow;
      if (out < 0) continue;
      let start = settled;
      const streakEnd = Math.max(begin, settled - STREAK_MAX);
      while (start > streakEnd && isFraud[start - 1] === 1) start -= 1;
      streaks[out] = settled - start;
      ages[out] = start === settled ? 0 : ((seconds[at] ?? 0) - (seconds[start] ?? 0)) / HOUR_S;
      const oldest = Math.max(begin, settled - LATEST_LABELLED);
      let frauds = 0;
      for (let place = oldest; place < settled; place += 1) frauds += isFraud[place] ?? 0;
      shares[out] = settled === oldest ? 0 : frauds / (settled - oldest);
    }
  }
}
