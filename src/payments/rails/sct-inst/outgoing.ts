// Gives the rail what it is to be told. A payment is submitted first, in a transaction of its own,
// and told then: whatever dies in between, it is told again, by the same TxId, which the rail takes
// once; and what became of a payment nobody knows of, an enquiry finds out.

import { formatInstant, isId, msOf, newUuid, type Clock } from '#kernel';
import { withLedger } from '#ledger';
import type { Database, HandlingResult, Received, Transaction } from '#platform';
import { changePayments } from '../../change.ts';
import { railErrands, type RailErrand } from '../../facts.ts';
import { writeRailMessage } from '../../iso20022/messages/write.ts';
import type { RailMessage } from '../../iso20022/messages/message.ts';
import type { Payment, PaymentId } from '../../payment.ts';
import { selectOriginalMessages } from '../../store/message-store.ts';
import { selectPayments } from '../../store/payment-store.ts';
import { originatorsOf } from '../originators.ts';
import type { RailConnection } from '../port.ts';
import { compose, NOT_PROVIDED, TRANSFER_MESSAGE } from './compose.ts';

export interface OutgoingOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly connection: RailConnection;
  /** BIC of this bank. */
  readonly own: string;
}

/** What a message of the queue asks for. */
type Errand =
  | { readonly paymentId: PaymentId; readonly errand: RailErrand }
  /** A payment that came in and is none of ours. */
  | { readonly transactionId: string; readonly messageId: string; readonly reason: string };

const malformed: HandlingResult = {
  code: 'errand_malformed',
  message: 'The message says nothing that a rail could be told.',
  isFinal: true,
};

/** Handles messages of the queue; what is delivered is done, and the rest comes again. */
export function tellRail(
  options: OutgoingOptions,
): (messages: readonly Received[]) => Promise<readonly HandlingResult[]> {
  return async (messages) => {
    const results = messages.map(({ body }) =>
      errandOf(body) === undefined ? malformed : undefined,
    );
    const texts: string[] = [];
    for (const [tenant, own] of Map.groupBy(messages, (message) => message.tenant)) {
      const errands = own.flatMap(({ body }) => errandOf(body) ?? []);
      const context = { actor: 'florin', correlationId: 'rail-sct-inst', tenant };
      const now = options.clock.now();
      const said = await withLedger(options.database, { ...context, now }, (tx) =>
        prepare(tx, errands, options),
      );
      for (const message of said) texts.push(writeRailMessage(message));
    }
    await options.connection.deliver(texts);
    return results;
  };
}

function errandOf(body: Received['body']): Errand | undefined {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  const told = body as Readonly<Record<string, unknown>>;
  const { payment_id: id, errand, transaction_id: transactionId } = told;
  const known = railErrands.find((name) => name === errand);
  if (typeof id === 'string' && isId('pay', id) && known !== undefined) {
    return { paymentId: id, errand: known };
  }
  const { message_id: messageId, reason } = told;
  const isStranger = errand === 'stranger' && typeof transactionId === 'string';
  if (!isStranger || typeof messageId !== 'string' || typeof reason !== 'string') return undefined;
  return { transactionId, messageId, reason };
}

async function prepare(
  tx: Transaction,
  errands: readonly Errand[],
  { own }: OutgoingOptions,
): Promise<RailMessage[]> {
  const ofPayments = errands.filter((errand) => 'paymentId' in errand);
  const starting = ofPayments.filter(({ errand }) => errand === 'transfer');
  await changePayments(
    tx,
    starting.map(({ paymentId }) => ({ paymentId, to: 'submitted', from: ['accepted'] })),
  );
  const ids = ofPayments.map(({ paymentId }) => paymentId);
  const payments = new Map((await selectPayments(tx, ids)).map((each) => [each.id, each]));
  const originals = await selectOriginalMessages(tx, ids);
  // A transfer says who pays; what is said of it later names the transfer alone.
  const originators = await originatorsOf(
    tx,
    starting.flatMap(({ paymentId }) => payments.get(paymentId)?.accountId ?? []),
  );
  return errands.flatMap((each): RailMessage[] => {
    const messageId = newUuid(msOf(tx.now)).replaceAll('-', '');
    if (!('paymentId' in each)) return [strangerOf(tx, each, { own, messageId })];
    const payment = payments.get(each.paymentId);
    if (payment === undefined || !isStillWanted(payment, each.errand)) return [];
    const originator = originators.get(payment.accountId);
    const around = {
      now: tx.now,
      messageId: each.errand === 'transfer' ? (payment.transactionId ?? messageId) : messageId,
      own,
      iban: originator?.iban,
      name: originator?.name,
      originalMessageId: originals.get(payment.id),
    };
    return [compose(payment, each.errand, around)];
  });
}

/** What has been answered since is not said again. */
function isStillWanted({ status }: Payment, errand: RailErrand): boolean {
  if (errand === 'transfer') return status === 'submitted' || status === 'unknown';
  if (errand === 'enquiry') return status === 'submitted' || status === 'unknown';
  if (errand === 'recall') return status === 'recall_requested';
  return true;
}

function strangerOf(
  tx: Transaction,
  errand: Extract<Errand, { readonly transactionId: string }>,
  { own, messageId }: { readonly own: string; readonly messageId: string },
): RailMessage {
  const { transactionId, reason } = errand;
  return {
    kind: 'status_report',
    messageId,
    createdAt: formatInstant(tx.now),
    from: own,
    payments: [
      {
        original: {
          messageId: errand.messageId,
          message: TRANSFER_MESSAGE,
          endToEndId: NOT_PROVIDED,
          transactionId,
        },
        status: 'RJCT',
        reasons: [{ code: reason }],
      },
    ],
  };
}
