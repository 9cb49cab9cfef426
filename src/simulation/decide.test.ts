// Plays random histories on the ledger's pure decisions and on the oracle: no database, so very
// many.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryPlayer } from './memory-player.ts';
import { playHistories, simulationSettings } from './run.ts';

const settings = simulationSettings(process.env, { histories: 5_000 });

test(`the ledger decides ${settings.histories} random histories as the oracle does`, async (t) => {
  const tally = await playHistories({
    settings,
    lanes: 1,
    player: async () => await Promise.resolve(new MemoryPlayer()),
  });
  t.diagnostic(`seeds from ${settings.seed}: ${[...tally].map((row) => row.join(' ')).join(', ')}`);
  assert.ok(tally.size > 0);
});
