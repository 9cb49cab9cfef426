// Owns when an occurrence is tried again for which there was not enough: some times on a day,
// spread over it, then on the first moment of further business days. Pure.

import { limits } from '#config';
import { MINUTE_US, nextBusinessDay, startOfDay, type Calendar, type Instant } from '#kernel';

export interface RetryPolicy {
  /** Further tries on the day of a first one. */
  readonly retriesADay: number;
  /** Further business days. */
  readonly days: number;
}

/** How often it has been tried. */
export interface Tries {
  readonly attempts: number;
  /** Of the latest day. */
  readonly attemptsOfDay: number;
  /** Days after the first. */
  readonly daysTried: number;
}

export const noTries: Tries = { attempts: 0, attemptsOfDay: 0, daysTried: 0 };

export function afterTry(tries: Tries): Tries {
  const { attempts, attemptsOfDay, daysTried } = tries;
  return { attempts: attempts + 1, attemptsOfDay: attemptsOfDay + 1, daysTried };
}

export interface NextTry {
  readonly at: Instant;
  readonly tries: Tries;
}

/** undefined where the policy has no more. `tries` counts the one that just failed. */
export function nextTry(
  tries: Tries,
  policy: RetryPolicy,
  calendar: Calendar,
  now: Instant,
): NextTry | undefined {
  const today = startOfDay(now);
  if (tries.attemptsOfDay <= policy.retriesADay) {
    const at = (now + limits.standingOrderRetryMinutes.value * MINUTE_US) as Instant;
    if (startOfDay(at) === today) return { at, tries };
  }
  if (tries.daysTried >= policy.days) return undefined;
  const at = nextBusinessDay(calendar, today);
  return { at, tries: { ...tries, attemptsOfDay: 0, daysTried: tries.daysTried + 1 } };
}
