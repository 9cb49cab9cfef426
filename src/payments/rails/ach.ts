// Owns what the ACH rail is given: payments wait until a file is written, and are taken for it in
// order, each once. ACH answers with returns only: what was submitted is settled on the next
// business day of the Federal Reserve, and a return undoes it later.

import { limits } from '#config';
import { assert, nextBusinessDay, startOfDay, type Instant } from '#kernel';
import { withLedger } from '#ledger';
import type { Database, Queryable, Transaction, TransactionContext } from '#platform';
import { changePayments } from '../change.ts';
import type { Payment, PaymentId } from '../payment.ts';
import { selectOpen, selectSubmitted, type SubmittedPayment } from '../store/list-store.ts';

/** Accepted payments that no file has taken yet, oldest first. */
export async function waitingForAch(
  q: Queryable,
  options: { readonly currency?: string | undefined; readonly countMax: number },
): Promise<Payment[]> {
  return await selectOpen(q, { ...options, rail: 'ach', status: 'accepted' });
}

/**
 * Takes payments for a file in the transaction that keeps the file: submitted under the trace that
 * each has there. One that was cancelled meanwhile, or taken by another file, is undefined.
 */
export async function takeForAch(
  tx: Transaction,
  taken: readonly { readonly paymentId: PaymentId; readonly trace: string }[],
): Promise<(Payment | undefined)[]> {
  const results = await changePayments(
    tx,
    taken.map(({ paymentId, trace }) => {
      return { paymentId, to: 'submitted', from: ['accepted'], transactionId: trace };
    }),
  );
  assert(results.length === taken.length, 'each payment has one result');
  return results.map((result, index) => {
    const isOurs = result.ok && result.value.transactionId === taken[index]?.trace;
    return isOurs ? result.value : undefined;
  });
}

/**
 * Settles what was submitted long enough ago, in bounded batches; answers how many.
 */
export async function settleAch(database: Database, context: TransactionContext): Promise<number> {
  const countMax = limits.achSettledMax.value;
  let settled = 0;
  let after: PaymentId | undefined;
  for (;;) {
    const found = await selectSubmitted(database, { rail: 'ach', after, countMax });
    const due = found.filter((each) => isSettledBy(each.submittedAt, context.now));
    for (const [tenant, own] of Map.groupBy(due, (each) => each.tenant)) {
      settled += await settleAll(database, { ...context, tenant }, own);
    }
    after = found.at(-1)?.id;
    if (found.length < countMax) return settled;
  }
}

export function isSettledBy(submittedAt: Instant, now: Instant): boolean {
  return nextBusinessDay('us_fed', startOfDay(submittedAt)) <= now;
}

async function settleAll(
  database: Database,
  context: TransactionContext,
  due: readonly SubmittedPayment[],
): Promise<number> {
  const results = await withLedger(database, context, (tx) =>
    changePayments(
      tx,
      due.map(({ id }) => ({ paymentId: id, to: 'settled', from: ['submitted'] })),
    ),
  );
  return results.filter(({ ok }) => ok).length;
}
