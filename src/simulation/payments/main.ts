// The crash test of payments as large as it is asked for: the same as in the suite, with a file of
// so many entries and so many kills. The seed is FLORIN_SIMULATION_SEED, or made and printed.

import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { playCrashes } from './crashes.ts';

const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '100000' },
    kills: { type: 'string', default: '12' },
  },
});
const seed = Number(process.env['FLORIN_SIMULATION_SEED'] ?? randomInt(2 ** 32));
const log = (line: string): void => void process.stdout.write(`${line}\n`);

log(`seed ${seed}`);
await playCrashes({ seed, entries: Number(values.entries), kills: Number(values.kills), log });
log('all is as it should be');
