import assert from 'node:assert/strict';
import test from 'node:test';
import { formatDate, parseDate } from '#kernel';
import type { Transactions } from '../cards/transactions.ts';
import {
  choicePlans,
  labelsAt,
  prequentialPlans,
  rowsOfPlans,
  splitBy,
  testPlans,
  validationPlans,
  weekPlan,
} from './splits.ts';

const start = dateOf('2018-04-01');

test('a week is learnt from, a week is left out, and the week after is judged', () => {
  const transactions = historyOf(Array.from({ length: 30 }, (_, day) => ({ day, customer: day })));
  const split = splitBy(transactions, weekPlan(dateOf('2018-04-03')));
  assert.deepEqual([...split.train], [2, 3, 4, 5, 6, 7, 8]);
  assert.deepEqual([...split.test], [16, 17, 18, 19, 20, 21, 22]);
});

test('a card that was compromised in the week that is learnt from is not judged', () => {
  const transactions = historyOf([
    { day: 6, customer: 5, pattern: 1 },
    { day: 14, customer: 5 },
    { day: 14, customer: 6 },
  ]);
  assert.deepEqual([...splitBy(transactions, weekPlan(start)).test], [2]);
});

test('a fraud of the week of delay is known eight days later, and not before', () => {
  const transactions = historyOf([
    { day: 7, customer: 5, pattern: 2 },
    { day: 14, customer: 5 },
    { day: 15, customer: 5 },
  ]);
  assert.deepEqual([...splitBy(transactions, weekPlan(start)).test], [1]);
});

test('a fraud of the week that is judged removes nothing', () => {
  const transactions = historyOf([
    { day: 14, customer: 5, pattern: 2 },
    { day: 15, customer: 5, pattern: 2 },
  ]);
  const split = splitBy(transactions, weekPlan(start));
  assert.deepEqual([...split.test], [0, 1]);
  assert.deepEqual([...labelsAt(transactions, split.test)], [1, 1]);
});

test('folds go back a week at a time', () => {
  const starts = prequentialPlans(dateOf('2018-08-15'), 3).map((plan) =>
    formatDate(plan.trainFrom),
  );
  assert.deepEqual(starts, ['2018-08-15', '2018-08-08', '2018-08-01']);
});

test('every week that parameters are chosen on is over before the first week of test is judged', () => {
  const startsOf = (plans: typeof testPlans) => plans.map((plan) => formatDate(plan.trainFrom));
  assert.deepEqual(startsOf(validationPlans), [
    '2018-07-11',
    '2018-07-04',
    '2018-06-27',
    '2018-06-20',
  ]);
  assert.deepEqual(startsOf(choicePlans), [
    ...startsOf(validationPlans),
    '2018-06-13',
    '2018-06-06',
    '2018-05-30',
    '2018-05-23',
  ]);
  assert.deepEqual(startsOf(testPlans), ['2018-08-15', '2018-08-08', '2018-08-01', '2018-07-25']);
});

test('the rows of plans reach from the first day learnt from to the last day judged', () => {
  const transactions = historyOf(Array.from({ length: 40 }, (_, day) => ({ day, customer: day })));
  const plans = prequentialPlans(dateOf('2018-04-10'), 2);
  assert.deepEqual(rowsOfPlans(transactions, plans), { from: 2, to: 30 });
});

test('a plan that begins before the history is a bug of the caller', () => {
  const transactions = historyOf([{ day: 0, customer: 1 }]);
  assert.throws(() => splitBy(transactions, weekPlan(dateOf('2018-03-31'))), /of the history/);
});

interface Event {
  readonly day: number;
  readonly customer: number;
  readonly pattern?: number;
}

function historyOf(events: readonly Event[]): Transactions {
  return {
    count: events.length,
    customers: Uint32Array.from(events, (event) => event.customer),
    terminals: new Uint32Array(events.length),
    amounts: new Uint32Array(events.length).fill(100),
    seconds: Uint32Array.from(events, (event) => event.day * 86_400 + 86_399),
    start,
    patterns: Uint8Array.from(events, (event) => event.pattern ?? 0),
  };
}

function dateOf(text: string) {
  const date = parseDate(text);
  assert.ok(date !== undefined);
  return date;
}
