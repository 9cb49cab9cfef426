// From what clients ask to payments: a payee with an account of this bank is paid within the bank,
// another over the rail that its number belongs to. Nothing of a number is repeated in a refusal.

import { findByNumbers, isRoutingNumber, readIban, type AccountNumber } from '#accounts';
import type { AccountId } from '#kernel';
import { EdgeRefusal } from '#gateway';
import type { Queryable } from '#platform';
import type { NewPayment, PaymentParty, RailName } from '../payment.ts';
import type { NewPaymentBody } from './payment-schemas.ts';

/** A payment as a client asks for it, with the payee not yet looked up. */
export interface AskedPayment {
  readonly accountId: AccountId;
  readonly amount: bigint;
  readonly currency: string;
  readonly externalId: string | undefined;
  readonly endToEndId: string | undefined;
  readonly remittance: string | undefined;
  readonly payee: Payee;
}

type Payee =
  | { readonly accountId: AccountId }
  | { readonly number: AccountNumber; readonly rail: RailName; readonly party: PaymentParty };

function invalid(param: string, why: string): EdgeRefusal {
  return new EdgeRefusal('field_invalid', `${param} ${why}.`, { param });
}

/** `at` is where the payment stands in the body: `[3].`. */
export function askedOf(body: NewPaymentBody, at: string): AskedPayment {
  return {
    accountId: body.debtor_account_id,
    amount: BigInt(body.amount),
    currency: body.currency,
    externalId: body.external_id,
    endToEndId: body.end_to_end_id,
    remittance: body.remittance,
    payee: payeeOf(body, `${at}creditor`),
  };
}

function payeeOf({ creditor }: NewPaymentBody, param: string): Payee {
  const { account_id: accountId, name, iban, bic } = creditor;
  const { routing_number: routing, account_number: account } = creditor;
  const named = [accountId, iban, routing].filter((given) => given !== undefined).length;
  if (named !== 1 || (routing === undefined) !== (account === undefined)) {
    throw invalid(param, 'must have account_id, or iban, or routing_number with account_number');
  }
  if (accountId !== undefined) return { accountId };
  if (iban !== undefined) {
    if (!readIban(iban).ok) throw invalid(`${param}.iban`, 'is no valid IBAN');
    return { number: { iban }, rail: 'sct_inst', party: { name, iban, agent: bic } };
  }
  if (routing === undefined || account === undefined || !isRoutingNumber(routing)) {
    throw invalid(`${param}.routing_number`, 'is no valid routing number');
  }
  const number = { routingNumber: routing, accountNumber: account };
  return { number, rail: 'ach', party: { name, account, agent: routing } };
}

/** Looks the payees up, in one statement. */
export async function paymentsOf(
  q: Queryable,
  asked: readonly AskedPayment[],
): Promise<NewPayment[]> {
  const numbers = asked.flatMap(({ payee }) => ('number' in payee ? [payee.number] : []));
  const found = await findByNumbers(q, numbers);
  let next = 0;
  return asked.map(({ payee, ...rest }): NewPayment => {
    if ('accountId' in payee) return { ...rest, kind: 'book', counterAccountId: payee.accountId };
    const own = found[next++];
    if (own !== undefined) return { ...rest, kind: 'book', counterAccountId: own.id };
    return { ...rest, kind: 'credit_out', rail: payee.rail, party: payee.party };
  });
}
