import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pace } from './pace.ts';

function work(ms: number): void {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}

test('a short stint goes on at once, a long one rests to keep to its share', async () => {
  const pace = new Pace(0.25);
  const startedMs = performance.now();
  await pace.rest();
  for (let stint = 0; stint < 4; stint += 1) {
    work(5);
    await pace.rest();
  }
  const share = 20 / (performance.now() - startedMs);
  // A timer may end late, never much early.
  assert.ok(share < 0.27, `worked ${share} of the time`);
});

test('others have their turn even when all of the time is asked for', async () => {
  const pace = new Pace(1);
  let turns = 0;
  setImmediate(() => (turns += 1));
  work(5);
  await pace.rest();
  assert.equal(turns, 1);
});

test('a share of nothing would never end', () => {
  assert.throws(() => new Pace(0), /share/);
});
