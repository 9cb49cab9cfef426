import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openLogger, openStream, systemClock, type Stream } from '#platform';
import { testLog, type TestLog } from '../../audit/testing/log.ts';
import type { FeatureState } from '../features/engine.ts';
import { randomStream } from '../generator/random.ts';
import { foldLog } from './fold.ts';
import { countLog, selectLogHead } from './log-store.ts';
import { replayDecisions } from './replay/replay.ts';
import { emptyState, latestState } from './snapshots/find.ts';
import { fraudLogSubscription } from './subscription.ts';
import { accountIds, item, startProcess, type Premises } from '../testing/process.ts';
import { changeRules, promote, waitForModels } from './testing/rules.ts';

let log: TestLog;
let premises: Premises;
let stream: Stream;
const tenant = 'main';
const clock = systemClock();
const logger = openLogger({ level: 'warn' });
const accounts = accountIds(6, clock.now());
const KILLS = 5;
/** Transactions at once, which a kill may find under way. */
const DESKS = 3;

before(async () => {
  log = await testLog('fraud crash');
  premises = { database: log.database, objects: log.objects, clock, logger };
  stream = openStream({ database: log.database, clock, logger });
});

after(async () => {
  await stream.stop();
  await log.close();
});

async function batches(): Promise<number> {
  const [row] = await log.database.query<{ count: bigint }>({
    text: 'select count(*) from fraud.batches',
  });
  return Number(row?.count);
}

/** Killed once it has decided so many batches more, whatever it is at just then. */
async function decideUntilKilled(seed: number): Promise<void> {
  const upTo = (await batches()) + 20 + randomStream(seed, 1).below(60);
  const script = path.join(import.meta.dirname, 'testing/decider.ts');
  const given = [log.url, log.folder, String(seed), String(DESKS), ...accounts];
  const decider: ChildProcess = spawn(process.execPath, [script, ...given], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const ended = once(decider, 'exit');
  while (decider.exitCode === null && decider.signalCode === null) {
    if ((await batches()) >= upTo) decider.kill('SIGKILL');
    await sleep(3);
  }
  await ended;
  assert.equal(decider.signalCode, 'SIGKILL', 'it ended by itself');
}

/** Folded from nothing. */
async function wholeState(): Promise<FeatureState> {
  const features = emptyState();
  const upTo = await selectLogHead(log.database, tenant);
  await foldLog(log.database, features, { tenant, after: 0n, upTo });
  return features;
}

test('a process that is killed again and again decides on as if it had never been', async () => {
  let champion: string | undefined;
  await waitForModels(premises);
  for (let kill = 0; kill < KILLS; kill += 1) {
    if (kill === 1 || kill === 3) await changeRules(premises, (kill + 1) / 2);
    if (kill === 2 || kill === 4) champion = await promote(premises, 300 + 100 * kill, champion);
    await decideUntilKilled(kill);
  }
  await stream.consume(fraudLogSubscription);
  await stream.settle();

  // The next process goes on from where the log is, and all of its own is in it in the end.
  const next = await startProcess(premises);
  assert.equal(next.digest(), (await wholeState()).digest());
  for (const account of accounts) await next.decide([item(account, 70_000, { device: 'phone 1' })]);
  const live = next.digest();
  await stream.settle();
  await next.follow();
  assert.equal(next.screener.counts().pending, 0);
  const whole = await wholeState();
  assert.deepEqual([next.digest(), whole.digest()], [live, live]);

  // From the latest snapshot on, and from nothing: the same bytes.
  const { features, position } = await latestState(premises, { tenant });
  assert.ok(position > 0n, 'a snapshot was written and can be used');
  const tail = await countLog(log.database, { tenant, after: position });
  assert.ok(tail >= accounts.length, 'the log goes on after the snapshot');
  const upTo = await selectLogHead(log.database, tenant);
  await foldLog(log.database, features, { tenant, after: position, upTo });
  assert.ok(features.snapshot().equals(whole.snapshot()), 'the same bytes');

  // Every decision comes out the same, of the same features but where a transaction that the kill
  // found under way had counted already.
  const report = await replayDecisions(premises, { tenant });
  assert.equal(report.different, 0);
  for (const { members, run, batchesLost } of report.differences) {
    assert.deepEqual(members, ['features']);
    assert.ok(batchesLost > 0);
    assert.notEqual(run, next.run);
  }
  assert.ok(report.besideLost < report.decisions);
  const [made] = await log.database.query<Record<string, bigint>>({
    text: `select count(*) as decisions, count(distinct d.outcome) as outcomes,
        count(d.score) as scored, count(*) filter (where d.event_at < d.decided_at - interval '1h')
        as late, count(*) filter (where d.rule_reasons::text like '%declines_limited%') as limited
      from fraud.decisions d`,
  });
  assert.equal(report.decisions, Number(made?.['decisions']));
  assert.equal(report.runs, KILLS + 1);
  assert.equal(made?.['outcomes'], 3n);
  for (const part of ['scored', 'late', 'limited']) assert.ok((made[part] ?? 0n) > 0n, part);
});
