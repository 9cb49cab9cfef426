// What banks say to each other over a rail, as ISO 20022 names it, free of its many versions: the
// same types are read from and written to XML. Amounts are minor units of their currency; days are
// `2026-11-21`, and instants keep the text they came with.
import type { Currency } from '#kernel';

/** Who pays or is paid. */
export interface MessageParty {
  readonly name?: string | undefined;
  readonly iban?: string | undefined;
  /** A number that is no IBAN. */
  readonly account?: string | undefined;
  /** BIC of the bank that keeps the account. */
  readonly agent?: string | undefined;
}

export interface MessageAmount {
  readonly amount: bigint;
  readonly currency: Currency;
}

export interface MessageHead {
  readonly messageId: string;
  /** RFC 3339, or what came instead: a zone is often absent. */
  readonly createdAt: string;
  /** BIC of the bank that sends it on, and of the one that gets it. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** A code of an external code set, with what a person added. */
export interface MessageReason {
  readonly code: string;
  readonly text?: string | undefined;
}

/** By which a payment of an earlier message is meant. */
export interface OriginalPayment {
  readonly messageId: string;
  /** `pacs.008.001.08`. */
  readonly message: string;
  readonly instructionId?: string | undefined;
  readonly endToEndId?: string | undefined;
  readonly transactionId?: string | undefined;
  readonly uetr?: string | undefined;
  readonly amount?: MessageAmount | undefined;
  readonly settledOn?: string | undefined;
}

/** pacs.008: a customer's money goes to another bank. */
export interface CreditTransfer extends MessageHead {
  readonly kind: 'credit_transfer';
  readonly settledOn?: string | undefined;
  readonly transfers: readonly Transfer[];
}

export interface Transfer extends MessageAmount {
  readonly instructionId?: string | undefined;
  readonly endToEndId: string;
  readonly transactionId?: string | undefined;
  readonly uetr?: string | undefined;
  /** `INST` for SEPA Instant. */
  readonly localInstrument?: string | undefined;
  readonly acceptedAt?: string | undefined;
  readonly debtor: MessageParty;
  readonly creditor: MessageParty;
  readonly purpose?: string | undefined;
  readonly remittance?: string | undefined;
}

/** pacs.002: what became of payments. */
export interface StatusReport extends MessageHead {
  readonly kind: 'status_report';
  readonly payments: readonly PaymentStatusAnswer[];
}

export interface PaymentStatusAnswer {
  readonly original: OriginalPayment;
  /** ACTC, ACCP, ACSP, ACSC, ACWP, RJCT, PDNG, …; empty where only the group has one. */
  readonly status: string;
  readonly reasons: readonly MessageReason[];
  readonly acceptedAt?: string | undefined;
}

/** pacs.004: settled money comes back. */
export interface PaymentReturn extends MessageHead {
  readonly kind: 'payment_return';
  readonly settledOn?: string | undefined;
  readonly returns: readonly Return[];
}

export interface Return extends MessageAmount {
  readonly returnId?: string | undefined;
  readonly original: OriginalPayment;
  readonly reasons: readonly MessageReason[];
}

/** pacs.028: what became of these? */
export interface StatusEnquiry extends MessageHead {
  readonly kind: 'status_enquiry';
  readonly enquiries: readonly Enquiry[];
}

export interface Enquiry {
  readonly enquiryId?: string | undefined;
  readonly original: OriginalPayment;
}

/** camt.056: please give these back. */
export interface CancellationRequest extends MessageHead {
  readonly kind: 'cancellation_request';
  readonly requests: readonly Cancellation[];
}

export interface Cancellation {
  readonly cancellationId?: string | undefined;
  readonly original: OriginalPayment;
  readonly reasons: readonly MessageReason[];
}

/** camt.029: what became of such a request. */
export interface CancellationAnswer extends MessageHead {
  readonly kind: 'cancellation_answer';
  /** CNCL cancelled, RJCR refused, PDCR pending; as the confirmation code of the whole. */
  readonly confirmation: string;
  readonly answers: readonly CancellationOutcome[];
}

export interface CancellationOutcome {
  readonly outcomeId?: string | undefined;
  /** ACCR given back, RJCR refused, PDCR pending. */
  readonly status?: string | undefined;
  readonly original: OriginalPayment;
  readonly reasons: readonly MessageReason[];
}

export type RailMessage =
  | CreditTransfer
  | StatusReport
  | PaymentReturn
  | StatusEnquiry
  | CancellationRequest
  | CancellationAnswer;
