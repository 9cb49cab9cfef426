// Takes what comes over the rail: each message once, with what it makes of payments, in one
// transaction. Answers are given their payment by its TxId, credits their account by its IBAN.

import { Fault } from '#kernel';
import { send, type Transaction } from '#platform';
import { changePayments, type PaymentChange } from '../../change.ts';
import { queueOf } from '../../facts.ts';
import type { OriginalPayment, RailMessage } from '../../iso20022/messages/message.ts';
import type { Payment } from '../../payment.ts';
import type { PaymentScreener } from '../../screening.ts';
import { selectByTransactionIds } from '../../store/payment-store.ts';
import {
  judgeRecallAnswer,
  judgeReturn,
  judgeStatus,
  type AnswerOutcome,
  type Judged,
} from './answers.ts';
import { takeCredits } from './credits.ts';
import { keepMessage, strangerBody } from './keep-message.ts';

/** What became of the message. A message that came before makes nothing, but is answered again. */
export async function takeMessage(
  tx: Transaction,
  message: RailMessage,
  screener: PaymentScreener,
): Promise<AnswerOutcome | 'repeated'> {
  if (message.kind === 'credit_transfer') return await takeCredits(tx, message, screener);
  const originals = originalsOf(message);
  const ids = originals.flatMap(({ transactionId }) => transactionId ?? []);
  const found = await selectByTransactionIds(tx, 'sct_inst', ids);
  const isEnquiry = message.kind === 'status_enquiry';
  let outcome: AnswerOutcome = 'noted';
  const changes: PaymentChange[] = [];
  for (const [index, original] of originals.entries()) {
    const payment = paymentFor(found, original, message);
    const judged = payment === undefined ? unmatched : judge(message, index, payment);
    outcome = worseOf(outcome, judged.outcome);
    changes.push(...judged.changes);
    if (isEnquiry) await answerEnquiry(tx, message.messageId, original, payment);
  }
  // An enquiry that comes again wants its answer again.
  if (!isEnquiry && !(await keepMessage(tx, message, found[0], outcome))) return 'repeated';
  const results = await changePayments(tx, changes);
  // It was judged by a state that another transaction has changed since: judged again.
  if (results.some(({ ok }) => !ok)) throw new Fault('payment_moved_on', { retryable: true });
  return outcome;
}

const unmatched: Judged = { outcome: 'unmatched', changes: [] };

function originalsOf(message: Exclude<RailMessage, { kind: 'credit_transfer' }>) {
  switch (message.kind) {
    case 'status_report':
      return message.payments.map(({ original }) => original);
    case 'payment_return':
      return message.returns.map(({ original }) => original);
    case 'status_enquiry':
      return message.enquiries.map(({ original }) => original);
    case 'cancellation_request':
      return message.requests.map(({ original }) => original);
    case 'cancellation_answer':
      return message.answers.map(({ original }) => original);
  }
}

/** What we sent is answered; what we were sent is asked about, and asked back. */
function paymentFor(
  found: readonly Payment[],
  { transactionId }: OriginalPayment,
  { kind }: RailMessage,
): Payment | undefined {
  const isOfTheirs = kind === 'status_enquiry' || kind === 'cancellation_request';
  const wanted = isOfTheirs ? 'credit_in' : 'credit_out';
  return found.find((each) => each.transactionId === transactionId && each.kind === wanted);
}

function judge(message: RailMessage, index: number, payment: Payment): Judged {
  switch (message.kind) {
    case 'status_report': {
      const answer = message.payments[index];
      return answer === undefined ? unmatched : judgeStatus(payment, answer);
    }
    case 'payment_return': {
      const back = message.returns[index];
      return back === undefined ? unmatched : judgeReturn(payment, back);
    }
    case 'cancellation_answer': {
      const answer = message.answers[index];
      const isRefused = answer !== undefined && message.confirmation === 'RJCR';
      return isRefused ? judgeRecallAnswer(payment, answer) : { outcome: 'noted', changes: [] };
    }
    case 'cancellation_request': {
      if (payment.status !== 'settled') return { outcome: 'noted', changes: [] };
      const reason = message.requests[index]?.reasons[0]?.code;
      const change: PaymentChange = { paymentId: payment.id, to: 'recall_requested', reason };
      return { outcome: 'applied', changes: [change] };
    }
    default:
      return { outcome: 'noted', changes: [] };
  }
}

const severity: readonly AnswerOutcome[] = ['noted', 'applied', 'unmatched', 'contradicted'];

function worseOf(left: AnswerOutcome, right: AnswerOutcome): AnswerOutcome {
  return severity.indexOf(left) >= severity.indexOf(right) ? left : right;
}

async function answerEnquiry(
  tx: Transaction,
  messageId: string,
  { transactionId }: OriginalPayment,
  payment: Payment | undefined,
): Promise<void> {
  const body =
    payment === undefined
      ? strangerBody(transactionId ?? '', messageId, 'AG09')
      : { payment_id: payment.id, errand: 'status' };
  await send(tx, queueOf.sct_inst, [{ body }]);
}
