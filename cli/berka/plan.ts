// Owns the reconstruction of history from the printed rows: their order within a day, which rows
// need a rounding entry, which cannot be placed, and the credit limit each account needs. Pure. The
// balance of the books after a row follows from the rows before it alone.

import type { Instant } from '#kernel';
import { postingKindOf, type PostingKind } from './mapping.ts';
import type { Transaction } from './tables.ts';

/** Haler. Published amounts were rounded to 0.10: a row may miss its balance by that much. */
export const ROUNDING = 10n;

export interface PlannedRow {
  readonly transaction: Transaction;
  readonly kind: PostingKind;
  /** Haler added to the account so that it meets the printed balance: 0, 10 or -10. */
  readonly rounding: bigint;
  /** Haler: the account's balance in the books after this row and its rounding. */
  readonly balance: bigint;
  /**
   * Haler between this row's printed balance and what the one before it and the amount make, where
   * that is more than a rounding: something the files do not explain.
   */
  readonly unexplained: bigint;
}

export interface Plan {
  /** In the order to post: by date, then account, then the order found within the account's day. */
  readonly rows: readonly PlannedRow[];
  /** Rows of the last day from an account's first break on: the file was cut between them. */
  readonly setAside: readonly Transaction[];
  /** Haler, above zero: how far below zero an account goes. Accounts that never do are absent. */
  readonly creditLimits: ReadonlyMap<number, bigint>;
  readonly firstDay: Instant | undefined;
  readonly lastDay: Instant | undefined;
}

/** Haler: what the row does to the customer's balance. */
export function signedAmount(row: Pick<Transaction, 'type' | 'amount'>): bigint {
  return row.type === 'PRIJEM' ? row.amount : -row.amount;
}

export function planHistory(transactions: readonly Transaction[]): Plan {
  const ordered = transactions.toSorted(inOrder);
  const lastDay = ordered.at(-1)?.date;
  const rows: PlannedRow[] = [];
  const setAside: Transaction[] = [];
  const creditLimits = new Map<number, bigint>();
  const chains = new Map<number, Chain>();
  for (const transaction of ordered) {
    const chain = chains.get(transaction.account_id) ?? { printed: 0n, balance: 0n, isCut: false };
    chains.set(transaction.account_id, chain);
    const row = chain.isCut ? undefined : nextRow(chain, transaction, lastDay);
    if (row === undefined) {
      chain.isCut = true;
      setAside.push(transaction);
      continue;
    }
    const beforeRounding = row.balance - row.rounding;
    const deepest = row.balance < beforeRounding ? row.balance : beforeRounding;
    if (-deepest > (creditLimits.get(transaction.account_id) ?? 0n)) {
      creditLimits.set(transaction.account_id, -deepest);
    }
    chain.printed = transaction.balance;
    chain.balance = row.balance;
    rows.push(row);
  }
  return { rows, setAside, creditLimits, firstDay: ordered.at(0)?.date, lastDay };
}

interface Chain {
  /** Haler: the balance printed with the row before. Every account starts at zero. */
  printed: bigint;
  /** Haler: the balance of the books. */
  balance: bigint;
  isCut: boolean;
}

/** undefined where the row does not follow from the one before and the file was cut on its day. */
function nextRow(
  chain: Chain,
  transaction: Transaction,
  lastDay: Instant | undefined,
): PlannedRow | undefined {
  const signed = signedAmount(transaction);
  const residual = transaction.balance - chain.printed - signed;
  const isRounding = residual === ROUNDING || residual === -ROUNDING;
  const isExplained = residual === 0n || isRounding;
  if (!isExplained && transaction.date === lastDay) return undefined;
  const rounding = isRounding ? residual : 0n;
  return {
    transaction,
    kind: requireKind(transaction),
    rounding,
    balance: chain.balance + signed + rounding,
    unexplained: isExplained ? 0n : residual,
  };
}

function requireKind(transaction: Transaction): PostingKind {
  const kind = postingKindOf(transaction);
  if (kind === undefined) throw new Error(`line ${transaction.line} was not checked`);
  return kind;
}

/**
 * The rows of a day are printed in no order. Credits by ascending balance, then debits by
 * descending balance, is an order in which each printed balance follows from the one before.
 */
function inOrder(left: Transaction, right: Transaction): number {
  return (
    left.date - right.date ||
    left.account_id - right.account_id ||
    Number(left.type !== 'PRIJEM') - Number(right.type !== 'PRIJEM') ||
    compare(left.balance, right.balance) * (left.type === 'PRIJEM' ? 1 : -1) ||
    left.trans_id - right.trans_id
  );
}

function compare(left: bigint, right: bigint): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
