// TABLE  what a payment is, its states, and which state may follow which for what movement of
// money. Pure. A change that is not in the table does not happen, whoever asks for it; money moves
// exactly with the change of state that says so, in the same transaction.

import type { AccountId, Id, Instant } from '#kernel';

export type PaymentId = Id<'pay'>;

/**
 * book: between two accounts of the bank. credit: the payer pays; debit: the payee collects. out:
 * begun here; in: begun at another bank.
 */
export const paymentKinds = ['book', 'credit_out', 'credit_in', 'debit_out', 'debit_in'] as const;
export type PaymentKind = (typeof paymentKinds)[number];

export const paymentStatuses = [
  'accepted',
  'submitted',
  'unknown',
  'settled',
  'recall_requested',
  'returned',
  'reversed',
  'rejected',
  'cancelled',
  'declined',
] as const;

/**
 * accepted: ours to carry out. submitted: given to the rail. unknown: the rail was silent for too
 * long and has been asked. settled: done. recall_requested: settled, and asked back. returned,
 * reversed: undone. rejected: the other side said no. cancelled: taken back before it was
 * submitted. declined: our screening said no.
 */
export type PaymentStatus = (typeof paymentStatuses)[number];

/** ExternalPaymentTransactionStatus1Code of ISO 20022. */
export const isoStatusOf = {
  accepted: 'ACTC',
  submitted: 'ACSP',
  unknown: 'PDNG',
  settled: 'ACSC',
  recall_requested: 'ACSC',
  returned: 'ACSC',
  reversed: 'ACSC',
  rejected: 'RJCT',
  cancelled: 'CANC',
  declined: 'RJCT',
} as const satisfies Record<PaymentStatus, string>;

/** account: ours that the payment is about. counter: the payee's, of a book payment. */
export type Book = 'account' | 'counter' | 'transit' | 'nostro';

export interface Movement {
  readonly debit: Book;
  readonly credit: Book;
  /**
   * The money has moved at the rail whatever we say: where the customer's account cannot take its
   * part, an account of the rail does until a person resolves it.
   */
  readonly isForced: boolean;
}

/** The movement of a change, or null where no money moves. */
type Changes = Partial<Record<PaymentStatus, Movement | null>>;
type States = Partial<Record<PaymentStatus | 'new', Changes>>;

const moves = (debit: Book, credit: Book): Movement => ({ debit, credit, isForced: false });
const forced = (debit: Book, credit: Book): Movement => ({ debit, credit, isForced: true });

const answered: Changes = {
  settled: moves('transit', 'nostro'),
  rejected: forced('transit', 'account'),
};
const collected: Changes = { settled: forced('nostro', 'account'), rejected: null };

export const paymentTable = {
  book: {
    new: { settled: moves('account', 'counter'), declined: null },
    settled: { reversed: moves('counter', 'account') },
  },
  credit_out: {
    new: { accepted: moves('account', 'transit'), declined: null },
    accepted: {
      submitted: null,
      cancelled: forced('transit', 'account'),
      rejected: forced('transit', 'account'),
    },
    submitted: { ...answered, unknown: null },
    unknown: answered,
    settled: { recall_requested: null, returned: forced('nostro', 'account') },
    recall_requested: { settled: null, returned: forced('nostro', 'account') },
  },
  credit_in: {
    new: { settled: moves('nostro', 'account'), rejected: null },
    settled: { recall_requested: null, returned: moves('account', 'nostro') },
    recall_requested: { settled: null, returned: moves('account', 'nostro') },
  },
  debit_out: {
    new: { accepted: null, declined: null },
    accepted: { submitted: null, cancelled: null, rejected: null },
    submitted: { ...collected, unknown: null },
    unknown: collected,
    settled: { returned: forced('account', 'nostro') },
  },
  debit_in: {
    new: { settled: moves('account', 'nostro'), rejected: null },
    settled: { returned: moves('nostro', 'account') },
  },
} as const satisfies Record<PaymentKind, States>;

/** undefined where the change is not legal; null where it moves no money. */
export function movementOf(
  kind: PaymentKind,
  from: PaymentStatus | 'new',
  to: PaymentStatus,
): Movement | null | undefined {
  const states: States = paymentTable[kind];
  return states[from]?.[to];
}

/** What a payment is when all is well with it from the beginning. */
export const firstStatusOf = {
  book: 'settled',
  credit_out: 'accepted',
  credit_in: 'settled',
  debit_out: 'accepted',
  debit_in: 'settled',
} as const satisfies Record<PaymentKind, PaymentStatus>;

export const railNames = ['sct_inst', 'ach'] as const;
export type RailName = (typeof railNames)[number];

/** The other side of a payment that is not between accounts of the bank. */
export interface PaymentParty {
  readonly name?: string | undefined;
  readonly iban?: string | undefined;
  /** A number that is no IBAN, such as a US account number. */
  readonly account?: string | undefined;
  /** BIC, or an ABA routing number of nine digits. */
  readonly agent?: string | undefined;
}

/** A payment to make, or one that another bank made. */
export interface NewPayment {
  readonly kind: PaymentKind;
  /** Of every payment but those within the bank. */
  readonly rail?: RailName | undefined;
  /** Ours: the payer of a book payment, credit_out and debit_in; the payee of the others. */
  readonly accountId: AccountId;
  /** The payee of a book payment. */
  readonly counterAccountId?: AccountId | undefined;
  /** Minor units, more than zero. */
  readonly amount: bigint;
  readonly currency: string;
  /** The other side, where it is not ours. */
  readonly party?: PaymentParty | undefined;
  /** The caller's name for it, unique for ever in its tenant: replayed, never done twice. */
  readonly externalId?: string | undefined;
  /** As its sender calls it. */
  readonly endToEndId?: string | undefined;
  /** As the rail calls it: TxId, trace number. Made here for outgoing ones where it is absent. */
  readonly transactionId?: string | undefined;
  readonly remittance?: string | undefined;
  /** The day it is for, `2026-11-21`. */
  readonly requestedOn?: string | undefined;
  /** The file or standing order it came from, and which of its entries: never done twice. */
  readonly origin?: Id<string> | undefined;
  readonly originEntry?: number | undefined;
  /**
   * Of an incoming one that cannot be carried out: the code of the rail's own list. It is kept as
   * rejected, and moves nothing.
   */
  readonly rejection?: string | undefined;
}

/** One that moved money when it was made has the UUID of that transfer. */
export interface Payment extends Omit<NewPayment, 'rejection'> {
  readonly id: PaymentId;
  readonly tenant: string;
  readonly status: PaymentStatus;
  /** Why it is rejected, declined, returned …: the code of the rail's own list. */
  readonly reason: string | undefined;
  /** Counts its changes of state from 1. */
  readonly version: number;
  readonly acceptedAt: Instant;
  readonly changedAt: Instant;
}
