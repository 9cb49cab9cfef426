// Owns how a history is cut into weeks to learn from and weeks to be judged on, as the published
// protocol cuts it. Labels take a week to arrive: what was not known on a day decides nothing.

import { addDays, assert, DAY_US, type Instant, parseDate } from '#kernel';
import type { Transactions } from '../cards/transactions.ts';

export interface SplitPlan {
  /** The first day that is learnt from, at midnight. */
  readonly trainFrom: Instant;
  readonly trainDays: number;
  /** Days between learning and judging, whose labels are still on their way. */
  readonly delayDays: number;
  readonly testDays: number;
}

export interface Split {
  readonly plan: SplitPlan;
  /** Rows of the transactions, ascending. */
  readonly train: Uint32Array;
  /** Without the cards that were known to be compromised on the day of the row. */
  readonly test: Uint32Array;
}

/** A week to learn from, a week of delay, a week to be judged on. */
export function weekPlan(trainFrom: Instant): SplitPlan {
  return { trainFrom, trainDays: 7, delayDays: 7, testDays: 7 };
}

/** Plans a week apart, the last week first, as the published folds are numbered. */
export function prequentialPlans(trainFrom: Instant, folds = 4): readonly SplitPlan[] {
  return Array.from({ length: folds }, (_, fold) => weekPlan(addDays(trainFrom, -7 * fold)));
}

const baseline = requireDate('2018-07-25');

/** The single split of the published baseline (chapter 3 of the handbook). */
export const baselinePlan = weekPlan(baseline);

/** The published weeks for choosing: the last is judged before the first test week begins. */
export const validationPlans = prequentialPlans(addDays(baseline, -14));

/** Those and the four before them: over four weeks chance alone moves the figures too much. */
export const choicePlans = [...validationPlans, ...prequentialPlans(addDays(baseline, -42))];

/** Four weeks on which results are reported, and nothing is chosen. */
export const testPlans = prequentialPlans(addDays(baseline, 21));

export function splitBy(transactions: Transactions, plan: SplitPlan): Split {
  const firstDay = (plan.trainFrom - transactions.start) / DAY_US;
  assert(Number.isSafeInteger(firstDay) && firstDay >= 0, 'a plan begins at a day of the history');
  const trainEnd = firstDay + plan.trainDays;
  const train = rowsOfDays(transactions, firstDay, trainEnd);
  const compromised = new Set<number>();
  addCompromised(compromised, transactions, train);
  const kept: number[] = [];
  for (let day = 0; day < plan.testDays; day += 1) {
    const known = rowsOfDays(transactions, trainEnd + day - 1, trainEnd + day);
    addCompromised(compromised, transactions, known);
    const testDay = trainEnd + plan.delayDays + day;
    for (const row of rowsOfDays(transactions, testDay, testDay + 1)) {
      if (!compromised.has(transactions.customers[row] ?? 0)) kept.push(row);
    }
  }
  return { plan, train, test: Uint32Array.from(kept) };
}

/** The rows a set of plans can touch: features are needed for no others. */
export function rowsOfPlans(
  transactions: Transactions,
  plans: readonly SplitPlan[],
): { readonly from: number; readonly to: number } {
  assert(plans.length > 0, 'rows are asked for by at least one plan');
  const starts = plans.map((plan) => plan.trainFrom);
  const ends = plans.map((plan) =>
    addDays(plan.trainFrom, plan.trainDays + plan.delayDays + plan.testDays),
  );
  const firstDay = (Math.min(...starts) - transactions.start) / DAY_US;
  const endDay = (Math.max(...ends) - transactions.start) / DAY_US;
  return { from: firstRowOfDay(transactions, firstDay), to: firstRowOfDay(transactions, endDay) };
}

/** 1 where a row was fraud. */
export function labelsAt(transactions: Transactions, rows: Uint32Array): Uint8Array {
  return Uint8Array.from(rows, (row) => ((transactions.patterns[row] ?? 0) > 0 ? 1 : 0));
}

/** The day of a row, counted from the start of the history. */
export function dayAt(transactions: Transactions, row: number): number {
  return Math.floor((transactions.seconds[row] ?? 0) / 86_400);
}

function addCompromised(known: Set<number>, transactions: Transactions, rows: Uint32Array): void {
  for (const row of rows) {
    if ((transactions.patterns[row] ?? 0) > 0) known.add(transactions.customers[row] ?? 0);
  }
}

function rowsOfDays(transactions: Transactions, fromDay: number, toDay: number): Uint32Array {
  const from = firstRowOfDay(transactions, fromDay);
  const length = firstRowOfDay(transactions, toDay) - from;
  return Uint32Array.from({ length }, (_, index) => from + index);
}

/** By bisection: rows are in order of time. */
function firstRowOfDay({ seconds, count }: Transactions, day: number): number {
  const bound = day * 86_400;
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((seconds[middle] ?? 0) < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

function requireDate(text: string): Instant {
  const date = parseDate(text);
  assert(date !== undefined, `${text} is a date`);
  return date;
}
