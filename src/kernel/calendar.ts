// Owns calendar dates and the days on which banks settle: pure rules for any year, so that a
// schedule can be computed decades ahead. A date is the midnight in UTC that begins it.

import { assert } from './assert.ts';
import { isHoliday, type HolidayCalendar } from './calendar-holidays.ts';
import { DAY_US, formatDate, parseDate, startOfDay, type Instant } from './time.ts';

/** Whose days: every day, TARGET of the Eurosystem, or the Federal Reserve Banks. */
export const calendars = ['every_day', 'target', 'us_fed'] as const;
export type Calendar = (typeof calendars)[number];

/**
 * Where a date goes that is no business day: to the next one, to the one before, or to the next one
 * unless that is in another month, and then to the one before. `none` leaves it where it is.
 */
export const businessDayRules = ['none', 'following', 'preceding', 'modified_following'] as const;
export type BusinessDayRule = (typeof businessDayRules)[number];

/** From Monday, 1, to Sunday, 7, as ISO 8601 counts. */
export function weekdayOf(date: Instant): number {
  // 1970-01-01 was a Thursday.
  const days = Math.floor(date / DAY_US);
  return ((((days + 3) % 7) + 7) % 7) + 1;
}

export interface DateParts {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
}

export function datePartsOf(date: Instant): DateParts {
  const [year, month, day] = formatDate(date).split('-').map(Number);
  assert(year !== undefined && month !== undefined && day !== undefined, 'a date has three parts');
  return { year, month, day };
}

export function addDays(date: Instant, days: number): Instant {
  return (startOfDay(date) + days * DAY_US) as Instant;
}

/** A day of the month so many months after the date's; the last where the month is shorter. */
export function dayInMonth(date: Instant, months: number, day: number): Instant {
  const { year, month } = datePartsOf(date);
  const count = year * 12 + (month - 1) + months;
  const wanted = { year: Math.floor(count / 12), month: (count % 12) + 1 };
  return dateIn(wanted.year, wanted.month, Math.min(day, lengthOf(wanted.year, wanted.month)));
}

function lengthOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function dateIn(year: number, month: number, day: number): Instant {
  const pad = (value: number, width: number): string => String(value).padStart(width, '0');
  const date = parseDate(`${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`);
  assert(date !== undefined, 'the day is one of the month');
  return date;
}

export function isBusinessDay(calendar: Calendar, date: Instant): boolean {
  if (calendar === 'every_day') return true;
  return weekdayOf(date) <= 5 && !isClosed(calendar, date);
}

function isClosed(calendar: HolidayCalendar, date: Instant): boolean {
  return isHoliday(calendar, datePartsOf(date), weekdayOf(date));
}

/** The business day that stands for the date. */
export function toBusinessDay(calendar: Calendar, rule: BusinessDayRule, date: Instant): Instant {
  if (rule === 'none' || isBusinessDay(calendar, date)) return startOfDay(date);
  if (rule === 'preceding') return nextBusinessDay(calendar, date, -1);
  const following = nextBusinessDay(calendar, date, 1);
  if (rule === 'following') return following;
  const isSameMonth = datePartsOf(following).month === datePartsOf(date).month;
  return isSameMonth ? following : nextBusinessDay(calendar, date, -1);
}

/** The first business day after the date, or the last before it. */
export function nextBusinessDay(calendar: Calendar, date: Instant, step: 1 | -1 = 1): Instant {
  let found = addDays(date, step);
  while (!isBusinessDay(calendar, found)) found = addDays(found, step);
  return found;
}
