// Owns the rules about objects: whether these mandates allow these uses now, and which of them are
// used up by how much. Pure, with a reason; what no mandate allows is a no. The caller is told
// nothing that would tell whether an object exists.

import { minorUnitsOf } from '#kernel';
import type { Currency, Instant } from '#kernel';
import type { Principal } from '#identity';
import type { Allowed, Denied, ObjectUse } from '../access.ts';
import { STAFF_FACTORS } from '../authorise.ts';
import { localTimeOf } from './local-time.ts';

export type Act = ObjectUse['act'];

/** A mandate in force, as far as it matters here. */
export interface Mandate {
  readonly id: string;
  readonly acts: readonly Act[];
  /** Of the two amounts. */
  readonly currency: Currency | undefined;
  /** Minor units, of one transfer. */
  readonly transferMax: bigint | undefined;
  /** Minor units, of all of a day. */
  readonly dayMax: bigint | undefined;
  readonly timeZone: string;
  readonly weekdays: readonly number[];
  readonly minuteFrom: number;
  readonly minuteTo: number;
  /** What days were used for already, minor units by YYYY-MM-DD. */
  readonly used: Readonly<Record<string, bigint>>;
}

/** What is to be set aside of a mandate's amount for a day. */
export interface Reservation {
  readonly grantId: string;
  readonly day: string;
  readonly amount: bigint;
  readonly dayMax: bigint;
}

export interface Case {
  readonly principal: Principal;
  /** Whether the caller acts as staff, on every object that the tenant sees. */
  readonly isStaff: boolean;
  readonly uses: readonly ObjectUse[];
  /** Of the object itself, or of an account behind it: one list per use. */
  readonly mandates: readonly UseMandates[];
  readonly now: Instant;
  /** The largest payment that one factor is enough for, in whole units of its currency. */
  readonly stepUpUnitsMax: number;
}

/** The mandates that could allow one use. */
export interface UseMandates {
  readonly own: readonly Mandate[];
  /** Of accounts that a hold or a transfer is about, one list per account. */
  readonly behind: readonly (readonly Mandate[])[];
}

export type Judgement = (Allowed & { readonly reservations: readonly Reservation[] }) | Denied;

const UNKNOWN = 'There is no such object, or you may not do this to it.';

export function judge(given: Case): Judgement {
  const { isStaff, uses } = given;
  const weak = stepUpWanted(given);
  if (weak !== undefined) return weak;
  if (isStaff) return { isAllowed: true, rule: 'staff', reservations: [] };
  if (uses.length === 0) return no('no object', UNKNOWN);
  const drawn = new Map<string, Reservation>();
  const rules = new Set<string>();
  const paid = paidFor(uses);
  const totals = totalsOf(uses);
  for (const [place, use] of uses.entries()) {
    if (paid(use)) continue;
    const total = totals.get(purposeOf(use));
    const found = decideUse(given, { use, total, place, drawn });
    if ('isAllowed' in found) return found;
    for (const id of found.grants) rules.add(id);
  }
  return {
    isAllowed: true,
    rule: `grant ${[...rules].toSorted().join(' ')}`.trimEnd(),
    reservations: [...drawn.values()],
  };
}

/**
 * Which uses need no mandate of their own. Whoever may pay from one account may pay to any: that is
 * what paying is. Only what is debited in the same transfer pays for a credit.
 */
export function paidFor(uses: readonly ObjectUse[]): (use: ObjectUse) => boolean {
  const sourceOf = ({ transfer, currency }: ObjectUse): string => `${transfer} ${currency}`;
  const sources = new Set(uses.filter(({ act }) => act === 'debit').map(sourceOf));
  return (use) => use.act === 'credit' && sources.has(sourceOf(use));
}

/** What each transfer takes from each object, in all its legs; undefined where any is not known. */
function totalsOf(uses: readonly ObjectUse[]): Map<string, bigint | undefined> {
  const totals = new Map<string, bigint | undefined>();
  for (const use of uses) {
    const purpose = purposeOf(use);
    const before = totals.has(purpose) ? totals.get(purpose) : 0n;
    const isKnown = before !== undefined && use.amount !== undefined;
    totals.set(purpose, isKnown ? before + use.amount : undefined);
  }
  return totals;
}

function purposeOf({ id, kind, act, transfer, currency }: ObjectUse): string {
  return `${kind} ${id} ${act} ${transfer} ${currency}`;
}

interface Question {
  readonly use: ObjectUse;
  readonly total: bigint | undefined;
  readonly place: number;
  /** What earlier uses of the request draw, by grant and day; added to. */
  readonly drawn: Map<string, Reservation>;
}

type Found = Denied | { readonly grants: readonly string[] };

// To read a transfer it is enough to be on one side of it; to change it, or to move what it holds,
// every account it is about must be the caller's.
function decideUse(given: Case, question: Question): Found {
  const { own, behind } = given.mandates[question.place] ?? { own: [], behind: [] };
  const direct = choose(given.now, own, question);
  if (direct.mandate !== undefined) return { grants: [direct.mandate.id] };
  const choices = behind.map((mandates) => choose(given.now, mandates, question));
  const found = choices.flatMap(({ mandate }) => (mandate === undefined ? [] : [mandate.id]));
  const isEnough = question.use.act === 'read' ? found.length > 0 : found.length === behind.length;
  if (behind.length > 0 && isEnough) return { grants: found };
  const why = [direct, ...choices].find(({ reason }) => reason !== 'none')?.reason ?? 'none';
  return no(`grant: ${why}`, sentences[why]);
}

type Reason = 'none' | 'act' | 'hours' | 'currency' | 'amount unknown' | 'transfer max' | 'day max';

/** The object is known to whoever has any mandate for it, so more may be said. */
const sentences: Readonly<Record<Reason, string>> = {
  none: UNKNOWN,
  act: UNKNOWN,
  hours: 'Your mandate does not allow this at this time.',
  currency: 'Your mandate does not allow this in this currency.',
  'amount unknown': 'Your mandate has a limit, and the request does not say the amount.',
  'transfer max': 'This is more than your mandate allows at once.',
  'day max': 'This is more than your mandate allows for a day.',
};

interface Choice {
  readonly mandate: Mandate | undefined;
  readonly reason: Reason;
}

// The reason told is that of the mandate that came closest.
const CLOSENESS: readonly Reason[] = [
  'none',
  'act',
  'hours',
  'currency',
  'amount unknown',
  'transfer max',
  'day max',
];

// One without a limit for the day is taken first: it leaves the others their day.
function choose(now: Instant, mandates: readonly Mandate[], question: Question): Choice {
  let closest: Reason = 'none';
  const sorted = mandates.toSorted(
    (a, b) => Number(a.dayMax !== undefined) - Number(b.dayMax !== undefined),
  );
  for (const mandate of sorted) {
    const reason = flawOf(now, mandate, question);
    if (reason === undefined) {
      draw(now, mandate, question);
      return { mandate, reason: closest };
    }
    if (CLOSENESS.indexOf(reason) > CLOSENESS.indexOf(closest)) closest = reason;
  }
  return { mandate: undefined, reason: closest };
}

function flawOf(now: Instant, mandate: Mandate, question: Question): Reason | undefined {
  const { acts, currency, transferMax, dayMax, timeZone, weekdays } = mandate;
  const { use, total, drawn } = question;
  if (!acts.includes(use.act)) return 'act';
  const { day, weekday, minute } = localTimeOf(now, timeZone);
  const isHour = minute >= mandate.minuteFrom && minute < mandate.minuteTo;
  if (!isHour || !weekdays.includes(weekday)) return 'hours';
  // The amounts are of what is taken from the object, and of nothing else.
  if (use.act !== 'debit' || (transferMax === undefined && dayMax === undefined)) return undefined;
  if (total === 0n) return undefined;
  if (use.currency === undefined || total === undefined) return 'amount unknown';
  if (use.currency !== currency) return 'currency';
  if (transferMax !== undefined && total > transferMax) return 'transfer max';
  if (dayMax === undefined || use.amount === undefined) return undefined;
  const before = (mandate.used[day] ?? 0n) + (drawn.get(nameOf(mandate, day))?.amount ?? 0n);
  return before + use.amount > dayMax ? 'day max' : undefined;
}

function draw(now: Instant, mandate: Mandate, { use, drawn }: Question): void {
  const { dayMax, timeZone, id: grantId } = mandate;
  if (use.act !== 'debit' || dayMax === undefined || use.amount === undefined) return;
  if (use.amount === 0n) return;
  const { day } = localTimeOf(now, timeZone);
  const name = nameOf(mandate, day);
  const amount = (drawn.get(name)?.amount ?? 0n) + use.amount;
  drawn.set(name, { grantId, day, amount, dayMax });
}

function nameOf({ id }: Mandate, day: string): string {
  return `${id} ${day}`;
}

// All payments of a request together, so that a large one cannot be cut into small ones. A machine
// proves its key with each token, and staff have proven two factors anyway.
function stepUpWanted({ principal, uses, stepUpUnitsMax }: Case): Denied | undefined {
  if (principal.factors >= STAFF_FACTORS) return undefined;
  const totals = new Map<Currency, bigint>();
  let isLarge = false;
  for (const { act, amount, currency } of uses) {
    if (act !== 'debit' || amount === 0n) continue;
    if (amount === undefined || currency === undefined) isLarge = true;
    else totals.set(currency, (totals.get(currency) ?? 0n) + amount);
  }
  for (const [currency, total] of totals) {
    isLarge ||= total > BigInt(stepUpUnitsMax) * 10n ** BigInt(minorUnitsOf(currency));
  }
  if (!isLarge) return undefined;
  const message = 'A payment this large needs a second factor: sign in with one.';
  return { isAllowed: false, code: 'second_factor_required', message, rule: 'step up' };
}

function no(rule: string, message: string): Denied {
  return { isAllowed: false, code: 'object_forbidden', message, rule };
}
