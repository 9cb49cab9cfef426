import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addDays,
  dayInMonth,
  isBusinessDay,
  nextBusinessDay,
  toBusinessDay,
  weekdayOf,
  type Calendar,
} from './calendar.ts';
import { formatDate, parseDate, type Instant } from './time.ts';

const day = (text: string): Instant => {
  const date = parseDate(text);
  assert.ok(date !== undefined, text);
  return date;
};

/** The weekdays of a year on which a calendar is closed. */
function closedIn(calendar: Calendar, year: number): string[] {
  const closed: string[] = [];
  for (let date = day(`${year}-01-01`); formatDate(date).startsWith(`${year}`);) {
    if (weekdayOf(date) <= 5 && !isBusinessDay(calendar, date)) closed.push(formatDate(date));
    date = addDays(date, 1);
  }
  return closed.map((text) => text.slice(5));
}

test('weekdays count from Monday, before 1970 as well', () => {
  const dates = ['2026-11-22', '2026-11-23', '1969-12-31', '1969-12-29', '2000-02-29'];
  assert.deepEqual(
    dates.map((text) => weekdayOf(day(text))),
    [7, 1, 3, 1, 2],
  );
});

test('TARGET is closed on the days that the ECB publishes', () => {
  assert.deepEqual(closedIn('target', 2024), [
    '01-01',
    '03-29',
    '04-01',
    '05-01',
    '12-25',
    '12-26',
  ]);
  assert.deepEqual(closedIn('target', 2025), [
    '01-01',
    '04-18',
    '04-21',
    '05-01',
    '12-25',
    '12-26',
  ]);
  assert.deepEqual(closedIn('target', 2026), ['01-01', '04-03', '04-06', '05-01', '12-25']);
  assert.deepEqual(closedIn('target', 2027), ['01-01', '03-26', '03-29']);
  assert.deepEqual(closedIn('target', 2001).at(-1), '12-31');
});

test('the Federal Reserve is closed on the days that it publishes', () => {
  assert.deepEqual(closedIn('us_fed', 2025), [
    '01-01',
    '01-20',
    '02-17',
    '05-26',
    '06-19',
    '07-04',
    '09-01',
    '10-13',
    '11-11',
    '11-27',
    '12-25',
  ]);
  // New Year 2028 is a Saturday: no other day is kept for it.
  assert.deepEqual(closedIn('us_fed', 2027).slice(-3), ['10-11', '11-11', '11-25']);
  assert.deepEqual(closedIn('us_fed', 2026).slice(4, 6), ['06-19', '09-07']);
  // New Year 2023 is a Sunday, and the Monday is kept; Veterans Day is a Saturday.
  assert.deepEqual(closedIn('us_fed', 2023), [
    '01-02',
    '01-16',
    '02-20',
    '05-29',
    '06-19',
    '07-04',
    '09-04',
    '10-09',
    '11-23',
    '12-25',
  ]);
  assert.ok(!closedIn('us_fed', 2020).includes('06-19'), 'Juneteenth is kept since 2021');
});

test('a date that is no business day goes where its rule says', () => {
  const of = (text: string) =>
    (['none', 'following', 'preceding', 'modified_following'] as const).map((rule) =>
      formatDate(toBusinessDay('target', rule, day(text))),
    );
  assert.deepEqual(
    of('2026-11-20'),
    Array.from({ length: 4 }, () => '2026-11-20'),
  );
  assert.deepEqual(of('2026-11-22'), ['2026-11-22', '2026-11-23', '2026-11-20', '2026-11-23']);
  // The last day of January 2026 is a Saturday: the Monday after it is in February.
  assert.deepEqual(of('2026-01-31'), ['2026-01-31', '2026-02-02', '2026-01-30', '2026-01-30']);
  // Over Easter.
  assert.deepEqual(of('2026-04-03'), ['2026-04-03', '2026-04-07', '2026-04-02', '2026-04-07']);
});

test('the next business day is never the day itself', () => {
  assert.equal(formatDate(nextBusinessDay('us_fed', day('2026-07-02'))), '2026-07-03');
  assert.equal(formatDate(nextBusinessDay('every_day', day('2026-07-03'))), '2026-07-04');
  assert.equal(formatDate(nextBusinessDay('target', day('2026-12-24'))), '2026-12-28');
});

test('a day that a month does not have is its last', () => {
  const of = (months: number): string => formatDate(dayInMonth(day('2027-10-05'), months, 31));
  assert.deepEqual([0, 1, 4, 16, -10].map(of), [
    '2027-10-31',
    '2027-11-30',
    '2028-02-29',
    '2029-02-28',
    '2026-12-31',
  ]);
});
