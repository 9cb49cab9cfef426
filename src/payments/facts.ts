// What the verbs of payments say of them: to the audit log, as events, and to the queues of rails.
// Ids, amounts and codes only; names, account numbers and remittances stay in the row.

import type { AuditRecord, JsonObject } from '#audit';
import { formatInstant, type TransferId } from '#kernel';
import { FIRST_TENANT, type Caller, type NewEvent, type NewMessage } from '#platform';
import { paymentActions } from './audit-actions.ts';
import type { Payment, RailName } from './payment.ts';

/** Members stand in canonical order, which saves sorting them. */
export function factsOfNew(payment: Payment): JsonObject {
  const { accountId, amount, counterAccountId, currency, kind, rail, reason, status } = payment;
  return {
    account_id: accountId,
    amount: String(amount),
    counter_account_id: counterAccountId,
    currency,
    kind,
    rail,
    reason,
    status,
    tenant: namedTenant(payment.tenant),
  };
}

/** A record names a tenant unless it is the first. */
export function namedTenant(tenant: string): string | undefined {
  return tenant === FIRST_TENANT ? undefined : tenant;
}

export function recordOfNew(payment: Payment, caller: Caller | undefined): AuditRecord {
  const action = paymentActions['payments.payment.make'];
  return { action, target: payment.id, after: factsOfNew(payment), caller };
}

export interface Changed {
  readonly before: Payment;
  readonly after: Payment;
  readonly transferId: TransferId | undefined;
}

export function recordOfChange(
  { before, after, transferId }: Changed,
  caller: Caller | undefined,
): AuditRecord {
  return {
    action: paymentActions['payments.payment.change'],
    target: after.id,
    before: { status: before.status, version: before.version },
    after: {
      reason: after.reason,
      status: after.status,
      transfer_id: transferId,
      version: after.version,
    },
    caller,
  };
}

/** What the status projection needs is all here: it reads nothing else. */
export function eventOf(payment: Payment, caller: Caller | undefined): NewEvent {
  const { accountId, amount, counterAccountId, currency, kind, rail, reason, status } = payment;
  return {
    type: `payment.${status}`,
    subject: payment.id,
    traceId: caller?.traceId,
    data: {
      account_id: accountId,
      counter_account_id: counterAccountId ?? null,
      kind,
      amount: String(amount),
      currency,
      rail: rail ?? null,
      status,
      reason: reason ?? null,
      version: payment.version,
      changed_at: formatInstant(payment.changedAt),
    },
  };
}

/** The queue of what is to be given to a rail. */
export const queueOf = {
  sct_inst: 'payments-sct-inst',
} as const satisfies Partial<Record<RailName, string>>;

/** What a rail is to be told of a payment. */
export const railErrands = [
  'transfer',
  'enquiry',
  'recall',
  'return',
  'recall_refusal',
  'status',
] as const;
export type RailErrand = (typeof railErrands)[number];

/** In order for each payment; payments do not wait for each other. */
export function errandOf(payment: Payment, errand: RailErrand): NewMessage {
  return { body: { payment_id: payment.id, errand }, group: payment.id };
}
