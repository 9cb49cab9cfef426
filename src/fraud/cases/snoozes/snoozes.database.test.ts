import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DAY_US, HOUR_US, idOf, msOf, newUuid, type Instant } from '#kernel';
import type { Decided } from '../../testing/decided.ts';
import { codeOf, openCasesBank, type CasesBank } from '../testing/bank.ts';
import { listSnoozes } from './snooze-store.ts';
import type { Snooze } from './snooze.ts';
import { addSnooze, endSnooze, type NewSnooze } from './snoozes.ts';

let bank: CasesBank;

before(async () => {
  bank = await openCasesBank('fraud snoozes');
});
after(() => bank.drop());

async function snooze(scope: Partial<NewSnooze>): Promise<Snooze> {
  const until = (bank.clock.now() + DAY_US) as Instant;
  const added = await bank.within('ada', (tx) => {
    return addSnooze(tx, { until, reason: 'known', ...scope });
  });
  assert.ok(added.ok);
  return added.value;
}

/** Whether an alert of it was kept aside. */
async function isAside(item: Decided): Promise<boolean> {
  const [alert] = await bank.raise(item);
  assert.ok(alert !== undefined);
  assert.equal(alert.caseId === undefined, alert.snoozeId !== undefined);
  return alert.snoozeId !== undefined;
}

test('an alert of a snoozed account is kept aside until the time, and opens no case', async () => {
  const accountId = await bank.account();
  const { id } = await snooze({ accountId });
  const [alert] = await bank.raise({ accountId });
  assert.deepEqual([alert?.snoozeId, alert?.caseId], [id, undefined]);
  assert.deepEqual(await bank.cases({ accountId }), []);
  const told = (await bank.events('fraud.alert_raised')).at(-1);
  assert.equal(told?.data['is_snoozed'], true);
  bank.clock.advance(DAY_US);
  assert.equal(await isAside({ accountId }), false);
  assert.equal((await bank.caseOf(accountId)).alerts, 1);
});

test('all that a snooze names must fit', async () => {
  const [one, other] = [await bank.account(), await bank.account()];
  await snooze({ accountId: one, counterparty: 'hmac_01', rule: 'many_payees' });
  const fits = { accountId: one, counterparty: 'hmac_01', rules: ['many_payees'] };
  assert.equal(await isAside(fits), true);
  assert.equal(await isAside({ ...fits, accountId: other }), false);
  assert.equal(await isAside({ ...fits, counterparty: 'hmac_02' }), false);
  assert.equal(await isAside({ ...fits, rules: ['score'] }), false);
});

test('an alert of several rules is kept aside only where each is snoozed', async () => {
  const accountId = await bank.account();
  await snooze({ rule: 'night' });
  const both = { accountId, rules: ['night', 'round'] };
  assert.equal(await isAside({ accountId, rules: ['night'] }), true);
  assert.equal(await isAside(both), false);
  await snooze({ rule: 'round' });
  assert.equal(await isAside(both), true);
});

test('what could not be judged as usual is never kept aside', async () => {
  const accountId = await bank.account();
  await snooze({ accountId });
  assert.equal(await isAside({ accountId, mode: 'failed_open', rules: [] }), false);
  assert.equal(await isAside({ accountId, mode: 'rules_only' }), true);
});

test('a snooze is ended early, once, and counts for what was decided before', async () => {
  const accountId = await bank.account();
  const { id } = await snooze({ accountId });
  bank.clock.advance(HOUR_US);
  const ended = await bank.within('bo', (tx) => endSnooze(tx, id));
  assert.ok(ended.ok);
  assert.deepEqual([ended.value.endedBy, ended.value.endedAt], ['bo', bank.clock.now()]);
  assert.equal(codeOf(await bank.within('bo', (tx) => endSnooze(tx, id))), 'snooze_ended');
  assert.equal(await isAside({ accountId }), false);
  const inForce = await listSnoozes(bank.database, { inForceAt: bank.clock.now(), limit: 100 });
  assert.ok(!inForce.some((each) => each.id === id));
});

test('a snooze names something, and ends in the future and not too far off', async () => {
  const now = bank.clock.now();
  const until = (now + DAY_US) as Instant;
  const wrong: readonly NewSnooze[] = [
    { until, reason: 'nothing is named' },
    { rule: 'night', until: now, reason: 'over' },
    { rule: 'night', until: (now + 91 * DAY_US) as Instant, reason: 'too long' },
  ];
  for (const asked of wrong) {
    const refused = await bank.within('ada', (tx) => addSnooze(tx, asked));
    assert.equal(codeOf(refused), 'snooze_unfit', asked.reason);
  }
});

test('a snooze of an account that is not there is refused, and is not written', async () => {
  const until = (bank.clock.now() + DAY_US) as Instant;
  const accountId = idOf('acc', newUuid(msOf(bank.clock.now())));
  const before = await listSnoozes(bank.database, { limit: 100 });
  for (const scope of [{ accountId }, { accountId: bank.cash, rule: 'night' }]) {
    const refused = await bank.within('ada', (tx) => {
      return addSnooze(tx, { ...scope, until, reason: 'a slip' });
    });
    assert.equal(codeOf(refused), 'snooze_account_unknown');
  }
  assert.deepEqual(await listSnoozes(bank.database, { limit: 100 }), before);
});
