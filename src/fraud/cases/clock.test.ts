import assert from 'node:assert/strict';
import test from 'node:test';
import { DAY_US, HOUR_US, MINUTE_US, parseInstant, type Instant } from '#kernel';
import { dueFrom, morePressing, priorityOf, resumed, stopped } from './clock.ts';

const now = parseInstant('2026-03-01T10:00:00Z') as Instant;
const at = (us: number): Instant => (now + us) as Instant;

test('what was stopped is more pressing than what passed, and a large amount is by one step', () => {
  const of = (outcome: 'review' | 'challenge' | 'decline', amount: number) =>
    priorityOf({ outcome, amount });
  assert.deepEqual([of('review', 999_999), of('review', 1_000_000)], ['normal', 'high']);
  assert.deepEqual([of('challenge', 999_999), of('challenge', 1_000_000)], ['high', 'urgent']);
  assert.deepEqual([of('decline', 0), of('decline', 1_000_000)], ['high', 'urgent']);
  assert.equal(morePressing('normal', 'urgent'), 'urgent');
  assert.equal(morePressing('high', 'normal'), 'high');
});

test('the more pressing a case is, the sooner it is due', () => {
  assert.equal(dueFrom(now, 'urgent'), at(HOUR_US));
  assert.equal(dueFrom(now, 'high'), at(4 * HOUR_US));
  assert.equal(dueFrom(now, 'normal'), at(DAY_US));
});

test('however often the clock is stopped, what was left is left when it goes on', () => {
  let running = { dueAt: at(HOUR_US), waitUntil: undefined as Instant | undefined };
  let clock = now;
  for (const [worked, asked, waited] of [
    [10, 60, 60],
    [5, 3_000, 20],
    [60, 100, 500],
  ] as const) {
    clock = (clock + worked * MINUTE_US) as Instant;
    running = stopped(running, clock, (clock + asked * MINUTE_US) as Instant);
    clock = (clock + waited * MINUTE_US) as Instant;
    running = resumed(running, clock);
  }
  assert.deepEqual(running, { waitUntil: undefined, dueAt: clock - 15 * MINUTE_US });
});

test('what does not wait is left as it is', () => {
  const running = { dueAt: at(1), waitUntil: undefined };
  assert.deepEqual(resumed(running, at(DAY_US)), { dueAt: at(1), waitUntil: undefined });
});
