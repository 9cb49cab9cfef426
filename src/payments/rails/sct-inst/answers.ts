// Decides what an answer of the rail makes of a payment of ours. Pure. An answer that comes twice,
// late or in another order than it was given changes nothing twice; one that contradicts what is
// booked changes nothing at all, and is kept for a person.

import type { PaymentChange } from '../../change.ts';
import type {
  CancellationOutcome,
  MessageAmount,
  PaymentStatusAnswer,
  Return,
} from '../../iso20022/messages/message.ts';
import type { Payment } from '../../payment.ts';

/**
 * noted: says nothing new. unmatched: of a payment that is none of ours. contradicted: it cannot be
 * so, by what is booked or by the amount.
 */
export type AnswerOutcome = 'applied' | 'noted' | 'unmatched' | 'contradicted';

export interface Judged {
  readonly outcome: AnswerOutcome;
  /** In order; the later stand on the earlier. */
  readonly changes: readonly PaymentChange[];
}

const noted: Judged = { outcome: 'noted', changes: [] };
const contradicted: Judged = { outcome: 'contradicted', changes: [] };

/** Settled for the payer: there is no way back but a return. */
const SETTLED = new Set(['ACSC', 'ACCC', 'ACCP', 'ACWC', 'ACWP']);
const REASON_UNKNOWN = 'NARR';

export function judgeStatus(payment: Payment, answer: PaymentStatusAnswer): Judged {
  const { original, status, reasons } = answer;
  if (!isAmountOf(payment, original.amount)) return contradicted;
  if (SETTLED.has(status)) return settle(payment);
  if (status !== 'RJCT') return noted;
  if (payment.status === 'rejected') return noted;
  const reason = reasons[0]?.code ?? REASON_UNKNOWN;
  const isOpen = ['accepted', 'submitted', 'unknown'].includes(payment.status);
  return isOpen ? apply(payment, [{ to: 'rejected', reason }]) : contradicted;
}

function settle(payment: Payment): Judged {
  switch (payment.status) {
    case 'accepted':
      return apply(payment, [{ to: 'submitted' }, { to: 'settled' }]);
    case 'submitted':
    case 'unknown':
      return apply(payment, [{ to: 'settled' }]);
    case 'settled':
    case 'recall_requested':
    case 'returned':
      return noted;
    default:
      return contradicted;
  }
}

/** Money that comes back was settled before, whether or not we have been told. */
export function judgeReturn(payment: Payment, back: Return): Judged {
  if (!isAmountOf(payment, back)) return contradicted;
  if (payment.status === 'returned') return noted;
  const first = settle(payment);
  if (first.outcome === 'contradicted') return contradicted;
  const reason = back.reasons[0]?.code ?? REASON_UNKNOWN;
  const changes = [...first.changes, changeOf(payment, { to: 'returned', reason })];
  return { outcome: 'applied', changes };
}

/** A recall that is granted is told by the return. */
export function judgeRecallAnswer(payment: Payment, answer: CancellationOutcome): Judged {
  if (payment.status !== 'recall_requested') return noted;
  return apply(payment, [{ to: 'settled', reason: answer.reasons[0]?.code ?? REASON_UNKNOWN }]);
}

function apply(payment: Payment, changes: readonly Pick<PaymentChange, 'to' | 'reason'>[]): Judged {
  return { outcome: 'applied', changes: changes.map((change) => changeOf(payment, change)) };
}

function changeOf({ id }: Payment, change: Pick<PaymentChange, 'to' | 'reason'>): PaymentChange {
  return { paymentId: id, ...change };
}

function isAmountOf(payment: Payment, said: MessageAmount | undefined): boolean {
  if (said === undefined) return true;
  return said.amount === payment.amount && said.currency === payment.currency;
}
