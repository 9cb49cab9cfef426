// Owns what is said over SEPA Instant of a payment of ours. Pure. A payment is named by its TxId,
// which never changes however often it is said; a message has an id of its own.

import {
  assert,
  currencyOf,
  formatDate,
  formatInstant,
  type Currency,
  type Instant,
} from '#kernel';
import type { RailErrand } from '../../facts.ts';
import type {
  MessageHead,
  MessageParty,
  OriginalPayment,
  RailMessage,
} from '../../iso20022/messages/message.ts';
import type { Payment, PaymentParty } from '../../payment.ts';

/** What beside the payment is said of it. */
export interface Surroundings {
  readonly now: Instant;
  /** Of the message to write: at most 35 characters, never used before. */
  readonly messageId: string;
  /** BIC of this bank. */
  readonly own: string;
  /** Of our customer's account. */
  readonly iban: string | undefined;
  /** Of the first who owns it. */
  readonly name: string | undefined;
  /** The message that an incoming payment came in. */
  readonly originalMessageId: string | undefined;
}

export const TRANSFER_MESSAGE = 'pacs.008.001.08';
const SEPA_INSTANT = 'INST';
/** EPC: what stands where the payer gave nothing. */
export const NOT_PROVIDED = 'NOTPROVIDED';

export function compose(payment: Payment, errand: RailErrand, around: Surroundings): RailMessage {
  const head: MessageHead = {
    messageId: around.messageId,
    createdAt: formatInstant(around.now),
    from: around.own,
    to: payment.party?.agent,
  };
  const original = originalOf(payment, around);
  const reasons = payment.reason === undefined ? [] : [{ code: payment.reason }];
  switch (errand) {
    case 'transfer':
      return transferOf(payment, head, around);
    case 'enquiry':
      return { kind: 'status_enquiry', ...head, enquiries: [{ original }] };
    case 'recall':
      return {
        kind: 'cancellation_request',
        ...head,
        requests: [{ cancellationId: around.messageId, original, reasons }],
      };
    case 'return': {
      const { amount } = payment;
      const back = { returnId: around.messageId, original, reasons, amount };
      return {
        kind: 'payment_return',
        ...head,
        settledOn: formatDate(around.now),
        returns: [{ ...back, currency: knownCurrency(payment) }],
      };
    }
    case 'recall_refusal':
      return {
        kind: 'cancellation_answer',
        ...head,
        confirmation: 'RJCR',
        answers: [{ outcomeId: around.messageId, original, reasons }],
      };
    case 'status':
      return {
        kind: 'status_report',
        ...head,
        payments: [
          payment.status === 'rejected'
            ? { original, status: 'RJCT', reasons }
            : { original, status: 'ACCP', reasons: [] },
        ],
      };
  }
}

function transferOf(payment: Payment, head: MessageHead, around: Surroundings): RailMessage {
  const { amount, transactionId, remittance } = payment;
  const own: MessageParty = { name: around.name, iban: around.iban, agent: around.own };
  return {
    kind: 'credit_transfer',
    ...head,
    settledOn: formatDate(payment.acceptedAt),
    transfers: [
      {
        amount,
        currency: knownCurrency(payment),
        endToEndId: payment.endToEndId ?? NOT_PROVIDED,
        transactionId,
        localInstrument: SEPA_INSTANT,
        acceptedAt: formatInstant(payment.acceptedAt),
        debtor: own,
        creditor: partyOf(payment.party),
        remittance,
      },
    ],
  };
}

function partyOf(party: PaymentParty | undefined): MessageParty {
  return { name: party?.name, iban: party?.iban, account: party?.account, agent: party?.agent };
}

function originalOf(payment: Payment, around: Surroundings): OriginalPayment {
  const { amount, endToEndId, transactionId, kind } = payment;
  // Ours is told by its TxId, which is the id of its message too.
  const messageId = kind === 'credit_out' ? transactionId : around.originalMessageId;
  return {
    messageId: messageId ?? NOT_PROVIDED,
    message: TRANSFER_MESSAGE,
    endToEndId: endToEndId ?? NOT_PROVIDED,
    transactionId,
    amount: { amount, currency: knownCurrency(payment) },
    settledOn: formatDate(payment.acceptedAt),
  };
}

function knownCurrency({ currency }: Payment): Currency {
  const known = currencyOf(currency);
  assert(known !== undefined, `a payment is in a currency that does not exist: ${currency}`);
  return known;
}
