import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Breaker, defaultBreakerLimits } from './breaker.ts';
import type { BreakerOutcome } from './breaker.ts';

const limits = { ...defaultBreakerLimits, failuresMin: 3, openMs: 1_000, openMsMax: 3_000 };

function run(breaker: Breaker, outcome: BreakerOutcome, nowMs: number): boolean {
  const leave = breaker.enter(nowMs);
  leave?.end(outcome, nowMs);
  return leave !== undefined;
}

function opened(nowMs = 0): Breaker {
  const breaker = new Breaker(limits);
  for (let count = 0; count < limits.failuresMin; count += 1) run(breaker, 'failure', nowMs);
  assert.equal(breaker.state, 'open');
  return breaker;
}

test('a breaker opens when enough of what ended lately failed, and refuses', () => {
  const breaker = new Breaker(limits);
  run(breaker, 'failure', 0);
  run(breaker, 'failure', 1);
  assert.equal(breaker.state, 'closed');
  run(breaker, 'failure', 2);
  assert.equal(breaker.state, 'open');
  assert.equal(run(breaker, 'success', 3), false);
  assert.equal(breaker.waitMs(502), 500);
});

test('failures among many successes do not open it', () => {
  const breaker = new Breaker(limits);
  for (let count = 0; count < 100; count += 1) {
    run(breaker, count % 3 === 0 ? 'failure' : 'success', count);
  }
  assert.equal(breaker.state, 'closed');
});

test('failures are forgotten when the window has passed', () => {
  const breaker = new Breaker(limits);
  run(breaker, 'failure', 0);
  run(breaker, 'failure', 0);
  run(breaker, 'failure', limits.windowMs + 1);
  assert.equal(breaker.state, 'closed');
});

test('an open breaker lets one try at a time through, and closes after two that succeed', () => {
  const breaker = opened();
  assert.equal(breaker.enter(999), undefined);
  const probe = breaker.enter(1_000);
  assert.equal(breaker.state, 'half_open');
  assert.equal(breaker.enter(1_000), undefined, 'no second try beside the first');
  assert.ok(breaker.waitMs(1_000) > 0, 'the answer to the first decides');
  probe?.end('success', 1_100);
  assert.equal(breaker.state, 'half_open');
  assert.equal(breaker.waitMs(1_100), 0);
  assert.equal(run(breaker, 'success', 1_200), true);
  assert.equal(breaker.state, 'closed');
});

test('a try that fails opens it for twice as long, up to a limit', () => {
  const breaker = opened();
  assert.equal(run(breaker, 'failure', 1_000), true);
  assert.equal(breaker.waitMs(1_000), 2_000);
  assert.equal(run(breaker, 'failure', 3_000), true);
  assert.equal(breaker.waitMs(3_000), 3_000);
  run(breaker, 'success', 6_000);
  run(breaker, 'success', 6_000);
  assert.equal(breaker.state, 'closed');
  for (let count = 0; count < limits.failuresMin; count += 1) run(breaker, 'failure', 7_000);
  assert.equal(breaker.waitMs(7_000), 1_000, 'as long as at first again');
});

test('a try that its caller gave up leaves room for the next and counts for nothing', () => {
  const breaker = opened();
  assert.equal(run(breaker, 'unknown', 1_000), true);
  assert.equal(breaker.state, 'half_open');
  assert.equal(run(breaker, 'success', 1_000), true);
});

test('what began before the breaker opened says nothing of the dependency since', () => {
  const breaker = new Breaker(limits);
  const early = breaker.enter(0);
  for (let count = 0; count < limits.failuresMin; count += 1) run(breaker, 'failure', 1);
  const probe = breaker.enter(1_001);
  early?.end('success', 1_002);
  early?.end('failure', 1_002);
  assert.equal(breaker.state, 'half_open');
  assert.equal(breaker.enter(1_003), undefined, 'the try goes on');
  probe?.end('failure', 1_004);
  assert.equal(breaker.state, 'open');
});
