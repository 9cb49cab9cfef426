import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { parseDate } from '#kernel';
import { readColumns } from '../cards/transactions.ts';
import { writeColumns } from './columns.ts';
import type { GeneratedDay } from './day-columns.ts';
import {
  allPatterns,
  generateDays,
  generateTransactions,
  type GeneratorOptions,
} from './generate.ts';
import { fraudPatternNames, fraudPatterns, patternOf, type FraudPattern } from './patterns.ts';

const start = parseDate('2018-04-01');
assert.ok(start !== undefined);
const small: GeneratorOptions = { seed: 3, customers: 1_500, terminals: 3_000, days: 60, start };

interface Row {
  readonly customer: number;
  readonly terminal: number;
  readonly amount: number;
  readonly second: number;
  readonly device: number;
  readonly pattern: FraudPattern | 'genuine';
}

function rowsOf(days: Iterable<GeneratedDay>): Row[] {
  const rows: Row[] = [];
  for (const day of days) {
    day.seconds.forEach((second, at) => {
      rows.push({
        customer: day.customers[at] ?? 0,
        terminal: day.terminals[at] ?? 0,
        amount: day.amounts[at] ?? 0,
        second,
        device: day.devices[at] ?? 0,
        pattern: patternOf(day.patterns[at] ?? 0),
      });
    });
  }
  return rows;
}

const everything = rowsOf(generateDays(small));
const ofPattern = (pattern: FraudPattern | 'genuine', rows = everything): Row[] =>
  rows.filter((row) => row.pattern === pattern);
const distinct = (values: readonly number[]): number => new Set(values).size;

test('the same options give the same bytes, and another seed gives others', () => {
  const digest = (options: GeneratorOptions): string => {
    const columns = writeColumns(generateTransactions(options));
    assert.ok(columns.ok);
    return createHash('sha256').update(columns.value).digest('hex');
  };
  const brief = { ...small, days: 10 };
  assert.equal(digest(brief), digest(brief));
  assert.notEqual(digest(brief), digest({ ...brief, seed: 4 }));
});

test('a longer generation begins with the shorter one', () => {
  const tenDays = rowsOf(generateDays({ ...small, days: 10 }));
  assert.deepEqual(everything.slice(0, tenDays.length), tenDays);
});

test('transactions come in the order of time, and days are numbered without a gap', () => {
  let before = 0;
  let latest = -1;
  let next = 0;
  for (const day of generateDays({ ...small, days: 8 })) {
    assert.equal(day.day, next);
    assert.equal(day.before, before);
    for (const second of day.seconds) {
      assert.ok(second >= latest);
      assert.equal(Math.floor(second / 86_400), next);
      latest = second;
    }
    before += day.count;
    next += 1;
  }
  assert.equal(next, 8);
});

test('amounts, hours and the share of fraud are near those of the reference data', () => {
  const genuine = ofPattern('genuine');
  const mean = genuine.reduce((sum, { amount }) => sum + amount, 0) / genuine.length;
  assert.ok(mean > 4_900 && mean < 5_700, `${mean}`);
  const perDay = everything.length / small.days / small.customers;
  assert.ok(perDay > 1.8 && perDay < 2.1, `${perDay}`);
  const share = 1 - genuine.length / everything.length;
  assert.ok(share > 0.006 && share < 0.018, `${share}`);
  const noon = genuine.filter(({ second }) => Math.floor((second % 86_400) / 3_600) === 12);
  assert.ok(Math.abs(noon.length / genuine.length - 0.074) < 0.006);
});

test('every pattern is planted, and none of those that were not asked for', () => {
  for (const name of fraudPatternNames) assert.ok(ofPattern(name).length > 0, name);
  const none = rowsOf(generateDays({ ...small, days: 20, patterns: {} }));
  assert.equal(ofPattern('genuine', none).length, none.length);
  const one = rowsOf(generateDays({ ...small, patterns: { mule_ring: 0 } }));
  assert.deepEqual(new Set(one.map(({ pattern }) => pattern)), new Set(['genuine', 'mule_ring']));
});

test('a pattern that begins later is not there before', () => {
  const patterns = { ...allPatterns, card_testing: 40, compromised_terminal: 30 };
  const rows = rowsOf(generateDays({ ...small, patterns }));
  const firstDay = (pattern: FraudPattern): number =>
    Math.min(...ofPattern(pattern, rows).map(({ second }) => Math.floor(second / 86_400)));
  assert.ok(firstDay('card_testing') >= 40);
  assert.ok(firstDay('compromised_terminal') >= 30);
  assert.ok(firstDay('stolen_card') < 30);
});

test('one pattern fewer leaves every other transaction as it was', () => {
  const patterns = Object.fromEntries(
    fraudPatternNames.filter((name) => name !== 'account_takeover').map((name) => [name, 0]),
  );
  const without = rowsOf(generateDays({ ...small, patterns }));
  const kept = everything.filter(({ pattern }) => pattern !== 'account_takeover');
  // Devices are numbered as they appear, so one campaign fewer moves the others' numbers.
  const bare = (row: Row): Row => ({ ...row, device: 0 });
  assert.deepEqual(without.map(bare), kept.map(bare));
});

test('large amounts are all above the bound, and no genuine amount is', () => {
  assert.ok(ofPattern('large_amount').every(({ amount }) => amount > 22_000));
  assert.ok(ofPattern('genuine').every(({ amount }) => amount <= 22_000));
});

test('all that is paid at a compromised terminal is fraud for 28 days', () => {
  const [first] = ofPattern('compromised_terminal');
  assert.ok(first !== undefined);
  const day = Math.floor(first.second / 86_400);
  const paid = everything.filter(({ terminal, second }) => {
    const age = Math.floor(second / 86_400) - day;
    return terminal === first.terminal && age >= 0 && age < 21;
  });
  assert.ok(paid.length > 3);
  assert.ok(paid.every(({ pattern }) => pattern !== 'genuine'));
});

test('fraud by others comes from devices that no genuine payment uses', () => {
  const own = new Set(ofPattern('genuine').map(({ device }) => device));
  for (const name of ['stolen_card', 'account_takeover', 'card_testing', 'mule_ring'] as const) {
    assert.ok(
      ofPattern(name).every(({ device }) => !own.has(device)),
      name,
    );
  }
});

test('card testing tries many cards from one device before it buys', () => {
  const [first] = ofPattern('card_testing');
  const campaign = ofPattern('card_testing').filter(({ device }) => device === first?.device);
  const tests = campaign.filter(({ amount }) => amount < 500);
  assert.ok(distinct(tests.map(({ customer }) => customer)) >= 8);
  assert.ok(distinct(tests.slice(0, 8).map(({ terminal }) => terminal)) === 1);
});

test('a mule ring is many customers at one merchant from few devices', () => {
  const rings = rowsOf(generateDays({ ...small, customers: 5_000, patterns: { mule_ring: 0 } }));
  const [first] = ofPattern('mule_ring', rings);
  const merchant = Math.floor((first?.terminal ?? 0) / 4);
  const ring = ofPattern('mule_ring', rings).filter(
    ({ terminal }) => Math.floor(terminal / 4) === merchant,
  );
  assert.ok(distinct(ring.map(({ customer }) => customer)) >= 4);
  assert.ok(distinct(ring.map(({ device }) => device)) <= 2);
});

test('habits stay where nothing drifts, and change where it does', () => {
  const shift = (driftPerMonth: number): number => {
    const options = { ...small, patterns: {}, days: 90, driftPerMonth };
    const thirds = new Float64Array(2);
    const counts = new Float64Array(small.customers * 2);
    for (const { customer, second } of rowsOf(generateDays(options))) {
      const third = Math.floor(second / (30 * 86_400));
      if (third !== 1)
        counts[customer * 2 + third / 2] = (counts[customer * 2 + third / 2] ?? 0) + 1;
    }
    for (let customer = 0; customer < small.customers; customer += 1) {
      const early = counts[customer * 2] ?? 0;
      const late = counts[customer * 2 + 1] ?? 0;
      thirds[0] = (thirds[0] ?? 0) + (late - early) ** 2;
      thirds[1] = (thirds[1] ?? 0) + late + early;
    }
    return (thirds[0] ?? 0) / (thirds[1] ?? 1);
  };
  const still = shift(0);
  // The difference of two Poisson counts has their sum as variance.
  assert.ok(still > 0.85 && still < 1.15, `${still}`);
  assert.ok(shift(0.6) > 1.5 * still);
});

test('columns that are written are read back, and numbers that do not fit are refused', () => {
  const transactions = generateTransactions({ ...small, days: 5 });
  const written = writeColumns(transactions);
  assert.ok(written.ok);
  const read = readColumns(written.value);
  assert.ok(read.ok);
  assert.deepEqual(read.value, transactions);
  const customers = transactions.customers.with(7, 65_536);
  const refused = writeColumns({ ...transactions, customers });
  assert.ok(!refused.ok);
  assert.equal(refused.refusal.code, 'columns_too_narrow');
  assert.match(refused.refusal.message, /row 7 .*65536.*65535/);
});

test('codes of patterns are distinct and none is that of genuine', () => {
  const codes = Object.values(fraudPatterns).map(({ code }) => code);
  assert.equal(distinct([0, ...codes]), codes.length + 1);
});
