import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { EdgeRefusal } from '../problems.ts';
import { openDeadlines } from './deadline.ts';

test('work that ends in time is answered by what it gives', async () => {
  const deadlines = openDeadlines(1_000);
  assert.equal(await deadlines.within(() => Promise.resolve(7)), 7);
  const failure = new Error('no');
  await assert.rejects(
    deadlines.within(() => Promise.reject(failure)),
    (error) => error === failure,
  );
  await assert.rejects(
    deadlines.within(() => {
      throw failure;
    }),
    (error) => error === failure,
  );
});

test('work that takes too long is refused, and told that it may stop', async () => {
  const deadlines = openDeadlines(50);
  let signal: AbortSignal | undefined;
  const working = deadlines.within((deadline) => {
    ({ signal } = deadline);
    return sleep(10_000, undefined, { signal, ref: true });
  });
  await assert.rejects(working, (error) => {
    assert.ok(error instanceof EdgeRefusal);
    assert.equal(error.code, 'deadline_exceeded');
    return true;
  });
  assert.equal(signal?.aborted, true);
});

test('each is refused at its own time, and none before it', async () => {
  const deadlines = openDeadlines(60);
  const order: string[] = [];
  const waitFor = async (name: string, delayMs: number): Promise<void> => {
    await sleep(delayMs);
    const startedMs = performance.now();
    await deadlines.within(() => sleep(1_000)).catch(() => undefined);
    assert.ok(performance.now() - startedMs >= 60);
    order.push(name);
  };
  await Promise.all([waitFor('second', 30), waitFor('first', 0)]);
  assert.deepEqual(order, ['first', 'second']);
});
