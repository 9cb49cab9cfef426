// Decides what becomes of payments that are asked for, before any money moves: which are new and in
// which state they begin, which had been made before, which are refused. Pure.

import { assert, currencyOf, refuse, type AccountId, type Refused } from '#kernel';
import type { TransferInstruction } from '#ledger';
import {
  firstStatusOf,
  movementOf,
  type Book,
  type Movement,
  type NewPayment,
  type Payment,
  type PaymentStatus,
} from './payment.ts';
import { booksKey, type RailBooks } from './rails/books.ts';
import type { PaymentRefusal, PaymentRefusalCode } from './refusals.ts';
import { screen } from './screen.ts';

/** What is known of the bank when payments are planned. */
export interface Ground {
  /** Payments made before, by external id. */
  readonly known: ReadonlyMap<string, Payment>;
  /** The books of rails, by their key. */
  readonly books: ReadonlyMap<string, RailBooks>;
}

export type Planned =
  | { readonly what: 'refused'; readonly refused: Refused<PaymentRefusal> }
  | { readonly what: 'known'; readonly payment: Payment }
  /** The same as an earlier one of the list. */
  | { readonly what: 'repeat'; readonly of: number }
  | PlannedNew;

export interface PlannedNew {
  readonly what: 'new';
  readonly asked: NewPayment;
  readonly status: PaymentStatus;
  readonly reason: string | undefined;
  /** Absent where no money moves yet. */
  readonly instruction: TransferInstruction | undefined;
}

export function no(
  code: PaymentRefusalCode,
  message: string,
  param?: string,
): Refused<PaymentRefusal> {
  return refuse(param === undefined ? { code, message } : { code, message, param });
}

export function planPayments(asked: readonly NewPayment[], ground: Ground): Planned[] {
  const first = new Map<string, number>();
  return asked.map((payment, index): Planned => {
    const flaw = flawOf(payment);
    if (flaw !== undefined) return { what: 'refused', refused: flaw };
    const { externalId } = payment;
    if (externalId === undefined) return planNew(payment, ground);
    const known = ground.known.get(externalId);
    if (known !== undefined) return replay(payment, known);
    const earlier = first.get(externalId);
    if (earlier === undefined) {
      first.set(externalId, index);
      return planNew(payment, ground);
    }
    const difference = differenceOf(payment, asked[earlier] as NewPayment);
    return difference === undefined
      ? { what: 'repeat', of: earlier }
      : differs(payment, difference);
  });
}

function flawOf(payment: NewPayment): Refused<PaymentRefusal> | undefined {
  const { kind, rail, accountId, counterAccountId, party, amount, currency } = payment;
  assert(amount > 0n, 'a payment moves something');
  if (currencyOf(currency) === undefined) {
    return no('payment_currency_mismatch', `There is no currency ${currency}.`, 'currency');
  }
  if (kind === 'book') {
    if (counterAccountId === undefined) return noParty();
    if (counterAccountId !== accountId) return undefined;
    return no('payment_account_same', 'Payer and payee are one account.', 'creditor');
  }
  if (rail === undefined) return no('payment_rail_missing', 'No rail is named.', 'rail');
  const isOutgoing = kind === 'credit_out' || kind === 'debit_out';
  if (isOutgoing && party?.iban === undefined && party?.account === undefined) return noParty();
  return undefined;
}

function noParty(): Refused<PaymentRefusal> {
  return no('payment_party_missing', 'The other side has no account number.', 'creditor');
}

/** Undefined where both ask for the same. */
export function differenceOf(asked: NewPayment, known: NewPayment): string | undefined {
  const members = ['kind', 'accountId', 'counterAccountId', 'amount', 'currency', 'rail'] as const;
  const member = members.find((name) => asked[name] !== known[name]);
  if (member !== undefined) return member;
  const numbers = ['iban', 'account', 'agent'] as const;
  return numbers.some((name) => asked.party?.[name] !== known.party?.[name]) ? 'party' : undefined;
}

function replay(asked: NewPayment, known: Payment): Planned {
  const difference = differenceOf(asked, known);
  return difference === undefined ? { what: 'known', payment: known } : differs(asked, difference);
}

function differs({ externalId }: NewPayment, difference: string): Planned {
  const message = `external id ${externalId} belongs to a payment whose ${difference} differs`;
  return {
    what: 'refused',
    refused: no('payment_exists_with_different_content', message),
  };
}

function planNew(asked: NewPayment, { books }: Ground): PlannedNew {
  const { kind, rejection } = asked;
  const declined = rejection === undefined ? screen(asked) : undefined;
  const reason = rejection ?? declined;
  const status = statusOf(asked, declined !== undefined);
  const movement = movementOf(kind, 'new', status);
  assert(movement !== undefined, `a payment of kind ${kind} cannot begin as ${status}`);
  const instruction = movement === null ? undefined : instructionOf(asked, movement, books);
  return { what: 'new', asked, status, reason, instruction };
}

/** ISO 20022: fraudulent origin; the order must be confirmed by who gave it. */
const reasonOfStop = { decline: 'FRAD', challenge: 'DS0A' } as const;

/** What becomes of a payment that screening for fraud stops: it is kept, and moves nothing. */
export function stopPlanned(plan: PlannedNew, outcome: keyof typeof reasonOfStop): PlannedNew {
  // What is too large is told so, whatever else speaks against it.
  if (plan.status === 'declined') return plan;
  const { kind } = plan.asked;
  assert(movementOf(kind, 'new', 'declined') === null, `a payment of kind ${kind} is not declined`);
  return { ...plan, status: 'declined', reason: reasonOfStop[outcome], instruction: undefined };
}

function statusOf({ kind, rejection }: NewPayment, isDeclined: boolean): PaymentStatus {
  if (rejection !== undefined) return 'rejected';
  return isDeclined ? 'declined' : firstStatusOf[kind];
}

/** What the ledger is asked to do for a movement of a payment. */
export function instructionOf(
  payment: NewPayment,
  movement: Movement,
  books: ReadonlyMap<string, RailBooks>,
): TransferInstruction {
  const { amount, currency, externalId, remittance } = payment;
  return {
    kind: 'transfer',
    // The ledger tells two processes apart that make the same payment at the same moment.
    externalId: externalId === undefined ? undefined : `payment:${externalId}`,
    description: remittance,
    legs: [
      { accountId: bookOf(payment, movement.debit, books), side: 'debit', amount, currency },
      { accountId: bookOf(payment, movement.credit, books), side: 'credit', amount, currency },
    ],
  };
}

/** The account of the ledger that a book of the table stands for. */
export function bookOf(
  { accountId, counterAccountId, rail, currency }: NewPayment,
  book: Book,
  books: ReadonlyMap<string, RailBooks>,
): AccountId {
  if (book === 'account') return accountId;
  const ofRail = rail === undefined ? undefined : books.get(booksKey(rail, currency));
  const found = book === 'counter' ? counterAccountId : ofRail?.[book];
  assert(found !== undefined, `a payment has no ${book}`);
  return found;
}
