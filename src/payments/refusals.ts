// Every way the core of payments says no. Codes are stable for ever; the reference page lists each
// of them. What the ledger refuses of a payment is refused with the ledger's own code.

import type { Refusal, Result } from '#kernel';
import type { PostRefusalCode, RefusalKind } from '#ledger';
import type { Payment } from './payment.ts';

const kind = (status: number, title: string, retryable = false): RefusalKind => ({
  status,
  title,
  retryable,
});

export const paymentRefusals = {
  payment_unknown: kind(404, 'No such payment'),
  payment_account_unknown: kind(422, 'No such bank account'),
  payment_account_same: kind(422, 'Payer and payee are one account'),
  payment_currency_mismatch: kind(422, 'The account has another currency'),
  payment_party_missing: kind(422, 'The other side of the payment is not named'),
  payment_rail_missing: kind(422, 'The payment names no rail that takes it'),
  payment_exists_with_different_content: kind(409, 'The external id has another payment'),
  payment_change_not_legal: kind(409, 'The payment is in a state that does not allow this'),
  payment_reason_unknown: kind(422, 'No such reason code on this rail'),
  payment_amount_differs: kind(422, 'The amount is not that of the payment'),
} as const satisfies Record<string, RefusalKind>;

export type PaymentRefusalCode = keyof typeof paymentRefusals | PostRefusalCode;

export interface PaymentRefusal extends Refusal {
  readonly code: PaymentRefusalCode;
}

/** What becomes of one payment of a list. */
export type PaymentResult = Result<Payment, PaymentRefusal>;
