import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatInstant, parseInstant, type Instant } from '#kernel';
import type { QuotaPolicy } from '../plan.ts';
import { isTimeZone, windowEnd } from './window.ts';

function endOf(policy: QuotaPolicy, timeZone: string, at: string): string {
  return formatInstant(windowEnd(policy, timeZone, parseInstant(at) ?? 0) as Instant);
}

test('a day ends at the next midnight of the time zone', () => {
  assert.equal(endOf('daily', 'UTC', '2026-11-22T23:59:59.999999Z'), '2026-11-23T00:00:00.000Z');
  assert.equal(endOf('daily', 'UTC', '2026-11-23T00:00:00Z'), '2026-11-24T00:00:00.000Z');
  const inPrague = endOf('daily', 'Europe/Prague', '2026-11-22T22:59:59Z');
  assert.equal(inPrague, '2026-11-22T23:00:00.000Z');
  const inIndia = endOf('daily', 'Asia/Kolkata', '2026-11-22T18:30:00Z');
  assert.equal(inIndia, '2026-11-23T18:30:00.000Z');
});

test('a day on which the clocks change has 23 or 25 hours', () => {
  const spring = endOf('daily', 'Europe/Prague', '2026-03-28T23:00:00Z');
  assert.equal(spring, '2026-03-29T22:00:00.000Z');
  const autumn = endOf('daily', 'Europe/Prague', '2026-10-24T22:00:00Z');
  assert.equal(autumn, '2026-10-25T23:00:00.000Z');
});

test('a week ends with Sunday, a month with its last day', () => {
  assert.equal(endOf('weekly', 'UTC', '2026-11-22T12:00:00Z'), '2026-11-23T00:00:00.000Z');
  assert.equal(endOf('weekly', 'UTC', '2026-11-23T00:00:00Z'), '2026-11-30T00:00:00.000Z');
  assert.equal(endOf('monthly', 'UTC', '2026-12-31T23:00:00Z'), '2027-01-01T00:00:00.000Z');
  const inNewYork = endOf('monthly', 'America/New_York', '2026-10-15T00:00:00Z');
  assert.equal(inNewYork, '2026-11-01T04:00:00.000Z');
});

test('a midnight that does not happen is the moment at which the clocks go on', () => {
  // In Beirut the clocks go from 24:00 to 01:00.
  const end = endOf('daily', 'Asia/Beirut', '2026-03-28T12:00:00Z');
  assert.equal(end, '2026-03-28T22:00:00.000Z');
});

test('a time zone is one of the time zone database', () => {
  assert.equal(isTimeZone('Europe/Prague'), true);
  assert.equal(isTimeZone('Europe/Atlantis'), false);
});
