import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noteWork, restBetweenLooks } from './pace.ts';

const signal = new AbortController().signal;

async function restMs(lookMs: number): Promise<number> {
  const startMs = performance.now();
  await restBetweenLooks(signal, startMs - lookMs);
  return performance.now() - startMs;
}

// Timers are never early by more than their rounding; how late they are is the machine's.
test('while there is work the next look comes soon after a short one, later after a long one', async () => {
  noteWork();
  assert.ok((await restMs(0)) >= 1);
  assert.ok((await restMs(1)) >= 7);
  assert.ok((await restMs(1_000)) >= 19);
});

test('the rest ends when the signal says to stop', async () => {
  const stopping = new AbortController();
  const rest = restBetweenLooks(stopping.signal, performance.now() - 1_000);
  stopping.abort();
  await rest;
});
