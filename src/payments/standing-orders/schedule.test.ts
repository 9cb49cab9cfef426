import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addDays, formatDate, parseDate, type Instant } from '#kernel';
import { deriveSchedule, flawOf, occurrenceAt, type Schedule } from './schedule.ts';

const day = (text: string): Instant => {
  const date = parseDate(text);
  assert.ok(date !== undefined, text);
  return date;
};

const monthly: Schedule = {
  frequency: 'monthly',
  day: 31,
  startsOn: day('2026-01-10'),
  calendar: 'every_day',
  businessDayRule: 'none',
};

function datesOf(schedule: Schedule, count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const occurrence = occurrenceAt(schedule, index);
    return occurrence === undefined ? 'none' : formatDate(occurrence.payOn);
  });
}

test('the last day of a month is not forgotten after a shorter one', () => {
  assert.deepEqual(datesOf(monthly, 4), ['2026-01-31', '2026-02-28', '2026-03-31', '2026-04-30']);
});

test('an order whose day has passed in its first month begins in the next', () => {
  const schedule = { ...monthly, day: 9 };
  assert.deepEqual(datesOf(schedule, 2), ['2026-02-09', '2026-03-09']);
  assert.deepEqual(datesOf({ ...schedule, day: 10 }, 1), ['2026-01-10']);
});

test('every frequency counts from the start', () => {
  const of = (frequency: Schedule['frequency'], rest: Partial<Schedule> = {}): string[] =>
    datesOf({ ...monthly, day: 29, startsOn: day('2023-11-29'), ...rest, frequency }, 3);
  assert.deepEqual(of('daily', { day: undefined }), ['2023-11-29', '2023-11-30', '2023-12-01']);
  assert.deepEqual(of('weekly', { day: undefined }), ['2023-11-29', '2023-12-06', '2023-12-13']);
  assert.deepEqual(of('quarterly'), ['2023-11-29', '2024-02-29', '2024-05-29']);
  assert.deepEqual(of('half_yearly'), ['2023-11-29', '2024-05-29', '2024-11-29']);
  assert.deepEqual(of('yearly'), ['2023-11-29', '2024-11-29', '2025-11-29']);
});

test('a schedule ends with its last date or its count, whichever is first', () => {
  assert.deepEqual(datesOf({ ...monthly, endsOn: day('2026-02-28') }, 3), [
    '2026-01-31',
    '2026-02-28',
    'none',
  ]);
  assert.deepEqual(datesOf({ ...monthly, occurrenceMax: 1 }, 2), ['2026-01-31', 'none']);
});

test('what is due on no business day is moved by the rule, or skipped', () => {
  const target = { ...monthly, calendar: 'target' } as const;
  assert.deepEqual(datesOf({ ...target, businessDayRule: 'modified_following' }, 2), [
    '2026-01-30',
    '2026-02-27',
  ]);
  assert.deepEqual(datesOf({ ...target, businessDayRule: 'following' }, 2), [
    '2026-02-02',
    '2026-03-02',
  ]);
  const skipped = occurrenceAt({ ...target, businessDayRule: 'skip' }, 0);
  assert.equal(skipped?.isSkipped, true);
  assert.equal(occurrenceAt({ ...target, businessDayRule: 'skip' }, 2)?.isSkipped, false);
});

test('a schedule from which no date follows is named by its flaw', () => {
  assert.equal(flawOf(monthly), undefined);
  assert.equal(flawOf({ ...monthly, endsOn: day('2026-01-30') }), 'ends_on');
  assert.equal(flawOf({ ...monthly, endsOn: day('2026-01-01') }), 'ends_on');
  assert.equal(flawOf({ ...monthly, frequency: 'weekly' }), 'day');
});

test('the schedule of a history is found, whatever its frequency and however its dates are mixed', () => {
  for (const frequency of ['daily', 'weekly', 'monthly', 'quarterly', 'yearly'] as const) {
    const isByMonth = frequency !== 'daily' && frequency !== 'weekly';
    const schedule = { ...monthly, frequency, day: isByMonth ? 31 : undefined };
    const dates = [4, 0, 2, 3, 1].map((index) => occurrenceAt(schedule, index)?.dueOn as Instant);
    const derived = deriveSchedule(dates);
    assert.equal(derived?.schedule.frequency, frequency);
    assert.equal(derived.occurrences, 5);
    const next = occurrenceAt(schedule, 5)?.dueOn;
    assert.equal(occurrenceAt(derived.schedule, 5)?.dueOn, next);
  }
});

test('a history with a gap, or without a date, has no schedule', () => {
  const dates = ['2026-01-05', '2026-02-05', '2026-04-05'].map(day);
  assert.equal(deriveSchedule(dates), undefined);
  assert.equal(deriveSchedule([]), undefined);
  assert.equal(deriveSchedule([day('2026-01-05')])?.schedule.frequency, 'monthly');
  assert.equal(deriveSchedule([day('2026-01-05'), addDays(day('2026-01-05'), 3)]), undefined);
});
