// Owns how many declines a rule may still cause: the instants of its latest ones, as many as it may
// cause in its window. The state follows from the declines alone, so a replay arrives at the same.

import { assert, type Instant, SECOND_US } from '#kernel';
import type { DeclineLimit } from './rule-set.ts';

export interface DeclineCounter {
  /** True, and counted, if fewer than the maximum fell in (now - window, now]. */
  admit(now: Instant): boolean;
  /** Takes a decline back that was counted at that instant and never came about. */
  giveBack(at: Instant): void;
  /** The instants counted, the oldest first. */
  times(): number[];
}

/**
 * Where the clock is set back, declines that lie ahead of it count as recent: for a while fewer
 * declines are possible than the limit says, never more.
 */
export function openDeclineCounter(
  { max, windowSeconds }: DeclineLimit,
  earlier: readonly number[] = [],
): DeclineCounter {
  const windowUs = windowSeconds * SECOND_US;
  // A ring: the oldest of the latest `max` declines decides alone.
  const ring = new Float64Array(max).fill(-Infinity);
  let next = 0;
  const add = (time: number): void => {
    ring[next] = time;
    next = next + 1 === max ? 0 : next + 1;
  };
  for (const time of earlier) add(time);
  const times = (): number[] =>
    [...ring.subarray(next), ...ring.subarray(0, next)].filter(Number.isFinite);
  return {
    admit(now) {
      const oldest = ring[next];
      assert(oldest !== undefined, 'the ring has a place for every decline it allows');
      if (oldest > now - windowUs) return false;
      add(now);
      return true;
    },
    giveBack(at) {
      const counted = times();
      const place = counted.lastIndexOf(at);
      if (place === -1) return;
      ring.fill(-Infinity);
      next = 0;
      for (const time of counted.toSpliced(place, 1)) add(time);
    },
    times,
  };
}
