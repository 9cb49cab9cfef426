// Runs the table of schedules until it is stopped. A job that fails is tried again, more and more
// slowly, and never brings the bank down; the log has the first failure of a row and its end.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '#kernel';
import type { Logger } from '#platform';
import { scheduleContext, type Schedule } from './schedules.ts';

const FAILURE_PAUSE_MAX_MS = 10_000;

export interface RunningSchedules {
  /** Begins no more runs, and resolves when those under way have ended. */
  stop(): Promise<void>;
}

export function runSchedules(
  schedules: readonly Schedule[],
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): RunningSchedules {
  const stopping = new AbortController();
  const loops = schedules.map((schedule) =>
    repeat(schedule, { clock, logger, signal: stopping.signal }),
  );
  return {
    async stop() {
      stopping.abort();
      await Promise.all(loops);
    },
  };
}

async function repeat(
  schedule: Schedule,
  outside: { readonly clock: Clock; readonly logger: Logger; readonly signal: AbortSignal },
): Promise<void> {
  const { name, everyMs, firstAfterMs } = schedule;
  const { clock, logger, signal } = outside;
  let failures = 0;
  if (firstAfterMs !== undefined) await pause(firstAfterMs, signal);
  while (!signal.aborted) {
    try {
      await schedule.run(scheduleContext(clock, name));
      if (failures > 0) logger.info('schedule works again', { schedule: name, failures });
      failures = 0;
    } catch (error) {
      failures += 1;
      if (failures === 1) logger.warn('schedule failed', { schedule: name, error });
      else logger.debug('schedule failed again', { schedule: name, failures, error });
    }
    const pauseMs = Math.min(everyMs * 2 ** Math.min(failures, 10), FAILURE_PAUSE_MAX_MS);
    await pause(failures === 0 ? everyMs : pauseMs, signal);
  }
}

/** Aborting ends it with a rejection, which is what we wait for. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
