// When a call is tried again, and after how long. Only what is safe to repeat is: reading, and
// changes under an idempotency key, which the bank makes once however often they arrive.

import { FlorinProblem, FlorinUnreachable } from './problem.ts';

export interface RetryPolicy {
  /** How often at most, the first try included. */
  readonly attempts: number;
  /** Before the second try; doubled for each further one. */
  readonly firstDelayMs: number;
  /** No wait of our own is longer; one that the bank asks for may be. */
  readonly delayMsMax: number;
  /** A longer wait than this is left to the caller: the problem is thrown at once. */
  readonly retryAfterMsMax: number;
}

export const defaultRetries: RetryPolicy = {
  attempts: 4,
  firstDelayMs: 200,
  delayMsMax: 5_000,
  retryAfterMsMax: 30_000,
};

/** How long to wait before trying again; undefined where trying again is no use. */
export function delayBefore(
  error: unknown,
  attempt: number,
  policy: RetryPolicy,
  random: () => number = Math.random,
): number | undefined {
  if (attempt >= policy.attempts) return undefined;
  const isWorthwhile =
    error instanceof FlorinUnreachable || (error instanceof FlorinProblem && isPassing(error));
  if (!isWorthwhile) return undefined;
  const ceilingMs = Math.min(policy.delayMsMax, policy.firstDelayMs * 2 ** (attempt - 1));
  // Full jitter, so that clients which failed together do not come back together.
  const ownMs = random() * ceilingMs;
  const askedMs = error instanceof FlorinProblem ? (error.retryAfterMs ?? 0) : 0;
  if (askedMs > policy.retryAfterMsMax) return undefined;
  // Never before the bank said.
  return askedMs + ownMs;
}

// A request under the same key that is still under way ends soon, and then answers this one too.
function isPassing({ problem }: FlorinProblem): boolean {
  return problem.retryable;
}

/** The Retry-After header (RFC 9110 §10.2.3): seconds, or a date. */
export function retryAfterMsOf(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1_000;
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}
