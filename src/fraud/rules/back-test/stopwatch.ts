// Owns the times of many short calls in bounded memory: a histogram of steps of 10 ns, exact enough
// for percentiles of microseconds. What takes longer than the last step counts as that.

export interface Latency {
  /** Calls that were timed. */
  readonly samples: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
}

const STEPS = 100_000;
const STEPS_PER_US = 100;
const US_PER_MS = 1_000;

export function openStopwatch(): { add(durationMs: number): void; latency(): Latency } {
  const counts = new Uint32Array(STEPS);
  let samples = 0;
  let maxUs = 0;
  const percentile = (share: number): number => {
    let left = Math.ceil(samples * share);
    const step = counts.findIndex((count) => (left -= count) <= 0);
    return Math.max(0, step) / STEPS_PER_US;
  };
  return {
    add(durationMs) {
      const us = durationMs * US_PER_MS;
      const step = Math.min(STEPS - 1, Math.max(0, Math.floor(us * STEPS_PER_US)));
      counts[step] = (counts[step] ?? 0) + 1;
      samples += 1;
      maxUs = Math.max(maxUs, us);
    },
    latency: () => ({ samples, p50Us: percentile(0.5), p99Us: percentile(0.99), maxUs }),
  };
}
