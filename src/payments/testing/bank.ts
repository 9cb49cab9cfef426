// A bank for the tests of payments: the ledger's, with accounts that have money on them, and short
// ways to pay and to ask what the books of a rail hold.

import assert from 'node:assert/strict';
import type { AccountId } from '#kernel';
import { withLedger } from '#ledger';
import type { TransactionContext } from '#platform';
import { cashAccount, openBank, payment as transferOf } from '../../ledger/testing/bank.ts';
import { changePayments, type PaymentChange } from '../change.ts';
import type { NewPayment, Payment, RailName } from '../payment.ts';
import { railBooks } from '../rails/books.ts';
import type { PaymentScreener } from '../screening.ts';
import { sendPayments, type PaymentResult } from '../send.ts';

export type PayBank = Awaited<ReturnType<typeof openPayBank>>;

export const EUR = 'EUR';
export const party = { name: 'Ada Example', iban: 'DE89370400440532013000', agent: 'COBADEFFXXX' };

export async function openPayBank(name: string) {
  const bank = await openBank(name, { poolSize: 6 });
  let screener: PaymentScreener;
  const cash = await bank.open({ ...cashAccount, currency: EUR });
  const context = (): TransactionContext => ({ ...bank.context(), tenant: 'main' });

  /** A customer's account with money on it, which may not be overdrawn. */
  async function customer(amount: bigint): Promise<AccountId> {
    const path = 'liabilities:deposits';
    const id = await bank.open({ path, currency: EUR, normalSide: 'credit', floor: 0n });
    if (amount > 0n) await bank.post(transferOf(cash, id, amount));
    return id;
  }

  async function send(...payments: NewPayment[]): Promise<PaymentResult[]> {
    return await withLedger(bank.database, context(), (tx) =>
      sendPayments(tx, payments, { screener }),
    );
  }

  /** One that must be taken. */
  async function pay(payment: NewPayment): Promise<Payment> {
    const [result] = await send(payment);
    assert.ok(result?.ok === true, told(result === undefined ? [] : [result])[0]);
    return result.value;
  }

  async function change(...changes: PaymentChange[]): Promise<PaymentResult[]> {
    return await withLedger(bank.database, context(), (tx) => changePayments(tx, changes));
  }

  /** What an account holds, on its normal side. */
  async function balance(id: AccountId): Promise<bigint> {
    const [row] = await bank.database.query<{ balance: bigint }>({
      text: `select case a.normal_side when 'debit' then b.posted_debits - b.posted_credits
          else b.posted_credits - b.posted_debits end as balance
        from ledger.accounts a join ledger.balances b on b.account_id = a.id where a.id = $1`,
      values: [id.slice(4)],
    });
    assert.ok(row !== undefined);
    return row.balance;
  }

  /** What the books of a rail hold. */
  async function books(rail: RailName = 'sct_inst'): Promise<Record<string, bigint>> {
    const ids = await bank.database.transaction(context(), (tx) => railBooks(tx, rail, EUR));
    const held: Record<string, bigint> = {};
    for (const [book, id] of Object.entries(ids)) held[book] = await balance(id);
    return held;
  }

  /** From now on payments are judged by this one; by nobody before. */
  const screenBy = (next: PaymentScreener): void => void (screener = next);

  return { ...bank, context, cash, customer, send, pay, change, balance, books, screenBy };
}

export function told(results: readonly PaymentResult[]): string[] {
  return results.map((result) => (result.ok ? result.value.status : result.refusal.code));
}
