// Owns the only reading of the machine's time. Within a process it never goes back, also when the
// machine's clock is set back, because recorded times and ids are expected to rise. It is never
// corrected either: how far it was off is measured, and told beside the time.

import { uptime } from 'node:os';
import { assert, instantOfMs, MILLISECOND_US, SECOND_US, type Clock, type Instant } from '#kernel';

/** A clock that is told how far it is off, each time someone measured. */
export interface ObservedClock extends Clock {
  /** How far it was ahead of the reference when last measured; undefined until then. */
  readonly offsetUs: number | undefined;
  /**
   * `isApart` where the reference cannot have been set together with this clock, as a database on
   * the same machine is: only then is what was gained no longer in doubt.
   */
  observe(offsetUs: number, isApart?: boolean): void;
}

/** What the machine counts beside its clock, which nobody sets. */
interface Timers {
  /** Cheap; it stands still while the machine sleeps. */
  readonly awakeMs: () => number;
  /** It goes on while the machine sleeps, in hundredths of a second. */
  readonly bootedMs: () => number;
}

interface Mark {
  readonly at: Instant;
  readonly awakeMs: number;
  readonly bootedMs: number;
}

/** From so much on the timer that is dear is asked too. */
const LOOK_US = SECOND_US;

/** The machine's clock in microseconds. What it reads is replaceable for the test of it. */
export function systemClock(
  readMs: () => number = trackedClock(),
  { awakeMs, bootedMs }: Timers = machineTimers,
): ObservedClock {
  let latest = Number.MIN_SAFE_INTEGER as Instant;
  let offset: number | undefined;
  let mark: Mark | undefined;
  const markAt = (at: Instant): Mark => ({ at, awakeMs: awakeMs(), bootedMs: bootedMs() });
  const now = (): Instant => {
    const read = instantOfMs(readMs());
    if (read > latest) latest = read;
    mark ??= markAt(latest);
    return latest;
  };
  return {
    now,
    get offsetUs() {
      return offset;
    },
    get gainedUs() {
      const at = now();
      const since = mark ?? markAt(at);
      const wentUs = at - since.at;
      const gainedUs = wentUs - (awakeMs() - since.awakeMs) * MILLISECOND_US;
      if (gainedUs < LOOK_US) return Math.round(gainedUs);
      return Math.round(wentUs - (bootedMs() - since.bootedMs) * MILLISECOND_US);
    },
    observe(offsetUs, isApart = false): void {
      assert(Number.isSafeInteger(offsetUs), 'an offset is whole microseconds');
      offset = offsetUs;
      if (isApart) mark = markAt(now());
    },
  };
}

const machineTimers: Timers = {
  awakeMs: () => performance.now(),
  bootedMs: () => uptime() * MS_PER_SECOND,
};

const MS_PER_SECOND = 1_000;
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
