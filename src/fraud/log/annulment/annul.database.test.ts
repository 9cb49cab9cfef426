import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DAY_US, SECOND_US, type AccountId, type Instant } from '#kernel';
import { openLogger, openStream, type Stream } from '#platform';
import { testLog, type TestLog } from '../../../audit/testing/log.ts';
import {
  accountIds,
  contextAt,
  item,
  startProcess,
  type Premises,
  type Process,
} from '../../testing/process.ts';
import { foldLog } from '../fold.ts';
import { selectLogHead } from '../log-store.ts';
import { replayDecisions } from '../replay/replay.ts';
import { emptyState } from '../snapshots/find.ts';
import { fraudLogSubscription } from '../subscription.ts';
import { annulLater } from './annul.ts';
import { tellClockAtStart } from './clock-at-start.ts';

let log: TestLog;
let premises: Premises;
let stream: Stream;
let accounts: AccountId[];
const logger = openLogger({ level: 'error' });

before(async () => {
  log = await testLog('fraud annul');
  premises = { database: log.database, objects: log.objects, clock: log.clock, logger };
  stream = openStream({ database: log.database, clock: log.clock, logger });
  await stream.consume(fraudLogSubscription);
  accounts = accountIds(3, log.clock.now());
});

after(async () => {
  await stream.stop();
  await log.close();
});

async function decide(own: Process, amount: number): Promise<string[]> {
  log.clock.advance(SECOND_US);
  const judged = await own.decide(accounts.map((account) => item(account, amount)));
  return [...new Set(judged.map(({ decision }) => decision.mode))];
}

async function annul(laterThan: Instant) {
  const asked = { laterThan, note: 'the clock of one server was three days ahead' };
  return await log.database.transaction(contextAt(log.clock.now()), (tx) => annulLater(tx, asked));
}

async function digestOfLog(): Promise<string> {
  const features = emptyState();
  const upTo = await selectLogHead(log.database, 'main');
  await foldLog(log.database, features, { tenant: 'main', after: 0n, upTo });
  return features.digest();
}

async function followAll(...processes: readonly Process[]): Promise<void> {
  await stream.settle();
  for (const each of processes) await each.follow();
}

test('what a clock that had jumped left behind is taken out of every process and every replay', async () => {
  const one = await startProcess(premises);
  const other = await startProcess(premises);
  assert.deepEqual(await decide(one, 100), ['rules_only']);
  await followAll(one, other);
  const rightAt = log.clock.now();

  log.clock.advance(3 * DAY_US);
  assert.deepEqual(await decide(other, 200), ['rules_only']);
  await followAll(one, other);
  log.clock.set((rightAt + SECOND_US) as Instant);
  assert.deepEqual(await decide(one, 300), ['failed_open']);
  assert.deepEqual(await decide(other, 300), ['failed_open']);

  const early = await annul((log.clock.now() - DAY_US) as Instant);
  assert.equal(!early.ok && early.refusal.code, 'annulment_not_ahead');
  const none = await annul((log.clock.now() + 9 * DAY_US) as Instant);
  assert.equal(!none.ok && none.refusal.code, 'annulment_empty');
  const annulled = await annul(log.clock.now());
  assert.ok(annulled.ok);
  assert.equal(annulled.value.decisions, accounts.length);
  await followAll(one, other);

  for (const own of [one, other]) assert.deepEqual(await decide(own, 400), ['rules_only']);
  await followAll(one, other);
  const digest = await digestOfLog();
  assert.deepEqual([one.digest(), other.digest()], [digest, digest]);
  const next = await startProcess(premises);
  assert.equal(next.digest(), digest);
  const report = await replayDecisions(premises, { tenant: 'main' });
  assert.deepEqual([report.decisions, report.different], [6 * accounts.length, 0]);
});

test('what was decided at a wrong time and is in the log only later stays in every replay', async () => {
  const one = await startProcess(premises);
  const rightAt = log.clock.now();
  log.clock.advance(5 * DAY_US);
  await decide(one, 500);
  log.clock.set((rightAt + SECOND_US) as Instant);
  assert.ok((await annul(log.clock.now())).ok);
  // This one is decided before the process sees the annulment, and comes after it.
  log.clock.advance(5 * DAY_US);
  assert.deepEqual(await decide(one, 600), ['rules_only']);
  await followAll(one);
  assert.deepEqual(await decide(one, 700), ['rules_only']);
  await followAll(one);
  assert.equal(one.digest(), await digestOfLog());
  const report = await replayDecisions(premises, { tenant: 'main' });
  assert.equal(report.different, 0);
});

test('a start tells where the log and the clock do not agree, whichever of them is right', async () => {
  const told: string[] = [];
  const own = openLogger({ level: 'info', write: (line) => told.push(line) });
  const start = async (aheadUs: number): Promise<string> => {
    told.length = 0;
    const clock = { now: () => (log.clock.now() + aheadUs) as Instant };
    await tellClockAtStart(log.database, { clock, logger: own });
    return told.join('');
  };
  assert.match(
    await start(-5 * DAY_US),
    /"level":"error".*judged at a time that lies ahead of the clock/,
  );
  assert.equal(await start(0), '');
  assert.match(await start(4 * DAY_US), /"level":"info".*no payment was judged for long/);
});
