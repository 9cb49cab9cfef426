import assert from 'node:assert/strict';
import test from 'node:test';
import { logistic } from './logistic.ts';

test('the logistic function is right to one part in 10^15', () => {
  for (let x = -690; x < 690; x += 0.37) {
    const expected = 1 / (1 + Math.exp(-x));
    assert.ok(Math.abs(logistic(x) - expected) <= 1.2e-15 * expected, String(x));
  }
});

test('it is a half at zero, ends at 0 and 1, and does not invent a value for none', () => {
  assert.equal(logistic(0), 0.5);
  assert.equal(logistic(1e9), 1);
  assert.ok(logistic(-1e9) < 1e-300);
  assert.ok(Number.isNaN(logistic(Number.NaN)));
});
