import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DAY_US, formatInstant, HOUR_US, manualClock, type Instant } from '#kernel';
import { openLogger, systemClock } from '#platform';
import { accountIds, item, startProcess } from '../../../src/fraud/testing/process.ts';
import { captured, testInstallation, type Ran, type TestInstallation } from '../../testing.ts';
import { UsageError } from '../../usage.ts';
import { runEvents } from './events.ts';

let installation: TestInstallation;
const now = systemClock().now();

before(async () => {
  installation = await testInstallation('fraud-events');
  const { database, objects } = installation.log;
  const logger = openLogger({ level: 'silent' });
  const clock = manualClock((now + 3 * DAY_US) as Instant);
  const own = await startProcess({ database, objects, clock, logger });
  await own.decide(accountIds(3, clock.now()).map((account) => item(account, 100)));
});
after(() => installation.close());

async function annul(later: number, note = 'a clock was days ahead'): Promise<Ran> {
  const time = formatInstant((now + later) as Instant);
  const args = ['annul', '--later-than', time, '--note', note];
  return await captured(() => runEvents(args, installation.env));
}

test('what was judged ahead of the clock is annulled at a terminal, with a note', async () => {
  const { code, output, errors } = await annul(HOUR_US);
  assert.equal(code, 0, errors);
  assert.match(
    output,
    /^anl_[0-9a-f-]{36}: 3 decisions of after 20.* count in no history any more/,
  );
  const kept = await installation.log.database.query<{ note: string }>({
    text: 'select a.note from fraud.annulments a',
  });
  assert.deepEqual(kept, [{ note: 'a clock was days ahead' }]);
});

test('what may be right stays, and where nothing is ahead the command says so', async () => {
  const [early, none] = [await annul(-DAY_US), await annul(30 * DAY_US)];
  assert.deepEqual([early.code, none.code], [1, 1]);
  assert.match(early.errors, /may be right/);
  assert.match(none.errors, /No decision is of a time after/);
});

test('without a time or a note nothing is annulled', async () => {
  const run = (...args: string[]) => captured(() => runEvents(args, installation.env));
  await assert.rejects(run('annul', '--note', 'why'), UsageError);
  await assert.rejects(run('annul', '--later-than', 'now', '--note', 'why'), UsageError);
  await assert.rejects(annul(HOUR_US, ''), UsageError);
  await assert.rejects(run('forget'), UsageError);
});
