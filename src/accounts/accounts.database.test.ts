import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { idOf, uuidOf } from '#kernel';
import { account } from '#ledger';
import type { NewBankAccount } from './account.ts';
import {
  bankAccounts,
  findByNumbers,
  isRoutingNumber,
  addProduct,
  openBankAccounts,
  openBankAccountsOrReplay,
  readIban,
} from './index.ts';
import { createCustomers } from './customers/create.ts';
import { openAccountsBank, owner, product, type AccountsBank } from './testing/bank.ts';

let bank: AccountsBank;

before(async () => {
  bank = await openAccountsBank('bank accounts');
  await bank.addProducts(
    product({}, { overdraft_max: '500000', balance_max: '100000000' }),
    product({ code: 'dollars', currency: 'USD' } as never, {
      numbering: { scheme: 'us', routing_number: '021000021' },
    }),
    product({ code: 'loan', kind: 'loan' }, { numbering: { scheme: 'none' } }),
  );
});

after(async () => {
  await bank.drop();
});

async function open(...asked: NewBankAccount[]) {
  return await bank.database.transaction(bank.context(), (tx) => openBankAccounts(tx, asked));
}

async function codeOf(part: Partial<NewBankAccount>): Promise<string> {
  const [customer] = await bank.customers(1);
  assert.ok(customer !== undefined);
  const [opened] = await open({ product: 'current', owners: [owner(customer)], ...part });
  assert.ok(opened !== undefined);
  return opened.ok ? 'ok' : opened.refusal.code;
}

test('a number that no account has finds none', async () => {
  const numbers = [
    { iban: 'CZ6508000000192000145399' },
    { routingNumber: '021000021', accountNumber: '123' },
  ];
  assert.deepEqual(await findByNumbers(bank.database, numbers), [undefined, undefined]);
  assert.deepEqual(await bankAccounts(bank.database, []), []);
});

test('an account is opened with its books, its number and its holders', async () => {
  const [anna, ben] = await bank.customers(2);
  assert.ok(anna !== undefined && ben !== undefined);
  const owners = [{ customer: ben, role: 'authorised' } as const, owner(anna)];
  const opened = await bank.openOne({ owners, overdraft: 70_000n, externalId: 'first' });
  assert.ok(opened.iban !== undefined && readIban(opened.iban).ok);
  assert.deepEqual(
    opened.owners.map(({ role }) => role),
    ['owner', 'authorised'],
  );
  const books = await account(bank.database, opened.id);
  assert.equal(books?.path, 'liabilities:deposits:current');
  assert.equal(books.creditLimit, 70_000n);
  assert.equal(books.ceiling, 100_000_000n);
  const [byNumber, none] = await findByNumbers(bank.database, [
    { iban: opened.iban },
    { iban: 'DE89370400440532013000' },
  ]);
  assert.deepEqual(byNumber, opened);
  assert.equal(none, undefined);
  const [byId, book] = await bankAccounts(bank.database, [opened.id, bank.cash]);
  assert.deepEqual(byId, opened);
  assert.equal(book, undefined);
});

test('the holders of an account are given mandates for it at the edge', async () => {
  const opened = await bank.openOne();
  const rows = await bank.asOwner<{ grantee: string; acts: string[]; tenant: string }>(
    `select grantee, acts, tenant from gateway.grants where object_id = '${opened.id}'`,
  );
  const acts = ['read', 'credit', 'debit'];
  assert.deepEqual(rows, [{ grantee: opened.owners[0]?.customer, acts, tenant: 'main' }]);
});

test('an account in dollars has a routing number and an account number', async () => {
  const opened = await bank.openOne({ product: 'dollars' });
  const { routingNumber = '', accountNumber = '' } = opened;
  assert.ok(isRoutingNumber(routingNumber));
  assert.match(accountNumber, /^[0-9]{10}$/);
  const [found] = await findByNumbers(bank.database, [{ routingNumber, accountNumber }]);
  assert.equal(found?.id, opened.id);
});

test('a loan is an asset of the bank', async () => {
  const opened = await bank.openOne({ product: 'loan' });
  const books = await account(bank.database, opened.id);
  assert.equal(books?.path, 'assets:loans:loan');
  assert.equal(books.normalSide, 'debit');
  assert.equal(opened.iban, undefined);
});

test('an account of the ledger becomes a bank account once', async () => {
  const asked = { path: 'liabilities:imported', currency: 'CZK', normalSide: 'credit' } as const;
  const ledgerAccount = await bank.open({ ...asked, floor: 0n, creditLimit: 300n });
  const opened = await bank.openOne({ ledgerAccount });
  assert.equal(opened.id, ledgerAccount);
  assert.equal(opened.overdraft, 300n);
  assert.equal(await codeOf({ ledgerAccount }), 'ledger_account_unfit');
  assert.equal(await codeOf({ ledgerAccount: bank.cash }), 'ledger_account_unfit');
});

test('an external id is one account for ever', async () => {
  const [customer] = await bank.customers(1);
  assert.ok(customer !== undefined);
  const asked = { product: 'current', owners: [owner(customer)], externalId: 'once' };
  const [first] = await open(asked);
  const [again] = await bank.database.transaction(bank.context(), (tx) =>
    openBankAccountsOrReplay(tx, [asked]),
  );
  assert.ok(first?.ok === true && again?.result.ok === true && again.isReplay);
  assert.equal(again.result.value.id, first.value.id);
  const different = await codeOf({ externalId: 'once', product: 'loan' });
  assert.equal(different, 'bank_account_exists_with_different_content');
});

test('what cannot be opened is refused, each with its own code', async () => {
  const [anna] = await bank.customers(1);
  assert.ok(anna !== undefined);
  const nobody = idOf('cus', uuidOf(bank.cash));
  const cases: readonly [Partial<NewBankAccount>, string][] = [
    [{ product: 'none' }, 'product_unknown'],
    [{ owners: [] }, 'owner_required'],
    [{ owners: [{ customer: anna, role: 'authorised' }] }, 'owner_required'],
    [{ owners: [owner(anna), owner(anna)] }, 'holder_exists'],
    [{ owners: [owner(nobody)] }, 'holder_customer_unknown'],
    [{ overdraft: 500_001n }, 'overdraft_exceeded'],
    [{ number: { iban: 'CZ6508000000192000145390' } }, 'account_number_invalid'],
    [{ number: { routingNumber: '1', accountNumber: '1' } }, 'account_number_invalid'],
  ];
  for (const [part, code] of cases) assert.equal(await codeOf(part), code);
});

test('a number belongs to one account, in one list too, and a refused one leaves nothing', async () => {
  const [customer] = await bank.customers(1);
  assert.ok(customer !== undefined);
  const number = { iban: 'CZ6508000000192000145399' };
  const asked = { product: 'current', owners: [owner(customer)], number };
  const countAll = 'select count(*) from ledger.accounts';
  const [counted] = await bank.asOwner<{ count: bigint }>(countAll);
  const [first, second] = await open(asked, asked);
  assert.ok(first?.ok === true);
  assert.equal(first.value.iban, number.iban);
  assert.equal(second?.ok === false && second.refusal.code, 'account_number_taken');
  assert.equal(await codeOf({ number }), 'account_number_taken');
  const [count] = await bank.asOwner<{ count: bigint }>(countAll);
  assert.equal(count?.count, (counted?.count ?? 0n) + 1n);
});

test('a thousand accounts are opened in one transaction, each with a number of its own', async () => {
  const [customer] = await bank.customers(1);
  assert.ok(customer !== undefined);
  const asked = Array.from({ length: 1_000 }, () => {
    return { product: 'current', owners: [owner(customer)] };
  });
  const opened = await open(...asked);
  const numbers = new Set(opened.map((result) => result.ok && result.value.iban));
  assert.equal(numbers.size, 1_000);
  const found = await findByNumbers(
    bank.database,
    [...numbers].map((iban) => ({ iban: iban === false ? '' : (iban ?? '') })),
  );
  assert.ok(found.every((each) => each?.owners[0]?.customer === customer));
});

test('each tenant has products, customers and accounts of its own', async () => {
  const other = { ...bank.context(), tenant: 'other' };
  const asked = { kind: 'person', particulars: { name: 'Eva' } } as const;
  const opened = await bank.database.transaction(other, async (tx) => {
    await addProduct(tx, product({ code: 'own' }));
    const [customer] = await createCustomers(tx, [asked]);
    assert.ok(customer?.ok === true);
    const owners = [owner(customer.value.id)];
    const [own] = await openBankAccounts(tx, [{ product: 'own', owners, externalId: 'first' }]);
    const [foreign] = await openBankAccounts(tx, [{ product: 'current', owners }]);
    assert.equal(foreign?.ok === false && foreign.refusal.code, 'product_unknown');
    assert.ok(own?.ok === true);
    return own.value;
  });
  assert.equal(opened.tenant, 'other');
  const iban = opened.iban ?? '';
  const seen = async (tenant: string) => {
    const rows = bank.database.within(tenant);
    const [byId] = await bankAccounts(rows, [opened.id]);
    const [byNumber] = await findByNumbers(rows, [{ iban }]);
    return [byId?.id, byNumber?.id];
  };
  assert.deepEqual(await seen('other'), [opened.id, opened.id]);
  assert.deepEqual(await seen('main'), [undefined, undefined]);
  assert.equal(await codeOf({ product: 'own' }), 'product_unknown');
  const foreigner = opened.owners[0]?.customer;
  assert.ok(foreigner !== undefined);
  assert.equal(await codeOf({ owners: [owner(foreigner)] }), 'holder_customer_unknown');
  const grants = await bank.asOwner<{ tenant: string }>(
    `select tenant from gateway.grants where object_id = '${opened.id}'`,
  );
  assert.deepEqual(grants, [{ tenant: 'other' }]);
});
