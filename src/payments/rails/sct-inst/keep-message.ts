// Keeps each message that came over SEPA Instant once, with what was made of it.

import { record } from '#audit';
import { emit, type Transaction } from '#platform';
import { paymentActions } from '../../audit-actions.ts';
import type { RailMessage } from '../../iso20022/messages/message.ts';
import type { Payment } from '../../payment.ts';
import { insertRailMessage } from '../../store/message-store.ts';
import type { AnswerOutcome } from './answers.ts';

const RAIL = 'sct_inst';

/** What the rail is told of a payment that is none of ours. */
export function strangerBody(transactionId: string, messageId: string, reason: string) {
  return { errand: 'stranger', transaction_id: transactionId, message_id: messageId, reason };
}

/** False where it had come before. What a person must look at is told as an event. */
export async function keepMessage(
  tx: Transaction,
  message: RailMessage,
  payment: Payment | undefined,
  outcome: AnswerOutcome,
): Promise<boolean> {
  const { messageId, kind } = message;
  const row = { rail: RAIL, messageId, kind, paymentId: payment?.id, outcome } as const;
  if (!(await insertRailMessage(tx, row, tx.now))) return false;
  if (outcome !== 'unmatched' && outcome !== 'contradicted') return true;
  const after = { kind, message_id: messageId, outcome, rail: RAIL };
  const subject = payment?.id ?? `rail:${RAIL}`;
  const action = paymentActions['payments.message.receive'];
  await record(tx, [{ action, target: subject, outcome: 'failed', reason: outcome, after }]);
  await emit(tx, [{ type: `rail_message.${outcome}`, subject, data: after }]);
  return true;
}
