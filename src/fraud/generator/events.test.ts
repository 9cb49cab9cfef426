import assert from 'node:assert/strict';
import test from 'node:test';
import { DAY_US, parseDate } from '#kernel';
import { generateFacts, weekLater, type GeneratedFact } from './events.ts';
import { generateTransactions, type GeneratorOptions } from './generate.ts';

const start = parseDate('2018-04-01');
assert.ok(start !== undefined);
const small: GeneratorOptions = { seed: 5, customers: 400, terminals: 800, days: 25, start };

const timeOf = ({ event, label }: GeneratedFact): number => event?.at ?? label?.knownAt ?? 0;

test('payments and labels come in the order in which they become known', () => {
  const delay = { days: 3, spreadDays: 4, tellsGenuine: true };
  const facts = [...generateFacts(small, delay)];
  for (let at = 1; at < facts.length; at += 1) {
    const [before, after] = [facts[at - 1], facts[at]];
    assert.ok(before !== undefined && after !== undefined);
    assert.ok(timeOf(before) <= timeOf(after));
    if (before.event !== undefined && after.event !== undefined) {
      assert.ok(before.event.at < after.event.at || before.event.id < after.event.id);
    }
  }
});

test('the stream has the transactions of the columns, and a label a week later for each fraud', () => {
  const { count, amounts, patterns } = generateTransactions(small);
  const facts = [...generateFacts(small)];
  const events = facts.flatMap(({ event }) => event ?? []);
  assert.deepEqual(
    Uint32Array.from(events, ({ amount }) => amount),
    amounts,
  );
  assert.equal(new Set(events.map(({ id }) => id)).size, count);
  const labels = facts.flatMap(({ label }) => label ?? []);
  assert.equal(labels.length, patterns.filter((pattern) => pattern > 0).length);
  for (const { event, knownAt, isFraud, pattern } of labels) {
    assert.equal(knownAt - event.at, 7 * DAY_US);
    assert.ok(isFraud && pattern !== 'genuine');
  }
});

test('a delay may be spread, and genuine payments may be told too', () => {
  const delay = { ...weekLater, spreadDays: 10, tellsGenuine: true };
  const labels = [...generateFacts(small, delay)].flatMap(({ label }) => label ?? []);
  assert.equal(labels.length, generateTransactions(small).count);
  const delays = labels
    .filter(({ isFraud }) => isFraud)
    .map(({ knownAt, event }) => knownAt - event.at);
  assert.ok(Math.min(...delays) >= 7 * DAY_US && Math.max(...delays) < 17 * DAY_US);
  assert.ok(new Set(delays).size > delays.length / 2);
});

test('an event carries a key of each kind', () => {
  const [fact] = generateFacts({ ...small, days: 1 });
  assert.deepEqual(Object.keys(fact?.event?.keys ?? {}), [
    'customer',
    'account',
    'counterparty',
    'terminal',
    'device',
  ]);
});
