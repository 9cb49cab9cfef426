// Owns instants: integer microseconds since 1970-01-01T00:00:00Z, the resolution of PostgreSQL's
// timestamptz. A double holds them exactly until 2255, so every Instant is a safe integer. Days are
// proleptic Gregorian and UTC; there are no leap seconds, as in POSIX and PostgreSQL.

declare const brand: unique symbol;

/** Integer microseconds since 1970-01-01T00:00:00Z. */
export type Instant = number & { readonly [brand]: 'Instant' };

export interface Clock {
  now(): Instant;
  /** How far it was ahead of its reference when last measured, microseconds. */
  readonly offsetUs?: number | undefined;
  /**
   * How much it has gained on the machine's own timer, microseconds, since it began or was last
   * compared with a time server. A clock that is set by hand gains nothing.
   */
  readonly gainedUs?: number;
}

export const MILLISECOND_US = 1_000;
export const SECOND_US = 1_000_000;
export const MINUTE_US = 60 * SECOND_US;
export const HOUR_US = 60 * MINUTE_US;
export const DAY_US = 24 * HOUR_US;

const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;
const DATE_TIME =
  /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?:Z|([+-])(\d\d):(\d\d))$/;

/** The instant of a count of microseconds; undefined where a double would not hold it exactly. */
export function instantOf(microseconds: number): Instant | undefined {
  return Number.isSafeInteger(microseconds) ? (microseconds as Instant) : undefined;
}

export function instantOfMs(ms: number): Instant {
  return Math.round(ms * MILLISECOND_US) as Instant;
}

/** Whole milliseconds since the epoch, rounded down. */
export function msOf(instant: Instant): number {
  return Math.floor(instant / MILLISECOND_US);
}

/**
 * RFC 3339 §5.6 date-time, strict: upper-case T and Z, an offset, at most six fraction digits. A
 * seventh digit is refused, because rounding a client's time silently would change its meaning.
 */
export function parseInstant(text: string): Instant | undefined {
  const part = DATE_TIME.exec(text);
  if (part === null) return undefined;
  const day = dayNumber(Number(part[1]), Number(part[2]), Number(part[3]));
  const hour = Number(part[4]);
  const minute = Number(part[5]);
  const second = Number(part[6]);
  const offsetHour = Number(part[9] ?? 0);
  const offsetMinute = Number(part[10] ?? 0);
  if (day === undefined || hour > 23 || minute > 59 || second > 59) return undefined;
  if (offsetHour > 23 || offsetMinute > 59) return undefined;
  const fraction = Number((part[7] ?? '').padEnd(6, '0'));
  const offset = (part[8] === '-' ? -1 : 1) * (offsetHour * HOUR_US + offsetMinute * MINUTE_US);
  const time = hour * HOUR_US + minute * MINUTE_US + second * SECOND_US + fraction;
  return instantOf(day * DAY_US + time - offset);
}

/** A calendar date (YYYY-MM-DD), as its midnight in UTC. */
export function parseDate(text: string): Instant | undefined {
  const part = DATE.exec(text);
  if (part === null) return undefined;
  const day = dayNumber(Number(part[1]), Number(part[2]), Number(part[3]));
  return day === undefined ? undefined : instantOf(day * DAY_US);
}

/** RFC 3339 in UTC: three fraction digits, or six where the instant has microseconds. */
export function formatInstant(instant: Instant): string {
  const second = Math.floor(instant / SECOND_US);
  const fraction = instant - second * SECOND_US;
  // Thousands of instants of the same second are written one after another.
  if (second !== latestSecond) {
    latestSecond = second;
    latestText = formatSecond(second);
  }
  const hasMicroseconds = fraction % MILLISECOND_US !== 0;
  const digits = hasMicroseconds ? pad(fraction, 6) : pad(fraction / MILLISECOND_US, 3);
  return `${latestText}.${digits}Z`;
}

const DAY_S = DAY_US / SECOND_US;
let latestSecond = NaN;
let latestText = '';

function formatSecond(second: number): string {
  const day = Math.floor(second / DAY_S);
  const inDay = second - day * DAY_S;
  const hour = Math.floor(inDay / 3600);
  const minute = Math.floor((inDay % 3600) / 60);
  return `${formatDay(day)}T${pad(hour, 2)}:${pad(minute, 2)}:${pad(inDay % 60, 2)}`;
}

/** The UTC calendar date of an instant, YYYY-MM-DD. */
export function formatDate(instant: Instant): string {
  return formatDay(Math.floor(instant / DAY_US));
}

/** Midnight UTC at the start of the instant's day. */
export function startOfDay(instant: Instant): Instant {
  return (Math.floor(instant / DAY_US) * DAY_US) as Instant;
}

/** The last microsecond of the instant's day in UTC: "at the end of that day" in balances. */
export function endOfDay(instant: Instant): Instant {
  return (startOfDay(instant) + DAY_US - 1) as Instant;
}

/** A clock that stands still until told otherwise. */
export interface ManualClock extends Clock {
  set(instant: Instant): void;
  advance(microseconds: number): void;
}

export function manualClock(start: Instant): ManualClock {
  let current = start;
  return {
    now: () => current,
    set: (instant) => {
      current = instant;
    },
    advance: (microseconds) => {
      current = (current + microseconds) as Instant;
    },
  };
}

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

// Days since 1970-01-01, with years counted from March so that the leap day falls at the end.
function dayNumber(year: number, month: number, day: number): number | undefined {
  const length = month === 2 && isLeap(year) ? 29 : MONTH_DAYS[month - 1];
  if (length === undefined || day < 1 || day > length) return undefined;
  const shifted = month > 2 ? year : year - 1;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function formatDay(dayNumberSinceEpoch: number): string {
  const shifted = dayNumberSinceEpoch + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1_460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
