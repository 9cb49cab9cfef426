// Turns what the reading verbs found into the objects that clients see: snake_case, amounts as
// texts of minor units, times as RFC 3339. A member that does not apply is absent.

import { currencyOf, formatInstant, minorUnitsOf, type Instant } from '#kernel';
import type { Account, Balances } from '../account.ts';
import type { PeriodClose } from '../close-period.ts';
import { balanceOf } from '../posting/balance.ts';
import type { Counters } from '../posting/transfer.ts';
import type { Side } from '../posting/instruction.ts';
import type {
  AccountEntry,
  AsOf,
  ChartNode,
  Hold,
  Statement,
  StatementLine,
  TrialBalanceLine,
  TrialBalanceTotal,
} from '../read.ts';
import { amountOf } from './serialise.ts';

function minorUnits(currency: string): number {
  const known = currencyOf(currency);
  // A currency that left the standard after accounts were opened in it: its decimals are not known.
  return known === undefined ? 0 : minorUnitsOf(known);
}

function timeOrNull(instant: Instant | undefined): string | null {
  return instant === undefined ? null : formatInstant(instant);
}

function amountOrNull(amount: bigint | null): string | null {
  return amount === null ? null : String(amount);
}

function presentCounters(balance: bigint, counters: Counters): Record<string, string> {
  return {
    balance: String(balance),
    posted_debits: String(counters.postedDebits),
    posted_credits: String(counters.postedCredits),
    pending_debits: String(counters.pendingDebits),
    pending_credits: String(counters.pendingCredits),
  };
}

function presentBalances(balances: Balances): Record<string, string> {
  return {
    ...presentCounters(balances.balance, balances),
    pending_in: String(balances.pendingIn),
    pending_out: String(balances.pendingOut),
    available: String(balances.available),
  };
}

export function presentAccount(account: Account): object {
  return {
    id: account.id,
    external_id: account.externalId,
    path: account.path,
    name: account.name,
    currency: account.currency,
    minor_units: minorUnits(account.currency),
    normal_side: account.normalSide,
    state: account.state,
    floor: amountOrNull(account.floor),
    ceiling: amountOrNull(account.ceiling),
    credit_limit: String(account.creditLimit),
    metadata: account.metadata,
    opened_at: formatInstant(account.openedAt),
    changed_at: formatInstant(account.changedAt),
    version: Number(account.balances.version),
    balances: presentBalances(account.balances),
  };
}

export function presentBalance(account: Account, balances: Balances, asOf: AsOf): object {
  return {
    account_id: account.id,
    currency: account.currency,
    minor_units: minorUnits(account.currency),
    normal_side: account.normalSide,
    ...presentAsOf(asOf),
    version: Number(balances.version),
    ...presentBalances(balances),
  };
}

export function presentAsOf({ effectiveAt, recordedAt }: AsOf): object {
  return { effective_at: timeOrNull(effectiveAt), recorded_at: timeOrNull(recordedAt) };
}

export function presentEntry(entry: AccountEntry, { currency, normalSide }: Account): object {
  return {
    transfer_id: entry.transferId,
    kind: entry.kind,
    leg: entry.leg,
    account_id: entry.accountId,
    side: entry.side,
    amount: String(amountOf(entry)),
    currency,
    posted: String(entry.posted),
    pending: String(entry.pending),
    version: Number(entry.version),
    external_id: entry.externalId,
    description: entry.description,
    effective_at: formatInstant(entry.effectiveAt),
    recorded_at: formatInstant(entry.recordedAt),
    balances: presentCounters(balanceOf(normalSide, entry), entry),
  };
}

export function presentStatement(
  statement: Statement,
  { from, to }: { readonly from: Instant; readonly to: Instant },
): object {
  const { account } = statement;
  return {
    account_id: account.id,
    currency: account.currency,
    normal_side: account.normalSide,
    from: formatInstant(from),
    to: formatInstant(to),
    version: Number(statement.version),
    opening_balance: String(statement.opening),
    closing_balance: String(statement.closing),
    turnover: { debits: String(statement.debits), credits: String(statement.credits) },
    line_count: Number(statement.lineCount),
    data: statement.lines.map((line) => presentLine(line, account.currency)),
  };
}

function presentLine(line: StatementLine, currency: string): object {
  return {
    transfer_id: line.transferId,
    kind: line.kind,
    leg: line.leg,
    side: line.side,
    amount: String(line.posted),
    currency,
    balance_after: String(line.balanceAfter),
    external_id: line.externalId,
    description: line.description,
    effective_at: formatInstant(line.effectiveAt),
    recorded_at: formatInstant(line.recordedAt),
    version: Number(line.version),
  };
}

export function presentHold(hold: Hold): object {
  return {
    id: hold.id,
    state: hold.state,
    external_id: hold.externalId,
    description: hold.description,
    metadata: hold.metadata,
    expires_at: timeOrNull(hold.expiresAt),
    effective_at: formatInstant(hold.effectiveAt),
    recorded_at: formatInstant(hold.recordedAt),
    legs: hold.legs.map((leg, index) => ({
      leg: index,
      account_id: leg.accountId,
      side: leg.side,
      currency: leg.currency,
      held: String(leg.held),
      captured: String(leg.captured),
      remaining: hold.state === 'open' ? String(leg.held - leg.captured) : '0',
    })),
  };
}

export function presentTotal(total: TrialBalanceTotal): object {
  return {
    currency: total.currency,
    accounts: Number(total.accounts),
    debits: String(total.debits),
    credits: String(total.credits),
    difference: String(total.debits - total.credits),
  };
}

export function presentTrialBalanceLine(line: TrialBalanceLine): object {
  const net = line.debits - line.credits;
  return {
    currency: line.currency,
    path: line.path,
    account_id: line.accountId,
    accounts: Number(line.accounts),
    debits: String(line.debits),
    credits: String(line.credits),
    debit_balance: net > 0n ? String(net) : '0',
    credit_balance: net < 0n ? String(-net) : '0',
  };
}

export function presentChartNode(node: ChartNode): object {
  const side: Side = node.normalSide ?? 'debit';
  const balance = side === 'debit' ? node.debits - node.credits : node.credits - node.debits;
  return {
    path: node.path,
    level: node.path === '' ? 0 : node.path.split(':').length,
    currency: node.currency,
    accounts: Number(node.accounts),
    normal_side: node.normalSide ?? null,
    debits: String(node.debits),
    credits: String(node.credits),
    balance: String(balance),
  };
}

export function presentPeriodClose(close: PeriodClose): object {
  return {
    closed_before: formatInstant(close.closedBefore),
    closed_at: formatInstant(close.closedAt),
    actor: close.actor,
  };
}
