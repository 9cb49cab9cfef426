import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { instantOf, SECOND_US } from '#kernel';
import { cardMatrix, widerFeatures } from '../src/fraud/cards/features.ts';
import { readColumns, type Transactions } from '../src/fraud/cards/transactions.ts';
import type { FraudEvent } from '../src/fraud/event.ts';
import { openFeatures } from '../src/fraud/features/engine.ts';

const root = path.dirname(import.meta.dirname);
const shared = process.env['FLORIN_SHARED_DATA'] ?? path.join(root, '../shared/data');
const DELAY_S = 7 * 86_400;

function readAll(): Transactions {
  const file = path.join(shared, 'card-fraud/card_transactions.col.bin.gz');
  const read = readColumns(readFileSync(file));
  assert.ok(read.ok);
  return read.value;
}

const all = readAll();

function eventOf(row: number): FraudEvent {
  const at = instantOf(all.start + (all.seconds[row] ?? 0) * SECOND_US);
  assert.ok(at !== undefined);
  const keys = { customer: `cus_${all.customers[row]}`, terminal: `ter_${all.terminals[row]}` };
  return { id: `trn_${String(row).padStart(8, '0')}`, at, amount: all.amounts[row] ?? 0, keys };
}

test('the engine and the quick way agree to the bit on all features of 400,000 transactions', () => {
  const rows = 400_000;
  const matrix = cardMatrix(all, 'wider', { from: 0, to: rows });
  const state = openFeatures(widerFeatures);
  let labelled = 0;
  for (let row = 0; row < rows; row += 1) {
    const now = all.seconds[row] ?? 0;
    for (; (all.seconds[labelled] ?? 0) <= now - DELAY_S; labelled += 1) {
      if (all.patterns[labelled] === 0) continue;
      const event = eventOf(labelled);
      const knownAt = instantOf(event.at + DELAY_S * SECOND_US);
      assert.ok(knownAt !== undefined);
      assert.ok(state.learn({ event, knownAt, isFraud: true }).ok);
    }
    const answer = state.observe(eventOf(row));
    assert.ok(answer.ok);
    for (const [index, column] of matrix.columns.entries()) {
      if (Object.is(answer.value[index], column[row])) continue;
      const name = matrix.names[index];
      assert.fail(`row ${row}, ${name}: ${answer.value[index]}, not ${column[row]}`);
    }
  }
});

test('a recount of every window from all transactions comes to the same for a sample of rows', () => {
  const matrix = cardMatrix(all, 'handbook');
  const rowsOfCustomer = Map.groupBy(all.customers.keys(), (row) => all.customers[row] ?? 0);
  const rowsOfTerminal = Map.groupBy(all.terminals.keys(), (row) => all.terminals[row] ?? 0);
  const secondAt = (row: number): number => all.seconds[row] ?? 0;
  for (let row = 17; row < all.count; row += 1_753) {
    const now = secondAt(row);
    const at = new Date(all.start / 1_000 + now * 1_000);
    const expected = [(all.amounts[row] ?? 0) / 100];
    expected.push([0, 6].includes(at.getUTCDay()) ? 1 : 0, at.getUTCHours() <= 6 ? 1 : 0);
    for (const days of [1, 7, 30]) {
      const own = rowsOfCustomer.get(all.customers[row] ?? 0) ?? [];
      const window = own.filter((other) => other <= row && secondAt(other) > now - days * 86_400);
      const sum = window.reduce((total, other) => total + (all.amounts[other] ?? 0), 0);
      expected.push(window.length, sum / (100 * window.length));
    }
    for (const days of [1, 7, 30]) {
      const own = rowsOfTerminal.get(all.terminals[row] ?? 0) ?? [];
      const end = now - DELAY_S;
      const window = own.filter(
        (other) => secondAt(other) <= end && secondAt(other) > end - days * 86_400,
      );
      const frauds = window.filter((other) => (all.patterns[other] ?? 0) > 0).length;
      expected.push(window.length, window.length === 0 ? 0 : frauds / window.length);
    }
    const found = matrix.columns.map((column) => column[row]);
    assert.deepEqual(found, expected, `row ${row}`);
  }
});

test('pairs of one customer in the same second are told in the order of their ids', () => {
  const latest = new Map<number, number>();
  let pairs = 0;
  for (let row = 0; row < all.count; row += 1) {
    const customer = all.customers[row] ?? 0;
    if (latest.get(customer) === all.seconds[row]) pairs += 1;
    latest.set(customer, all.seconds[row] ?? 0);
  }
  assert.ok(pairs >= 10);
  const matrix = cardMatrix(all, 'handbook');
  const counts = matrix.columns[matrix.names.indexOf('CUSTOMER_ID_NB_TX_1DAY_WINDOW')];
  const before = new Map<number, number>();
  for (let row = 0; row < all.count; row += 1) {
    const customer = all.customers[row] ?? 0;
    const other = before.get(customer);
    if (other !== undefined && all.seconds[other] === all.seconds[row]) {
      assert.equal(counts?.[row], (counts?.[other] ?? 0) + 1, 'the later row counts the earlier');
    }
    before.set(customer, row);
  }
});

test('features of a range are those of the whole', () => {
  const range = { from: 400_000, to: 420_000 };
  const part = cardMatrix(all, 'wider', range);
  const whole = cardMatrix(all, 'wider', { from: 0, to: range.to });
  for (const [index, column] of whole.columns.entries()) {
    assert.deepEqual(part.columns[index], column.slice(range.from, range.to));
  }
});
