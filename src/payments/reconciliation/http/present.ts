// Owns how nostro accounts, statements and breaks are shown in answers.

import { formatDate, formatInstant } from '#kernel';
import type { Break, Nostro, TakenStatement } from '../nostro.ts';
import type { NostroSummary } from '../nostros.ts';
import type { Rule } from '../rule.ts';
import type { RuleBody } from './reconciliation-schemas.ts';

export function rulesOf(rules: readonly RuleBody[]): Rule[] {
  return rules.map(({ kind, days, items_max: itemsMax }) => ({ kind, days, itemsMax }));
}

export function presentNostro(nostro: Nostro): object {
  return {
    id: nostro.id,
    number: nostro.number,
    account_id: nostro.accountId,
    currency: nostro.currency,
    write_off_account_id: nostro.writeOffAccountId ?? null,
    rules: nostro.rules.map(({ kind, days, itemsMax }) => ({ kind, days, items_max: itemsMax })),
    revision: nostro.revision,
    changed_at: formatInstant(nostro.changedAt),
  };
}

export function presentSummary(summary: NostroSummary): object {
  return {
    nostro: presentNostro(summary.nostro),
    books: String(summary.books),
    statement: String(summary.statement),
    unmatched_books: String(summary.unmatchedBooks),
    unmatched_statement: String(summary.unmatchedStatement),
    unexplained: String(summary.unexplained),
    breaks: summary.breaks.map(({ kind, count, amount }) => {
      return { kind, count: Number(count), amount: String(amount) };
    }),
    matches: summary.matches.map(({ rule, count }) => ({ rule, count: Number(count) })),
  };
}

const text = (value: bigint | undefined): string | null =>
  value === undefined ? null : String(value);

export function presentStatement(statement: TakenStatement): object {
  return {
    id: statement.id,
    nostro_id: statement.nostroId,
    kind: statement.kind,
    reference: statement.reference,
    sequence: text(statement.sequence),
    opening_balance: text(statement.opening),
    closing_balance: text(statement.closing),
    ends_on: formatDate(statement.endsOn),
    entries: statement.entries,
    recorded_at: formatInstant(statement.recordedAt),
  };
}

export function presentBreak(given: Break): object {
  return {
    id: given.id,
    nostro_id: given.nostroId,
    kind: given.kind,
    amount: String(given.amount),
    statement_id: given.statementId ?? null,
    entry: given.place ?? null,
    account_id: given.accountId ?? null,
    account_version: text(given.version),
    state: given.state,
    assignee: given.assignee ?? null,
    resolution: given.resolution ?? null,
    note: given.note ?? null,
    transfer_id: given.transferId ?? null,
    wait_until: given.waitUntil === undefined ? null : formatDate(given.waitUntil),
    since_on: formatDate(given.sinceOn),
    changed_at: formatInstant(given.changedAt),
  };
}
