// Owns how a rate is measured: work is repeated for a set time over several runs, each call timed;
// the median run is reported, with the percentiles of its calls.

import { setTimeout as pause } from 'node:timers/promises';

export interface Run {
  readonly ratePerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Load {
  /** Callers at once. */
  readonly concurrency: number;
  readonly durationMs: number;
  /** Items done by one call. */
  readonly call: (caller: number) => Promise<number>;
}

/** Calls until the time is over; what is under way then is finished and counted. */
export async function run(load: Load): Promise<Run> {
  const timesMs: number[] = [];
  let items = 0;
  const startMs = performance.now();
  const endMs = startMs + load.durationMs;
  const callers = Array.from({ length: load.concurrency }, async (_, caller) => {
    while (performance.now() < endMs) {
      const callMs = performance.now();
      const done = await load.call(caller);
      items += done;
      timesMs.push(performance.now() - callMs);
    }
  });
  await Promise.all(callers);
  const seconds = (performance.now() - startMs) / 1000;
  timesMs.sort((a, b) => a - b);
  return {
    ratePerSecond: items / seconds,
    p50Ms: percentile(timesMs, 0.5),
    p99Ms: percentile(timesMs, 0.99),
  };
}

/** Each call is due at its time, whether or not the ones before were answered; timed from then. */
export async function paced(load: Load & { readonly perSecond: number }): Promise<Run> {
  const { concurrency, durationMs, perSecond, call } = load;
  const timesMs: number[] = [];
  const startMs = performance.now();
  const everyMs = (1_000 * concurrency) / perSecond;
  const callers = Array.from({ length: concurrency }, async (_, caller) => {
    let dueMs = startMs + (everyMs * caller) / concurrency;
    while (dueMs < startMs + durationMs) {
      const waitMs = dueMs - performance.now();
      if (waitMs > 0) await pause(waitMs);
      await call(caller);
      timesMs.push(performance.now() - dueMs);
      dueMs += everyMs;
    }
  });
  await Promise.all(callers);
  const seconds = (performance.now() - startMs) / 1_000;
  timesMs.sort((a, b) => a - b);
  return {
    ratePerSecond: timesMs.length / seconds,
    p50Ms: percentile(timesMs, 0.5),
    p99Ms: percentile(timesMs, 0.99),
  };
}

/** The run whose rate is the median, of an odd count of runs. */
export function medianRun(runs: readonly Run[]): Run {
  const sorted = [...runs].sort((a, b) => a.ratePerSecond - b.ratePerSecond);
  const median = sorted[Math.floor(sorted.length / 2)];
  if (median === undefined) throw new Error('a median needs at least one run');
  return median;
}

export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
