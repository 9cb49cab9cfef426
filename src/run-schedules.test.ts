import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { manualClock, type Instant } from '#kernel';
import { openLogger } from '#platform';
import { runSchedules } from './run-schedules.ts';
import type { Schedule } from './schedules.ts';

const clock = manualClock(5_000_000 as Instant);

function started(schedule: Schedule): {
  readonly lines: Record<string, unknown>[];
  readonly stop: () => Promise<void>;
} {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => {
    lines.push(JSON.parse(line) as Record<string, unknown>);
  };
  const logger = openLogger({ level: 'info', write });
  const running = runSchedules([schedule], { clock, logger });
  return { lines, stop: () => running.stop() };
}

test('a schedule runs again and again, with the time of the clock and its name', async () => {
  const contexts: unknown[] = [];
  const done = Promise.withResolvers<void>();
  const { stop } = started({
    name: 'tick',
    everyMs: 1,
    run(context) {
      contexts.push(context);
      if (contexts.length === 3) done.resolve();
      return Promise.resolve();
    },
  });
  await done.promise;
  await stop();
  const atStop = contexts.length;
  await sleep(10);
  assert.equal(contexts.length, atStop);
  const expected = {
    now: clock.now(),
    clockOffsetUs: undefined,
    actor: 'florin',
    correlationId: 'schedule-tick',
  };
  for (const context of contexts) assert.deepEqual(context, expected);
});

test('a schedule that is in no hurry does not run at the start, and others do', async () => {
  const runs: string[] = [];
  const both = Promise.withResolvers<void>();
  const run = (name: string) => () => {
    runs.push(name);
    if (name === 'later') both.resolve();
    return Promise.resolve();
  };
  const later = started({ name: 'later', everyMs: 60_000, firstAfterMs: 20, run: run('later') });
  const never = started({ name: 'no', everyMs: 1, firstAfterMs: 3_600_000, run: run('no') });
  const { stop } = started({ name: 'at once', everyMs: 60_000, run: run('at once') });
  assert.deepEqual(runs, ['at once']);
  await both.promise;
  for (const end of [later.stop, never.stop, stop]) await end();
  assert.deepEqual(runs, ['at once', 'later']);
});

test('a schedule that fails is tried again; the log has the first and the end', async () => {
  let runs = 0;
  const done = Promise.withResolvers<void>();
  const { lines, stop } = started({
    name: 'shaky',
    everyMs: 1,
    run() {
      runs += 1;
      if (runs === 4) done.resolve();
      return runs <= 3 ? Promise.reject(new Error('no')) : Promise.resolve();
    },
  });
  await done.promise;
  await stop();
  assert.deepEqual(
    lines.map(({ level, message }) => `${String(level)} ${String(message)}`),
    ['warn schedule failed', 'info schedule works again'],
  );
});

test('stopping waits for the run under way and for no pause', async () => {
  let hasEnded = false;
  const begun = Promise.withResolvers<void>();
  const { stop } = started({
    name: 'slow',
    everyMs: 60_000,
    async run() {
      begun.resolve();
      await sleep(20);
      hasEnded = true;
    },
  });
  await begun.promise;
  await stop();
  assert.equal(hasEnded, true);
});
