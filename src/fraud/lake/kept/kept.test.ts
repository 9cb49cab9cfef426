import assert from 'node:assert/strict';
import test from 'node:test';
import { openLists } from '../../rules/lists.ts';
import { parseRuleSet } from '../../rules/parse.ts';
import type { RuleSet } from '../../rules/rule-set.ts';
import { at, decision, event, openStore, someDays, writeKept } from '../../testing/lake.ts';
import { lakeOf } from '../layout.ts';
import { backTestLake } from './back-test.ts';
import { readLakeHistory } from './history.ts';

const features = { version: 'trial-1', names: ['amount', 'count'] };
const range = { ...someDays, knownUntil: at(8) };

/** Of what was kept: an amount, and a score. */
function kept(id: string, amount: number, more: Parameters<typeof decision>[2] = {}) {
  const time = at(1, Number(id.slice(1)));
  const about = event(id, time, { amount, keys: { counterparty: `h_${amount}` } });
  const vector = Float64Array.of(amount, NaN);
  return decision(id, time, { event: about, features: vector, score: amount / 100, ...more });
}

test('a history has the vectors as they were, and what was last known of each', async (context) => {
  const lake = lakeOf(await openStore(context), 'main');
  const decisions = [kept('d1', 10), kept('d2', 20, { mode: 'rules_only' }), kept('d3', 30)];
  const others = [
    kept('d4', 40, { mode: 'failed_open' }),
    kept('d5', 50, { featureSetVersion: 'trial-0' }),
    kept('d6', 2 ** 33, { accountId: 'acc_2' }),
  ];
  const known = (place: number, knownAt: number, isFraud: boolean) => {
    const { event: about } = decisions[place] ?? assert.fail();
    return { event: about, knownAt: at(knownAt), isFraud };
  };
  const labels = [known(0, 3, true), known(0, 4, false), known(1, 3, true), known(2, 9, true)];
  await writeKept(lake, [...decisions, ...others], labels);
  const read = await readLakeHistory(lake, range, features);
  assert.ok(read.ok);
  assert.deepEqual(read.value.matrix, {
    rows: 4,
    names: features.names,
    columns: [Float64Array.of(10, 20, 30, 2 ** 33), Float64Array.of(NaN, NaN, NaN, NaN)],
  });
  assert.equal(read.value.skipped, 2);
  const { patterns, customers, seconds, amounts, start } = read.value.transactions;
  assert.deepEqual([...patterns], [0, 255, 0, 0]);
  assert.deepEqual([...customers], [0, 0, 0, 1]);
  assert.deepEqual(
    [...seconds],
    [1, 2, 3, 6].map((second) => 86_400 + second),
  );
  assert.deepEqual([amounts[3], start], [2 ** 32 - 1, at(0)]);
});

function rules(bound: number): RuleSet {
  const when = { gt: [{ score: 'model' }, bound] };
  const rule = { id: 'score', when, outcome: 'review', reason: 'score_high' };
  const set = { format: 1, name: 'trial', version: 1, rules: [rule] };
  const parsed = parseRuleSet(JSON.stringify(set), features.names);
  assert.ok(parsed.ok);
  return parsed.value;
}

test('a back-test replays the scores as they were, or those of another model', async (context) => {
  const lake = lakeOf(await openStore(context), 'main');
  const decisions = [kept('d1', 10), kept('d2', 20), kept('d3', 90)];
  const [first] = decisions;
  assert.ok(first);
  await writeKept(
    lake,
    [...decisions, kept('d4', 99, { mode: 'failed_closed' })],
    [{ event: first.event, knownAt: at(2), isFraud: true }],
  );
  const lists = openLists();
  assert.ok(lists.ok);
  const sets = { before: rules(0.95), after: rules(0.15), lists: lists.value };
  let days = 0;
  const onDay = (): void => void (days += 1);
  const asWas = await backTestLake({ lake, range, features, onDay }, sets);
  assert.ok(asWas.ok);
  assert.deepEqual([asWas.value.skipped, days], [1, 10]);
  assert.deepEqual(asWas.value.report.frauds, { events: 1, value: 10 });
  assert.deepEqual(asWas.value.report.newFalseAlarms, { events: 2, value: 110 });
  assert.equal(asWas.value.report.newlyCaught.events, 0);
  const score = (row: Float64Array): number => 1 - (row[0] ?? 0) / 100;
  const another = await backTestLake({ lake, range, features, score }, sets);
  assert.ok(another.ok);
  assert.deepEqual(another.value.report.newlyCaught, { events: 1, value: 10 });
});
