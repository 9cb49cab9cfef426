// Owns the rule against guessing: a few failures are free, then each next attempt waits twice as
// long as the one before, up to a limit. An attempt counts as failed from the moment it is
// admitted, so that a thousand at once are no more than one after another. Pure.

import { MILLISECOND_US, SECOND_US, type Instant } from '#kernel';

export interface AttemptPolicy {
  /** Failures after which there is no wait yet. */
  readonly freeMax: number;
  readonly firstDelayMs: number;
  readonly delayMaxMs: number;
  /** Quiet time after which all is forgotten. */
  readonly forgottenAfterMs: number;
}

/** What is known of one thing that is attacked, or of one place that attacks. */
export interface AttemptState {
  readonly failures: number;
  readonly lastAt: Instant;
  readonly blockedUntil: Instant;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * After 5 failures 1 s, 2 s, 4 s … 1 h: at most 5 + 12 + 24 guesses on the first day and 24 on each
 * day of an attack without end (NIST SP 800-63B §3.2.2 allows 100 in all).
 */
export const accountPolicy: AttemptPolicy = {
  freeMax: 5,
  firstDelayMs: 1_000,
  delayMaxMs: HOUR_MS,
  forgottenAfterMs: DAY_MS,
};

/** Many people may share one address, so it has more free failures; its wait grows all the same. */
export const addressPolicy: AttemptPolicy = {
  freeMax: 50,
  firstDelayMs: 1_000,
  delayMaxMs: HOUR_MS,
  forgottenAfterMs: HOUR_MS,
};

export type AttemptDecision =
  | { readonly isAdmitted: true; readonly next: AttemptState }
  | { readonly isAdmitted: false; readonly blockedUntil: Instant };

export function decideAttempt(
  policy: AttemptPolicy,
  known: AttemptState | undefined,
  now: Instant,
): AttemptDecision {
  const state = known && !isForgotten(policy, known, now) ? known : undefined;
  if (state !== undefined && now < state.blockedUntil) {
    return { isAdmitted: false, blockedUntil: state.blockedUntil };
  }
  const failures = (state?.failures ?? 0) + 1;
  return { isAdmitted: true, next: stateAfter(policy, failures, now) };
}

/** As it would be without the attempt that has just succeeded. */
export function withoutOne(policy: AttemptPolicy, state: AttemptState): AttemptState {
  return stateAfter(policy, Math.max(0, state.failures - 1), state.lastAt);
}

/** Whole seconds after which an attempt is admitted, never too few. */
export function secondsUntil(blockedUntil: Instant, now: Instant): number {
  return Math.max(1, Math.ceil((blockedUntil - now) / SECOND_US));
}

function stateAfter(policy: AttemptPolicy, failures: number, at: Instant): AttemptState {
  const blockedUntil = (at + delayMsAfter(policy, failures) * MILLISECOND_US) as Instant;
  return { failures, lastAt: at, blockedUntil };
}

function delayMsAfter({ freeMax, firstDelayMs, delayMaxMs }: AttemptPolicy, failures: number) {
  if (failures <= freeMax) return 0;
  return Math.min(delayMaxMs, firstDelayMs * 2 ** (failures - freeMax - 1));
}

function isForgotten(policy: AttemptPolicy, state: AttemptState, now: Instant): boolean {
  return now - state.lastAt >= policy.forgottenAfterMs * MILLISECOND_US;
}
