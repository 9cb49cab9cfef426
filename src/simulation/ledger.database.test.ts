// Plays random histories on the whole ledger in a real database and on the oracle: every answer and
// every final balance must agree. Then the books are verified by recomputing them from their
// entries.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPoster } from '#ledger';
import { testDatabase, type TestDatabase } from '../platform/database/testing.ts';
import { DatabasePlayer } from './database-player.ts';
import { assertSound } from './record.ts';
import { playHistories, simulationSettings } from './run.ts';

const settings = simulationSettings(process.env, { histories: 10_000 });

/** Ledgers side by side, because one alone mostly waits for its connection. */
const LANES = 4;

let banks: TestDatabase[] = [];

before(async () => {
  const names = Array.from({ length: LANES }, (_, lane) => `simulation ${lane}`);
  banks = await Promise.all(names.map((name) => testDatabase(name, { poolSize: 4 })));
});

after(async () => {
  for (const bank of banks) await bank.drop();
});

test(`the ledger answers ${settings.histories} random histories as the oracle does`, async (t) => {
  const tally = await playHistories({
    settings,
    lanes: LANES,
    player: async (lane) => {
      const { database } = banks[lane] ?? assert.fail('each lane has a bank');
      // Every other lane posts through a poster, which keeps accounts in memory, and in two of the
      // lanes lists arrive at once, as from several clients.
      const poster = openPoster(database, { inFlightMax: 3, accountsMax: 50 });
      const isHurried = lane >= LANES / 2;
      const options = { poster: lane % 2 === 0 ? undefined : poster, isHurried };
      return await Promise.resolve(new DatabasePlayer(database, options));
    },
  });
  t.diagnostic(`seeds from ${settings.seed}: ${[...tally].map((row) => row.join(' ')).join(', ')}`);
});

test('after all of them the books are sound', async () => {
  for (const bank of banks) await assertSound(bank.url);
});
