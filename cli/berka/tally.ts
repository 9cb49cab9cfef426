// Owns the figures of an import, counted row by row. A row counts as agreeing only if the ledger's
// own answer, right after the row, was the printed balance.

import { assert, DAY_US, formatDate, type Instant } from '#kernel';
import type { Holdings } from './bank/holdings.ts';
import { nostros } from './mapping.ts';
import type { Plan } from './plan.ts';
import type { PostingEnd, RowOutcome } from './post.ts';
import type { BankFiles } from './read.ts';
import type { ReferenceCounts } from './store.ts';

/** Rows that agree with the printed balance, and how. */
export interface Agreement {
  readonly rows: number;
  readonly agreeing: number;
  readonly asPublished: number;
  readonly rounded: number;
}

/** An account whose balance in the books is not the printed one after some row. */
export interface Difference {
  readonly account: number;
  readonly rows: number;
  readonly firstTransaction: number;
  readonly firstDate: string;
  /** Haler. */
  readonly printed: bigint;
  /** Haler. */
  readonly booked: bigint;
}

/** A row that the ledger refused; the rows after it in the same account wait. */
export interface RefusedRow {
  readonly account: number;
  readonly transaction: number;
  readonly date: string;
  readonly code: string;
  readonly message: string;
}

export interface KindTotal {
  readonly operation: string;
  readonly against: string;
  readonly rows: number;
  /** Haler. */
  readonly amount: bigint;
}

export interface ImportReport {
  readonly source: string;
  readonly directory: string;
  /** complete: all rows agree. The others end the command with another exit code. */
  readonly outcome: 'complete' | 'differences' | 'stopped';
  readonly records: {
    readonly districts: number;
    readonly clients: number;
    readonly accounts: number;
    readonly ownerships: number;
    readonly permanentOrders: number;
    readonly loans: number;
    readonly cards: number;
    readonly transactions: number;
  };
  /** All days on which the file is whole. */
  readonly compared: Agreement & { readonly until: string | undefined; readonly accounts: number };
  /** The last day, where the file was cut within it. */
  readonly cutDay:
    | (Agreement & {
        readonly date: string;
        readonly setAside: number;
        readonly setAsideAccounts: number;
      })
    | undefined;
  /** Amounts in haler: what the rounding entries added to and took from customers. */
  readonly roundings: {
    readonly rows: number;
    readonly raised: number;
    readonly raisedBy: bigint;
    readonly lowered: number;
    readonly loweredBy: bigint;
  };
  readonly overdrawn: { readonly accounts: number; readonly rows: number };
  readonly kinds: readonly KindTotal[];
  readonly differences: readonly Difference[];
  readonly refusals: readonly RefusedRow[];
  readonly waiting: number;
  readonly holdings: Holdings;
  readonly added: Added;
  readonly existing: Added;
  readonly elapsedMs: number;
}

export interface Added {
  readonly records: number;
  readonly accounts: number;
  readonly transfers: number;
}

/** Counts outcomes as they come. */
export interface Tally {
  take(outcome: RowOutcome): void;
  report(rest: TallyRest): ImportReport;
}

export interface TallyRest {
  readonly source: string;
  readonly directory: string;
  readonly references: ReferenceCounts;
  readonly accounts: { readonly added: number; readonly existing: number };
  readonly holdings: Holdings;
  readonly end: PostingEnd;
  readonly elapsedMs: number;
}

type Counting<Counted> = { -readonly [Name in keyof Counted]: Counted[Name] };

interface Figures {
  readonly cutDay: Instant | undefined;
  /** Rows of whole days, and of the day within which the file was cut. */
  readonly whole: Counting<Agreement>;
  readonly cut: Counting<Agreement>;
  readonly accounts: Set<number>;
  readonly roundings: Counting<ImportReport['roundings']>;
  readonly kinds: Map<string, KindTotal>;
  readonly differences: Map<number, Difference>;
  readonly refusals: RefusedRow[];
  readonly transfers: { added: number; existing: number };
}

export function startTally(files: BankFiles, plan: Plan): Tally {
  const figures = figuresOf(plan);
  return {
    take: (outcome) => take(figures, outcome),
    report: (rest) => reportOf(figures, { files, plan, rest }),
  };
}

function figuresOf({ rows, setAside, lastDay }: Plan): Figures {
  const cutDay = setAside.length > 0 ? lastDay : undefined;
  const figures: Figures = {
    cutDay,
    whole: { rows: 0, agreeing: 0, asPublished: 0, rounded: 0 },
    cut: { rows: setAside.length, agreeing: 0, asPublished: 0, rounded: 0 },
    accounts: new Set(),
    roundings: { rows: 0, raised: 0, raisedBy: 0n, lowered: 0, loweredBy: 0n },
    kinds: new Map(),
    differences: new Map(),
    refusals: [],
    transfers: { added: 0, existing: 0 },
  };
  for (const { transaction } of rows) {
    if (transaction.date === cutDay) {
      figures.cut.rows += 1;
    } else {
      figures.whole.rows += 1;
      figures.accounts.add(transaction.account_id);
    }
  }
  return figures;
}

function take(figures: Figures, outcome: RowOutcome): void {
  const { row, balance } = outcome;
  figures.transfers.added += outcome.added;
  figures.transfers.existing += outcome.replayed;
  if (balance === undefined) {
    figures.refusals.push(refusedRow(outcome));
    return;
  }
  countRounding(figures.roundings, row.rounding);
  countKind(figures.kinds, outcome);
  if (balance !== row.transaction.balance) {
    countDifference(figures.differences, outcome, balance);
    return;
  }
  const count = row.transaction.date === figures.cutDay ? figures.cut : figures.whole;
  count.agreeing += 1;
  if (row.rounding === 0n) count.asPublished += 1;
  else count.rounded += 1;
}

interface Facts {
  readonly files: BankFiles;
  readonly plan: Plan;
  readonly rest: TallyRest;
}

function reportOf(figures: Figures, { files, plan, rest }: Facts): ImportReport {
  const { cutDay, whole, cut, accounts, roundings, kinds, differences, refusals } = figures;
  const { references, accounts: opened, end } = rest;
  const { setAside, lastDay } = plan;
  return {
    source: rest.source,
    directory: rest.directory,
    outcome: outcomeOf(end, differences.size + refusals.length),
    records: recordCounts(files),
    compared: { ...whole, until: lastWholeDay(lastDay, cutDay), accounts: accounts.size },
    cutDay:
      cutDay === undefined
        ? undefined
        : {
            ...cut,
            date: formatDate(cutDay),
            setAside: setAside.length,
            setAsideAccounts: new Set(setAside.map(({ account_id }) => account_id)).size,
          },
    roundings,
    overdrawn: overdrawnRows(files),
    kinds: [...kinds.values()].toSorted((a, b) => b.rows - a.rows),
    differences: [...differences.values()].toSorted((a, b) => a.account - b.account),
    refusals,
    waiting: end.waiting,
    holdings: rest.holdings,
    added: {
      records: references.added,
      accounts: opened.added,
      transfers: figures.transfers.added,
    },
    existing: {
      records: references.existing,
      accounts: opened.existing,
      transfers: figures.transfers.existing,
    },
    elapsedMs: Math.round(rest.elapsedMs),
  };
}

function outcomeOf({ end }: PostingEnd, faults: number): ImportReport['outcome'] {
  if (end === 'stopped') return 'stopped';
  return faults === 0 ? 'complete' : 'differences';
}

function lastWholeDay(last: Instant | undefined, cut: Instant | undefined): string | undefined {
  if (cut !== undefined) return formatDate((cut - DAY_US) as Instant);
  return last === undefined ? undefined : formatDate(last);
}

function recordCounts(files: BankFiles): ImportReport['records'] {
  return {
    districts: files.districts.length,
    clients: files.clients.length,
    accounts: files.accounts.length,
    ownerships: files.dispositions.length,
    permanentOrders: files.orders.length,
    loans: files.loans.length,
    cards: files.cards.length,
    transactions: files.transactions.length,
  };
}

function overdrawnRows(files: BankFiles): ImportReport['overdrawn'] {
  const rows = files.transactions.filter(({ balance }) => balance < 0n);
  return { rows: rows.length, accounts: new Set(rows.map(({ account_id }) => account_id)).size };
}

function countRounding(roundings: Figures['roundings'], rounding: bigint): void {
  if (rounding === 0n) return;
  roundings.rows += 1;
  if (rounding > 0n) {
    roundings.raised += 1;
    roundings.raisedBy += rounding;
  } else {
    roundings.lowered += 1;
    roundings.loweredBy -= rounding;
  }
}

function countKind(kinds: Map<string, KindTotal>, { row }: RowOutcome): void {
  const { kind, transaction } = row;
  const { name: operation } = kind;
  const last = kind.against === 'nostro' ? nostros : kind.against;
  const against = kind.through === undefined ? last : `${last}, through ${kind.through}`;
  const before = kinds.get(operation) ?? { operation, against, rows: 0, amount: 0n };
  const amount = before.amount + transaction.amount;
  kinds.set(operation, { ...before, rows: before.rows + 1, amount });
}

function countDifference(
  differences: Map<number, Difference>,
  { row }: RowOutcome,
  booked: bigint,
): void {
  const { account_id, trans_id, date, balance } = row.transaction;
  const before = differences.get(account_id) ?? {
    account: account_id,
    rows: 0,
    firstTransaction: trans_id,
    firstDate: formatDate(date),
    printed: balance,
    booked,
  };
  differences.set(account_id, { ...before, rows: before.rows + 1 });
}

function refusedRow({ row, refusal }: RowOutcome): RefusedRow {
  const { account_id, trans_id, date } = row.transaction;
  assert(refusal !== undefined, 'a row without a balance was refused');
  const { code, message } = refusal;
  return { account: account_id, transaction: trans_id, date: formatDate(date), code, message };
}
