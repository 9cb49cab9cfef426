// Owns what a balance earns or costs for days, exactly. Amounts are units: 26,280 × 10^12 of them
// make one minor unit, which every rate of twelve decimals and both 360 and 365 divide. Pure.

import { DAY_US, type Instant } from '#kernel';
import type { DayCount, InterestTerms, Tier, TierMethod } from '../products/product.ts';

/** The least common multiple of 360 and 365. */
const YEAR = 26_280n;
const RATE_SCALE = 10n ** 12n;
export const UNITS_PER_MINOR = YEAR * RATE_SCALE;

/** Units of a day of one minor unit at a rate of one, by what a year counts. */
const PER_DAY: Readonly<Record<DayCount, bigint>> = {
  'ACT/365': YEAR / 365n,
  'ACT/360': YEAR / 360n,
  '30/360': YEAR / 360n,
};

export interface Units {
  readonly credit: bigint;
  readonly debit: bigint;
}

/** What a balance held on every day from one to another, both included, earns and costs. */
export function unitsFor(
  terms: InterestTerms | undefined,
  balance: bigint,
  days: { readonly from: Instant; readonly through: Instant },
): Units {
  if (terms === undefined || balance === 0n) return { credit: 0n, debit: 0n };
  const count = daysIn(terms.dayCount, days.from, (days.through + DAY_US) as Instant);
  const isOwed = balance > 0n;
  const tiers = isOwed ? terms.credit : terms.debit;
  const size = isOwed ? balance : -balance;
  const units = yearly(size, tiers, terms.method) * count * PER_DAY[terms.dayCount];
  return isOwed ? { credit: units, debit: 0n } : { credit: 0n, debit: units };
}

/** A year's interest times the scale of rates. */
function yearly(size: bigint, tiers: readonly Tier[], method: TierMethod): bigint {
  if (method === 'whole') {
    const tier = tiers.findLast(({ from }) => size >= from);
    return tier === undefined ? 0n : size * tier.rateScaled;
  }
  let total = 0n;
  for (const [index, { from, rateScaled }] of tiers.entries()) {
    if (size <= from) break;
    const end = tiers[index + 1]?.from;
    const portion = (end === undefined || size < end ? size : end) - from;
    total += portion * rateScaled;
  }
  return total;
}

/** The days a rate counts from one midnight to a later one. */
function daysIn(dayCount: DayCount, from: Instant, to: Instant): bigint {
  if (dayCount === '30/360') return thirtyDays(to) - thirtyDays(from);
  return BigInt((to - from) / DAY_US);
}

// 30E/360: months of thirty days; the 31st counts as the 30th.
function thirtyDays(instant: Instant): bigint {
  const { year, month, day } = civilOf(instant);
  return BigInt(360 * year + 30 * month + Math.min(day, 30));
}

export interface Civil {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
}

/** The calendar date of an instant in UTC: Howard Hinnant's civil_from_days. */
export function civilOf(instant: Instant): Civil {
  const shifted = Math.floor(instant / DAY_US) + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const leaps = Math.floor(dayOfEra / 1_460) - Math.floor(dayOfEra / 36_524);
  const yearOfEra = Math.floor((dayOfEra - leaps - Math.floor(dayOfEra / 146_096)) / 365);
  const yearStart = 365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  const dayOfYear = dayOfEra - yearStart;
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

/** Whole minor units, half to even. */
export function minorOf(units: bigint): bigint {
  const sign = units < 0n ? -1n : 1n;
  const size = units * sign;
  const floor = size / UNITS_PER_MINOR;
  const twice = (size % UNITS_PER_MINOR) * 2n;
  const isUp = twice > UNITS_PER_MINOR || (twice === UNITS_PER_MINOR && floor % 2n === 1n);
  return (floor + (isUp ? 1n : 0n)) * sign;
}
