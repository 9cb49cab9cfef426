import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { uuidOf } from '#kernel';
import { openLogger, openSession, openStream } from '#platform';
import { fraudLogSubscription, type Judged } from '#fraud';
import { accountIds, item, startProcess } from '../../../src/fraud/testing/process.ts';

import { captured, testInstallation, type Ran, type TestInstallation } from '../../testing.ts';
import { UsageError } from '../../usage.ts';
import { runReplay } from './replay.ts';

let installation: TestInstallation;
let judged: readonly Judged[];

before(async () => {
  installation = await testInstallation('fraud-replay');
  const { database, objects, clock } = installation.log;
  const logger = openLogger({ level: 'silent' });
  const own = await startProcess({ database, objects, clock, logger });
  const accounts = accountIds(3, clock.now());
  judged = await own.decide(accounts.map((account, index) => item(account, 100 * index)));
  const stream = openStream({ database, clock, logger });
  await stream.consume(fraudLogSubscription);
  await stream.settle();
  await stream.stop();
});
after(() => installation.close());

/** What the command says. */
async function run(...args: string[]): Promise<Ran> {
  return await captured(() => runReplay(args, installation.env));
}

test('decisions are made again at a terminal, with progress, and come out the same', async () => {
  const { code, output, errors } = await run();
  assert.equal(output, '3 decisions of 1 runs of a server: all come out the same.\n', errors);
  assert.equal(code, 0);
  assert.match(errors, /deciding again: 3 decisions/);
  const other = await run('--since', '2100-01-01', '--json');
  assert.deepEqual(JSON.parse(other.output), {
    runs: 0,
    decisions: 0,
    different: 0,
    besideLost: 0,
    differences: [],
  });
});

test('one that was changed is named, and the command fails', async () => {
  const [first] = judged;
  assert.ok(first !== undefined);
  const session = await openSession(installation.log.ownerUrl);
  await session.query({
    text: `update fraud.decisions set outcome = 'decline' where id = $1`,
    values: [uuidOf(first.id)],
  });
  await session.close();
  const { code, output } = await run();
  assert.equal(code, 1);
  assert.match(output, /^3 decisions of 1 runs of a server: 1 differ\./);
  assert.match(output, new RegExp(`\\n${first.id} {2}outcome\\n$`));
});

test('what is no time, or no tenant, is refused before the bank is opened', async () => {
  await assert.rejects(run('--since', 'yesterday'), UsageError);
  await assert.rejects(run('--tenant', 'No Such'), UsageError);
});
