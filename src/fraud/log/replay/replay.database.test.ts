import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { HOUR_US, SECOND_US, uuidOf, type AccountId, type Instant } from '#kernel';
import { openLogger, openSession, openStream, type Stream } from '#platform';
import { testLog, type TestLog } from '../../../audit/testing/log.ts';
import { labelDecisions } from '../../labels/labels.ts';
import { assess } from '../../screening/assess.ts';
import type { Judged } from '../../screening/item.ts';
import { writeSnapshots } from '../snapshots/write.ts';
import { fraudLogSubscription } from '../subscription.ts';
import {
  accountIds,
  contextAt,
  item,
  startProcess,
  type Premises,
  type Process,
} from '../../testing/process.ts';
import { changeRules, promote, waitForModels } from '../testing/rules.ts';
import { replayDecisions } from './replay.ts';

let log: TestLog;
let premises: Premises;
let stream: Stream;
const judged: Judged[] = [];
let middle: Instant;
const tenant = 'main';
const logger = openLogger({ level: 'error' });
const accounts = accountIds(4, 1_700_000_000_000_000 as Instant);

// Two processes at once, with late events and labels, while rules and models change.
before(async () => {
  log = await testLog('fraud replay');
  premises = { database: log.database, objects: log.objects, clock: log.clock, logger };
  stream = openStream({ database: log.database, clock: log.clock, logger });
  await stream.consume(fraudLogSubscription);
  await waitForModels(log);
  const processes = [await startProcess(premises), await startProcess(premises)];
  let champion: string | undefined;
  for (let round = 0; round < 24; round += 1) {
    log.clock.advance(SECOND_US);
    if (round === 12) middle = log.clock.now();
    if (round === 4 || round === 16) await changeRules(log, round === 4 ? 1 : 2);
    if (round === 8 || round === 18) champion = await promote(log, 300 + round, champion);
    const made = await Promise.all(
      processes.map((each, at) =>
        each.decide(items(round + at), at === 0 && round % 5 === 3 ? late() : undefined),
      ),
    );
    judged.push(...made.flat());
    if (round % 3 === 2) await learn(made[0]?.[0]);
    if (round % 4 === 1) await stream.settle();
    await processes[round % 2]?.follow();
    if (round === 10) await writeSnapshots(premises, { now: log.clock.now() }, 5);
  }
  await stream.settle();
});

after(async () => {
  await stream.stop();
  await log.close();
});

const payer = (index: number): AccountId => accounts[index % accounts.length] as AccountId;
const late = (): Instant => (log.clock.now() - 5 * HOUR_US) as Instant;

function items(round: number) {
  const rest = { counterparty: `DE${round % 3}`, device: `phone ${round % 2}` };
  return [item(payer(round), 1_000 * round, rest), item(payer(round * 3), 70_000 - round, rest)];
}

async function learn(decided: Judged | undefined): Promise<void> {
  assert.ok(decided !== undefined);
  const said = { decisionId: decided.id, isFraud: true, source: 'case' } as const;
  await log.database.transaction(contextAt(log.clock.now()), (tx) => labelDecisions(tx, [said]));
}

async function asOwner(text: string, values: readonly unknown[] = []): Promise<void> {
  const session = await openSession(log.url);
  try {
    await session.query({ text, values });
  } finally {
    await session.close();
  }
}

test('every decision comes out the same, bit for bit, and all of it is told on the way', async () => {
  let told = 0;
  let advanced = 0;
  const report = await replayDecisions(premises, {
    tenant,
    progress: {
      start(decisions) {
        told = decisions;
      },
      advance(decisions) {
        advanced += decisions;
      },
    },
  });
  const expected = { runs: 2, decisions: judged.length, different: 0, besideLost: 0 };
  assert.deepEqual(report, { ...expected, differences: [] });
  assert.deepEqual([told, advanced], [judged.length, judged.length]);
  const outcomes = new Set(judged.map(({ decision }) => decision.outcome));
  assert.deepEqual([...outcomes].toSorted(), ['approve', 'decline', 'review']);
  const reasons = judged.flatMap(({ decision }) => decision.ruleReasons.map(({ code }) => code));
  assert.ok(reasons.includes('declines_limited'));
  assert.ok(judged.some(({ decision }) => decision.modelReasons.length > 0));
});

test('what was decided since a time comes out the same from a snapshot on', async () => {
  const report = await replayDecisions(premises, { tenant, from: middle });
  const since = judged.filter(({ batch }) => batch.madeAt >= middle);
  assert.ok(since.length > 0 && since.length < judged.length);
  assert.deepEqual([report.decisions, report.differences], [since.length, []]);
  const other = await replayDecisions(premises, { tenant: 'other' });
  assert.deepEqual(other, { runs: 0, decisions: 0, different: 0, besideLost: 0, differences: [] });
});

test('what was changed afterwards is told, by its decision and its members', async () => {
  const declined = judged.find(({ decision }) => decision.outcome === 'decline');
  const last = judged.at(-1);
  assert.ok(declined !== undefined && last !== undefined);
  await asOwner('alter table fraud.decisions disable trigger user');
  await asOwner(`update fraud.decisions set outcome = 'approve' where id = $1`, [
    uuidOf(declined.id),
  ]);
  await asOwner(
    `update fraud.decisions set features = set_byte(features, 7, get_byte(features, 7) # 1)
      where id = $1`,
    [uuidOf(last.id)],
  );
  const report = await replayDecisions(premises, { tenant });
  assert.equal(report.different, 2);
  const found = new Map(report.differences.map(({ decision, members }) => [decision, members]));
  assert.deepEqual(found.get(declined.id), ['outcome']);
  assert.ok(found.get(last.id)?.includes('features'));
  await asOwner(`update fraud.decisions set outcome = 'decline' where id = $1`, [
    uuidOf(declined.id),
  ]);
  await asOwner(
    `update fraud.decisions set features = set_byte(features, 7, get_byte(features, 7) # 1)
      where id = $1`,
    [uuidOf(last.id)],
  );
});

test('what was decided beside a batch that was rolled back is told apart', async () => {
  const own: Process = await startProcess(premises);
  const alone = await own.decide([item(payer(0), 500)]);
  const items = [item(payer(0), 900), item(payer(1), 900)];
  let beside: readonly Judged[] = [];
  const failing = log.database.transaction(contextAt(log.clock.now()), async (tx) => {
    await assess(own.screener, tx, [item(payer(0), 700)]);
    beside = await own.decide(items);
    throw new TypeError('what came of it failed');
  });
  await assert.rejects(failing, TypeError);
  await stream.settle();
  const report = await replayDecisions(premises, { tenant });
  assert.equal(report.decisions, judged.length + alone.length + beside.length);
  assert.deepEqual([report.different, report.besideLost], [0, 1]);
  const [difference] = report.differences;
  assert.deepEqual(
    [difference?.decision, difference?.members, difference?.batchesLost],
    [beside[0]?.id, ['features'], 1],
  );
});

test('decisions by starter rules are made again by those that decided, or not at all', async () => {
  const own: Process = await startProcess(premises);
  const fresh = 'fresh';
  await log.database.transaction(contextAt(log.clock.now(), fresh), (tx) =>
    assess(own.screener, tx, [item(payer(0), 500), item(payer(1), 600)]),
  );
  await stream.settle();
  const sound = await replayDecisions(premises, { tenant: fresh });
  assert.deepEqual([sound.decisions, sound.differences], [2, []]);
  const [batch] = await log.database.query<{ version: number; fingerprint: string }>({
    text: `select rule_set_version as version, rule_set_fingerprint as fingerprint
      from fraud.batches where tenant = $1`,
    values: [fresh],
  });
  assert.equal(batch?.version, 0);
  const set = (fingerprint: string) =>
    asOwner('update fraud.batches set rule_set_fingerprint = $1 where tenant = $2', [
      fingerprint,
      fresh,
    ]);
  await set('f'.repeat(64));
  const unknown = await replayDecisions(premises, { tenant: fresh });
  assert.equal(unknown.different, 2);
  assert.deepEqual(
    unknown.differences.map(({ members }) => members),
    [['rule_set'], ['rule_set']],
  );
  await set(batch.fingerprint);
});
