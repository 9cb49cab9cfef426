import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { findState, keyOf } from './limit-store.ts';
import { DEFAULT_PLAN, defaultTerms, type Plan } from './plan.ts';
import { findPlan, findPlanOf, selectPlans } from './plan-store.ts';
import { assignPlan, putPlan, releaseCustomer, removePlan } from './plans.ts';
import { openLimitBank, TENANT, type LimitBank } from './testing/bank.ts';

let bank: LimitBank;

before(async () => {
  bank = await openLimitBank('plans');
});

after(() => bank.close());

test('a plan is made, then changed, and each leaves a record of what it was', async () => {
  const named = { tenant: TENANT, name: 'gold' };
  const { database } = bank;
  const made = await database.transaction(bank.context(), (tx) =>
    putPlan(tx, { ...named, terms: { ...defaultTerms, weekly: 4_000 } }),
  );
  assert.ok(made.ok && made.value.isNew && made.value.plan.revision === 1);
  const changed = await database.transaction(bank.context(), (tx) =>
    putPlan(tx, { ...named, terms: { ...defaultTerms, daily: undefined } }),
  );
  assert.ok(changed.ok && !changed.value.isNew && changed.value.plan.revision === 2);
  assert.equal((await findPlan(database, named))?.daily, undefined);
  const [first, second] = await bank.records('gateway.plan.changed');
  assert.equal(first?.target, 'plan:main/gold');
  assert.equal(first?.before, undefined);
  assert.equal(first?.actor.id, 'usr_operator');
  assert.equal(second?.before?.['weekly'], 4_000);
  assert.equal(second?.after?.['daily'], null);
});

test('a plan in a time zone that does not exist is refused', async () => {
  const terms = { ...defaultTerms, timeZone: 'Europe/Atlantis' };
  const put = await bank.database.transaction(bank.context(), (tx) =>
    putPlan(tx, { tenant: TENANT, name: 'lost', terms }),
  );
  assert.ok(!put.ok && put.refusal.code === 'time_zone_unknown');
  assert.equal(await findPlan(bank.database, { tenant: TENANT, name: 'lost' }), undefined);
});

test('two who make the same plan at once make it once, and the second changes it', async () => {
  const put = (daily: number): Promise<boolean> =>
    bank.database.transaction(bank.context(), async (tx) => {
      const named = { tenant: TENANT, name: 'race' };
      const made = await putPlan(tx, { ...named, terms: { ...defaultTerms, daily } });
      return made.ok && made.value.isNew;
    });
  const isNew = await Promise.all([put(1), put(2), put(3)]);
  assert.equal(isNew.filter(Boolean).length, 1);
  assert.equal((await findPlan(bank.database, { tenant: TENANT, name: 'race' }))?.revision, 3);
});

test('a plan that customers have is not removed, and the default one never', async () => {
  const customer = { tenant: TENANT, customer: 'cus_silver' };
  const silver = { tenant: TENANT, name: 'silver' };
  const code = await bank.database.transaction(bank.context(), async (tx) => {
    await putPlan(tx, { ...silver, terms: defaultTerms });
    const given = await assignPlan(tx, { ...customer, name: 'silver' });
    assert.ok(given.ok);
    const removed = await removePlan(tx, silver);
    return removed.ok ? undefined : removed.refusal.code;
  });
  assert.equal(code, 'plan_in_use');
  const found = await findPlanOf(bank.database, customer);
  assert.deepEqual([found?.plan.name, found?.isGiven], ['silver', true]);
  await bank.database.transaction(bank.context(), async (tx) => {
    assert.equal((await releaseCustomer(tx, customer)).value.name, DEFAULT_PLAN);
    assert.ok((await removePlan(tx, silver)).ok);
    const again = await removePlan(tx, silver);
    assert.ok(!again.ok && again.refusal.code === 'plan_unknown');
    const standard = await removePlan(tx, { tenant: TENANT, name: DEFAULT_PLAN });
    assert.ok(!standard.ok && standard.refusal.code === 'plan_is_default');
  });
  assert.equal((await findPlanOf(bank.database, customer))?.isGiven, false);
  const [given, released] = await bank.records('gateway.plan.assigned');
  assert.deepEqual([given?.before?.['plan'], given?.after?.['plan']], [undefined, 'silver']);
  assert.deepEqual([released?.before?.['plan'], released?.after?.['plan']], ['silver', 'standard']);
  assert.equal((await bank.records('gateway.plan.removed')).length, 1);
});

test('a plan of one tenant is none of another’s', async () => {
  const assigned = await bank.database.transaction(bank.context(), (tx) =>
    assignPlan(tx, { tenant: 'other', customer: 'cus_1', name: 'gold' }),
  );
  assert.ok(!assigned.ok && assigned.refusal.code === 'plan_unknown');
  assert.deepEqual(await selectPlans(bank.database, 'other'), [] satisfies Plan[]);
});

test('what a customer is given before it ever asked holds for its first request', async () => {
  await bank.give('cus_first', { burst: 2, rate: 1, ratePer: 'hour' });
  const limiter = bank.limiter();
  const ask = { permission: 'things.read', cost: 3 };
  const first = await limiter.limit({ tenant: TENANT, customer: 'cus_first' }, ask);
  assert.equal(first.isAdmitted, false);
  assert.equal(first.retryAfterS, undefined);
});

test('a session of one tenant sees nothing of another’s plans and customers', async () => {
  await bank.give('cus_secret', {});
  await bank.limiter().limit({ tenant: TENANT, customer: 'cus_secret' }, { permission: 'x.read' });
  const key = keyOf({ tenant: TENANT, customer: 'cus_secret' });
  const [ours, theirs] = [bank.database.within(TENANT), bank.database.within('other')];
  assert.ok((await selectPlans(ours, TENANT)).length > 0);
  assert.deepEqual(await selectPlans(theirs, TENANT), []);
  assert.notEqual(await findState(ours, key), undefined);
  assert.equal(await findState(theirs, key), undefined);
  const crossing = bank.database.transaction({ ...bank.context(), tenant: 'other' }, (tx) =>
    putPlan(tx, { tenant: TENANT, name: 'trojan', terms: defaultTerms }),
  );
  await assert.rejects(crossing, /row-level security/);
});
