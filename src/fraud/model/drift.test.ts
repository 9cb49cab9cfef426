import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { randomStream } from '../generator/random.ts';
import type { Matrix } from '../matrix.ts';
import { binOf, binsOf, boundsOf } from './drift-bins.ts';
import { driftReference, type DriftReport, openDriftCounts } from './drift.ts';

interface Rows {
  readonly matrix: Matrix;
  readonly scores: Float64Array;
}

/** An amount, a count that is mostly 0, and a flag; the score follows the amount. */
function drawRows(seed: number, rows: number, amountOf = (amount: number): number => amount): Rows {
  const random = randomStream(seed);
  const amount = new Float64Array(rows);
  const count = new Float64Array(rows);
  const flag = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    amount[row] = amountOf(50 + 10 * random.normal());
    count[row] = random.below(20) === 0 ? 1 + random.below(5) : 0;
    flag[row] = random.below(7) < 2 ? 1 : 0;
  }
  const scores = amount.map((value) => 1 / (1 + Math.abs(value)));
  const names = ['amount', 'count', 'flag'];
  return { matrix: { rows, names, columns: [amount, count, flag] }, scores };
}

function compare(reference: Rows, now: Rows): DriftReport {
  const counts = openDriftCounts(driftReference(reference.matrix, reference.scores));
  for (let row = 0; row < now.matrix.rows; row++) {
    const values = Float64Array.from(now.matrix.columns, (column) => column[row] ?? NaN);
    counts.observe(values, now.scores[row] ?? NaN);
  }
  return counts.report();
}

test('other rows of the same kind are steady', () => {
  for (const seed of [2, 3, 4, 5]) {
    const report = compare(drawRows(1, 20_000), drawRows(seed, 2_000));
    assert.equal(report.level, 'steady');
    assert.deepEqual(report.alarms, []);
    assert.ok(report.measures.every(({ index }) => index < 0.02));
  }
});

test('the rows of the reference themselves have an index of 0', () => {
  const rows = drawRows(1, 5_000);
  assert.deepEqual(
    compare(rows, rows).measures.map(({ index }) => index),
    [0, 0, 0, 0],
  );
});

test('an amount that is a tenth of its deviation higher is steady, four tenths a warning', () => {
  const level = (shift: number): string | undefined =>
    compare(
      drawRows(1, 20_000),
      drawRows(2, 20_000, (amount) => amount + shift),
    ).measures[0]?.level;
  // Two normal distributions that far apart differ by the square of the distance.
  assert.deepEqual([level(1), level(4), level(8)], ['steady', 'warning', 'alarm']);
});

test('a feature that moved and the score that follows it are alarmed, the others not', () => {
  const report = compare(
    drawRows(1, 20_000),
    drawRows(2, 2_000, (amount) => amount * 1.3),
  );
  assert.equal(report.level, 'alarm');
  const told = report.alarms.map(({ code, name, level }) => `${code} ${name} ${level}`);
  assert.deepEqual(
    new Set(told),
    new Set(['feature_drifted amount alarm', 'score_drifted score alarm']),
  );
  assert.ok((report.alarms[0]?.index ?? 0) >= (report.alarms[1]?.index ?? 0));
  const message = report.alarms.find(({ name }) => name === 'amount')?.message ?? '';
  assert.match(message, /^the stability index of amount is 1\.\d{3}; most of it .* above 6\d\.\d+/);
});

test('a feature that is no longer known is an alarm, and so is one that never was', () => {
  const lost = compare(
    drawRows(1, 5_000),
    drawRows(2, 2_000, () => NaN),
  );
  assert.equal(lost.alarms.find(({ name }) => name === 'amount')?.level, 'alarm');
  assert.equal(lost.measures[0]?.worst.bin, 'not known');
  const found = compare(
    drawRows(1, 5_000, () => NaN),
    drawRows(2, 2_000),
  );
  assert.equal(found.measures[0]?.level, 'alarm');
});

test('a value that never changed and now is another is an alarm', () => {
  const report = compare(
    drawRows(1, 5_000, () => 7),
    drawRows(2, 2_000, () => 8),
  );
  assert.deepEqual(report.measures[0]?.worst.bin, 'above 7');
  assert.equal(report.measures[0]?.level, 'alarm');
});

test('a change among the few rows that are not 0 is seen in bins of their own', () => {
  const { matrix } = drawRows(1, 20_000);
  const bins = binsOf(matrix.columns[1] ?? new Float64Array(0), 10);
  assert.deepEqual(bins, { lowest: 0, highest: 5, cuts: [0, 1, 2, 3, 4] });
});

test('too few rows say nothing, whatever they are', () => {
  const report = compare(
    drawRows(1, 5_000),
    drawRows(2, 999, () => 1e9),
  );
  assert.equal(report.level, 'too_few_rows');
  assert.deepEqual(report.alarms, []);
  assert.ok(report.measures.every(({ level }) => level === 'too_few_rows'));
});

test('a reference kept as JSON counts the same as the one that was made', () => {
  const { matrix, scores } = drawRows(1, 2_000);
  const reference = driftReference(matrix, scores);
  assert.deepEqual(JSON.parse(JSON.stringify(reference)), reference);
});

test('a row of another length is not counted', () => {
  const { matrix, scores } = drawRows(1, 100);
  const counts = openDriftCounts(driftReference(matrix, scores));
  assert.throws(() => counts.observe(new Float64Array(2), 0.5), /2 values, the reference 3/);
});

test('every value has one bin, a greater value no lesser one, and the reference fills them', () => {
  const values = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(values, fc.integer({ min: 2, max: 12 }), (drawn, binsMax) => {
      const bins = binsOf(Float64Array.from(drawn), binsMax);
      assert.ok(bins.cuts.length < binsMax);
      const placed = drawn.toSorted((left, right) => left - right).map((one) => binOf(bins, one));
      assert.deepEqual(
        placed,
        placed.toSorted((left, right) => left - right),
      );
      assert.deepEqual([binOf(bins, -21), binOf(bins, 21)], [0, bins.cuts.length + 2]);
      const used = new Set(placed);
      assert.equal(used.size, bins.cuts.length + 1, 'no bin of the reference is empty');
      assert.equal(boundsOf(bins).length, bins.cuts.length + 4);
    }),
  );
});
