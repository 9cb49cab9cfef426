import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createGateway, type Gateway } from '#gateway';
import { msOf, newId, type AccountId } from '#kernel';
import { openLogger, openMetrics, openStream } from '#platform';
import { testLog, type TestLog } from '../../../audit/testing/log.ts';
import { limits, unlocked } from '../../../gateway/testing.ts';
import type { Judged } from '../../screening/item.ts';
import { decisionRefusals } from '../refusals.ts';
import { fraudLogSubscription } from '../subscription.ts';
import { accountIds, contextAt, item, startProcess, type Process } from '../../testing/process.ts';
import { changeRules, promote, waitForModels } from '../testing/rules.ts';
import { decisionRoutes } from './decision-routes.ts';

let log: TestLog;
let own: Process;
let gateway: Gateway;
let url: string;
let account: AccountId;
let champion: string;
let judged: Judged;
let payment: string;
const logger = openLogger({ level: 'error' });

// A payment of which the model thinks ill.
before(async () => {
  log = await testLog('fraud decisions over http');
  const { database, objects, clock } = log;
  await waitForModels(log);
  await changeRules(log, 1);
  champion = await promote(log, 300);
  own = await startProcess({ database, objects, clock, logger });
  [account] = accountIds(1, clock.now()) as [AccountId];
  payment = newId('pay', msOf(clock.now()));
  const asked = [item(account, 70_000, { counterparty: 'DE89 3704', device: 'phone' })];
  const context = contextAt(clock.now());
  [judged] = (await own.screener.judge(database, context, asked)) as [Judged];
  await database.transaction(context, (tx) => own.screener.keep(tx, [judged], [payment]));
  gateway = await createGateway({
    about: { title: 'Test', version: '1.0.0', description: 'Decisions under test.' },
    routes: decisionRoutes({ database, screening: own }),
    problemTables: [decisionRefusals],
    checks: [],
    logger,
    metrics: openMetrics({ isProcessMeasured: false }),
    host: '127.0.0.1',
    access: unlocked,
    port: 0,
    limits,
    isAnswerChecked: true,
  });
  ({ url } = await gateway.listen());
});

after(async () => {
  await gateway.close();
  await log.close();
});

type Members = Readonly<Record<string, unknown>>;

async function ask(method: 'GET' | 'POST', path: string): Promise<Members & { status: number }> {
  const reply = await fetch(`${url}/v1/fraud${path}`, { method });
  return { ...((await reply.json()) as Members), status: reply.status };
}

test('a decision is found by its id and by its payment, with reasons for a person', async () => {
  const found = await ask('GET', `/decisions/${judged.id}`);
  assert.equal(found.status, 200, JSON.stringify(found));
  const { id, outcome, mode, model, payment_id: paid, account_id: whose, amount } = found;
  assert.deepEqual(
    [id, outcome, mode, model, paid, whose, amount],
    [judged.id, 'review', 'full', champion, payment, account, '70000'],
  );
  assert.deepEqual(found['rule_reasons'], [
    {
      code: 'score_high',
      says: 'The model gives the event a high score.',
      rule: 'scored',
      outcome: 'review',
      shadow: false,
      set_aside: false,
    },
  ]);
  assert.doesNotMatch(JSON.stringify(found), /3704|phone/);
  const { status, ...whole } = found;
  const listed = await ask('GET', `/decisions?payment_id=${payment}`);
  assert.deepEqual([listed.status, listed['data']], [status, [whole]]);
  const other = await ask('GET', `/decisions?payment_id=${newId('pay', msOf(log.clock.now()))}`);
  assert.deepEqual(other['data'], []);
});

test('a decision is explained by contributions that add up, and made again the same', async () => {
  const reply = await ask('POST', `/decisions/${judged.id}/replay`);
  assert.equal(reply.status, 200, JSON.stringify(reply));
  assert.deepEqual([reply['revision'], reply['differences']], [3, []]);
  const features = reply['features'] as readonly {
    readonly name: string;
    readonly value: number | null;
    readonly contribution: number;
  }[];
  assert.deepEqual(
    features.map(({ value }) => value),
    Array.from(judged.decision.features, (value) => (Number.isNaN(value) ? null : value)),
  );
  assert.deepEqual([features[0]?.name, features[0]?.value], ['amount', 700]);
  assert.ok((features[0]?.contribution ?? 0) > 0);
  const sum = features.reduce((total, { contribution }) => total + contribution, 0);
  const whole = (reply['base'] as number) + sum;
  assert.ok(Math.abs(whole - (reply['margin'] as number)) < 1e-9);
  const again = reply['again'] as Members;
  const decision = reply['decision'] as Members;
  for (const name of Object.keys(again)) assert.deepEqual(again[name], decision[name], name);
});

test('what is not there, or is no id, is refused', async () => {
  const id = newId('dec', msOf(log.clock.now()));
  for (const [method, path] of [
    ['GET', `/decisions/${id}`],
    ['POST', `/decisions/${id}/replay`],
  ] as const) {
    const reply = await ask(method, path);
    assert.deepEqual([reply.status, reply['code']], [404, 'decision_unknown']);
  }
  assert.equal((await ask('GET', '/decisions/dec_1')).status, 400);
  assert.equal((await ask('GET', '/decisions')).status, 400);
});

test('the status says how far the log is folded and what is in force', async () => {
  const before = await ask('GET', '/status');
  assert.equal(before.status, 200, JSON.stringify(before));
  assert.deepEqual([before['pending_batches'], before['folded_up_to']], [1, '0']);
  const stream = openStream({ database: log.database, clock: log.clock, logger });
  await stream.consume(fraudLogSubscription);
  await stream.settle();
  await stream.stop();
  const behind = await ask('GET', '/status');
  assert.ok(BigInt(String(behind['log_head'])) > BigInt(String(behind['folded_up_to'])));
  await own.follow();
  const { status: _, ...now } = await ask('GET', '/status');
  assert.deepEqual(now, {
    run: own.run,
    log_head: behind['log_head'],
    folded_up_to: behind['log_head'],
    pending_batches: 0,
    keys: 3,
    events: 1,
    labels: 0,
    late: 0,
    refused: 0,
    keys_let_go: 0,
    revision: 3,
    rule_set_version: 1,
    champion,
    challenger: null,
  });
});

test('of a payment of the end of all time nothing was decided', async () => {
  const found = await ask('GET', '/decisions?payment_id=pay_ffffffff-ffff-7fff-bfff-ffffffffffff');
  assert.deepEqual([found.status, found['data']], [200, []], JSON.stringify(found));
});
