import assert from 'node:assert/strict';
import test from 'node:test';
import { systemClock } from './clock.ts';

test('the clock does not go back when the machine does', () => {
  const readings = [1_000, 2_000.5, 1_500, 2_001];
  const clock = systemClock(() => readings.shift() ?? 0);
  const seen = [clock.now(), clock.now(), clock.now(), clock.now()];
  assert.deepEqual(seen, [1_000_000, 2_000_500, 2_000_500, 2_001_000]);
});

test('the clock keeps to the millisecond of the wall', () => {
  const clock = systemClock();
  for (let count = 0; count < 1_000; count += 1) {
    const beforeMs = Date.now();
    const now = clock.now();
    const afterMs = Date.now();
    assert.ok(Number.isInteger(now));
    assert.ok(now >= beforeMs * 1_000 && now <= (afterMs + 1) * 1_000);
  }
});

test('an offset is told beside the time, and never changes it', () => {
  const clock = systemClock(() => 1_000);
  assert.equal(clock.offsetUs, undefined);
  const before = clock.now();
  clock.observe(-250_000);
  assert.equal(clock.offsetUs, -250_000);
  assert.equal(clock.now(), before);
  assert.throws(() => clock.observe(0.5), /whole microseconds/);
});
