// The verb that makes payments: a list in, one result for each, all in the caller's transaction.
// The rows, the postings, the audit records, the events and the errands for the rail commit
// together.

import { currencyOf } from '#kernel';
import { post } from '#ledger';
import type { Caller, Transaction } from '#platform';
import { keepPayments } from './keep.ts';
import type { NewPayment, Payment, RailName } from './payment.ts';
import { planPayments, type Ground, type Planned } from './plan.ts';
import { booksKey, railBooks, type RailBooks } from './rails/books.ts';
import type { PaymentResult } from './refusals.ts';
import { screenPlanned, type PaymentScreener } from './screening.ts';
import { selectByExternalIds } from './store/payment-store.ts';

export type { PaymentResult } from './refusals.ts';

export interface SendOptions {
  /** Judges what is new, before any money moves. */
  readonly screener: PaymentScreener;
  /** Who asked for each, where it is not the transaction's caller. */
  readonly callers?: readonly Caller[] | undefined;
}

/**
 * Makes the payments, in order; a refused one leaves nothing behind. Call it within `withLedger`,
 * which lets due holds expire first where the ledger asks for that.
 */
export async function sendPayments(
  tx: Transaction,
  payments: readonly NewPayment[],
  { screener, callers }: SendOptions,
): Promise<PaymentResult[]> {
  if (payments.length === 0) return [];
  const planned = planPayments(payments, await groundOf(tx, payments));
  const asking = { screener, reader: tx, context: tx, callers };
  const screened = await screenPlanned(planned, asking);
  // What is run again is judged again.
  tx.onRolledBack(() => screened.giveBack());
  const instructions = instructionsOf(screened.planned);
  const posting = instructions.map(({ instruction }) => instruction);
  const posters = callers && instructions.flatMap(({ index }) => callers[index] ?? []);
  const answers = await post(tx, posting, { callers: posters });
  return await keepPayments(tx, screened, answers, callers);
}

/** What the ledger is to do, with the place of the payment that each is for. */
export function instructionsOf(planned: readonly Planned[]) {
  return planned.flatMap((plan, index) => {
    if (plan.what !== 'new' || plan.instruction === undefined) return [];
    return [{ index, instruction: plan.instruction }];
  });
}

async function groundOf(tx: Transaction, payments: readonly NewPayment[]): Promise<Ground> {
  const names = payments.flatMap(({ externalId }) => externalId ?? []);
  const known = await selectByExternalIds(tx, names);
  const books = new Map<string, RailBooks>();
  for (const { rail, currency } of railsOf(payments)) {
    books.set(booksKey(rail, currency), await railBooks(tx, rail, currency));
  }
  return { known: knownByExternalId(known), books };
}

export function knownByExternalId(known: readonly Payment[]): ReadonlyMap<string, Payment> {
  return new Map(known.map((payment) => [payment.externalId ?? '', payment]));
}

/** Each rail and currency of a list once. */
export function railsOf(
  payments: readonly Pick<NewPayment, 'rail' | 'currency'>[],
): { readonly rail: RailName; readonly currency: string }[] {
  const found = new Map<string, { rail: RailName; currency: string }>();
  for (const { rail, currency } of payments) {
    // A currency that does not exist is refused, and needs no books.
    if (rail === undefined || currencyOf(currency) === undefined) continue;
    found.set(booksKey(rail, currency), { rail, currency });
  }
  return [...found.values()];
}
