// Owns how the end of an import is told: a table of its figures for people, and the same as JSON
// for machines. The sentence on agreement is the one that the whole import is about.

import { formatDecimal } from '#kernel';
import { CURRENCY } from './tables.ts';
import type { ImportReport } from './tally.ts';

const grouped = new Intl.NumberFormat('en-GB');

const number = (count: number | bigint): string => grouped.format(count);

function money(haler: bigint): string {
  const [whole = '0', fraction = '00'] = formatDecimal(haler, CURRENCY).split('.');
  const sign = whole.startsWith('-') ? '-' : '';
  return `${sign}${number(BigInt(whole.replace('-', '')))}.${fraction}`;
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${number(count)} ${count === 1 ? one : many}`;
}

/** Enough to see what is wrong; the JSON report has all of them. */
const LISTED_MAX = 50;

/** The report for people. */
export function formatReport(report: ImportReport): string {
  return [
    ...recordLines(report),
    '',
    ...kindLines(report),
    '',
    ...agreementLines(report),
    ...differenceLines(report),
    '',
    ...changeLines(report),
  ].join('\n');
}

function recordLines({ records, source, directory }: ImportReport): string[] {
  return [
    `Import of ${directory} as "${source}"`,
    `  ${counted(records.clients, 'client')}, ${counted(records.accounts, 'account')}, ` +
      `${counted(records.ownerships, 'ownership')}, ` +
      `${counted(records.permanentOrders, 'permanent order')}, ` +
      `${counted(records.loans, 'loan')}, ${counted(records.cards, 'card')}, ` +
      `${counted(records.districts, 'district')}, ${counted(records.transactions, 'transaction')}`,
  ];
}

function kindLines({ kinds, roundings }: ImportReport): string[] {
  const rows: (readonly [string, string, string, string])[] = kinds.map((kind) => [
    kind.operation.replaceAll('_', ' '),
    number(kind.rows),
    money(kind.amount),
    kind.against,
  ]);
  if (roundings.rows > 0) {
    const total = money(roundings.raisedBy + roundings.loweredBy);
    rows.push(['rounding entry', number(roundings.rows), total, 'expenses:rounding']);
  }
  return table(['Booked', 'Rows', CURRENCY, 'Against'], rows);
}

type Row = readonly [string, string, string, string];

function table(header: Row, rows: readonly Row[]): string[] {
  const all = [header, ...rows];
  const width = (column: 0 | 1 | 2 | 3): number =>
    Math.max(...all.map((row) => row[column].length));
  const widths = [width(0), width(1), width(2)] as const;
  const rule = '-'.repeat(widths[0] + widths[1] + widths[2] + width(3) + 6);
  const lines = all.map(
    ([label, count, amount, rest]) =>
      `  ${label.padEnd(widths[0])}  ${count.padStart(widths[1])}  ` +
      `${amount.padStart(widths[2])}  ${rest}`,
  );
  return [lines[0] ?? '', `  ${rule}`, ...lines.slice(1)];
}

/** The sentence that the whole import is about. */
export function agreementSentence({ compared }: ImportReport): string {
  const { agreeing, rows, until, asPublished, rounded, accounts } = compared;
  const days = until === undefined ? '' : ` up to ${until}`;
  return (
    `${number(agreeing)} of the ${counted(rows, 'row')}${days} agree with the printed balance ` +
    `(${number(asPublished)} as published, ${number(rounded)} with a rounding entry of 0.10), ` +
    `in ${counted(accounts, 'account')}.`
  );
}

function agreementLines(report: ImportReport): string[] {
  const { cutDay, roundings, overdrawn } = report;
  const lines = [agreementSentence(report)];
  if (cutDay !== undefined) {
    lines.push(
      `The file is cut within ${cutDay.date}: ${number(cutDay.agreeing)} of its ` +
        `${counted(cutDay.rows, 'row')} agree (${number(cutDay.asPublished)} as published, ` +
        `${number(cutDay.rounded)} with a rounding entry); ${number(cutDay.setAside)} in ` +
        `${counted(cutDay.setAsideAccounts, 'account')} cannot chain and are not booked, but ` +
        'kept in berka.transactions_set_aside.',
    );
  }
  lines.push(
    `Rounding entries: ${number(roundings.rows)}, of which ${number(roundings.raised)} raised ` +
      `balances by ${money(roundings.raisedBy)} and ${number(roundings.lowered)} lowered them by ` +
      `${money(roundings.loweredBy)}: ${money(roundings.raisedBy - roundings.loweredBy)} net.`,
    `Overdrawn: ${counted(overdrawn.accounts, 'account')} in ${counted(overdrawn.rows, 'row')}, ` +
      'each with the credit limit that its history needs.',
  );
  return lines;
}

function differenceLines({ differences, refusals, waiting, outcome }: ImportReport): string[] {
  const lines: string[] = [];
  for (const { account, rows, firstTransaction, firstDate, printed, booked } of differences) {
    lines.push(
      `  account ${account}: ${counted(rows, 'row')} differ, first transaction ` +
        `${firstTransaction} of ${firstDate}: printed ${money(printed)}, booked ${money(booked)}`,
    );
  }
  for (const { account, transaction, date, code, message } of refusals) {
    lines.push(
      `  account ${account}: transaction ${transaction} of ${date} was refused, ` +
        `${code}: ${message}`,
    );
  }
  if (lines.length > LISTED_MAX) {
    const more = lines.length - LISTED_MAX;
    lines.splice(LISTED_MAX, more, `  and ${number(more)} more; --json lists them all`);
  }
  if (lines.length > 0) lines.unshift('', 'NOT IN AGREEMENT:');
  if (waiting > 0) {
    const why = outcome === 'stopped' ? 'the import was stopped' : 'an earlier one was refused';
    lines.push(`  ${counted(waiting, 'row')} not attempted, because ${why}; import again to go on`);
  }
  return lines;
}

function changeLines(report: ImportReport): string[] {
  const { added, existing, elapsedMs, compared, cutDay, waiting, holdings } = report;
  const seconds = (elapsedMs / 1000).toLocaleString('en-GB', { maximumFractionDigits: 1 });
  const rows = compared.rows + (cutDay?.rows ?? 0) - waiting;
  const rate = Math.round((rows / Math.max(elapsedMs, 1)) * 1000);
  const isUnchanged = added.records + added.accounts + added.transfers === 0;
  const change = isUnchanged
    ? 'Nothing changed: everything had been imported before ' +
      `(${counted(existing.transfers, 'transfer')}, ${counted(existing.accounts, 'account')}).`
    : `Added ${counted(added.transfers, 'transfer')}, ${counted(added.accounts, 'account')} and ` +
      `${counted(added.records, 'record')}; there before: ` +
      `${number(existing.transfers)}, ${number(existing.accounts)} and ` +
      `${number(existing.records)}.`;
  const { customers, bankAccounts, standingOrders } = holdings;
  const held =
    `Of the bank: ${counted(customers.added, 'customer')}, ` +
    `${counted(bankAccounts.added, 'bank account')} and ` +
    `${counted(standingOrders.added, 'standing order')} added, the orders suspended until ` +
    `somebody resumes them; there before: ${number(customers.existing)}, ` +
    `${number(bankAccounts.existing)} and ${number(standingOrders.existing)}.`;
  return [change, held, `Took ${seconds} s: ${number(rate)} rows a second.`];
}

/** The report for machines: snake_case names, amounts in minor units (haler) as text. */
export function reportJson(report: ImportReport): string {
  return JSON.stringify({ ...spelled(report), sentence: agreementSentence(report) }, null, 2);
}

function spelled(value: object): Record<string, unknown> {
  const members = Object.entries(value).map(([name, member]) => {
    const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return [snake, spelledValue(member)] as const;
  });
  return Object.fromEntries(members);
}

function spelledValue(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return value.map(spelledValue);
  if (value !== null && typeof value === 'object') return spelled(value);
  return value;
}
