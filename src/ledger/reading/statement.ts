// Reads an account's statement for a period by value date: opening balance, every posting with the
// balance after it, turnovers, closing balance. Opening and turnovers always make the closing, and
// all pages of one statement tell of the same moment of knowledge.

import { assert, type AccountId, type Instant } from '#kernel';
import type { Queryable } from '#platform';
import { findAccount } from '../store/account-store.ts';
import { noCounters, type Account } from '../account.ts';
import { balanceOf } from '../posting/balance.ts';
import type { Side } from '../posting/instruction.ts';
import { countersAtVersion } from './balance-store.ts';
import { knownVersion, postedAsOf } from './balance.ts';
import { selectStatement, sumStatement } from './entry-store.ts';
import type { AccountEntry, StatementPlace, StatementScope } from './entry-store.ts';

export type { StatementPlace } from './entry-store.ts';

export interface StatementQuery {
  /** Value dates, both inclusive. */
  readonly from: Instant;
  readonly to: Instant;
  /** As it was known then; now when absent. */
  readonly recordedAt?: Instant | undefined;
  /** Of a later page: the version that the first page knew, and where the last page ended. */
  readonly version?: bigint | undefined;
  readonly after?: StatementPlace | undefined;
  readonly limit: number;
}

export interface StatementLine extends AccountEntry {
  /** The balance by value date after this line, on the account's normal side. */
  readonly balanceAfter: bigint;
}

export interface Statement {
  readonly account: Account;
  /** What the statement knows: the account's entries up to this version. */
  readonly version: bigint;
  readonly opening: bigint;
  readonly closing: bigint;
  readonly debits: bigint;
  readonly credits: bigint;
  /** Lines of the whole statement. */
  readonly lineCount: bigint;
  readonly lines: readonly StatementLine[];
  readonly next: StatementPlace | undefined;
}

/** One page of a statement, or undefined where there is no such account. */
export async function statement(
  queryable: Queryable,
  accountId: AccountId,
  query: StatementQuery,
  now: Instant,
): Promise<Statement | undefined> {
  const account = await findAccount(queryable, accountId, now);
  if (account === undefined) return undefined;
  const latest = account.balances.version;
  const asked = query.version ?? (await knownVersion(queryable, account, query.recordedAt));
  const version = asked < latest ? asked : latest;
  const scope = { version, from: query.from, to: query.to };
  const sums = await sumStatement(queryable, accountId, scope, query.after);
  const signed = (debits: bigint, credits: bigint): bigint =>
    account.normalSide === 'debit' ? debits - credits : credits - debits;
  const opening = signed(sums.debitsBefore, sums.creditsBefore);
  const closing = await closingOf(queryable, account, scope);
  assert(
    opening + signed(sums.debitsWithin, sums.creditsWithin) === closing,
    `the statement of account ${accountId} does not add up`,
  );
  const rows = await selectStatement(queryable, accountId, scope, query.after, query.limit + 1);
  const entries = rows.slice(0, query.limit);
  const before = opening + signed(sums.debitsUpTo, sums.creditsUpTo);
  return {
    account,
    version,
    opening,
    closing,
    debits: sums.debitsWithin,
    credits: sums.creditsWithin,
    lineCount: sums.entriesWithin,
    lines: withBalances(entries, account.normalSide, before),
    next: rows.length > query.limit ? entries.at(-1) : undefined,
  };
}

// The closing balance comes from the account's counters, not from the lines: it checks them.
async function closingOf(
  queryable: Queryable,
  account: Account,
  { version, to }: StatementScope,
): Promise<bigint> {
  const counters =
    version === 0n ? noCounters : await countersAtVersion(queryable, account.id, version);
  return balanceOf(account.normalSide, await postedAsOf(queryable, account, version, to, counters));
}

function withBalances(
  entries: readonly AccountEntry[],
  normalSide: Side,
  opening: bigint,
): StatementLine[] {
  let balanceAfter = opening;
  return entries.map((entry) => {
    balanceAfter += entry.side === normalSide ? entry.posted : -entry.posted;
    return { ...entry, balanceAfter };
  });
}
