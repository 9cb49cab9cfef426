// Owns how payments are shown to clients. Pure.

import { formatInstant, idOf } from '#kernel';
import { isoStatusOf, type Payment, type PaymentStatus } from '../payment.ts';
import type { ChangeRow } from '../store/payment-store.ts';

export function presentPayment(payment: Payment) {
  const { id, kind, status, reason, version, rail, accountId, counterAccountId } = payment;
  const { amount, currency, party, externalId, endToEndId, transactionId, remittance } = payment;
  return {
    id,
    kind,
    status,
    iso_status: isoStatusOf[status],
    reason,
    version,
    rail,
    account_id: accountId,
    counter_account_id: counterAccountId,
    amount: String(amount),
    currency,
    party,
    external_id: externalId,
    end_to_end_id: endToEndId,
    transaction_id: transactionId,
    remittance,
    requested_on: payment.requestedOn,
    origin: payment.origin,
    accepted_at: formatInstant(payment.acceptedAt),
    changed_at: formatInstant(payment.changedAt),
  };
}

/** With the states it went through: the first is told by the first change, or by the payment. */
export function presentWithHistory(payment: Payment, changes: readonly ChangeRow[]) {
  const [first] = changes;
  const beginning = {
    version: 1,
    status: first?.before ?? payment.status,
    reason: first === undefined ? payment.reason : undefined,
    changed_at: formatInstant(payment.acceptedAt),
  };
  return { ...presentPayment(payment), history: [beginning, ...changes.map(presentChange)] };
}

function presentChange(row: ChangeRow) {
  const { version, status, reason, transfer_id: transferId, changed_at_us: us } = row;
  return {
    version,
    status,
    reason: reason ?? undefined,
    transfer_id: transferId === null ? undefined : idOf('trf', transferId),
    changed_at: formatInstant(Number(us) as Payment['changedAt']),
  };
}

/** What the status projection keeps of a payment. */
export interface StatusFacts {
  readonly status: PaymentStatus;
  readonly reason: string | null;
  readonly version: number;
  readonly changed_at: string;
}

export function presentStatus(id: string, facts: StatusFacts) {
  const { status, reason, version, changed_at: changedAt } = facts;
  return {
    id,
    status,
    iso_status: isoStatusOf[status],
    reason: reason ?? undefined,
    version,
    changed_at: changedAt,
  };
}
