// Owns what the clock on the wall says of an event, in UTC.

import { DAY_US, HOUR_US, type Instant } from '#kernel';

/** 1970-01-01 was a Thursday. */
const FIRST_WEEKDAY = 3;
const SATURDAY = 5;
/** The Handbook's night: its code says the hour is 6 or less, and its data follow the code. */
const NIGHT_HOUR_MAX = 6;

export function hourOf(at: Instant): number {
  return Math.floor((at - Math.floor(at / DAY_US) * DAY_US) / HOUR_US);
}

/** Monday is 0. */
export function weekdayOf(at: Instant): number {
  const day = (Math.floor(at / DAY_US) + FIRST_WEEKDAY) % 7;
  return day < 0 ? day + 7 : day;
}

export function weekendOf(at: Instant): number {
  return weekdayOf(at) >= SATURDAY ? 1 : 0;
}

export function nightOf(at: Instant): number {
  return hourOf(at) <= NIGHT_HOUR_MAX ? 1 : 0;
}
