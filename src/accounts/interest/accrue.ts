// Decides what a run of days adds to an account's interest, from the balance of the last day
// counted and what has moved since, by value date. What has an earlier value date corrects the days
// it changes, by the difference and nothing else. Pure.

import { DAY_US, type AccountId, type Instant } from '#kernel';
import { versionOn, type Product } from '../products/product.ts';
import { isPeriodEnd } from './period.ts';
import { unitsFor, type Units } from './rate.ts';

export interface Position {
  readonly accountId: AccountId;
  readonly product: string;
  readonly beginsOn: Instant;
  readonly accruedThrough: Instant;
  readonly seenVersion: bigint;
  readonly balance: bigint;
  /** By value date. */
  readonly ahead: ReadonlyMap<Instant, bigint>;
  readonly places: number;
  readonly accrued: Units;
  readonly due: Units;
  readonly dueThrough: Instant;
  /** Minor units. */
  readonly booked: Units;
  readonly nextBooking: Instant | undefined;
  readonly lastActivityAt: Instant;
}

/** What a run of days with one balance added. Of a correction the balance is a difference. */
export interface Accrual {
  readonly accountId: AccountId;
  readonly place: number;
  readonly from: Instant;
  readonly through: Instant;
  readonly balance: bigint;
  readonly units: Units;
  readonly productVersion: number;
  readonly isCorrection: boolean;
}

/** A fee that falls due at the end of a period. */
export interface FeeDue {
  readonly accountId: AccountId;
  readonly code: string;
  readonly periodEnd: Instant;
  readonly amount: bigint;
}

export interface Since {
  /** Net credits by value date, minor units. */
  readonly moved: ReadonlyMap<Instant, bigint>;
  readonly version: bigint;
  readonly activityAt: Instant | undefined;
  /** What was accrued so far that still covers a day that changed. */
  readonly history: readonly Pick<Accrual, 'from' | 'through' | 'balance'>[];
}

export interface Accrued {
  readonly position: Position;
  readonly accruals: readonly Accrual[];
  readonly fees: readonly FeeDue[];
}

/** Counts the days up to `through`; stops earlier where interest falls due, to be booked first. */
export function accrue(
  before: Position,
  since: Since,
  { versions, through }: { readonly versions: readonly Product[]; readonly through: Instant },
): Accrued {
  const run = new Run(before, versions);
  const late = new Map<Instant, bigint>();
  const coming = new Map(before.ahead);
  for (const [day, amount] of since.moved) {
    const isLate = day <= before.accruedThrough;
    // What is older than the account's first day is its opening balance.
    const key = isLate && day < before.beginsOn ? before.beginsOn : day;
    const into = isLate ? late : coming;
    into.set(key, (into.get(key) ?? 0n) + amount);
  }
  if (late.size > 0) run.correct(late, since.history);
  run.advance(coming, through);
  return run.end(coming, since);
}

class Run {
  readonly #before: Position;
  readonly #versions: readonly Product[];
  readonly #accruals: Accrual[] = [];
  readonly #fees: FeeDue[] = [];
  #balance: bigint;
  #credit: bigint;
  #debit: bigint;
  #through: Instant;
  #due: { readonly units: Units; readonly through: Instant } | undefined;

  constructor(before: Position, versions: readonly Product[]) {
    this.#before = before;
    this.#versions = versions;
    this.#balance = before.balance;
    this.#credit = before.accrued.credit;
    this.#debit = before.accrued.debit;
    this.#through = before.accruedThrough;
  }

  correct(late: ReadonlyMap<Instant, bigint>, history: Since['history']): void {
    const { accruedThrough, beginsOn } = this.#before;
    const first = Math.min(...late.keys());
    for (const amount of late.values()) this.#balance += amount;
    if (accruedThrough < beginsOn) return;
    const span = new Span();
    let difference = 0n;
    for (let at = first; at <= accruedThrough; at += DAY_US) {
      const day = at as Instant;
      difference += late.get(day) ?? 0n;
      const version = versionOn(this.#versions, day);
      const was = balanceOn(history, day);
      if (span.continues(difference, version, was)) {
        span.extend(day);
        continue;
      }
      this.#add(span, true);
      span.begin(day, { balance: difference, version, was });
    }
    this.#add(span, true);
  }

  advance(coming: Map<Instant, bigint>, through: Instant): void {
    const span = new Span();
    for (let at = this.#through + DAY_US; at <= through; at += DAY_US) {
      const day = at as Instant;
      this.#balance += coming.get(day) ?? 0n;
      coming.delete(day);
      const version = versionOn(this.#versions, day);
      if (span.continues(this.#balance, version, 0n)) {
        span.extend(day);
      } else {
        this.#add(span, false);
        span.begin(day, { balance: this.#balance, version, was: 0n });
      }
      this.#through = day;
      this.#raiseFees(version, day);
      const interest = version?.terms.interest;
      if (interest !== undefined && isPeriodEnd(interest.booking, day)) {
        this.#add(span, false);
        this.#due = { units: { credit: this.#credit, debit: this.#debit }, through: day };
        return;
      }
    }
    this.#add(span, false);
  }

  end(coming: ReadonlyMap<Instant, bigint>, since: Since): Accrued {
    const before = this.#before;
    const due = this.#due;
    const isBooking = due !== undefined || this.#fees.length > 0;
    const tomorrow = (this.#through + DAY_US) as Instant;
    const position: Position = {
      ...before,
      accruedThrough: this.#through,
      seenVersion: since.version,
      balance: this.#balance,
      ahead: coming,
      places: before.places + this.#accruals.length,
      accrued: { credit: this.#credit, debit: this.#debit },
      due: due?.units ?? before.due,
      dueThrough: due?.through ?? before.dueThrough,
      nextBooking: isBooking ? tomorrow : before.nextBooking,
      lastActivityAt: laterOf(before.lastActivityAt, since.activityAt),
    };
    return { position, accruals: this.#accruals, fees: this.#fees };
  }

  #raiseFees(version: Product | undefined, day: Instant): void {
    for (const { code, amount, calendar } of version?.terms.fees ?? []) {
      if (amount === 0n || !isPeriodEnd(calendar, day)) continue;
      this.#fees.push({ accountId: this.#before.accountId, code, periodEnd: day, amount });
    }
  }

  #add(span: Span, isCorrection: boolean): void {
    const run = span.take();
    if (run === undefined || run.version === undefined || run.balance === 0n) return;
    const terms = run.version.terms.interest;
    if (terms === undefined) return;
    const after = unitsFor(terms, run.was + run.balance, run);
    const was = unitsFor(terms, run.was, run);
    const units = { credit: after.credit - was.credit, debit: after.debit - was.debit };
    this.#credit += units.credit;
    this.#debit += units.debit;
    this.#accruals.push({
      accountId: this.#before.accountId,
      place: this.#before.places + this.#accruals.length + 1,
      from: run.from,
      through: run.through,
      balance: run.balance,
      units,
      productVersion: run.version.version,
      isCorrection,
    });
  }
}

interface SpanOf {
  /** What is added, to what was there before. */
  readonly balance: bigint;
  readonly was: bigint;
  readonly version: Product | undefined;
}

/** Days in a row on which nothing differs. */
class Span {
  #of: SpanOf | undefined;
  #from = 0 as Instant;
  #through = 0 as Instant;

  continues(balance: bigint, version: Product | undefined, was: bigint): boolean {
    const of = this.#of;
    return of?.balance === balance && of.version === version && of.was === was;
  }

  begin(day: Instant, of: SpanOf): void {
    this.#of = of;
    this.#from = day;
    this.#through = day;
  }

  extend(day: Instant): void {
    this.#through = day;
  }

  take(): (SpanOf & { readonly from: Instant; readonly through: Instant }) | undefined {
    const of = this.#of;
    this.#of = undefined;
    return of && { ...of, from: this.#from, through: this.#through };
  }
}

function balanceOn(history: Since['history'], day: Instant): bigint {
  let balance = 0n;
  for (const { from, through, balance: part } of history) {
    if (from <= day && day <= through) balance += part;
  }
  return balance;
}

function laterOf(left: Instant, right: Instant | undefined): Instant {
  return right !== undefined && right > left ? right : left;
}
