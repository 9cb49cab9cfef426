// Makes what a simulated bank has before its first payment: products in euros and dollars, a
// customer, accounts with money on them, and a token under a plan that refuses nobody.

import {
  addProduct,
  createCustomers,
  openBankAccounts,
  readTerms,
  type BankAccount,
} from '#accounts';
import { loadConfig } from '#config';
import { assignPlan, defaultTerms, putPlan } from '#gateway';
import { LOCAL_MINUTES_MAX, mintLocalToken } from '#identity';
import { assert, currencyOf, type AccountId, type Currency } from '#kernel';
import { openAccounts, post, withLedger } from '#ledger';
import {
  openDatabase,
  openFolderObjects,
  systemClock,
  type Objects,
  type Transaction,
  type TransactionContext,
} from '#platform';
import { objectsFolderOf } from '../../keep-log.ts';

export const ROUTING = '021000021';
const EUR = currencyOf('EUR') as Currency;
const USD = currencyOf('USD') as Currency;
const TENANT = 'main';
const NAME = 'crowd';
const ACCOUNTS = 12;
/** More than the crowd can spend. */
const OPENING_BALANCE = 1_000_000_000n;
const wide = { ...defaultTerms, burst: 1_000_000, rate: 100_000, daily: 1_000_000_000 };

export interface EuroAccount {
  readonly id: AccountId;
  readonly iban: string;
}

export interface DollarAccount {
  readonly id: AccountId;
  readonly number: string;
}

export interface Founded {
  /** Of the database, as its owner. */
  readonly ownerUrl: string;
  readonly objects: Objects;
  readonly token: string;
  /** Each with the opening balance. */
  readonly euros: readonly EuroAccount[];
  /** Empty ones. */
  readonly dollars: readonly DollarAccount[];
  readonly openingBalance: bigint;
  /** Transfers by which the money came. */
  readonly transfers: number;
}

export async function foundBank(env: Readonly<Record<string, string>>): Promise<Founded> {
  const config = loadConfig(env);
  const clock = systemClock();
  const opened = await openDatabase(config.database);
  const context = (): TransactionContext => {
    return { now: clock.now(), actor: 'founder', correlationId: 'founding', tenant: TENANT };
  };
  try {
    const { database } = opened;
    const accounts = await database.transaction(context(), openForOne);
    const cash = await database.transaction(context(), openCash);
    const euros = accounts.flatMap(({ id, iban }) => (iban === undefined ? [] : [{ id, iban }]));
    await withLedger(database, context(), (tx) => fund(tx, cash, euros));
    return {
      ownerUrl: opened.ownerUrl,
      objects: await openFolderObjects({ folder: objectsFolderOf(config), clock }),
      token: await database.transaction(context(), mintToken),
      euros,
      dollars: accounts.flatMap(({ id, accountNumber: number }) => {
        return number === undefined ? [] : [{ id, number }];
      }),
      openingBalance: OPENING_BALANCE,
      transfers: euros.length,
    };
  } finally {
    await opened.close();
  }
}

const products = [
  { code: 'euros', currency: EUR, numbering: { scheme: 'iban', country: 'CZ', bank_code: '2999' } },
  { code: 'dollars', currency: USD, numbering: { scheme: 'us', routing_number: ROUTING } },
] as const;

async function openForOne(tx: Transaction): Promise<BankAccount[]> {
  const [made] = await createCustomers(tx, [{ kind: 'person', particulars: { name: 'One' } }]);
  assert(made?.ok === true, 'the customer is made');
  const owners = [{ customer: made.value.id, role: 'owner' }] as const;
  const accounts: BankAccount[] = [];
  for (const { code, currency, numbering } of products) {
    const plain = { overdraft_max: '0', balance_max: null, interest: null, dormancy: null };
    const terms = readTerms({ ...plain, numbering, fees: [] });
    assert(terms !== undefined, 'the terms of the product can be read');
    const version = { code, currency, terms, effectiveFrom: tx.now } as const;
    const added = await addProduct(tx, { ...version, name: code, kind: 'current' });
    assert(added.ok, 'the product is added');
    const asked = Array.from({ length: ACCOUNTS }, () => ({ product: code, owners }));
    for (const each of await openBankAccounts(tx, asked)) {
      assert(each.ok, 'the account is opened');
      accounts.push(each.value);
    }
  }
  return accounts;
}

async function openCash(tx: Transaction): Promise<AccountId> {
  const asked = { path: 'assets:cash', currency: EUR, normalSide: 'debit' } as const;
  const [cash] = await openAccounts(tx, [asked]);
  assert(cash?.ok === true, 'the till is opened');
  return cash.value.id;
}

async function fund(
  tx: Transaction,
  cash: AccountId,
  accounts: readonly EuroAccount[],
): Promise<void> {
  const money = { amount: OPENING_BALANCE, currency: EUR };
  const answers = await post(
    tx,
    accounts.map(({ id }) => ({
      kind: 'transfer',
      legs: [
        { accountId: cash, side: 'debit', ...money },
        { accountId: id, side: 'credit', ...money },
      ],
    })),
  );
  assert(
    answers.every(({ ok }) => ok),
    'the money is there',
  );
}

async function mintToken(tx: Transaction): Promise<string> {
  await putPlan(tx, { tenant: TENANT, name: NAME, terms: wide });
  await assignPlan(tx, { tenant: TENANT, customer: `local:${NAME}`, name: NAME });
  const roles = ['teller', 'auditor', 'operator'] as const;
  const minutes = LOCAL_MINUTES_MAX;
  return await mintLocalToken(tx, { name: NAME, tenant: TENANT, roles, minutes });
}
