// Finds the payments of ours that a network tells us of: a return undoes the payment, in the
// transaction of the run it stands in; a notification of change is kept beside it. What is about
// no payment of ours is kept as such, and its money waits in the rail's books for reconciliation.

import type { Transaction } from '#platform';
import { changePayments, type PaymentChange } from '../../change.ts';
import type { Payment } from '../../payment.ts';
import { selectByTransactionIds } from '../../store/payment-store.ts';
import type { Agreement } from '../agreement.ts';
import type { FileEntry } from '../format.ts';
import type { EntryOutcome } from '../store/entry-store.ts';
import type { PlannedEntry } from './plan.ts';

/** What an entry that tells of another names it by (NACHA Rules, Appendices Four and Five). */
const ORIGINAL_TRACE = 'originalTraceNumber';
const UNMATCHED = 'original_unknown';

interface Telling {
  readonly entry: FileEntry;
  readonly outcome: EntryOutcome;
  readonly trace: string;
}

/** The entries planned, those that tell of payments of ours with what came of it. */
export async function matchOriginals(
  tx: Transaction,
  { rail, role }: Agreement,
  planned: readonly PlannedEntry[],
): Promise<readonly PlannedEntry[]> {
  const telling = role === 'incoming' ? planned.flatMap(tellingOf) : [];
  if (telling.length === 0) return planned;
  const traces = [...new Set(telling.map(({ trace }) => trace))];
  const originals = new Map<string, Payment>();
  for (const payment of await selectByTransactionIds(tx, rail, traces)) {
    const isOurs = payment.kind === 'credit_out' || payment.kind === 'debit_out';
    const { transactionId } = payment;
    // Trace numbers begin again after ten million: the newest payment that has one is meant.
    if (isOurs && transactionId !== undefined && !originals.has(transactionId)) {
      originals.set(transactionId, payment);
    }
  }
  const refusals = await undo(tx, telling, originals);
  const outcomes = new Map<number, EntryOutcome>();
  for (const { entry, outcome, trace } of telling) {
    const original = originals.get(trace);
    const reason = original === undefined ? UNMATCHED : (refusals.get(entry.index) ?? entry.reason);
    outcomes.set(entry.index, { ...outcome, reason, paymentId: original?.id });
  }
  return planned.map((each) => {
    const unposted = outcomes.get(each.entry.index);
    return unposted === undefined ? each : { entry: each.entry, unposted };
  });
}

function tellingOf({ entry, unposted }: PlannedEntry): Telling[] {
  const trace = entry.details[ORIGINAL_TRACE];
  const isTelling = entry.kind === 'return' || entry.kind === 'notification_of_change';
  if (!isTelling || trace === undefined || unposted?.outcome !== 'noted') return [];
  return [{ entry, outcome: unposted, trace }];
}

/** By entry, the code of the refusal where a payment could not be undone. */
async function undo(
  tx: Transaction,
  telling: readonly Telling[],
  originals: ReadonlyMap<string, Payment>,
): Promise<ReadonlyMap<number, string>> {
  const changes: PaymentChange[] = [];
  const entries: FileEntry[] = [];
  for (const { entry, trace } of telling) {
    const original = originals.get(trace);
    if (original === undefined || entry.kind !== 'return') continue;
    // What comes back before it was settled was never carried out.
    const to = original.status === 'submitted' ? 'rejected' : 'returned';
    const { reason, amount } = entry;
    changes.push({ paymentId: original.id, to, reason, amount });
    entries.push(entry);
  }
  const results = changes.length === 0 ? [] : await changePayments(tx, changes);
  const refusals = new Map<number, string>();
  for (const [index, { index: number }] of entries.entries()) {
    const result = results[index];
    if (result?.ok === false) refusals.set(number, result.refusal.code);
  }
  return refusals;
}
