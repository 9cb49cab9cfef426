// Owns the only reading of the machine's time. Within a process it never goes back, also when the
// machine's clock is set back, because recorded times and ids are expected to rise. It is never
// corrected either: how far it was off is measured, and told beside the time.

import { assert, instantOfMs, type Clock, type Instant } from '#kernel';

/** A clock that is told how far it is off, each time someone measured. */
export interface ObservedClock extends Clock {
  /** How far it was ahead of the reference when last measured; undefined until then. */
  readonly offsetUs: number | undefined;
  observe(offsetUs: number): void;
}

/** The machine's clock in microseconds. `readMs` is replaceable for the test of the guarantee. */
export function systemClock(readMs: () => number = trackedClock()): ObservedClock {
  let latest = Number.MIN_SAFE_INTEGER as Instant;
  let offset: number | undefined;
  return {
    get offsetUs() {
      return offset;
    },
    observe(offsetUs: number): void {
      assert(Number.isSafeInteger(offsetUs), 'an offset is whole microseconds');
      offset = offsetUs;
    },
    now(): Instant {
      const read = instantOfMs(readMs());
      if (read > latest) latest = read;
      return latest;
    },
  };
}

const ALMOST_MS = 0.999;

// Date.now() counts whole milliseconds. The high-resolution timer adds the microseconds, but drifts
// from the wall clock as that is adjusted, so its offset follows whenever the two disagree.
function trackedClock(): () => number {
  let offsetMs = performance.timeOrigin;
  return () => {
    const wallMs = Date.now();
    const timerMs = performance.now();
    if (offsetMs + timerMs < wallMs) offsetMs = wallMs - timerMs;
    if (offsetMs + timerMs > wallMs + ALMOST_MS) offsetMs = wallMs + ALMOST_MS - timerMs;
    return offsetMs + timerMs;
  };
}
