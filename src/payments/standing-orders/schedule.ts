// Owns when a standing order is due: the dates of its occurrences, counted from 0, and the business
// day on which each is paid. Pure: the same schedule has the same dates whenever it is asked.

import {
  addDays,
  datePartsOf,
  dayInMonth,
  isBusinessDay,
  toBusinessDay,
  type BusinessDayRule,
  type Calendar,
  type Instant,
} from '#kernel';

export const frequencies = [
  'daily',
  'weekly',
  'monthly',
  'quarterly',
  'half_yearly',
  'yearly',
] as const;
export type Frequency = (typeof frequencies)[number];

/** `skip`: what is due on no business day is not paid at all. */
export type PayRule = BusinessDayRule | 'skip';

export interface Schedule {
  readonly frequency: Frequency;
  /** Of the month, 1 to 31, from monthly on; the last day where the month is shorter. */
  readonly day?: number | undefined;
  /** No occurrence is due before it. Daily and weekly orders count from it. */
  readonly startsOn: Instant;
  /** No occurrence is due after it. */
  readonly endsOn?: Instant | undefined;
  readonly occurrenceMax?: number | undefined;
  readonly calendar: Calendar;
  readonly businessDayRule: PayRule;
}

export interface Occurrence {
  readonly index: number;
  /** By the schedule alone: names the occurrence. */
  readonly dueOn: Instant;
  readonly payOn: Instant;
  /** By the rule `skip`. */
  readonly isSkipped: boolean;
}

const monthsOf: Readonly<Record<Frequency, number>> = {
  daily: 0,
  weekly: 0,
  monthly: 1,
  quarterly: 3,
  half_yearly: 6,
  yearly: 12,
};

/** undefined where the schedule has ended by then. */
export function occurrenceAt(schedule: Schedule, index: number): Occurrence | undefined {
  const { endsOn, occurrenceMax, calendar, businessDayRule } = schedule;
  if (occurrenceMax !== undefined && index >= occurrenceMax) return undefined;
  const dueOn = dueAt(schedule, index);
  if (endsOn !== undefined && dueOn > endsOn) return undefined;
  if (businessDayRule === 'skip') {
    return { index, dueOn, payOn: dueOn, isSkipped: !isBusinessDay(calendar, dueOn) };
  }
  const payOn = toBusinessDay(calendar, businessDayRule, dueOn);
  return { index, dueOn, payOn, isSkipped: false };
}

function dueAt({ frequency, day, startsOn }: Schedule, index: number): Instant {
  if (frequency === 'daily') return addDays(startsOn, index);
  if (frequency === 'weekly') return addDays(startsOn, index * 7);
  const wanted = day ?? datePartsOf(startsOn).day;
  // Each date is counted from the start, so that 31 is never forgotten after a February.
  const shift = dayInMonth(startsOn, 0, wanted) < startsOn ? 1 : 0;
  return dayInMonth(startsOn, shift + index * monthsOf[frequency], wanted);
}

/** The dates of a history that one schedule explains. */
export interface Derived {
  readonly schedule: Schedule;
  /** The occurrences that the history has, from the first to the last. */
  readonly occurrences: number;
}

/**
 * The schedule that dates of the past follow, one after another without a gap: the day of the month
 * they share, or their weekday, or their being daily; undefined where they follow none. One date
 * alone is taken for a monthly one.
 */
export function deriveSchedule(dates: readonly Instant[]): Derived | undefined {
  const sorted = [...new Set(dates)].toSorted((left, right) => left - right);
  const [first] = sorted;
  if (first === undefined) return undefined;
  const lastDay = Math.max(...sorted.map((date) => datePartsOf(date).day));
  const common = { startsOn: first, calendar: 'every_day', businessDayRule: 'none' } as const;
  const candidates: readonly Schedule[] = [
    { ...common, frequency: 'monthly', day: lastDay },
    { ...common, frequency: 'quarterly', day: lastDay },
    { ...common, frequency: 'half_yearly', day: lastDay },
    { ...common, frequency: 'yearly', day: lastDay },
    { ...common, frequency: 'weekly' },
    { ...common, frequency: 'daily' },
  ];
  const schedule = candidates.find((candidate) =>
    sorted.every((date, index) => occurrenceAt(candidate, index)?.dueOn === date),
  );
  return schedule && { schedule, occurrences: sorted.length };
}

/** Whether the schedule's parts make sense together; the name of the one that does not. */
export function flawOf(schedule: Schedule): 'day' | 'ends_on' | undefined {
  const { frequency, day, startsOn, endsOn } = schedule;
  const hasMonths = monthsOf[frequency] > 0;
  if (hasMonths !== (day !== undefined)) return 'day';
  if (endsOn !== undefined && endsOn < startsOn) return 'ends_on';
  return occurrenceAt(schedule, 0) === undefined ? 'ends_on' : undefined;
}
