// Owns whether a statement adds up: the opening balance and what was booked must be the closing
// balance, and the summary the bank gives must be of the entries it gives.
import { currencyOf } from '#kernel';
import { DecimalSum, writeAmount } from '../amounts.ts';
import { textAt, type MessageElement } from '../element.ts';
import type { StatementBalance, StatementEntry, StatementFault } from '../statement.ts';
import { BOOKED } from './entry.ts';

/** What is booked at the start: the closing balance of the statement before is one too. */
const OPENING = ['OPBD', 'PRCD'];
const CLOSING = 'CLBD';

export function balanceFaults(
  balances: readonly StatementBalance[],
  entries: readonly StatementEntry[],
): StatementFault[] {
  const opening = OPENING.map((code) => balances.find(({ type }) => type === code)).find(Boolean);
  const closing = balances.find(({ type }) => type === CLOSING);
  if (opening === undefined || closing === undefined) return [];
  const booked = entries.filter(({ status }) => status === BOOKED);
  const stray = booked.find(({ currency }) => currency !== closing.currency);
  if (opening.currency !== closing.currency || stray !== undefined) {
    const message = 'The balances and the entries are not all of one currency.';
    return [{ rule: 'iso_balance_currency', message, record: stray?.record ?? closing.record }];
  }
  const total = booked.reduce((sum, { amount }) => sum + amount, 0n);
  if (opening.amount + total === closing.amount) return [];
  const message =
    `The opening balance ${text(opening)} and the entries ${text({ ...closing, amount: total })} ` +
    `are not the closing balance ${text(closing)}.`;
  return [{ rule: 'iso_balance_wrong', message, record: closing.record }];
}

/** What the bank sums up of its entries, where it does. */
export function summaryFaults(
  summary: MessageElement | undefined,
  entries: readonly StatementEntry[],
): StatementFault[] {
  if (summary === undefined) return [];
  const parts: readonly [string, readonly StatementEntry[]][] = [
    ['TtlNtries', entries],
    ['TtlCdtNtries', entries.filter(({ amount }) => amount > 0n)],
    ['TtlDbtNtries', entries.filter(({ amount }) => amount < 0n)],
  ];
  // An amount of zero is a credit or a debit by its indicator, which a signed amount does not keep.
  const hasZero = entries.some(({ amount }) => amount === 0n);
  return parts
    .filter(([name]) => name === 'TtlNtries' || !hasZero)
    .flatMap(([name, counted]) => partFaults(summary, name, counted));
}

function partFaults(
  summary: MessageElement,
  name: string,
  counted: readonly StatementEntry[],
): StatementFault[] {
  const faults: StatementFault[] = [];
  const record = summary.line;
  const count = textAt(summary, `${name}/NbOfNtries`);
  if (count !== undefined && Number(count) !== counted.length) {
    const message = `${name} states ${count} entries, and there are ${counted.length}.`;
    faults.push({ rule: 'iso_summary_wrong', message, record });
  }
  const stated = textAt(summary, `${name}/Sum`);
  const sum = new DecimalSum();
  for (const { amount, currency } of counted) sum.add(text({ amount: size(amount), currency }));
  if (stated !== undefined && !sum.equals(stated)) {
    const message = `${name} states the sum ${stated}, and it is ${sum.toString()}.`;
    faults.push({ rule: 'iso_summary_wrong', message, record });
  }
  return faults;
}

function size(amount: bigint): bigint {
  return amount < 0n ? -amount : amount;
}

function text({ amount, currency }: { amount: bigint; currency: string }): string {
  const known = currencyOf(currency);
  return known === undefined ? String(amount) : writeAmount(amount, known);
}
