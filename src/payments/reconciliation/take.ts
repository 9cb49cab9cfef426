// The verb that takes a statement of another bank: checks it, stores it, matches it and all that
// waited with the books, and leaves a break for everything that is left. The same statement is
// never taken twice, and one account is matched by one at a time.

import { record } from '#audit';
import {
  accept,
  addDays,
  endOfDay,
  formatDate,
  idOf,
  msOf,
  startOfDay,
  uuidBatch,
  type Result,
  type UuidBatch,
} from '#kernel';
import { emit, type Transaction } from '#platform';
import type { BankStatement } from '../iso20022/statement.ts';
import { reconciliationActions } from './audit-actions.ts';
import { unmatchedBooks, type BookEntry } from './books.ts';
import { brokenVersions, insertBreaks, resolveMatched, supersedeBreaks } from './break-store.ts';
import { checkStatement, type UsableStatement } from './check.ts';
import { matchEntries, type Candidate } from './match.ts';
import { newBreak } from './new-break.ts';
import type {
  Break,
  BreakKind,
  Nostro,
  StatementPlace,
  TakenEntry,
  TakenStatement,
} from './nostro.ts';
import { findNostroByNumber, lockNostro, paymentNames, setMatchedUpTo } from './nostro-store.ts';
import { no, type ReconciliationRefusal } from './refusals.ts';
import {
  insertEntries,
  insertMatches,
  insertStatement,
  latestStatement,
  matchStatementEntries,
  notifiedEntries,
  unmatchedEntries,
  type NewMatch,
} from './statement-store.ts';

export interface Taken {
  readonly statement: TakenStatement;
  /** Entries of statements that were matched, of this one and of earlier ones. */
  readonly matched: number;
  readonly breaks: number;
}

export interface TakeInput {
  readonly statement: BankStatement;
  /** Of the file it came in. */
  readonly sha256: Buffer;
}

export async function takeStatement(
  tx: Transaction,
  { statement, sha256 }: TakeInput,
): Promise<Result<Taken, ReconciliationRefusal>> {
  const { iban, other, currency } = statement.account;
  const numbers = [iban, other].filter((number) => number !== undefined);
  const found = await findNostroByNumber(tx, { numbers, currency });
  const nostro = found && (await lockNostro(tx, found.id));
  if (nostro === undefined) {
    return no('statement_account_unknown', 'The statement names no nostro account of ours.');
  }
  const checked = checkStatement(statement, nostro.currency, tx.now);
  if (!checked.ok) return checked;
  const before = await latestStatement(tx, nostro.id, checked.value.endsOn);
  const ids = uuidBatch(msOf(tx.now));
  const taken = takenOf(tx, nostro, checked.value, ids);
  if (!(await insertStatement(tx, taken, sha256))) {
    return no('statement_exists', `The statement ${taken.reference} has been taken before.`);
  }
  const entries = entriesOf(taken, checked.value);
  await insertEntries(tx, nostro.id, entries);
  const { opening } = taken;
  const gap =
    before?.closing !== undefined && opening !== undefined ? opening - before.closing : 0n;
  const gaps =
    gap === 0n
      ? []
      : [newBreak(tx, nostro, { kind: 'statement_gap', amount: gap, statementId: taken.id })];
  const fresh = await confirmNotified(tx, nostro, taken, entries);
  const matching = await matchAll(tx, nostro, { taken, fresh, checked: checked.value, ids });
  const breaks = [...gaps, ...matching.breaks];
  await insertBreaks(tx, breaks);
  await tell(tx, taken, { matches: matching.matches.length, breaks: breaks.length });
  const matched = matching.matches.reduce((sum, match) => sum + match.statement.length, 0);
  return accept({ statement: taken, matched, breaks: breaks.length });
}

function takenOf(
  tx: Transaction,
  nostro: Nostro,
  usable: UsableStatement,
  ids: UuidBatch,
): TakenStatement {
  const { kind, reference, sequence, opening, closing, endsOn } = usable;
  const facts = { kind, reference, sequence, opening, closing, endsOn };
  const entries = usable.entries.length;
  const id = idOf('stm', ids.next());
  return { id, nostroId: nostro.id, ...facts, entries, recordedAt: tx.now };
}

interface FreshEntry extends TakenEntry {
  readonly references: readonly string[];
}

function entriesOf({ id: statementId }: TakenStatement, usable: UsableStatement): FreshEntry[] {
  return usable.entries.map((entry, place) => ({ ...entry, statementId, place }));
}

/** What a notification told of before is the same money; the rest is to be matched. */
async function confirmNotified(
  tx: Transaction,
  nostro: Nostro,
  { kind }: TakenStatement,
  entries: readonly FreshEntry[],
): Promise<readonly FreshEntry[]> {
  if (kind === 'notification') return entries;
  const references = entries.flatMap(({ servicerReference: name }) =>
    name === undefined ? [] : [name],
  );
  const notified = await notifiedEntries(tx, nostro.id, references);
  if (notified.length === 0) return entries;
  const byName = new Map(
    notified.map((each) => [`${each.servicerReference} ${each.amount}`, each]),
  );
  const known: (StatementPlace & { readonly matchId: NewMatch['id'] })[] = [];
  const superseded: StatementPlace[] = [];
  const fresh = entries.filter((entry) => {
    const name = `${entry.servicerReference ?? ''} ${entry.amount}`;
    const told = byName.get(name);
    if (told === undefined) return true;
    byName.delete(name);
    superseded.push(told);
    if (told.matchId === undefined) return true;
    const { statementId, place } = entry;
    known.push({ statementId, place, matchId: told.matchId });
    return false;
  });
  await matchStatementEntries(tx, known);
  await supersedeBreaks(tx, superseded);
  return fresh;
}

interface Ground {
  readonly taken: TakenStatement;
  readonly fresh: readonly FreshEntry[];
  readonly checked: UsableStatement;
  readonly ids: UuidBatch;
}

interface Outcome {
  readonly matches: readonly NewMatch[];
  readonly breaks: readonly Break[];
}

async function matchAll(tx: Transaction, nostro: Nostro, ground: Ground): Promise<Outcome> {
  const { taken, fresh, ids } = ground;
  const waiting = await unmatchedEntries(tx, nostro.id);
  const entries: readonly FreshEntry[] = [...fresh, ...waiting.map(withOwnReference)];
  const broken = await brokenVersions(tx, nostro.id);
  const walk = await unmatchedBooks(tx, nostro);
  const horizon = endOfDay(addDays(taken.endsOn, daysOf(nostro)));
  const books = walk.entries.filter(({ version, on }) => {
    return on <= horizon && broken.get(version) !== 'amount_differs';
  });
  const named = await candidatesOf(tx, books, entries);
  const { matches, differences } = matchEntries(entries.map(candidateOf), named, nostro.rules);
  const made = matches.map((match): NewMatch => ({
    id: idOf('mat', ids.next()),
    rule: match.rule,
    statement: match.statement.flatMap((place) => entries[place] ?? []),
    books: match.books.flatMap((place) => books[place]?.version ?? []),
  }));
  await insertMatches(tx, nostro, made);
  await resolveMatched(tx, nostro.id, made);
  const matchedVersions = new Set(made.flatMap((match) => match.books));
  await setMatchedUpTo(tx, nostro.id, walk.matchedUpTo(matchedVersions));
  const matchedEntries = new Set(made.flatMap((match) => match.statement));
  const left = {
    differing: differences.map(({ statement, book }) => ({
      entry: entries[statement],
      book: books[book],
    })),
    entries: fresh.filter((entry) => !matchedEntries.has(entry)),
    books: books.filter(({ version }) => !matchedVersions.has(version)),
    broken,
  };
  return { matches: made, breaks: breaksOf(tx, nostro, taken, left) };
}

/** What no rule matched. */
interface Left {
  readonly differing: readonly {
    readonly entry: FreshEntry | undefined;
    readonly book: BookEntry | undefined;
  }[];
  readonly entries: readonly FreshEntry[];
  readonly books: readonly BookEntry[];
  /** Versions that have a break already. */
  readonly broken: ReadonlyMap<bigint, BreakKind>;
}

function breaksOf(tx: Transaction, nostro: Nostro, taken: TakenStatement, left: Left): Break[] {
  const breaks: Break[] = [];
  const told = new Set<FreshEntry | BookEntry>();
  for (const { entry, book } of left.differing) {
    // The side that has a break of its own already keeps it.
    if (entry === undefined || book === undefined || left.broken.has(book.version)) continue;
    told.add(entry).add(book);
    breaks.push(newBreak(tx, nostro, { kind: 'amount_differs', entry, book }));
  }
  for (const entry of left.entries) {
    if (!told.has(entry)) breaks.push(newBreak(tx, nostro, { kind: 'statement_only', entry }));
  }
  if (taken.kind === 'notification') return breaks;
  const overdue = startOfDay(addDays(taken.endsOn, -daysOf(nostro)));
  for (const book of left.books) {
    if (told.has(book) || left.broken.has(book.version) || book.on >= overdue) continue;
    breaks.push(newBreak(tx, nostro, { kind: 'books_only', book }));
  }
  return breaks;
}

function withOwnReference(entry: TakenEntry): FreshEntry {
  return { ...entry, references: entry.reference === undefined ? [] : [entry.reference] };
}

/** How far the two sides may be apart by the rules that go by dates. */
function daysOf({ rules }: Nostro): number {
  const byDate = rules.filter(({ kind }) => kind === 'amount_and_date');
  return Math.max(0, ...byDate.map(({ days }) => days));
}

function candidateOf({ amount, bookedOn, references }: FreshEntry): Candidate {
  return { amount, on: bookedOn, references };
}

async function candidatesOf(
  tx: Transaction,
  books: readonly BookEntry[],
  entries: readonly FreshEntry[],
): Promise<Candidate[]> {
  const references = [...new Set(entries.flatMap((entry) => entry.references))];
  const names = await paymentNames(tx, references);
  return books.map(({ amount, on, references: own, transfer }) => {
    return { amount, on: startOfDay(on), references: [...own, ...(names.get(transfer) ?? [])] };
  });
}

async function tell(
  tx: Transaction,
  taken: TakenStatement,
  counts: { readonly matches: number; readonly breaks: number },
): Promise<void> {
  const { id } = taken;
  const after = factsOfStatement(taken);
  const action = reconciliationActions['payments.statement.take'];
  await record(tx, [{ action, target: id, after }]);
  await emit(tx, [{ type: 'bank_statement.taken', subject: id, data: { ...after, ...counts } }]);
}

/** What the log says of a statement. */
export function factsOfStatement(taken: TakenStatement) {
  const { nostroId, kind, entries, opening, closing, endsOn } = taken;
  return {
    closing: closing === undefined ? null : String(closing),
    ends_on: formatDate(endsOn),
    entries,
    kind,
    nostro_id: nostroId,
    opening: opening === undefined ? null : String(opening),
  };
}
