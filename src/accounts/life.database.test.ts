import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DAY_US, idOf, uuidOf, type AccountId, type Instant, type Result } from '#kernel';
import { account } from '#ledger';
import type { Transaction } from '#platform';
import { changeOverdraft, changeStatus } from './change.ts';
import { closeBankAccount } from './close.ts';
import { runDormancy } from './dormancy.ts';
import { addHolder, endHolder } from './holders.ts';
import { bankAccounts } from './index.ts';
import { runInterest } from './interest/job.ts';
import { day, openAccountsBank, owner, product, type AccountsBank } from './testing/bank.ts';

let bank: AccountsBank;

const interest = {
  day_count: 'ACT/365',
  booking: 'yearly',
  method: 'portion',
  credit: [{ from: '0', rate: '0.0365' }],
  debit: [],
} as const;

before(async () => {
  bank = await openAccountsBank('account life');
  await bank.addProducts(
    product({}, { overdraft_max: '100000' }),
    product({ code: 'savings', kind: 'savings' }, { interest }),
    product({ code: 'sleepy' }, { interest, dormancy: { after_days: 30, wakes_by: 'activity' } }),
    product({ code: 'deep' }, { dormancy: { after_days: 30, wakes_by: 'request' } }),
  );
});

after(async () => {
  await bank.checkBooks();
  await bank.drop();
});

async function told(run: (tx: Transaction) => Promise<Result<unknown>>): Promise<string> {
  const result = await bank.database.transaction(bank.context(), run);
  return result.ok ? 'ok' : result.refusal.code;
}

async function statusOf(id: AccountId): Promise<string> {
  const [found] = await bankAccounts(bank.database, [id]);
  const books = await account(bank.database, id);
  return `${found?.status} ${books?.state}`;
}

test('a block stops what it says in the books too, and ends with its reason', async () => {
  const { id } = await bank.openOne();
  await bank.pay(id, 1_000n);
  const reason = 'court order';
  const to = (status: 'active' | 'blocked' | 'debits_blocked') =>
    told((tx) => changeStatus(tx, { accountId: id, status, reason }));
  assert.equal(await to('debits_blocked'), 'ok');
  assert.equal(await statusOf(id), 'debits_blocked debits_frozen');
  await bank.pay(id, 1n);
  await assert.rejects(bank.pay(id, -1n), /frozen/);
  assert.equal(await to('debits_blocked'), 'bank_account_status_unchanged');
  assert.equal(await to('blocked'), 'ok');
  await assert.rejects(bank.pay(id, 1n), /frozen/);
  assert.equal(await to('active'), 'ok');
  await bank.pay(id, -1n);
  const [found] = await bankAccounts(bank.database, [id]);
  assert.equal(found?.statusReason, reason);
  const nobody = idOf('acc', uuidOf(bank.cash));
  assert.equal(
    await told((tx) => changeStatus(tx, { accountId: nobody, status: 'blocked', reason })),
    'bank_account_unknown',
  );
});

test('an overdraft is moved within that of the product, and not below what is in use', async () => {
  const { id } = await bank.openOne();
  const to = (overdraft: bigint) => told((tx) => changeOverdraft(tx, { accountId: id, overdraft }));
  assert.equal(await to(100_001n), 'overdraft_exceeded');
  assert.equal(await to(50_000n), 'ok');
  await bank.pay(id, -50_000n);
  assert.equal(await to(49_999n), 'overdraft_in_use');
  assert.equal((await bankAccounts(bank.database, [id]))[0]?.overdraft, 50_000n);
});

async function grantsOf(id: AccountId): Promise<string[]> {
  const rows = await bank.asOwner<{ grantee: string; acts: string[]; day_max: bigint | null }>(
    `select grantee, acts, day_max from gateway.grants
      where object_id = '${id}' and revoked_at is null order by id`,
  );
  return rows
    .map(({ grantee, acts, day_max: max }) => `${grantee} ${acts.join()} ${max ?? ''}`)
    .toSorted();
}

test('holders join and leave, with their mandates, and the last owner stays', async () => {
  const [anna, ben, company] = await bank.customers(3);
  assert.ok(anna !== undefined && ben !== undefined && company !== undefined);
  const { id: accountId } = await bank.openOne({ owners: [owner(anna)] });
  const add = (part: Partial<Parameters<typeof addHolder>[1]>) =>
    told((tx) => addHolder(tx, { accountId, customer: ben, role: 'owner', ...part }));
  const end = (customer: typeof ben) => told((tx) => endHolder(tx, { accountId, customer }));
  assert.equal(await end(anna), 'owner_required');
  assert.equal(await end(ben), 'holder_unknown');
  assert.equal(await add({}), 'ok');
  assert.equal(await add({}), 'holder_exists');
  const nobody = idOf('cus', uuidOf(accountId));
  assert.equal(await add({ customer: nobody }), 'holder_customer_unknown');
  const mandate = { customer: company, role: 'authorised', acts: ['read', 'debit'] } as const;
  assert.equal(await add({ ...mandate, dayMax: 9_000n }), 'ok');
  assert.deepEqual(await grantsOf(accountId), [
    `${anna} read,credit,debit `,
    `${ben} read,credit,debit `,
    `${company} read,debit 9000`,
  ]);
  assert.equal(await end(anna), 'ok');
  assert.equal(await end(company), 'ok');
  assert.deepEqual(await grantsOf(accountId), [`${ben} read,credit,debit `]);
  const [found] = await bankAccounts(bank.database, [accountId]);
  assert.deepEqual(found?.owners, [owner(ben)]);
  assert.equal(await add({ customer: anna }), 'ok');
});

const close = (accountId: AccountId, payoutTo?: AccountId) =>
  told((tx) => closeBankAccount(tx, { accountId, reason: 'asked for', payoutTo }));

test('an account is closed once its interest is settled and the rest is paid out', async () => {
  bank.clock.set(day('2026-04-01'));
  const { id } = await bank.openOne({ product: 'savings' });
  const target = await bank.openOne();
  await bank.pay(id, 1_000_000n);
  bank.clock.set(day('2026-04-11'));
  assert.equal(await close(id), 'bank_account_not_empty');
  assert.equal(await close(id, id), 'bank_account_payout_refused');
  assert.equal(await statusOf(id), 'active open');
  assert.equal(await close(id, target.id), 'ok');
  assert.equal(await statusOf(id), 'closed closed');
  // Ten days of 1.00 each.
  const books = await account(bank.database, target.id);
  assert.equal(books?.balances.balance, 1_001_000n);
  assert.deepEqual(await grantsOf(id), []);
  assert.equal(await close(id, target.id), 'bank_account_closed');
  await assert.rejects(bank.pay(id, 1n), /closed/);
  const run = await runInterest(bank.database, bank.context());
  assert.ok(run.accrued > 0);
});

test('an empty account is closed without more; one that owes, is held or blocked is not', async () => {
  const empty = await bank.openOne();
  assert.equal(await close(empty.id), 'ok');
  const owing = await bank.openOne({ overdraft: 500n });
  await bank.pay(owing.id, -500n);
  assert.equal(await close(owing.id, empty.id), 'bank_account_not_empty');
  const held = await bank.openOne();
  await bank.pay(held.id, 500n);
  const legs = [
    { accountId: held.id, side: 'debit', amount: 100n },
    { accountId: bank.cash, side: 'credit', amount: 100n },
  ] as const;
  await bank.post({ kind: 'hold', legs });
  assert.equal(await close(held.id, owing.id), 'bank_account_not_empty');
  const blocked = await bank.openOne();
  await told((tx) =>
    changeStatus(tx, { accountId: blocked.id, status: 'blocked', reason: 'fraud' }),
  );
  assert.equal(await close(blocked.id), 'bank_account_blocked');
});

async function sleepUntil(text: string) {
  bank.clock.set((day(text) + 1) as Instant);
  await runInterest(bank.database, bank.context());
  return await runDormancy(bank.database, bank.context());
}

test('an account that no customer uses falls asleep, and a posting wakes it', async () => {
  bank.clock.set(day('2026-12-10'));
  const { id } = await bank.openOne({ product: 'sleepy' });
  const used = await bank.openOne({ product: 'sleepy' });
  await bank.pay(id, 1_000_000n);
  assert.deepEqual(await sleepUntil('2026-12-20'), { asleep: 0, woken: 0 });
  await bank.pay(used.id, 1n);
  // The interest of the year, booked on the first of January, is no use of the account.
  assert.deepEqual(await sleepUntil('2027-01-10'), { asleep: 1, woken: 0 });
  assert.equal(await statusOf(id), 'dormant open');
  assert.equal(await statusOf(used.id), 'active open');
  bank.clock.advance(DAY_US);
  await bank.pay(id, -1n);
  const { woken } = await sleepUntil('2027-01-13');
  assert.equal(woken, 1);
  assert.equal(await statusOf(id), 'active open');
});

test('an account used after its days were last counted does not fall asleep', async () => {
  bank.clock.set(day('2027-03-01'));
  const { id } = await bank.openOne({ product: 'sleepy' });
  await sleepUntil('2027-04-02');
  assert.equal(await statusOf(id), 'dormant open');
  const late = await bank.openOne({ product: 'sleepy' });
  await sleepUntil('2027-04-20');
  bank.clock.set((day('2027-05-10') + 5) as Instant);
  await runInterest(bank.database, bank.context());
  await bank.pay(late.id, 1n);
  await runDormancy(bank.database, bank.context());
  assert.equal(await statusOf(late.id), 'active open');
});

test('where the product asks for it, only a request wakes an account, and nothing leaves it', async () => {
  bank.clock.set(day('2027-06-01'));
  const { id } = await bank.openOne({ product: 'deep' });
  await bank.pay(id, 100n);
  await sleepUntil('2027-07-10');
  assert.equal(await statusOf(id), 'dormant debits_frozen');
  await assert.rejects(bank.pay(id, -1n), /frozen/);
  await bank.pay(id, 5n);
  await sleepUntil('2027-07-12');
  assert.equal(await statusOf(id), 'dormant debits_frozen');
  await told((tx) => changeStatus(tx, { accountId: id, status: 'active', reason: 'came in' }));
  await bank.pay(id, -1n);
  await runDormancy(bank.database, bank.context());
  assert.equal(await statusOf(id), 'active open');
});
