// Takes payments of other banks: credited at once, or kept as rejected with the reason that the
// other bank is told. The answer is an errand of the same transaction.

import { findByNumbers, type BankAccount } from '#accounts';
import { send, type MessageBody, type Transaction } from '#platform';
import { queueOf } from '../../facts.ts';
import type { CreditTransfer, Transfer } from '../../iso20022/messages/message.ts';
import type { NewPayment } from '../../payment.ts';
import type { PaymentRefusalCode } from '../../refusals.ts';
import type { PaymentScreener } from '../../screening.ts';
import { sendPayments, type PaymentResult } from '../../send.ts';
import { keepMessage, strangerBody } from './keep-message.ts';

const UNKNOWN_ACCOUNT = 'AC01';
const FORBIDDEN = 'AG01';

/** What the other bank is told where the ledger refuses. */
const reasonOf: Partial<Record<PaymentRefusalCode, string>> = {
  account_not_found: UNKNOWN_ACCOUNT,
  account_closed: 'AC04',
  account_frozen: 'AC06',
  currency_mismatch: 'AC09',
  payment_currency_mismatch: 'AC09',
  ceiling_exceeded: 'AM02',
};

export async function takeCredits(
  tx: Transaction,
  message: CreditTransfer,
  screener: PaymentScreener,
): Promise<'applied' | 'repeated'> {
  const { transfers, messageId } = message;
  const accounts = await findByNumbers(
    tx,
    transfers.map(({ creditor }) => ({ iban: creditor.iban ?? '' })),
  );
  const bodies: MessageBody[] = [];
  let first: PaymentResult | undefined;
  for (const [index, transfer] of transfers.entries()) {
    const account = accounts[index];
    const transactionId = transfer.transactionId ?? transfer.endToEndId;
    if (account === undefined) {
      bodies.push(strangerBody(transactionId, messageId, UNKNOWN_ACCOUNT));
      continue;
    }
    const result = await takeCredit(tx, { message, transfer, account, transactionId, screener });
    first ??= result;
    bodies.push(
      result.ok
        ? { payment_id: result.value.id, errand: 'status' }
        : strangerBody(transactionId, messageId, reasonOf[result.refusal.code] ?? FORBIDDEN),
    );
  }
  const payment = first?.ok === true ? first.value : undefined;
  const isNew = await keepMessage(tx, message, payment, 'applied');
  await send(
    tx,
    queueOf.sct_inst,
    bodies.map((body) => ({ body })),
  );
  return isNew ? 'applied' : 'repeated';
}

interface Credit {
  readonly message: CreditTransfer;
  readonly transfer: Transfer;
  readonly account: BankAccount;
  readonly transactionId: string;
  readonly screener: PaymentScreener;
}

async function takeCredit(tx: Transaction, credit: Credit): Promise<PaymentResult> {
  const { message, transfer, account, transactionId, screener } = credit;
  const { debtor, amount, currency } = transfer;
  const sender = message.from ?? debtor.agent ?? '';
  const asked: NewPayment = {
    kind: 'credit_in',
    rail: 'sct_inst',
    accountId: account.id,
    amount,
    currency,
    party: { name: debtor.name, iban: debtor.iban, account: debtor.account, agent: debtor.agent },
    // Another message of the same payment is no second payment.
    externalId: `sct_inst:${sender}:${transactionId}`,
    endToEndId: transfer.endToEndId,
    transactionId,
    remittance: transfer.remittance,
  };
  const [result] = await sendPayments(tx, [asked], { screener });
  if (result?.ok === false && reasonOf[result.refusal.code] !== undefined) {
    const rejection = reasonOf[result.refusal.code];
    const [rejected] = await sendPayments(tx, [{ ...asked, rejection }], { screener });
    return rejected ?? result;
  }
  return result as PaymentResult;
}
