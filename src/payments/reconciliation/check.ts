// Owns what must be true of a statement before it is taken: it is about one account in one
// currency, and its balances and booked entries add up. Pure.

import { accept, parseDate, startOfDay, type Instant, type Result } from '#kernel';
import type { BankStatement, StatementBalance, StatementEntry } from '../iso20022/statement.ts';
import { no, type ReconciliationRefusal } from './refusals.ts';

/** An entry as it can be matched. */
export interface UsableEntry {
  readonly amount: bigint;
  readonly bookedOn: Instant;
  readonly valueOn: Instant;
  readonly reference: string | undefined;
  readonly servicerReference: string | undefined;
  readonly code: string | undefined;
  /** All names by which the payments of it may be known. */
  readonly references: readonly string[];
}

export interface UsableStatement {
  readonly kind: 'statement' | 'notification';
  readonly reference: string;
  readonly sequence: bigint | undefined;
  readonly opening: bigint | undefined;
  readonly closing: bigint | undefined;
  readonly endsOn: Instant;
  readonly entries: readonly UsableEntry[];
}

type Checked = Result<UsableStatement, ReconciliationRefusal>;

const openingTypes: ReadonlySet<string> = new Set(['OPBD', 'PRCD']);
const NAME_LENGTH_MAX = 100;

export function checkStatement(statement: BankStatement, currency: string, now: Instant): Checked {
  const [fault] = statement.faults;
  if (fault !== undefined) return no('statement_does_not_add_up', fault.message);
  const booked = statement.entries.filter(
    ({ status, amount }) => status === 'BOOK' && amount !== 0n,
  );
  const other = [...booked, ...statement.balances].find((each) => each.currency !== currency);
  if (other !== undefined) {
    const message = `The statement has an amount in ${other.currency}, and not in ${currency}.`;
    return no('statement_unreadable', message);
  }
  if (statement.kind !== 'statement') {
    // Without the other bank's own name an entry could not be told from that of the statement.
    const named = booked.filter(({ servicerReference }) => servicerReference !== undefined);
    return accept(usable(statement, named, undefined, now));
  }
  const opening = statement.balances.find(({ type }) => openingTypes.has(type));
  const closing = statement.balances.findLast(({ type }) => type === 'CLBD');
  if (opening === undefined || closing === undefined) {
    return no('statement_unreadable', 'The statement has no opening or no closing balance.');
  }
  const total = booked.reduce((sum, { amount }) => sum + amount, opening.amount);
  if (total !== closing.amount) {
    const message = `Opening balance and entries make ${total}, and not ${closing.amount}.`;
    return no('statement_does_not_add_up', message);
  }
  return accept(usable(statement, booked, { opening, closing }, now));
}

interface Balances {
  readonly opening: StatementBalance;
  readonly closing: StatementBalance;
}

function usable(
  statement: BankStatement,
  booked: readonly StatementEntry[],
  balances: Balances | undefined,
  now: Instant,
): UsableStatement {
  const today = startOfDay(now);
  const closesOn = balances && parseDate(balances.closing.on);
  const entries = booked.map((entry) => usableEntry(entry, closesOn ?? today));
  const latest = entries.reduce((date, { bookedOn }) => Math.max(date, bookedOn), 0) as Instant;
  const { id, messageId, sequence } = statement;
  return {
    kind: statement.kind === 'statement' ? 'statement' : 'notification',
    reference: (id === '' ? messageId : id).slice(0, NAME_LENGTH_MAX),
    sequence: sequence !== undefined && /^\d{1,18}$/.test(sequence) ? BigInt(sequence) : undefined,
    opening: balances?.opening.amount,
    closing: balances?.closing.amount,
    endsOn: closesOn ?? (entries.length === 0 ? today : latest),
    entries,
  };
}

function usableEntry(entry: StatementEntry, fallback: Instant): UsableEntry {
  const { amount, bookedOn, details, reference, servicerReference, transactionCode, valueOn } =
    entry;
  const date = (text: string | undefined): Instant | undefined =>
    text === undefined ? undefined : parseDate(text.slice(0, 10));
  const booked = date(bookedOn) ?? date(valueOn) ?? fallback;
  const names = details.flatMap(({ references: known, creditorReference }) => [
    known.endToEnd,
    known.transaction,
    known.instruction,
    known.uetr,
    known.clearing,
    creditorReference,
  ]);
  const references = [reference, ...names].filter((name) => name !== undefined && isName(name));
  return {
    amount,
    bookedOn: booked,
    valueOn: date(valueOn) ?? booked,
    reference: reference ?? references[0],
    servicerReference,
    code: transactionCode?.slice(0, NAME_LENGTH_MAX),
    references: [...new Set(references)].filter((name) => name !== undefined),
  };
}

/** What banks write where they know no name (EPC AT-T014). */
function isName(text: string): boolean {
  return text !== '' && text !== 'NOTPROVIDED' && text !== 'NONREF';
}
