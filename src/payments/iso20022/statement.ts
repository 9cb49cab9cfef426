// What a bank tells about an account it keeps for us: camt.053 statements, camt.052 reports and
// camt.054 notifications, read alike. Amounts are minor units, credits to the account positive.

/** Which message said it: only a statement has balances that must close. */
export type StatementKind = 'statement' | 'report' | 'notification';

export interface StatementAccount {
  readonly iban?: string | undefined;
  /** A number that is no IBAN. */
  readonly other?: string | undefined;
  readonly currency?: string | undefined;
  /** BIC of the bank that keeps it. */
  readonly servicer?: string | undefined;
}

export interface StatementBalance {
  /** BalanceType12Code or ExternalBalanceType1Code: OPBD, CLBD, PRCD, ITBD, CLAV, … */
  readonly type: string;
  readonly amount: bigint;
  readonly currency: string;
  /** The day it is of, `2026-11-21`. */
  readonly on: string;
  /** Line of the file, from 1. */
  readonly record: number;
}

/** References by which an entry or a part of it can be found again. */
export interface StatementReferences {
  readonly messageId?: string | undefined;
  readonly accountServicer?: string | undefined;
  readonly paymentInformation?: string | undefined;
  readonly instruction?: string | undefined;
  readonly endToEnd?: string | undefined;
  readonly transaction?: string | undefined;
  readonly mandate?: string | undefined;
  readonly clearing?: string | undefined;
  readonly uetr?: string | undefined;
}

/** One payment within an entry (TxDtls). */
export interface StatementDetail {
  readonly references: StatementReferences;
  /** With its own sign; absent where the bank gave none, and an entry of one has the entry's. */
  readonly amount?: bigint | undefined;
  readonly currency?: string | undefined;
  readonly debtorName?: string | undefined;
  readonly debtorAccount?: string | undefined;
  readonly creditorName?: string | undefined;
  readonly creditorAccount?: string | undefined;
  /** Unstructured lines joined by a space. */
  readonly remittance?: string | undefined;
  /** Structured creditor reference, RF or national. */
  readonly creditorReference?: string | undefined;
  /** Why it came back: AC04, MD06, … */
  readonly returnReason?: string | undefined;
}

export interface StatementEntry {
  /** Counts the entries of the statement from 0. */
  readonly index: number;
  /** Line of the file, from 1. */
  readonly record: number;
  /** Credit positive, debit negative; a reversal of a credit is already negative. */
  readonly amount: bigint;
  readonly currency: string;
  readonly isReversal: boolean;
  /** BOOK, PDNG, INFO or FUTR. Only BOOK counts in balances. */
  readonly status: string;
  readonly bookedOn?: string | undefined;
  readonly valueOn?: string | undefined;
  readonly reference?: string | undefined;
  readonly servicerReference?: string | undefined;
  /** Domain/family/sub-family, `PMNT/RCDT/ESCT`, or the proprietary code. */
  readonly transactionCode?: string | undefined;
  readonly information?: string | undefined;
  readonly details: readonly StatementDetail[];
}

/** What is wrong with a statement that could be read. */
export interface StatementFault {
  /** A stable code such as `iso_balance_wrong`. */
  readonly rule: string;
  readonly message: string;
  readonly record: number;
}

export interface BankStatement {
  readonly kind: StatementKind;
  /** `camt.053.001.08`. */
  readonly message: string;
  /** MsgId of the whole message, by which a repetition is known. */
  readonly messageId: string;
  readonly id: string;
  /** ElctrncSeqNb, or LglSeqNb where only that is given. */
  readonly sequence?: string | undefined;
  readonly createdAt?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly account: StatementAccount;
  readonly balances: readonly StatementBalance[];
  readonly entries: readonly StatementEntry[];
  readonly faults: readonly StatementFault[];
}
