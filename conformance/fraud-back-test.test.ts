import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { backTestCards, formatBackTest, openLists, parseRuleSet, readColumns } from '#fraud';

const root = path.dirname(import.meta.dirname);
const shared = process.env['FLORIN_SHARED_DATA'] ?? path.join(root, '../shared/data');
const file = path.join(shared, 'card-fraud/card_transactions.col.bin.gz');
const names = ['TX_AMOUNT'];

function ruleSetAbove(amount: number, version: number) {
  const rule = {
    id: 'large',
    when: { gt: [{ feature: 'TX_AMOUNT' }, amount] },
    outcome: 'decline',
    reason: 'amount_large',
    decline_limit: 'none',
  };
  const text = JSON.stringify({ format: 1, name: 'cards', version, rules: [rule] });
  const parsed = parseRuleSet(text, names);
  assert.ok(parsed.ok);
  return parsed.value;
}

test('half a year replays to the frauds that its authors planted above 220, and to no others', () => {
  const transactions = readColumns(readFileSync(file));
  const lists = openLists();
  assert.ok(transactions.ok && lists.ok);
  const amounts = Float64Array.from(transactions.value.amounts, (minor) => minor / 100);
  const matrix = { rows: amounts.length, names, columns: [amounts] };
  const history = { transactions: transactions.value, matrix };
  const sets = {
    before: ruleSetAbove(220, 1),
    after: ruleSetAbove(300, 2),
    lists: lists.value,
  };
  const report = backTestCards(history, sets);
  assert.ok(report.ok);
  const { events, frauds, before, newlyMissed } = report.value;
  assert.equal(events.events, 1_754_155);
  assert.equal(frauds.events, 14_681);
  assert.equal(before.caught.events, 3_258);
  assert.equal(before.falseAlarms.events, 0);
  const between = amounts.filter((amount) => amount > 220 && amount <= 300).length;
  assert.equal(newlyMissed.events, between);
  const again = backTestCards(history, sets);
  assert.ok(again.ok);
  assert.equal(formatBackTest(again.value, false), formatBackTest(report.value, false));
});
