// Owns what the clock on the wall says in a time zone: the day, the day of the week and the minute,
// for rules that people think of in local time. Pure.

import { msOf } from '#kernel';
import type { Instant } from '#kernel';

export interface LocalTime {
  /** YYYY-MM-DD. */
  readonly day: string;
  /** 1 is Monday (ISO 8601). */
  readonly weekday: number;
  /** Of the day, from 0 to 1439. */
  readonly minute: number;
}

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const ZONES_KEPT_MAX = 700;

const formats = new Map<string, Intl.DateTimeFormat>();

export function localTimeOf(now: Instant, timeZone: string): LocalTime {
  const part: Partial<Record<Intl.DateTimeFormatPartTypes, string>> = {};
  for (const { type, value } of formatOf(timeZone).formatToParts(msOf(now))) part[type] = value;
  const { year = '', month = '', day = '', weekday = '', hour, minute } = part;
  return {
    day: `${year.padStart(4, '0')}-${month}-${day}`,
    weekday: WEEKDAYS.indexOf(weekday) + 1,
    minute: Number(hour) * 60 + Number(minute),
  };
}

/** Whether it is a zone of the IANA database, or UTC. */
export function isTimeZone(text: string): boolean {
  try {
    return /^[A-Za-z]/.test(text) && formatOf(text) !== undefined;
  } catch {
    return false;
  }
}

// Making one costs a thousand times what using it costs.
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    calendar: 'iso8601',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
  });
  if (formats.size < ZONES_KEPT_MAX) formats.set(timeZone, format);
  return format;
}
