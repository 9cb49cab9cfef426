import assert from 'node:assert/strict';
import test from 'node:test';
import { DAY_US, instantOf, type Instant } from '#kernel';
import { driftReference } from '../../model/drift.ts';
import { openDriftWindows } from './drift-windows.ts';

const rows = 1_000;
const values = Float64Array.from({ length: rows }, (_, row) => row / rows);
const matrix = { rows, names: ['one'], columns: [values] };
const start = instantOf(500 * 7 * DAY_US) as Instant;

const after = (days: number): Instant => (start + days * DAY_US) as Instant;

test('what is reported is at least the last half week, and at most the last week', () => {
  const windows = openDriftWindows(driftReference(matrix, values));
  const reported = [0, 1, 3, 4, 6, 8, 9, 12, 40].map((day) => {
    windows.observe(Float64Array.of(0.5), 0.5, after(day));
    return windows.report().rows;
  });
  assert.deepEqual(reported, [1, 2, 3, 4, 5, 3, 4, 3, 1]);
});

test('a shift of the rows is an alarm', () => {
  const windows = openDriftWindows(driftReference(matrix, values));
  for (const value of values) windows.observe(Float64Array.of(value), value, start);
  assert.equal(windows.report().level, 'steady');
  for (const value of values) {
    windows.observe(Float64Array.of(value / 10), value, after(4));
    windows.observe(Float64Array.of(value / 10), value, after(8));
  }
  assert.deepEqual(
    windows.report().alarms.map(({ code, level, name }) => ({ code, level, name })),
    [{ code: 'feature_drifted', level: 'alarm', name: 'one' }],
  );
});
