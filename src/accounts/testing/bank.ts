// A bank with customers and products for tests: the books, a clock that the test sets, and short
// ways to open accounts and to move money.

import assert from 'node:assert/strict';
import { parseDate, type AccountId, type Instant } from '#kernel';
import type { Instruction } from '#ledger';
import { openBank, start } from '../../ledger/testing/bank.ts';
import type { BankAccount, CustomerId, NewBankAccount } from '../account.ts';
import { createCustomers } from '../customers/create.ts';
import { openBankAccounts } from '../open.ts';
import { addProduct } from '../products/products.ts';
import { readTerms, type NewProductVersion, type TermsText } from '../products/product.ts';

export function day(text: string): Instant {
  const instant = parseDate(text);
  assert.ok(instant !== undefined, text);
  return instant;
}

export const plainTerms: TermsText = {
  overdraft_max: '0',
  balance_max: null,
  numbering: { scheme: 'iban', country: 'CZ', bank_code: '2999' },
  interest: null,
  fees: [],
  dormancy: null,
};

export function product(
  part: Partial<Omit<NewProductVersion, 'terms'>> = {},
  terms: Partial<TermsText> = {},
): NewProductVersion {
  const read = readTerms({ ...plainTerms, ...terms });
  assert.ok(read !== undefined);
  const effectiveFrom = day('2026-01-01');
  const named = { code: 'current', name: 'Current account', kind: 'current' } as const;
  return { ...named, currency: 'CZK', effectiveFrom, terms: read, ...part } as NewProductVersion;
}

export type AccountsBank = Awaited<ReturnType<typeof openAccountsBank>>;

export async function openAccountsBank(name: string) {
  const books = await openBank(name);
  const { database, context } = books;

  async function addProducts(...added: readonly NewProductVersion[]): Promise<void> {
    for (const each of added) {
      const result = await database.transaction(context(), (tx) => addProduct(tx, each));
      assert.ok(result.ok, result.ok ? '' : result.refusal.message);
    }
  }

  async function customers(count: number): Promise<CustomerId[]> {
    const asked = Array.from({ length: count }, () => {
      return { kind: 'person', particulars: { name: 'Anna Nováková' } } as const;
    });
    const made = await database.transaction(context(), (tx) => createCustomers(tx, asked));
    return made.map((result) => {
      assert.ok(result.ok);
      return result.value.id;
    });
  }

  async function openOne(part: Partial<NewBankAccount> = {}): Promise<BankAccount> {
    const owners = part.owners ?? (await customers(1)).map((customer) => owner(customer));
    const asked = { product: 'current', ...part, owners };
    const [opened] = await database.transaction(context(), (tx) => openBankAccounts(tx, [asked]));
    assert.ok(opened?.ok === true, opened?.ok === false ? opened.refusal.message : '');
    return opened.value;
  }

  const cash = await books.open({ path: 'assets:cash', currency: 'CZK', normalSide: 'debit' });

  /** Pays in, or out where the amount is negative, with a value date where one is given. */
  async function pay(account: AccountId, amount: bigint, effectiveAt?: Instant): Promise<void> {
    const size = amount < 0n ? -amount : amount;
    const [from, to] = amount < 0n ? [account, cash] : [cash, account];
    const instruction: Instruction = {
      kind: 'transfer',
      legs: [
        { accountId: from, side: 'debit', amount: size },
        { accountId: to, side: 'credit', amount: size },
      ],
      effectiveAt,
    };
    await books.post(instruction);
  }

  return { ...books, cash, addProducts, customers, openOne, pay };
}

export function owner(customer: CustomerId) {
  return { customer, role: 'owner' } as const;
}

export { start };
