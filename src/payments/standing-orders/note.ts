// Owns writing down what became of dates on which orders were due: the row, the audit record and
// the event of each, in the caller's transaction.

import { record, type JsonObject } from '#audit';
import { assert, formatDate, type Instant } from '#kernel';
import { emit, type NewEvent, type Transaction } from '#platform';
import type { PaymentId } from '../payment.ts';
import { standingOrderActions } from './audit-actions.ts';
import { putOccurrences } from './occurrence-store.ts';
import type { Tries } from './retry.ts';
import type { OccurrenceRecord, OccurrenceState, StandingOrder } from './standing-order.ts';

export interface OccurrenceChange {
  readonly order: StandingOrder;
  /** As it waited; undefined of a date that is due for the first time. */
  readonly before: OccurrenceRecord | undefined;
  readonly after: OccurrenceRecord;
}

/** A date that is due for the first time, and what became of it. */
interface FirstDue {
  readonly dueOn: Instant;
  readonly payOn: Instant;
  readonly state: OccurrenceState;
  readonly reason?: string | undefined;
  readonly amount?: bigint | undefined;
  readonly paymentId?: PaymentId | undefined;
  readonly retryAt?: Instant | undefined;
  readonly tries: Tries;
}

export function dueRecordOf(
  tx: Transaction,
  order: StandingOrder,
  { tries, ...due }: FirstDue,
): OccurrenceRecord {
  // What waited brings more than its tries.
  const { attempts, attemptsOfDay, daysTried } = tries;
  const counts = { attempts, attemptsOfDay, daysTried };
  return { orderId: order.id, ...due, ...counts, firstTriedAt: tx.now, changedAt: tx.now };
}

export async function noteOccurrences(
  tx: Transaction,
  changes: readonly OccurrenceChange[],
): Promise<void> {
  if (changes.length === 0) return;
  const written = await putOccurrences(
    tx,
    changes.map(({ after }) => after),
  );
  // Whoever holds the order's lock, or the waiting row's, is alone with it.
  assert(written === changes.length, 'an occurrence was final already');
  const action = standingOrderActions['payments.standing_order.due'];
  await record(
    tx,
    changes.map(({ before, after }) => ({
      action,
      target: targetOf(after),
      before: before && occurrenceFacts(before),
      after: occurrenceFacts(after),
    })),
  );
  await emit(tx, changes.map(eventOf));
}

/** How the log names an occurrence. */
export function targetOf({ orderId, dueOn }: OccurrenceRecord): string {
  return `${orderId}:${formatDate(dueOn)}`;
}

/** What the log says of an occurrence. */
export function occurrenceFacts(occurrence: OccurrenceRecord): JsonObject {
  const { amount, attempts, payOn, paymentId, reason, state } = occurrence;
  return {
    amount: amount === undefined ? null : String(amount),
    attempts,
    pay_on: formatDate(payOn),
    payment_id: paymentId ?? null,
    reason: reason ?? null,
    state,
  };
}

const verbOf: Readonly<Record<OccurrenceState, string>> = {
  waiting: 'delayed',
  paid: 'paid',
  failed: 'failed',
  skipped: 'skipped',
};

function eventOf({ order, after }: OccurrenceChange): NewEvent {
  const { amount, dueOn, paymentId, reason, state } = after;
  return {
    type: `standing_order.${verbOf[state]}`,
    subject: order.id,
    data: {
      account_id: order.accountId,
      amount: amount === undefined ? null : String(amount),
      currency: order.currency,
      due_on: formatDate(dueOn),
      payment_id: paymentId ?? null,
      reason: reason ?? null,
    },
  };
}
