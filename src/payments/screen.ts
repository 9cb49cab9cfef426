// Owns what speaks against a payment whatever screening for fraud says of it: what the bank's own
// maximum allows. Pure. A no is remembered: the payment is kept as declined, with the reason.

import { limits } from '#config';
import { currencyOf, minorUnitsOf } from '#kernel';
import type { NewPayment } from './payment.ts';

/** ISO 20022: not allowed amount. */
const NOT_ALLOWED_AMOUNT = 'AM02';

/** Why the payment is declined; undefined where nothing speaks against it. */
export function screen({ kind, amount, currency }: NewPayment): string | undefined {
  // What another bank made is not ours to decline but to reject, by the rules of its rail.
  if (kind === 'credit_in' || kind === 'debit_in') return undefined;
  const known = currencyOf(currency);
  // The ledger refuses a currency that it does not know.
  if (known === undefined) return undefined;
  const amountMax = BigInt(limits.paymentUnitsMax.value) * 10n ** BigInt(minorUnitsOf(known));
  return amount > amountMax ? NOT_ALLOWED_AMOUNT : undefined;
}
