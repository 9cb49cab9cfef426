// florin simulate rail: all other banks in a process of their own, for demonstrations and tests. It
// keeps what it knows in memory, and misbehaves only where it is told to.

import { once } from 'node:events';
import { misbehaved, startSimulator, wellBehaved } from '#payments';
import { systemClock } from '#platform';
import { EXIT_DONE, parseCount, parseStrictly, UsageError, type Command } from '../usage.ts';

const PORT = '4710';
const PORT_MAX = 65_535;
const SEED_MAX = 999_999_999;
const BIC = /^[A-Z0-9]{8}([A-Z0-9]{3})?$/;

export const simulateCommand: Command = {
  name: 'simulate',
  takes: 'rail --participant BIC [--port PORT] [--seed NUMBER] [--misbehave]',
  summary: 'run a rail with all other banks behind it, well-behaved or not',
  details: [
    'The bank finds it by FLORIN_SCT_INST_URL=http://127.0.0.1:PORT and FLORIN_BIC=BIC.',
    '--misbehave makes it slow, silent, forgetful, double, wrong and out of order, by its seed:',
    'the same seed does the same to the same payments.',
    'GET /payments shows what truly became of each payment. POST /pay {"iban","amount",',
    '"currency","end_to_end_id"} has another bank pay; POST /recall {"transaction_id"} has it',
    'ask for that payment back.',
  ].join('\n'),
  run: async (args) => await runSimulate(args),
};

async function runSimulate(args: string[]): Promise<number> {
  const { values, positionals } = parseStrictly({
    args,
    allowPositionals: true,
    options: {
      participant: { type: 'string' },
      port: { type: 'string', default: PORT },
      seed: { type: 'string', default: '1' },
      misbehave: { type: 'boolean', default: false },
    },
  });
  const [what, ...rest] = positionals;
  if (what !== 'rail' || rest.length > 0) throw new UsageError('Only a rail can be simulated.');
  const { participant = '' } = values;
  if (!BIC.test(participant)) throw new UsageError('--participant must be a BIC.');
  const simulator = await startSimulator({
    port: parseCount(values.port, { name: 'port', min: 0, max: PORT_MAX }),
    seed: parseCount(values.seed, { name: 'seed', min: 0, max: SEED_MAX }),
    behaviour: values.misbehave ? misbehaved : wellBehaved,
    participant,
    clock: systemClock(),
  });
  process.stdout.write(`The rail is at ${simulator.url}. Ctrl+C ends it.\n`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await simulator.close();
  return EXIT_DONE;
}
