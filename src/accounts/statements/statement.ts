// Owns the noun statement: what happened on an account in a period, as whoever holds it sees it.
// Credits raise the balance and debits lower it, whatever side the account has in the books, so a
// loan's balance is below zero. Opening, turnovers and closing are the ledger's own, and all lines
// are of one moment of knowledge, however long they take to read.

import { createHash } from 'node:crypto';
import { limits } from '#config';
import { assert, currencyOf, type AccountId, type Currency, type Instant } from '#kernel';
import { statement, type Account, type Statement, type StatementLine } from '#ledger';
import type { BankAccount } from '../account.ts';
import { customersById } from '../customers/read.ts';
import type { SealedReader } from '../customers/customer.ts';
import { bankAccounts } from '../read.ts';

export interface StatementAsked {
  /** Value dates, both inclusive. */
  readonly from: Instant;
  readonly to: Instant;
  /** As it was known then; now unless given. */
  readonly recordedAt?: Instant | undefined;
}

export interface StatementEntry extends StatementLine {
  /** 1, 2, 3 … within the statement. */
  readonly number: number;
  /** Minor units, as the holder sees it after this entry. */
  readonly balance: bigint;
}

export interface AccountStatement extends StatementAsked {
  /** 32 hexadecimal digits: the same account, period and knowledge have the same. */
  readonly id: string;
  readonly account: Account;
  readonly currency: Currency;
  /** Undefined for a book of the bank's own. */
  readonly bankAccount: BankAccount | undefined;
  /** Those of now, as far as they are not erased. */
  readonly ownerNames: readonly string[];
  readonly madeAt: Instant;
  /** Minor units: balances as the holder sees them, and turnovers. */
  readonly opening: bigint;
  readonly closing: bigint;
  readonly debits: bigint;
  readonly credits: bigint;
  readonly entryCount: number;
  /** The entries by value date, a bounded number at a time, as they are asked for. */
  pages(): AsyncGenerator<readonly StatementEntry[]>;
}

/** The statement of an account, or undefined where there is no such account. */
export async function statementFor(
  reader: SealedReader,
  accountId: AccountId,
  asked: StatementAsked,
  now: Instant,
): Promise<AccountStatement | undefined> {
  const query = { ...asked, limit: limits.statementPageLines.value };
  const first = await statement(reader, accountId, query, now);
  if (first === undefined) return undefined;
  const { account, debits, credits, lineCount, version } = first;
  const currency = currencyOf(account.currency);
  assert(currency !== undefined, 'every account is kept in a currency');
  const [bankAccount] = await bankAccounts(reader, [accountId]);
  const seen = (balance: bigint): bigint => (account.normalSide === 'credit' ? balance : -balance);
  const readMore = (after: Statement['next']): Promise<Statement | undefined> =>
    statement(reader, accountId, { ...query, version, after }, now);
  return {
    ...asked,
    id: idOfStatement(accountId, asked, version),
    account,
    currency,
    bankAccount,
    ownerNames: await ownerNames(reader, bankAccount),
    madeAt: now,
    opening: seen(first.opening),
    closing: seen(first.closing),
    debits,
    credits,
    entryCount: Number(lineCount),
    async *pages() {
      let number = 0;
      for (let page: Statement | undefined = first; page !== undefined;) {
        yield page.lines.map((line) => {
          number += 1;
          return { ...line, number, balance: seen(line.balanceAfter) };
        });
        page = page.next === undefined ? undefined : await readMore(page.next);
      }
    },
  };
}

function idOfStatement(id: AccountId, { from, to }: StatementAsked, version: bigint): string {
  const text = `${id} ${from} ${to} ${version}`;
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

async function ownerNames(
  reader: SealedReader,
  bankAccount: BankAccount | undefined,
): Promise<string[]> {
  const owners = bankAccount?.owners.filter(({ role }) => role === 'owner') ?? [];
  if (owners.length === 0) return [];
  const ids = owners.map(({ customer }) => customer);
  const customers = await customersById(reader, ids);
  return ids.flatMap((id) => customers.get(id)?.particulars?.name ?? []);
}

/** What the account is called outside the bank; its id where it has no number. */
export function numberOf({ bankAccount, account }: AccountStatement): string {
  const { iban, routingNumber, accountNumber } = bankAccount ?? {};
  if (iban !== undefined) return iban;
  return accountNumber === undefined
    ? account.id
    : `${routingNumber ?? ''} ${accountNumber}`.trim();
}
