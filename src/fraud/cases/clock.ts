// Owns the service-level clock of cases: how pressing an alert is, when its case is due, and that
// the clock stands still while a case waits. Pure.

import { limits } from '#config';
import { DAY_US, MINUTE_US, type Instant } from '#kernel';
import type { Outcome } from '../rules/rule-set.ts';
import { casePriorities, type Case, type CasePriority } from './case.ts';

const allowedMinutes: Readonly<Record<CasePriority, number>> = {
  urgent: limits.fraudCaseUrgentMinutes.value,
  high: limits.fraudCaseHighMinutes.value,
  normal: limits.fraudCaseNormalMinutes.value,
};

/** A customer whose payment was stopped waits; of what was let pass the money may be gone. */
export function priorityOf(asked: {
  readonly outcome: Outcome;
  /** Hundredths of a unit. */
  readonly amount: number;
}): CasePriority {
  const isStopped = asked.outcome === 'decline' || asked.outcome === 'challenge';
  const isLarge = asked.amount >= limits.fraudCaseLargeAmount.value;
  if (isStopped) return isLarge ? 'urgent' : 'high';
  return isLarge ? 'high' : 'normal';
}

export function dueFrom(at: Instant, priority: CasePriority): Instant {
  return (at + allowedMinutes[priority] * MINUTE_US) as Instant;
}

export function morePressing(one: CasePriority, other: CasePriority): CasePriority {
  return casePriorities.indexOf(one) <= casePriorities.indexOf(other) ? one : other;
}

export function earlier(one: Instant, other: Instant): Instant {
  return one <= other ? one : other;
}

/** The latest that a case can be left waiting until. */
export function waitUntilMax(now: Instant): Instant {
  return (now + limits.fraudCaseWaitDaysMax.value * DAY_US) as Instant;
}

type Running = Pick<Case, 'dueAt' | 'waitUntil'>;

/** What was left when the clock stopped is left when it goes on. */
export function stopped({ dueAt }: Running, now: Instant, until: Instant): Required<Running> {
  return { waitUntil: until, dueAt: (until + (dueAt - now)) as Instant };
}

/** Goes on at a time, which may be before the day that was named. */
export function resumed({ dueAt, waitUntil }: Running, at: Instant): Required<Running> {
  if (waitUntil === undefined) return { waitUntil, dueAt };
  return { waitUntil: undefined, dueAt: (at + (dueAt - waitUntil)) as Instant };
}
