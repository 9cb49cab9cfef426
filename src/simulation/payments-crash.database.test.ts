// Kills the server with its workers and PostgreSQL at random, while a file of another bank is
// worked on, customers pay in real time, and the rail is slow, silent, forgetful, double, wrong and
// out of order. The server writes durably here, as in a bank. The full file is a script's:
// node src/simulation/payments/main.ts --entries 100000

import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { playCrashes } from './payments/crashes.ts';

const seed = Number(process.env['FLORIN_SIMULATION_SEED'] ?? randomInt(2 ** 32));
const KILLS = 6;
const ENTRIES = 12_000;

test(`payments, a file and a rail survive ${KILLS} kills: each happens exactly once`, async (t) => {
  t.diagnostic(`seed ${seed}`);
  const log = (line: string): void => t.diagnostic(line);
  await playCrashes({ seed, entries: ENTRIES, kills: KILLS, log });
});
