import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { HOUR_US, msOf, newId, SECOND_US, type AccountId } from '#kernel';
import { openLogger, openMetrics, openStream, type Stream } from '#platform';
import { testLog, type TestLog } from '../../audit/testing/log.ts';
import { openFollower, type Follower } from '../log/follow.ts';
import { fraudLogSubscription } from '../log/subscription.ts';
import { assess } from '../screening/assess.ts';
import { openScreener, type Screener } from '../screening/open.ts';
import { configOf, registryOf, rulesOf } from '../screening/testing/settings.ts';
import { listAlerts } from './alerts/alert-store.ts';
import { fraudCasesSubscription } from './cases-subscription.ts';
import { closeCase, reopenCase } from './close.ts';
import { worked } from './testing/bank.ts';
import { claimNextCase } from './work.ts';

let log: TestLog;
let stream: Stream;
let screener: Screener;
let follower: Follower;

const PAYEE = 'DE89370400440532013000';
const rules = rulesOf([
  { id: 'large', when: { gt: [{ feature: 'amount' }, 10] }, reason: 'amount_large' },
  {
    id: 'known_payee',
    when: { gt: [{ feature: 'payee_risk_30d' }, 0] },
    outcome: 'decline',
    reason: 'fraud_recent',
  },
]);

before(async () => {
  log = await testLog('fraud learning');
  const { database, objects, clock } = log;
  const logger = openLogger({ level: 'silent' });
  const metrics = openMetrics({ isProcessMeasured: false });
  const registry = registryOf(configOf({ ruleSet: rules }));
  screener = openScreener({ database, clock, logger, metrics, registry });
  follower = openFollower({ database, objects, logger, states: screener.states });
  await follower.warmUp();
  stream = openStream({ database, clock, logger });
  for (const subscription of [fraudLogSubscription, fraudCasesSubscription]) {
    await stream.consume(subscription);
  }
});
after(async () => {
  await stream.stop();
  await log.close();
});

const context = (actor: string) => {
  return { now: log.clock.now(), actor, correlationId: 'test', tenant: 'main' };
};

/** What screening says of a payment, and whose case came of it by the time it is said. */
async function pay(accountId: AccountId, amount: bigint): Promise<string> {
  const usual = { currency: 'EUR', channel: 'credit_out', counterparty: PAYEE, canStop: true };
  const [judged] = await log.database.transaction(context('payments'), (tx) => {
    return assess(screener, tx, [{ accountId, amount, ...usual }]);
  });
  await stream.settle();
  await follower.follow({ now: log.clock.now() });
  return judged?.verdict.outcome ?? '';
}

async function settled(): Promise<void> {
  await stream.settle();
  await follower.follow({ now: log.clock.now() });
  log.clock.advance(SECOND_US);
}

test('what people find out about one customer protects the next, until it is corrected', async () => {
  const [ada, bo, cy, di] = [1, 2, 3, 4].map(() => newId('acc', msOf(log.clock.now())));
  assert.ok(ada && bo && cy && di);
  assert.equal(await pay(ada, 2_000n), 'review');
  log.clock.advance(HOUR_US);
  assert.equal(await pay(bo, 500n), 'approve');
  const claimed = await log.database.transaction(context('analyst'), (tx) => {
    return claimNextCase(tx, 'review');
  });
  assert.equal(claimed?.accountId, ada);
  assert.ok(claimed !== undefined);
  const { id } = claimed;
  const fraud = { outcome: 'fraud', pattern: 'mule', text: 'the payee is one' } as const;
  worked(await log.database.transaction(context('analyst'), (tx) => closeCase(tx, id, fraud)));
  await settled();
  assert.equal(await pay(cy, 500n), 'decline');
  const [alert] = await listAlerts(log.database, { accountId: cy, limit: 1 });
  assert.deepEqual([alert?.rules, alert?.reasons], [['known_payee'], ['fraud_recent']]);
  await log.database.transaction(context('analyst'), async (tx) => {
    worked(await reopenCase(tx, id, 'the payee is a shop'));
    worked(await closeCase(tx, id, { outcome: 'genuine', text: 'it is a shop' }));
  });
  await settled();
  assert.equal(await pay(di, 500n), 'approve');
});
