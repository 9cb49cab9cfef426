import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatInstant, parseInstant, type Instant } from '#kernel';
import { afterTry, nextTry, noTries, type RetryPolicy, type Tries } from './retry.ts';

const at = (text: string): Instant => {
  const instant = parseInstant(text);
  assert.ok(instant !== undefined, text);
  return instant;
};

/** The times of all tries of a policy, from a first one. */
function timesOf(policy: RetryPolicy, first: string): string[] {
  const times: string[] = [];
  let now = at(first);
  let tries: Tries = noTries;
  for (;;) {
    times.push(formatInstant(now).slice(0, 16));
    const next = nextTry(afterTry(tries), policy, 'target', now);
    if (next === undefined) return times;
    now = next.at;
    ({ tries } = next);
  }
}

test('tries are spread over the day, and go on at the next business days', () => {
  assert.deepEqual(timesOf({ retriesADay: 2, days: 1 }, '2026-11-20T06:00:00Z'), [
    '2026-11-20T06:00',
    '2026-11-20T07:00',
    '2026-11-20T08:00',
    '2026-11-23T00:00',
    '2026-11-23T01:00',
    '2026-11-23T02:00',
  ]);
});

test('what does not fit into the day is not tried on it', () => {
  assert.deepEqual(timesOf({ retriesADay: 5, days: 0 }, '2026-11-20T22:30:00Z'), [
    '2026-11-20T22:30',
    '2026-11-20T23:30',
  ]);
});

test('without a policy there is one try', () => {
  assert.deepEqual(timesOf({ retriesADay: 0, days: 0 }, '2026-11-20T06:00:00Z').length, 1);
});
