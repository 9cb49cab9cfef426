// Owns calendar windows: when the day, week (from Monday) or month that holds a time ends in a time
// zone. The database computes the same for what it decides. A midnight that a change of clocks
// skips is the moment of the change; one that happens twice is the later.

import {
  DAY_US,
  formatDate,
  MILLISECOND_US,
  parseDate,
  startOfDay,
  type Instant,
  MINUTE_US,
} from '#kernel';
import type { QuotaPolicy } from '../plan.ts';

interface Window {
  /** A time in it. */
  readonly sinceUs: number;
  readonly endsUs: number;
}

const latest: Record<QuotaPolicy, Map<string, Window>> = {
  daily: new Map(),
  weekly: new Map(),
  monthly: new Map(),
};
const ZONES_KEPT_MAX = 1_000;

/** When the window that holds the time ends, microseconds since 1970. */
export function windowEnd(policy: QuotaPolicy, timeZone: string, atUs: number): number {
  const windows = latest[policy];
  const known = windows.get(timeZone);
  // Asked with every request, and nearly always about the same window.
  if (known !== undefined && known.sinceUs <= atUs && atUs < known.endsUs) return known.endsUs;
  const endsUs = findEnd(policy, timeZone, atUs);
  if (windows.size >= ZONES_KEPT_MAX) windows.clear();
  windows.set(timeZone, { sinceUs: atUs, endsUs });
  return endsUs;
}

function findEnd(policy: QuotaPolicy, timeZone: string, atUs: number): number {
  const today = startOfDay((atUs + offsetUs(timeZone, atUs)) as Instant);
  return midnight(timeZone, dayAfter(policy, today));
}

/** The local day that the window after this one begins with. */
function dayAfter(policy: QuotaPolicy, today: Instant): Instant {
  switch (policy) {
    case 'daily':
      return (today + DAY_US) as Instant;
    case 'weekly': {
      // 1970-01-01 was a Thursday: three days after a Monday.
      const sinceMonday = (today / DAY_US + 3) % 7;
      return (today + (7 - sinceMonday) * DAY_US) as Instant;
    }
    case 'monthly': {
      const [year = 0, month = 0] = formatDate(today).split('-').map(Number);
      const [nextYear, nextMonth] = month === 12 ? [year + 1, 1] : [year, month + 1];
      const text = `${pad(nextYear, 4)}-${pad(nextMonth, 2)}-01`;
      return parseDate(text) ?? today;
    }
  }
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}

/** The moment at which a local day begins. */
function midnight(timeZone: string, day: Instant): number {
  const before = day - offsetUs(timeZone, day - DAY_US);
  const after = day - offsetUs(timeZone, day + DAY_US);
  const isLocal = (us: number): boolean => us + offsetUs(timeZone, us) === day;
  if (isLocal(after)) return after;
  return before;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** How far local time is ahead of UTC. It changes at a full quarter of an hour, if it changes. */
function offsetUs(timeZone: string, atUs: number): number {
  if (timeZone === 'UTC') return 0;
  const quarter = Math.floor(atUs / QUARTER_US);
  const key = `${timeZone} ${quarter}`;
  let offset = offsets.get(key);
  if (offset === undefined) {
    if (offsets.size >= OFFSETS_KEPT_MAX) offsets.clear();
    offset = readOffsetUs(timeZone, quarter * QUARTER_US);
    offsets.set(key, offset);
  }
  return offset;
}

const QUARTER_US = 15 * MINUTE_US;
const OFFSETS_KEPT_MAX = 1_000;
const offsets = new Map<string, number>();

function readOffsetUs(timeZone: string, atUs: number): number {
  const format = formatOf(timeZone);
  const atMs = Math.floor(atUs / MILLISECOND_US);
  const name = format.formatToParts(atMs).find(({ type }) => type === 'timeZoneName')?.value;
  const part = /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(name ?? '');
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = part ?? [];
  const amount = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
  return (sign === '-' ? -amount : amount) * 1_000_000;
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  formats.set(timeZone, format);
  return format;
}

/** Whether this process knows a time zone by that name. */
export function isTimeZone(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}
