import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DAY_US, endOfDay, formatDate, uuidOf, type AccountId, type Instant } from '#kernel';
import { account, balanceAt, closePeriod, openAccounts, post } from '#ledger';
import { createCustomers } from '../customers/create.ts';
import { openBankAccounts } from '../open.ts';
import { addProduct } from '../products/products.ts';
import { day, openAccountsBank, owner, product, type AccountsBank } from '../testing/bank.ts';
import { runInterest } from './job.ts';
import { selectBookings, selectPosition } from './position-store.ts';
import { minorOf, unitsFor } from './rate.ts';

let bank: AccountsBank;

const interest = {
  day_count: 'ACT/365',
  booking: 'monthly',
  method: 'portion',
  credit: [{ from: '0', rate: '0.0365' }],
  debit: [{ from: '0', rate: '0.1825' }],
} as const;

const fee = { code: 'maintenance', name: 'Maintenance', amount: '5000', calendar: 'quarterly' };

before(async () => {
  bank = await openAccountsBank('interest');
  await bank.addProducts(
    product({ code: 'savings', kind: 'savings' }, { interest }),
    product({}, { interest: { ...interest, credit: [] }, overdraft_max: '1000000' }),
    product({ code: 'loan', kind: 'loan' }, { interest: { ...interest, credit: [] } }),
    product({ code: 'paid' }, { fees: [fee as never] }),
  );
});

after(async () => {
  await bank.checkBooks();
  await bank.drop();
});

async function run(until?: string) {
  if (until !== undefined) bank.clock.set((day(until) + 3_600_000_000) as Instant);
  const { now, ...context } = bank.context();
  return await runInterest(bank.database, { now, ...context });
}

async function balance(id: AccountId): Promise<bigint> {
  const found = await account(bank.database, id);
  assert.ok(found !== undefined);
  return found.balances.balance;
}

async function bookings(id: AccountId): Promise<string[]> {
  const found = await selectBookings(bank.database, id, { before: undefined, countMax: 100 });
  return found
    .toReversed()
    .map(({ kind, periodEnd, amount }) => `${kind} ${formatDate(periodEnd)} ${amount}`);
}

test('interest is accrued daily and booked at the end of the month, once', async () => {
  bank.clock.set(day('2026-03-01'));
  const { id } = await bank.openOne({ product: 'savings' });
  await bank.pay(id, 1_000_000n);
  await run('2026-03-11');
  const midway = await selectPosition(bank.database, id);
  assert.equal(minorOf(midway?.accrued.credit ?? 0n), 1_000n);
  assert.equal(await balance(id), 1_000_000n);
  await run('2026-04-01');
  assert.deepEqual(await bookings(id), ['interest_credit 2026-03-31 3100']);
  assert.equal(await balance(id), 1_003_100n);
  const again = await run();
  assert.deepEqual(again, { accrued: 0, booked: 0 });
  assert.equal(await balance(id), 1_003_100n);
});

test('interest booked earns interest from the day after the period', async () => {
  bank.clock.set(day('2026-04-01'));
  const { id } = await bank.openOne({ product: 'savings' });
  await bank.pay(id, 100_000_000n);
  await run('2026-06-01');
  // 100.00 × 30 days in April; 31 days of 1,003,000.00 in May.
  assert.deepEqual(await bookings(id), [
    'interest_credit 2026-04-30 300000',
    'interest_credit 2026-05-31 310930',
  ]);
});

test('months that were missed are caught up as if they had not been', async () => {
  bank.clock.set(day('2026-06-01'));
  const [daily, late] = [
    await bank.openOne({ product: 'savings' }),
    await bank.openOne({ product: 'savings' }),
  ];
  for (const { id } of [daily, late]) await bank.pay(id, 123_456_789n);
  // The other is left alone until the end.
  await bank.asOwner(
    `update accounts.interest_positions set is_over = true
      where account_id = '${uuidOf(late.id)}'`,
  );
  for (let each = day('2026-06-02'); each <= day('2026-09-02'); each = (each + DAY_US) as Instant) {
    await run(formatDate(each));
  }
  await bank.asOwner(
    `update accounts.interest_positions set is_over = false
      where account_id = '${uuidOf(late.id)}'`,
  );
  await run();
  assert.equal((await bookings(daily.id)).length, 3);
  assert.deepEqual(await bookings(late.id), await bookings(daily.id));
});

test('an entry with an earlier value date is put right in the next period', async () => {
  bank.clock.set(day('2026-09-01'));
  const { id } = await bank.openOne({ product: 'savings' });
  await bank.pay(id, 1_000_000n);
  await run('2026-10-05');
  assert.deepEqual(await bookings(id), ['interest_credit 2026-09-30 3000']);
  // Ten days of September and five of October had ten times as much.
  await bank.pay(id, 9_000_000n, day('2026-09-21'));
  await run('2026-11-01');
  const position = await selectPosition(bank.database, id);
  assert.deepEqual((await bookings(id))[1], `interest_credit 2026-10-31 ${9_000 + 31_000 + 9}`);
  // What was accrued is what the effective balances say, day by day.
  let expected = 0n;
  const terms = product({}, { interest }).terms.interest;
  for (let at = day('2026-09-01'); at < day('2026-11-01'); at = (at + DAY_US) as Instant) {
    const asOf = { effectiveAt: endOfDay(at) };
    const found = await balanceAt(bank.database, id, asOf, bank.clock.now());
    const units = unitsFor(terms, found?.balances.balance ?? 0n, { from: at, through: at });
    expected += units.credit;
  }
  assert.equal(position?.accrued.credit, expected);
});

test('a loan and an overdraft cost interest, and what cannot be paid stays due', async () => {
  bank.clock.set(day('2026-11-01'));
  const loan = await bank.openOne({ product: 'loan' });
  await bank.pay(loan.id, -2_000_000n);
  const over = await bank.openOne({ overdraft: 1_000_000n });
  await bank.pay(over.id, -1_000_000n);
  await run('2026-12-01');
  assert.deepEqual(await bookings(loan.id), ['interest_debit 2026-11-30 30000']);
  assert.equal(await balance(loan.id), 2_030_000n);
  assert.deepEqual(await bookings(over.id), []);
  await bank.pay(over.id, 6_000n);
  await run('2026-12-02');
  assert.deepEqual(await bookings(over.id), ['interest_debit 2026-11-30 6000']);
  await bank.pay(over.id, 500_000n);
  await run('2026-12-03');
  assert.deepEqual((await bookings(over.id))[1], 'interest_debit 2026-11-30 9000');
  assert.equal(await balance(over.id), -509_000n);
});

test('a fee is charged at the end of its period, and tried again until there is money', async () => {
  bank.clock.set(day('2026-12-05'));
  const [rich, poor] = [
    await bank.openOne({ product: 'paid' }),
    await bank.openOne({ product: 'paid' }),
  ];
  await bank.pay(rich.id, 50_000n);
  await run('2027-01-01');
  assert.deepEqual(await bookings(rich.id), ['fee 2026-12-31 5000']);
  assert.deepEqual(await bookings(poor.id), []);
  await bank.pay(poor.id, 4_999n);
  await run('2027-01-02');
  assert.deepEqual(await bookings(poor.id), []);
  await bank.pay(poor.id, 1n);
  await run('2027-01-03');
  assert.deepEqual(await bookings(poor.id), ['fee 2026-12-31 5000']);
  await run('2027-01-04');
  assert.equal(await balance(poor.id), 0n);
});

test('where the books of a period are closed, its interest is booked as of now', async () => {
  bank.clock.set(day('2027-02-01'));
  const { id } = await bank.openOne({ product: 'savings' });
  await bank.pay(id, 1_000_000n);
  bank.clock.set(day('2027-03-05'));
  await bank.database.transaction(bank.context(), (tx) =>
    closePeriod(tx, { closedBefore: day('2027-03-03') }),
  );
  await run();
  assert.deepEqual(await bookings(id), ['interest_credit 2027-02-28 2800']);
});

test('two processes at once book nothing twice', async () => {
  bank.clock.set(day('2027-03-05'));
  const accounts = [];
  for (let count = 0; count < 20; count += 1) {
    const { id } = await bank.openOne({ product: 'savings' });
    await bank.pay(id, 1_000_000n);
    accounts.push(id);
  }
  bank.clock.set((day('2027-05-01') + 1) as Instant);
  await Promise.all([run(), run(), run()]);
  await run();
  for (const id of accounts) {
    assert.deepEqual(await bookings(id), [
      'interest_credit 2027-03-31 2700',
      'interest_credit 2027-04-30 3008',
    ]);
  }
});

test('the interest of years is counted in seconds, and payments go on meanwhile', async () => {
  bank.clock.set(day('2027-05-01'));
  const { id } = await bank.openOne({ product: 'savings' });
  await bank.pay(id, 1_000_000n);
  bank.clock.set(day('2037-01-01'));
  const paying = Array.from({ length: 20 }, () => bank.pay(id, 1n, day('2036-12-31')));
  await Promise.all([run(), ...paying]);
  assert.equal((await bookings(id)).length, 100);
  const position = await selectPosition(bank.database, id);
  assert.equal(formatDate(position?.accruedThrough ?? (0 as Instant)), '2036-12-31');
});

test('every tenant earns by its own products', async () => {
  const context = { ...bank.context(), tenant: 'other' };
  const terms = product({}, { interest: { ...interest, credit: [{ from: '0', rate: '0.073' }] } });
  const { id } = await bank.database.transaction(context, async (tx) => {
    await addProduct(tx, { ...terms, code: 'savings', kind: 'savings' });
    const asked = { kind: 'person', particulars: { name: 'Eva' } } as const;
    const [customer] = await createCustomers(tx, [asked]);
    assert.ok(customer?.ok === true);
    const owners = [owner(customer.value.id)];
    const [opened] = await openBankAccounts(tx, [{ product: 'savings', owners }]);
    assert.ok(opened?.ok === true);
    const path = { path: 'assets:cash', currency: 'CZK', normalSide: 'debit' } as const;
    const [till] = await openAccounts(tx, [path]);
    assert.ok(till?.ok === true);
    const legs = [
      { accountId: till.value.id, side: 'debit', amount: 1_000_000n },
      { accountId: opened.value.id, side: 'credit', amount: 1_000_000n },
    ] as const;
    await post(tx, [{ kind: 'transfer', legs }]);
    return opened.value;
  });
  const opened = bank.clock.now();
  bank.clock.set((opened + 31 * DAY_US) as Instant);
  await run();
  assert.deepEqual(await bookings(id), ['interest_credit 2037-01-31 6200']);
});
