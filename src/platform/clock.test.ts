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

/** Wall, timer and timer with sleep, all from nothing, in milliseconds. */
function openMachine() {
  const at = { wallMs: 1_000, awakeMs: 0, bootedMs: 500 };
  const clock = systemClock(() => at.wallMs, {
    awakeMs: () => at.awakeMs,
    bootedMs: () => at.bootedMs,
  });
  clock.now();
  const pass = (ms: number): void => {
    for (const each of ['wallMs', 'awakeMs', 'bootedMs'] as const) at[each] += ms;
  };
  return { at, clock, pass };
}

const HOUR_MS = 3_600_000;

test('a clock that was set forward has gained on the timer, and says by how much', () => {
  const { at, clock, pass } = openMachine();
  pass(HOUR_MS);
  assert.equal(clock.gainedUs, 0);
  at.wallMs += 3 * HOUR_MS;
  pass(HOUR_MS);
  assert.equal(clock.gainedUs, 3 * HOUR_MS * 1_000);
  // It does not go back, and so what it gained is used up as time goes by.
  at.wallMs -= 3 * HOUR_MS;
  pass(HOUR_MS);
  assert.equal(clock.gainedUs, 2 * HOUR_MS * 1_000);
});

test('a machine that slept has gained nothing', () => {
  const { at, clock, pass } = openMachine();
  at.wallMs += 72 * HOUR_MS;
  at.bootedMs += 72 * HOUR_MS;
  pass(HOUR_MS);
  assert.equal(clock.gainedUs, 0);
});

test('only a reference of its own settles what a clock has gained', () => {
  const { at, clock, pass } = openMachine();
  at.wallMs += HOUR_MS;
  clock.observe(0);
  assert.equal(clock.gainedUs, HOUR_MS * 1_000);
  clock.observe(0, true);
  pass(HOUR_MS);
  assert.equal(clock.gainedUs, 0);
});

test('the machine has timers to compare its clock with', () => {
  const clock = systemClock();
  clock.now();
  assert.ok(Math.abs(clock.gainedUs ?? NaN) < 60_000_000);
});
