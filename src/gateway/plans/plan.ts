// Owns the noun plan: how often a customer may ask. A token bucket and up to three quotas of
// calendar windows; a request needs room in all of them, and takes from all or from none. Numbers
// are exact: whatever is computed from a plan within its bounds is a safe integer.

import { limits } from '#config';
import type { Instant } from '#kernel';

/** What one request takes from a bucket, so that every rate is whole in a microsecond. */
export const PARTS_PER_REQUEST = 3_600_000_000;

export const quotaPolicies = ['daily', 'weekly', 'monthly'] as const;

export type QuotaPolicy = (typeof quotaPolicies)[number];

/** What can refuse a request, by the name that clients see (RateLimit-Policy). */
export type Policy = 'burst' | QuotaPolicy;

export const ratePeriods = ['second', 'minute', 'hour'] as const;

export type RatePeriod = (typeof ratePeriods)[number];

/** What a plan grants. */
export interface PlanTerms {
  /** Requests at once: what the bucket holds when it is full. */
  readonly burst: number;
  /** Requests that come back in each period, evenly. */
  readonly rate: number;
  readonly ratePer: RatePeriod;
  /** Requests in a calendar day of the time zone; undefined is no quota. */
  readonly daily: number | undefined;
  /** From Monday. */
  readonly weekly: number | undefined;
  readonly monthly: number | undefined;
  /** By its name in the time zone database, such as Europe/Prague. */
  readonly timeZone: string;
}

export interface Plan extends PlanTerms {
  /** The database's. */
  readonly number: number;
  readonly tenant: string;
  readonly name: string;
  /** 1, 2, 3 …: grows with each change. */
  readonly revision: number;
  readonly changedAt: Instant;
}

/** The plan of every customer who was given no other. */
export const DEFAULT_PLAN = 'standard';

/** What the default plan grants until somebody changes it. */
export const defaultTerms: PlanTerms = {
  burst: limits.planBurst.value,
  rate: limits.planRatePerSecond.value,
  ratePer: 'second',
  daily: limits.planDaily.value,
  weekly: undefined,
  monthly: undefined,
  timeZone: 'UTC',
};

export const BURST_MAX = 1_000_000;
export const RATE_MAX = 100_000;
export const QUOTA_MAX = 1_000_000_000_000;

/** A plan in the units of decisions. */
export interface Measures extends Readonly<Record<QuotaPolicy, number | undefined>> {
  /** Parts of a request that the bucket holds when it is full. */
  readonly capacity: number;
  /** Parts of a request that come back in a microsecond. */
  readonly refill: number;
  readonly timeZone: string;
}

const PERIODS_PER_HOUR: Readonly<Record<RatePeriod, number>> = {
  second: 3_600,
  minute: 60,
  hour: 1,
};

export function measuresOf(terms: PlanTerms): Measures {
  const { burst, rate, ratePer, daily, weekly, monthly, timeZone } = terms;
  const capacity = burst * PARTS_PER_REQUEST;
  return { capacity, refill: rate * PERIODS_PER_HOUR[ratePer], daily, weekly, monthly, timeZone };
}
