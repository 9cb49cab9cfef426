import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DAY_US,
  SECOND_US,
  endOfDay,
  formatDate,
  formatInstant,
  instantOf,
  instantOfMs,
  manualClock,
  msOf,
  parseDate,
  parseInstant,
  startOfDay,
} from './time.ts';
import type { Instant } from './time.ts';

function instant(text: string): Instant {
  const parsed = parseInstant(text);
  assert.notEqual(parsed, undefined, text);
  return parsed as Instant;
}

test('an instant is read from RFC 3339 and written back in UTC', () => {
  const cases: readonly [string, string][] = [
    ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000Z'],
    ['2026-11-21T20:00:00.123456Z', '2026-11-21T20:00:00.123456Z'],
    ['2026-11-21T20:00:00.12Z', '2026-11-21T20:00:00.120Z'],
    ['2026-11-21T21:30:00.5+01:30', '2026-11-21T20:00:00.500Z'],
    ['2026-12-31T23:30:00-00:45', '2027-01-01T00:15:00.000Z'],
    ['1969-12-31T23:59:59.999999Z', '1969-12-31T23:59:59.999999Z'],
    ['2000-02-29T12:00:00Z', '2000-02-29T12:00:00.000Z'],
    ['1850-06-01T00:00:00Z', '1850-06-01T00:00:00.000Z'],
  ];
  for (const [given, expected] of cases) assert.equal(formatInstant(instant(given)), expected);
});

test('a time that is not strict RFC 3339 is refused', () => {
  const refused = [
    '',
    'now',
    '2026-11-21',
    '2026-11-21 20:00:00Z',
    '2026-11-21T20:00:00',
    '2026-11-21t20:00:00z',
    '2026-11-21T20:00Z',
    '2026-11-21T20:00:00.Z',
    '2026-11-21T20:00:00.1234567Z',
    '2026-11-21T24:00:00Z',
    '2026-11-21T20:60:00Z',
    '2026-11-21T20:00:60Z',
    '2026-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-11-21T20:00:00+24:00',
    '2026-11-21T20:00:00+0100',
    '2026-11-21T20:00:00Z\n',
    '9999-12-31T00:00:00Z',
    '0001-01-01T00:00:00Z',
  ];
  for (const text of refused) assert.equal(parseInstant(text), undefined, text);
});

test('every day of eight centuries agrees with the calendar of the platform', () => {
  for (let day = -100_000; day <= 100_000; day += 1) {
    const expected = new Date(day * 86_400_000).toISOString().slice(0, 10);
    const text = formatDate((day * DAY_US) as Instant);
    assert.equal(text, expected);
    assert.equal(parseDate(text), day * DAY_US);
  }
});

test('a date is midnight UTC, and its day ends one microsecond before the next', () => {
  const day = parseDate('1995-03-24') as Instant;
  assert.equal(formatInstant(day), '1995-03-24T00:00:00.000Z');
  assert.equal(formatInstant(endOfDay(day)), '1995-03-24T23:59:59.999999Z');
  assert.equal(startOfDay(endOfDay(day)), day);
  assert.equal(parseDate('1995-3-24'), undefined);
  assert.equal(parseDate('1995-02-30'), undefined);
});

test('milliseconds and instants convert, rounding down', () => {
  assert.equal(instantOfMs(1.5), 1_500);
  assert.equal(msOf(instantOfMs(1_700_000_000_123)), 1_700_000_000_123);
  assert.equal(msOf(instant('1969-12-31T23:59:59.999999Z')), -1);
  assert.equal(instantOf(0.5), undefined);
  assert.equal(instantOf(2 ** 53), undefined);
});

test('a manual clock stands still until it is set or advanced', () => {
  const clock = manualClock(instant('2026-01-01T00:00:00Z'));
  assert.equal(clock.now(), clock.now());
  clock.advance(90 * SECOND_US);
  assert.equal(formatInstant(clock.now()), '2026-01-01T00:01:30.000Z');
  clock.set(instant('2025-01-01T00:00:00Z'));
  assert.equal(formatInstant(clock.now()), '2025-01-01T00:00:00.000Z');
});
