import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instantOfMs, type Instant } from '#kernel';
import { accountPolicy, decideAttempt, secondsUntil, type AttemptState } from './attempt.ts';
import { networkOf } from '#platform';

const start = instantOfMs(1_800_000_000_000);

test('five failures are free, and each one more waits twice as long, up to an hour', () => {
  let state: AttemptState | undefined;
  const waits: number[] = [];
  let now = start;
  for (let count = 0; count < 20; count += 1) {
    const decision = decideAttempt(accountPolicy, state, now);
    assert.ok(decision.isAdmitted);
    state = decision.next;
    waits.push((state.blockedUntil - now) / 1_000_000);
    now = state.blockedUntil;
  }
  const doubling = Array.from({ length: 12 }, (_, at) => 2 ** at);
  assert.deepEqual(waits, [0, 0, 0, 0, 0, ...doubling, 3_600, 3_600, 3_600]);
});

test('an attempt is refused to the last microsecond of its wait, and counts nothing', () => {
  const state = { failures: 7, lastAt: start, blockedUntil: (start + 2_000_000) as Instant };
  const early = decideAttempt(accountPolicy, state, (start + 1_999_999) as Instant);
  assert.deepEqual(early, { isAdmitted: false, blockedUntil: state.blockedUntil });
  const due = decideAttempt(accountPolicy, state, state.blockedUntil);
  assert.ok(due.isAdmitted);
  assert.equal(due.next.failures, 8);
});

test('whoever waits the seconds that are told is admitted', () => {
  for (const us of [1, 999_999, 1_000_000, 1_000_001, 3_600_000_000]) {
    const until = (start + us) as Instant;
    const seconds = secondsUntil(until, start);
    assert.ok(start + seconds * 1_000_000 >= until);
    assert.ok(seconds === 1 || start + (seconds - 1) * 1_000_000 < until);
  }
});

test('after a quiet day all is forgotten', () => {
  const state = { failures: 30, lastAt: start, blockedUntil: (start + 3_600_000_000) as Instant };
  const decision = decideAttempt(accountPolicy, state, (start + 86_400_000_000) as Instant);
  assert.ok(decision.isAdmitted);
  assert.equal(decision.next.failures, 1);
});

test('addresses of one household are one', () => {
  const same = ['2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff', '2001:0DB8:1:2:0:0:0:9'];
  assert.deepEqual(new Set(same.map(networkOf)).size, 1);
  assert.notEqual(networkOf('2001:db8:1:3::1'), networkOf('2001:db8:1:2::1'));
  assert.equal(networkOf('::ffff:192.0.2.7'), '192.0.2.7');
  assert.equal(networkOf('192.0.2.7'), '192.0.2.7');
  assert.equal(networkOf('::1'), networkOf('0:0:0:0::2'));
});
