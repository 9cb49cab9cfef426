import assert from 'node:assert/strict';
import test from 'node:test';
import type { Transactions } from '../cards/transactions.ts';
import { backTestCards, type CardHistory } from './back-test/cards.ts';
import { formatBackTest } from './back-test/text.ts';
import { type BackTestReport, openBackTest } from './back-test.ts';
import { after, features, listsOf, midnight, ruleSetOf, soundEvent } from './testing.ts';

/** Rows of [first feature, amount, whether it was fraud]; one event a second. */
type Row = readonly [first: number, amount: number, isFraud: boolean];

const rows: readonly Row[] = [
  [0, 100, false],
  [20, 200, true],
  [20, 400, false],
  [5, 800, true],
  [NaN, 1_600, false],
  [60, 3_200, true],
  [5, 6_400, true],
];

function historyOf(given: readonly Row[] = rows): CardHistory {
  const transactions: Transactions = {
    count: given.length,
    customers: Uint32Array.from(given, (_, at) => at % 2),
    terminals: Uint32Array.from(given, (_, at) => at % 3),
    amounts: Uint32Array.from(given, ([, amount]) => amount),
    seconds: Uint32Array.from(given, (_, at) => at),
    start: midnight,
    patterns: Uint8Array.from(given, ([, , isFraud]) => (isFraud ? 2 : 0)),
  };
  const column = Float64Array.from(given, ([first]) => first);
  const columns = [column, column.map((value) => -value), column];
  return { transactions, matrix: { rows: given.length, names: features, columns } };
}

const above = (bound: number): object => ({ gt: [{ feature: 'first' }, bound] });
const before = ruleSetOf([{ when: above(10) }], 1);
const stricter = ruleSetOf(
  [
    { when: above(10), missing: 'ignore' },
    { when: above(50), outcome: 'decline', missing: 'ignore', decline_limit: 'none' },
    { when: above(4), shadow: true },
    { when: { in: [{ event: 'amount' }, [6_400]] }, outcome: 'challenge', reason: 'policy' },
  ],
  2,
);

function reportOf(history = historyOf(), lists = listsOf()): BackTestReport {
  const report = backTestCards(history, { before, after: stricter, lists });
  assert.ok(report.ok);
  return report.value;
}

test('alerts, frauds caught and missed, false alarms and their values are counted', () => {
  const { events, frauds, before: first, after: second } = reportOf();
  assert.deepEqual(events, { events: 7, value: 12_700 });
  assert.deepEqual(frauds, { events: 4, value: 10_600 });
  assert.deepEqual(first.alerts, { events: 4, value: 5_400 });
  assert.deepEqual(first.caught, { events: 2, value: 3_400 });
  assert.deepEqual(first.missed, { events: 2, value: 7_200 });
  assert.deepEqual(first.falseAlarms, { events: 2, value: 2_000 });
  assert.deepEqual(second.caught, { events: 3, value: 9_800 });
  assert.deepEqual(second.falseAlarms, { events: 1, value: 400 });
  assert.deepEqual(second.byOutcome.decline.fraud, { events: 1, value: 3_200 });
});

test('the difference is told event by event, by outcome', () => {
  const { changes, newlyCaught, newlyMissed, newFalseAlarms, fewerFalseAlarms } = reportOf();
  const told = changes.map(({ before: from, after: to, fraud, genuine }) => [
    `${from} ${to}`,
    fraud.events,
    genuine.events,
  ]);
  assert.deepEqual(told, [
    ['approve challenge', 1, 0],
    ['review approve', 0, 1],
    ['review decline', 1, 0],
  ]);
  assert.deepEqual(newlyCaught, { events: 1, value: 6_400 });
  assert.deepEqual(newlyMissed, { events: 0, value: 0 });
  assert.deepEqual(newFalseAlarms, { events: 0, value: 0 });
  assert.deepEqual(fewerFalseAlarms, { events: 1, value: 1_600 });
});

test('each rule is told with what it saw, alone or not, in shadow or not', () => {
  const [first, second, shadow, fourth] = reportOf().after.byRule;
  assert.deepEqual(first?.fraud, { events: 2, value: 3_400 });
  assert.deepEqual(first.genuine, { events: 1, value: 400 });
  assert.deepEqual(first.alone, { events: 1, value: 200 });
  assert.deepEqual(second?.alone, { events: 0, value: 0 });
  assert.deepEqual(shadow?.fraud, { events: 4, value: 10_600 });
  assert.equal(shadow.missing, 1);
  assert.deepEqual(fourth?.alone, { events: 1, value: 6_400 });
});

test('limits of declines hold in a back-test as they do in time', () => {
  const decline_limit = { max: 1, window_seconds: 2 };
  const set = ruleSetOf([{ when: above(0), outcome: 'decline', decline_limit }], 3);
  const report = backTestCards(historyOf(), { before, after: set, lists: listsOf() });
  assert.ok(report.ok);
  const [rule] = report.value.after.byRule;
  assert.equal(rule?.limited, 2);
  const { decline } = report.value.after.byOutcome;
  assert.equal(decline.fraud.events + decline.genuine.events, 3);
});

test('list entries count in history from their own time on', () => {
  const set = ruleSetOf([{ when: { listed: ['block', 'customer'] } }], 3);
  const value = 'customer-1';
  const entry = { purpose: 'block', kind: 'customer', value, from: after(3) } as const;
  const report = backTestCards(historyOf(), { before, after: set, lists: listsOf(entry) });
  assert.ok(report.ok);
  assert.deepEqual(report.value.after.alerts, { events: 2, value: 4_000 });
});

test('columns and a stream of the same events give the same report', () => {
  const opened = openBackTest({ before, after: stricter, lists: listsOf() });
  assert.ok(opened.ok);
  for (const [index, [first, amount, isFraud]] of rows.entries()) {
    const keys = { customer: `customer-${index % 2}`, terminal: `terminal-${index % 3}` };
    const event = { id: `card-${index}`, at: after(index), amount, keys };
    opened.value.observe(Float64Array.of(first, -first, first), event, NaN, isFraud);
  }
  const texts = [opened.value.report(), reportOf()].map((one) => formatBackTest(one, false));
  assert.equal(texts[0], texts[1]);
});

test('a part of the history is replayed with its own scores', () => {
  const { transactions, matrix } = historyOf();
  const columns = matrix.columns.map((column) => column.slice(3, 6));
  const part = { transactions, matrix: { ...matrix, rows: 3, columns }, firstRow: 3 };
  const set = ruleSetOf([{ when: { gt: [{ score: 'model' }, 0.5] } }], 3);
  const scores = Float64Array.of(0.9, 0.1, 0.2);
  const report = backTestCards({ ...part, scores }, { before, after: set, lists: listsOf() });
  assert.ok(report.ok);
  assert.deepEqual(report.value.events, { events: 3, value: 5_600 });
  assert.deepEqual(report.value.after.caught, { events: 1, value: 800 });
});

test('a rule may read the id of a transaction, which is that of its event', () => {
  const set = ruleSetOf([{ when: { eq: [{ event: 'id' }, 'card-000000000003'] } }], 3);
  const report = backTestCards(historyOf(), { before, after: set, lists: listsOf() });
  assert.ok(report.ok);
  assert.deepEqual(report.value.after.caught, { events: 1, value: 800 });
});

test('a history that does not fit its features, scores or rules is refused', () => {
  const history = historyOf();
  const sets = { before, after: stricter, lists: listsOf() };
  const { matrix } = history;
  const codes = [
    backTestCards({ ...history, firstRow: 1 }, sets),
    backTestCards({ ...history, scores: new Float64Array(6) }, sets),
    backTestCards({ ...history, matrix: { ...matrix, names: ['a', 'b', 'c'] } }, sets),
    backTestCards(history, { ...sets, after: { ...stricter, features: ['first'] } }),
    openBackTest({ ...sets, after: { ...stricter, features: [...features, 'fourth'] } }),
  ].map((result) => (result.ok ? 'accepted' : result.refusal.code));
  assert.deepEqual(codes, [
    'history_rows_differ',
    'history_rows_differ',
    'history_features_differ',
    'rule_features_differ',
    'rule_features_differ',
  ]);
});

test('the report reads as a person expects', () => {
  const lines = formatBackTest(reportOf(historyOf(), listsOf()), false).split('\n');
  const [first, second, , ...rest] = lines;
  assert.match(first ?? '', /^Back-test of test version 1 \([0-9a-f]{8}\) against test version 2 /);
  assert.equal(second, '7 events, 4 of them fraud; value 12,700, of it fraud 10,600 (minor units)');
  const text = rest.join('\n').replaceAll(/ +/g, ' ');
  for (const line of [
    'alerts 4 4 =',
    'frauds caught 2 3 +1',
    'value missed 7,200 800 -6,400',
    'frauds among alerts 50.0 % 75.0 %',
    'review -> decline 1 0 3,200 0',
    'rule_2 review (shadow) 4 1 80.0 % 0 10,600 1 0 0',
  ]) {
    assert.ok(text.includes(line), `${line}\n${text}`);
  }
});

test('sets that decide alike are told to', () => {
  const report = backTestCards(historyOf(), { before, after: before, lists: listsOf() });
  assert.ok(report.ok);
  assert.deepEqual(report.value.changes, []);
  assert.match(formatBackTest(report.value), /No event has another outcome/);
  assert.equal(soundEvent.id, 'event-1');
});
