import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { HOUR_US, formatDate, parseInstant, type Instant } from '#kernel';
import { openSequencer, SIGNING_KEY, verifyLog } from '#audit';
import { changeAccount, openAccounts } from '#ledger';
import { openSession } from '#platform';
import { payment as transferOf } from '../../ledger/testing/bank.ts';
import {
  changeStandingOrder,
  endStandingOrder,
  resumeStandingOrder,
  suspendStandingOrder,
} from './change.ts';
import { EUR } from '../testing/bank.ts';
import { CHALLENGED_ABOVE, openTestScreening } from '../testing/screened.ts';
import { openOrdersBehind } from './accounts-behind.ts';
import { createStandingOrders } from './create.ts';
import { standingOrderSources } from './sources/sources.ts';
import { findOrder } from './store.ts';
import { day, openOrderBank, rent, type OrderBank } from './testing.ts';

let bank: OrderBank;

before(async () => {
  bank = await openOrderBank('standing orders');
});

after(async () => {
  await bank.checkBooks();
  await bank.drop();
});

const six = (date: string): Instant => parseInstant(`${date}T06:00:00Z`) as Instant;

function startOn(date: string): void {
  bank.clock.set(six(date));
}

test('an order is paid on each of its dates, once, whatever is run twice', async () => {
  startOn('2026-03-10');
  const from = await bank.customer(100_000n);
  const order = await bank.order(rent(from));
  for (const date of ['2026-03-14', '2026-03-15', '2026-03-16', '2026-04-15']) {
    startOn(date);
    await Promise.all([bank.run(), bank.run(), bank.run()]);
    await bank.run();
  }
  assert.deepEqual(await bank.told(order), ['2026-03-15 paid', '2026-04-15 paid']);
  assert.equal(await bank.balance(from), 80_000n);
  const paid = await bank.database.query<{ count: bigint }>({
    text: `select count(*) from payments.payments p
      where p.origin = $1`,
    values: [order.id],
  });
  assert.deepEqual(paid, [{ count: 2n }]);
});

test('after a stop of months every missed date is paid, in order', async () => {
  startOn('2026-03-10');
  const from = await bank.customer(100_000n);
  const to = await bank.customer(0n);
  const order = await bank.order(rent(from, { creditor: { accountId: to }, rail: undefined }));
  startOn('2026-07-01');
  await bank.run();
  assert.deepEqual(await bank.told(order), [
    '2026-03-15 paid',
    '2026-04-15 paid',
    '2026-05-15 paid',
    '2026-06-15 paid',
  ]);
  assert.equal(await bank.balance(to), 40_000n);
});

test('years of a business-day order pass in seconds, each month paid on its business day', async () => {
  startOn('2026-01-02');
  const from = await bank.customer(10_000_000n);
  const { schedule } = rent(from);
  const target = { calendar: 'target', businessDayRule: 'modified_following' } as const;
  const order = await bank.order(
    rent(from, {
      schedule: { ...schedule, day: 31, startsOn: day('2026-01-02'), ...target, occurrenceMax: 60 },
    }),
  );
  await bank.runUntil('2031-02-01');
  const occurrences = await bank.occurrences(order);
  assert.equal(occurrences.length, 60);
  assert.deepEqual(new Set(occurrences.map(({ state }) => state)), new Set(['paid']));
  for (const { payOn, changedAt } of occurrences) {
    assert.equal(formatDate(changedAt), formatDate(payOn));
  }
  const ended = await findOrder(bank.database, order.id);
  assert.deepEqual([ended?.status, ended?.statusReason], ['ended', 'completed']);
  assert.equal(await bank.balance(from), 10_000_000n - 600_000n);
});

test('without enough it is tried again as agreed, and paid once there is', async () => {
  startOn('2026-03-10');
  const from = await bank.customer(0n);
  const order = await bank.order(rent(from, { retry: { retriesADay: 2, days: 2 } }));
  startOn('2026-03-15');
  await bank.run();
  assert.deepEqual(await bank.told(order), ['2026-03-15 waiting insufficient_available']);
  bank.clock.advance(HOUR_US);
  await bank.run();
  await bank.run();
  assert.equal((await bank.occurrences(order))[0]?.attempts, 2);
  bank.clock.advance(HOUR_US);
  await bank.run();
  bank.clock.advance(HOUR_US);
  await bank.run();
  assert.equal((await bank.occurrences(order))[0]?.attempts, 3, 'the next is on another day');
  await bank.post(transferOf(bank.cash, from, 10_000n));
  startOn('2026-03-16');
  await bank.run();
  assert.deepEqual(await bank.told(order), ['2026-03-15 paid']);
  assert.equal(await bank.balance(from), 0n);
});

test('once the tries are used up it has failed, and the next date is paid all the same', async () => {
  startOn('2026-03-10');
  const from = await bank.customer(0n);
  const order = await bank.order(rent(from, { retry: { retriesADay: 0, days: 1 } }));
  await bank.runUntil('2026-04-01');
  await bank.post(transferOf(bank.cash, from, 20_000n));
  await bank.runUntil('2026-04-20');
  assert.deepEqual(await bank.told(order), [
    '2026-03-15 failed insufficient_available',
    '2026-04-15 paid',
  ]);
});

test('a sweep moves what is above the amount to keep, and is skipped without any', async () => {
  startOn('2026-03-10');
  const from = await bank.customer(12_500n);
  const to = await bank.customer(0n);
  const sweep = { creditor: { accountId: to }, rail: undefined, amount: { keep: 5_000n } };
  const order = await bank.order(rent(from, sweep));
  await bank.runUntil('2026-04-20');
  assert.deepEqual(await bank.told(order), [
    '2026-03-15 paid',
    '2026-04-15 skipped nothing_to_sweep',
  ]);
  assert.deepEqual([await bank.balance(from), await bank.balance(to)], [5_000n, 7_500n]);
});

test('an order that skips days on which banks are closed says so for each', async () => {
  startOn('2026-03-10');
  const from = await bank.customer(100_000n);
  const { schedule } = rent(from);
  const skip = { calendar: 'us_fed', businessDayRule: 'skip' } as const;
  const order = await bank.order(rent(from, { schedule: { ...schedule, ...skip } }));
  await bank.runUntil('2026-04-20');
  assert.deepEqual(await bank.told(order), [
    '2026-03-15 skipped not_business_day',
    '2026-04-15 paid',
  ]);
});

const inBank = <T>(work: Parameters<typeof bank.database.transaction<T>>[1]): Promise<T> =>
  bank.database.transaction(bank.context(), work);

test('what was due in a pause is recorded as skipped and never paid', async () => {
  startOn('2026-03-10');
  const from = await bank.customer(100_000n);
  const order = await bank.order(rent(from));
  const suspended = await inBank((tx) => suspendStandingOrder(tx, order.id, 'asked_by_customer'));
  assert.ok(suspended.ok);
  await bank.runUntil('2026-05-20');
  assert.deepEqual(await bank.told(order), []);
  const resumed = await inBank((tx) => resumeStandingOrder(tx, order.id));
  assert.ok(resumed.ok);
  assert.equal(resumed.value.nextIndex, 3);
  await bank.runUntil('2026-06-20');
  assert.deepEqual(await bank.told(order), [
    ...['2026-03-15', '2026-04-15', '2026-05-15'].map((date) => `${date} skipped suspended`),
    '2026-06-15 paid',
  ]);
  const again = await inBank((tx) => resumeStandingOrder(tx, order.id));
  assert.ok(!again.ok && again.refusal.code === 'standing_order_not_suspended');
});

test('an ended order pays nothing more, and what waited has failed', async () => {
  startOn('2026-03-10');
  const from = await bank.customer(0n);
  const order = await bank.order(rent(from, { retry: { retriesADay: 0, days: 5 } }));
  startOn('2026-03-15');
  await bank.run();
  const ended = await inBank((tx) => endStandingOrder(tx, order.id, 'asked_by_customer'));
  assert.ok(ended.ok);
  await bank.post(transferOf(bank.cash, from, 50_000n));
  await bank.runUntil('2026-05-01');
  assert.deepEqual(await bank.told(order), ['2026-03-15 failed ended']);
  const late = await inBank((tx) => changeStandingOrder(tx, order.id, { amount: { keep: 1n } }));
  assert.ok(!late.ok && late.refusal.code === 'standing_order_ended');
});

test('changed terms hold from the next date on; an end that has passed ends the order', async () => {
  startOn('2026-03-10');
  const from = await bank.customer(100_000n);
  const order = await bank.order(rent(from));
  await bank.runUntil('2026-03-20');
  await inBank((tx) => changeStandingOrder(tx, order.id, { amount: { fixed: 1n } }));
  await bank.runUntil('2026-04-20');
  assert.equal(await bank.balance(from), 89_999n);
  const ended = await inBank((tx) =>
    changeStandingOrder(tx, order.id, { endsOn: day('2026-04-20') }),
  );
  assert.ok(ended.ok);
  assert.deepEqual([ended.value.status, ended.value.revision], ['ended', 3]);
});

test('an order of an account that was closed ends', async () => {
  startOn('2026-03-10');
  const from = await bank.customer(0n);
  const order = await bank.order(rent(from));
  await inBank((tx) => changeAccount(tx, { accountId: from, state: 'closed' }));
  await bank.runUntil('2026-05-01');
  assert.deepEqual(await bank.told(order), ['2026-03-15 failed account_closed']);
  const ended = await findOrder(bank.database, order.id);
  assert.deepEqual([ended?.status, ended?.statusReason], ['ended', 'account_closed']);
});

test('an external id names one order for ever', async () => {
  startOn('2026-03-10');
  const from = await bank.customer(0n);
  const asked = rent(from, { externalId: 'rent' });
  const [first, second, other] = await bank.give(asked, asked, { ...asked, amount: { keep: 1n } });
  assert.ok(first?.ok === true && second?.ok === true && other?.ok === false);
  assert.equal(first.value.id, second.value.id);
  assert.equal(other.refusal.code, 'standing_order_exists_with_different_content');
});

test('an order that cannot be kept is refused and hurts no other', async () => {
  startOn('2026-03-10');
  const from = await bank.customer(0n);
  const { schedule } = rent(from);
  const results = await bank.give(
    rent(from),
    rent(from, { creditor: { accountId: from } }),
    rent(from, { currency: 'CZK' }),
    rent(from, { schedule: { ...schedule, startsOn: day('2026-03-09') } }),
    rent(from, { schedule: { ...schedule, endsOn: day('2026-03-14') } }),
    rent('acc_01980a3e-4c00-7000-8000-000000000001' as typeof from),
  );
  assert.deepEqual(
    results.map((result) => (result.ok ? 'ok' : result.refusal.code)),
    [
      'ok',
      'standing_order_creditor_same',
      'standing_order_currency_mismatch',
      'standing_order_starts_in_past',
      'standing_order_schedule_invalid',
      'standing_order_account_unknown',
    ],
  );
});

test('orders of another tenant are paid in its name', async () => {
  startOn('2026-03-10');
  const context = { ...bank.context(), tenant: 'other' };
  const { database } = bank;
  const order = await database.transaction(context, async (tx) => {
    const asked = { path: 'liabilities:deposits', currency: EUR, normalSide: 'credit' } as const;
    const [from, to] = await openAccounts(tx, [asked, asked]);
    assert.ok(from?.ok === true && to?.ok === true);
    const creditor = { accountId: to.value.id };
    const asks = rent(from.value.id, { creditor, rail: undefined });
    const [created] = await createStandingOrders(tx, [asks]);
    assert.ok(created?.result.ok === true);
    return created.result.value;
  });
  await bank.runUntil('2026-03-20');
  assert.deepEqual(await bank.told(order), ['2026-03-15 paid']);
  const rows = await database.query<{ tenant: string }>({
    text: `select p.tenant from payments.payments p where p.origin = $1
      union all select c.tenant from payments.standing_order_occurrences c
      where c.order_id = substr($1, 5)::uuid`,
    values: [order.id],
  });
  assert.deepEqual(rows, [{ tenant: 'other' }, { tenant: 'other' }]);
});

test('the account behind an order is found by its own tenant only', async () => {
  startOn('2026-03-10');
  const from = await bank.customer(0n);
  const { id } = await bank.order(rent(from));
  const behind = openOrdersBehind(bank.database);
  const uses = [
    { kind: 'transfer', id },
    { kind: 'transfer', id: 'trf_01980a3e-4c00-7000-8000-000000000001' },
  ] as const;
  assert.deepEqual([...(await behind(uses, 'main'))], [[id, [from]]]);
  assert.deepEqual([...(await behind(uses, 'other'))], []);
});

test('every order and every date has its record in the audit log, and the reverse', async () => {
  const sequencer = openSequencer(bank.database, { origin: 'florin.test/standing-orders' });
  for (let left = 20; left > 0; left -= 1) await sequencer.run(bank.context());
  const verification = await verifyLog({
    open: () => openSession(bank.url),
    connections: 1,
    findingsPerRuleMax: 5,
    trustedKeys: [await bank.database.keys.publicKey(SIGNING_KEY)],
    keys: bank.database.keys,
    sources: standingOrderSources,
  });
  assert.deepEqual(verification.findings, []);
  assert.ok(verification.counts.changes > 80);
});

test('a date whose payment is stopped has failed with the reason, and the other orders are paid', async () => {
  const screening = openTestScreening(bank.database, bank.clock);
  await screening.list('block', 'DE02120300000000202051');
  bank.screenBy(screening.screener);
  try {
    startOn('2026-03-10');
    const from = await bank.customer(1_000_000n);
    const blocked = { iban: 'DE02120300000000202051', name: 'Bob Example' };
    const stopped = await bank.order(rent(from, { creditor: blocked }));
    const large = await bank.order(rent(from, { amount: { fixed: CHALLENGED_ABOVE + 1n } }));
    const paid = await bank.order(rent(from));
    startOn('2026-03-15');
    await bank.run();
    const told = await Promise.all([stopped, large, paid].map((order) => bank.told(order)));
    const expected = ['2026-03-15 failed frad', '2026-03-15 failed ds0a', '2026-03-15 paid'];
    assert.deepEqual(told.flat(), expected);
    assert.equal(await bank.balance(from), 990_000n);
    const [first] = await bank.occurrences(stopped);
    const decided = (await screening.decisions(from)).find(([, , id]) => id === first?.paymentId);
    assert.equal(decided?.[0], 'decline');
  } finally {
    bank.screenBy(undefined);
  }
});
