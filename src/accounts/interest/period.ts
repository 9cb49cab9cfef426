// Owns when periods end: months, quarters and years of the calendar in UTC. Pure.

import { DAY_US, type Instant } from '#kernel';
import type { Period } from '../products/product.ts';
import { civilOf } from './rate.ts';

/** Whether the day is the last of a month, a quarter or a year. */
export function isPeriodEnd(period: Period, day: Instant): boolean {
  const next = civilOf((day + DAY_US) as Instant);
  if (next.day !== 1) return false;
  if (period === 'monthly') return true;
  return period === 'yearly' ? next.month === 1 : next.month % 3 === 1;
}

/** The first day from this one on that ends a period. */
export function periodEndFrom(period: Period, day: Instant): Instant {
  let end = day;
  // At most 366 steps; each is a handful of additions.
  while (!isPeriodEnd(period, end)) end = (end + DAY_US) as Instant;
  return end;
}
