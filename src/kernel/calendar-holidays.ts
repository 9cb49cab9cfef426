// TABLE  the days on which TARGET and the Federal Reserve Banks are closed besides weekends, by a
// rule for any year. Years before a rule was made are judged by it too, where no other is known.

/** Of the kernel's calendars, those that have holidays. */
export type HolidayCalendar = 'target' | 'us_fed';

interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** Whether the day is a holiday; weekday counts from Monday, 1. */
export function isHoliday(calendar: HolidayCalendar, day: Day, weekday: number): boolean {
  return calendar === 'target' ? isTargetHoliday(day) : isFedHoliday(day, weekday);
}

const targetDays = ['1-1', '5-1', '12-25', '12-26'];
/** Two turns of the year on which TARGET was closed for good measure. */
const targetOnce = ['1999-12-31', '2001-12-31'];

// ECB, "TARGET calendar": New Year, Good Friday, Easter Monday, 1 May, 25 and 26 December.
function isTargetHoliday({ year, month, day }: Day): boolean {
  if (targetDays.includes(`${month}-${day}`)) return true;
  if (targetOnce.includes(`${year}-${month}-${day}`)) return true;
  const fromEaster = dayOfYear({ year, month, day }) - dayOfYear(easterOf(year));
  return fromEaster === -2 || fromEaster === 1;
}

const isSunday = (weekday: number): boolean => weekday === 7;

/** A holiday of one date: on a Sunday the Monday after it is kept, on a Saturday no other day. */
function isKept(today: Day, weekday: number, month: number, day: number): boolean {
  if (today.month === month && today.day === day) return !isSunday(weekday);
  return weekday === 1 && today.month === month && today.day === day + 1;
}

function isNth(today: Day, weekday: number, wanted: readonly [number, number, number]): boolean {
  const [month, dayOfWeek, nth] = wanted;
  if (today.month !== month || weekday !== dayOfWeek) return false;
  return Math.ceil(today.day / 7) === nth;
}

const JUNETEENTH_SINCE = 2021;

// Federal Reserve Financial Services, "Holiday schedules".
function isFedHoliday(today: Day, weekday: number): boolean {
  const dates: readonly (readonly [number, number])[] = [
    [1, 1],
    [7, 4],
    [11, 11],
    [12, 25],
    ...(today.year >= JUNETEENTH_SINCE ? [[6, 19] as const] : []),
  ];
  if (dates.some(([month, day]) => isKept(today, weekday, month, day))) return true;
  // Martin Luther King, Washington, Labor Day, Columbus, Thanksgiving.
  const moving: readonly (readonly [number, number, number])[] = [
    [1, 1, 3],
    [2, 1, 3],
    [9, 1, 1],
    [10, 1, 2],
    [11, 4, 4],
  ];
  if (moving.some((wanted) => isNth(today, weekday, wanted))) return true;
  const isMemorialDay = today.month === 5 && weekday === 1 && today.day > 24;
  return isMemorialDay;
}

/** Easter Sunday of the Gregorian calendar (Meeus, Jones and Butcher). */
function easterOf(year: number): Day {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const e = b % 4;
  const g = Math.floor((8 * b + 13) / 25);
  const h = (19 * a + b - Math.floor(b / 4) - g + 15) % 30;
  const l = (32 + 2 * e + 2 * Math.floor(c / 4) - h - (c % 4)) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const month = Math.floor((h + l - 7 * m + 114) / 31);
  return { year, month, day: ((h + l - 7 * m + 114) % 31) + 1 };
}

/** Counts from March, so that the leap day does not matter between two days of spring. */
function dayOfYear({ month, day }: Day): number {
  return Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day;
}
