// Owns the statement as CSV (RFC 4180): a row for the opening balance, one for each entry, one for
// the closing balance. A text that a spreadsheet would take for a formula gets an apostrophe before
// it; numbers are ours and need none.

import { formatDate, formatDecimal, formatInstant } from '#kernel';
import type { AccountStatement, StatementEntry } from './statement.ts';

/** Stable names; new columns are added at the end. */
const columns = [
  'row',
  'value_date',
  'recorded_at',
  'currency',
  'debit',
  'credit',
  'balance',
  'kind',
  'description',
  'external_id',
  'transfer_id',
] as const;

type Row = Readonly<Partial<Record<(typeof columns)[number], string | undefined>>>;

// Also the full-width signs, which some spreadsheets take for the plain ones.
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/u;

export async function* csvOf(statement: AccountStatement): AsyncGenerator<string> {
  const { currency, from, to, opening, closing, debits, credits } = statement;
  const amount = (minor: bigint): string => formatDecimal(minor, currency);
  const entryRow = (entry: StatementEntry): Row => ({
    row: 'entry',
    value_date: formatDate(entry.effectiveAt),
    recorded_at: formatInstant(entry.recordedAt),
    currency,
    [entry.side]: amount(entry.posted),
    balance: amount(entry.balance),
    kind: entry.kind,
    description: harmless(entry.description),
    external_id: harmless(entry.externalId),
    transfer_id: entry.transferId,
  });
  const heading = `${columns.join(',')}\r\n`;
  yield (
    heading +
    lineOf({ row: 'opening', value_date: formatDate(from), currency, balance: amount(opening) })
  );
  for await (const entries of statement.pages())
    yield entries.map((each) => lineOf(entryRow(each))).join('');
  yield lineOf({
    row: 'closing',
    value_date: formatDate(to),
    currency,
    debit: amount(debits),
    credit: amount(credits),
    balance: amount(closing),
  });
}

function harmless(text: string | undefined): string | undefined {
  return text !== undefined && FORMULA.test(text) ? `'${text}` : text;
}

function lineOf(row: Row): string {
  return `${columns.map((name) => cellOf(row[name] ?? '')).join(',')}\r\n`;
}

function cellOf(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
