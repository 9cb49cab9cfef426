// Asks the rail what became of payments that it has not answered in time. Such a payment is unknown
// until it is answered, however long that takes: neither the money back nor a second payment is
// right before.

import { limits } from '#config';
import { MILLISECOND_US, type Instant } from '#kernel';
import { withLedger } from '#ledger';
import { send, type Database, type Transaction, type TransactionContext } from '#platform';
import { changePayments } from '../../change.ts';
import { queueOf } from '../../facts.ts';
import { lockOverdue, postponeEnquiries, type Overdue } from '../../store/message-store.ts';

/** Answers how many were asked about; more may be due where it is the most of one run. */
export async function enquireOverdue(
  database: Database,
  context: TransactionContext,
): Promise<number> {
  const tenants = await database.transaction(context, async (tx) => {
    const overdue = await lockOverdue(tx, tx.now, limits.railEnquiriesMax.value);
    return new Set(overdue.map(({ tenant }) => tenant));
  });
  let asked = 0;
  for (const tenant of tenants) {
    asked += await withLedger(database, { ...context, tenant }, enquire);
  }
  return asked;
}

async function enquire(tx: Transaction): Promise<number> {
  const overdue = await lockOverdue(tx, tx.now, limits.railEnquiriesMax.value);
  const silent = overdue.filter(({ status }) => status === 'submitted');
  await changePayments(
    tx,
    silent.map(({ id }) => ({ paymentId: id, to: 'unknown', from: ['submitted'] })),
  );
  await postponeEnquiries(
    tx,
    overdue.map((each) => ({ id: each.id, at: nextEnquiry(tx.now, each) })),
  );
  await send(
    tx,
    queueOf.sct_inst,
    overdue.map(({ id }) => ({ body: { payment_id: id, errand: 'enquiry' }, group: id })),
  );
  return overdue.length;
}

/** As long after this enquiry as the payment has been unknown, within the limits. */
export function nextEnquiry(now: Instant, { status, changedAt }: Omit<Overdue, 'id'>): Instant {
  const least = limits.railAnswerMs.value * MILLISECOND_US;
  const most = limits.railEnquiryMaxMs.value * MILLISECOND_US;
  const silentUs = status === 'unknown' ? now - changedAt : 0;
  return (now + Math.min(most, Math.max(least, silentUs))) as Instant;
}
