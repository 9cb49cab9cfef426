// Owns the noun product: what accounts of one kind are like, as data. A version is in force from a
// day until the next begins, and never changes. Pure.

import { parseMinorUnits, type Currency, type Instant } from '#kernel';
import { flawOfNumbering, type Numbering } from '../numbers/own-number.ts';

export const productKinds = ['current', 'savings', 'loan'] as const;
export type ProductKind = (typeof productKinds)[number];

export const dayCounts = ['ACT/365', 'ACT/360', '30/360'] as const;
export type DayCount = (typeof dayCounts)[number];

export const periods = ['monthly', 'quarterly', 'yearly'] as const;
export type Period = (typeof periods)[number];

/** portion: each tier is for the part of the balance within it. whole: for all of the balance. */
export const tierMethods = ['portion', 'whole'] as const;
export type TierMethod = (typeof tierMethods)[number];

/** A yearly rate from a balance on. */
export interface Tier {
  /** Minor units. */
  readonly from: bigint;
  /** The yearly rate times 10^12: 2.5 % is 25_000_000_000. */
  readonly rateScaled: bigint;
}

export interface InterestTerms {
  readonly dayCount: DayCount;
  readonly booking: Period;
  readonly method: TierMethod;
  /** What the bank pays on what it owes. */
  readonly credit: readonly Tier[];
  /** What the customer pays on what they owe: an overdraft, a loan. */
  readonly debit: readonly Tier[];
}

export interface Fee {
  readonly code: string;
  readonly name: string;
  /** Minor units. */
  readonly amount: bigint;
  readonly calendar: Period;
}

/** activity: any posting of a customer's wakes it. request: somebody must ask for it. */
export const wakeRules = ['activity', 'request'] as const;
export type WakeRule = (typeof wakeRules)[number];

export interface DormancyTerms {
  readonly afterDays: number;
  readonly wakesBy: WakeRule;
}

export interface ProductTerms {
  /** Minor units an account may be overdrawn by at most. */
  readonly overdraftMax: bigint;
  /** Minor units the balance may not rise above. */
  readonly balanceMax: bigint | undefined;
  readonly numbering: Numbering;
  readonly interest: InterestTerms | undefined;
  readonly fees: readonly Fee[];
  readonly dormancy: DormancyTerms | undefined;
}

export interface NewProductVersion {
  readonly code: string;
  readonly effectiveFrom: Instant;
  readonly kind: ProductKind;
  readonly currency: Currency;
  readonly name: string;
  readonly terms: ProductTerms;
}

export interface Product extends NewProductVersion {
  readonly version: number;
  readonly createdAt: Instant;
  readonly createdBy: string;
}

/** What does not fit together in the terms, if anything. */
export function flawOf({ kind, terms }: Pick<Product, 'kind' | 'terms'>): string | undefined {
  const { interest, numbering, fees, overdraftMax } = terms;
  if (kind === 'loan' && overdraftMax > 0n) return 'a loan has no overdraft';
  if (kind === 'loan' && interest !== undefined && interest.credit.length > 0) {
    return 'a loan pays no credit interest';
  }
  if (new Set(fees.map(({ code }) => code)).size < fees.length) return 'two fees have one code';
  const tiers = interest === undefined ? [] : [interest.credit, interest.debit];
  return flawOfNumbering(numbering) ?? tiers.map(flawOfTiers).find((flaw) => flaw !== undefined);
}

function flawOfTiers(tiers: readonly Tier[]): string | undefined {
  const [first] = tiers;
  if (first === undefined) return undefined;
  if (first.from !== 0n) return 'the first tier begins at zero';
  const isRising = tiers.every(({ from }, index) => from > (tiers[index - 1]?.from ?? -1n));
  return isRising ? undefined : 'each tier begins above the one before';
}

/** The version in force on a day, of versions in any order. */
export function versionOn(versions: readonly Product[], day: Instant): Product | undefined {
  let found: Product | undefined;
  for (const version of versions) {
    if (version.effectiveFrom > day) continue;
    if (found === undefined || version.effectiveFrom > found.effectiveFrom) found = version;
  }
  return found;
}

const RATE = /^(0|[1-9][0-9]{0,2})(?:\.([0-9]{1,12}))?$/;
const RATE_DECIMALS = 12;

/** A yearly rate as a decimal fraction, zero or more: "0.025" is 2.5 %. */
export function parseYearlyRate(text: string): bigint | undefined {
  const part = RATE.exec(text);
  if (part === null) return undefined;
  return BigInt(`${part[1]}${(part[2] ?? '').padEnd(RATE_DECIMALS, '0')}`);
}

export function formatYearlyRate(scaled: bigint): string {
  const digits = scaled.toString().padStart(RATE_DECIMALS + 1, '0');
  const whole = digits.slice(0, -RATE_DECIMALS);
  const fraction = digits.slice(-RATE_DECIMALS).replace(/0+$/, '');
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

/** Terms as JSON has them, at the edge and in the database. */
export type TermsText = {
  readonly overdraft_max: string;
  readonly balance_max: string | null;
  readonly numbering:
    | { readonly scheme: 'none' }
    | { readonly scheme: 'iban'; readonly country: 'CZ' | 'SK' | 'DE'; readonly bank_code: string }
    | { readonly scheme: 'us'; readonly routing_number: string };
  readonly interest: {
    readonly day_count: DayCount;
    readonly booking: Period;
    readonly method: TierMethod;
    readonly credit: readonly TierText[];
    readonly debit: readonly TierText[];
  } | null;
  readonly fees: readonly {
    readonly code: string;
    readonly name: string;
    readonly amount: string;
    readonly calendar: Period;
  }[];
  readonly dormancy: { readonly after_days: number; readonly wakes_by: WakeRule } | null;
};

type TierText = { readonly from: string; readonly rate: string };

/** Undefined where an amount or a rate has not its form. */
export function readTerms(text: TermsText): ProductTerms | undefined {
  const { interest, dormancy } = text;
  const credit = readTiers(interest?.credit ?? []);
  const debit = readTiers(interest?.debit ?? []);
  const overdraftMax = parseMinorUnits(text.overdraft_max);
  const balanceMax = text.balance_max === null ? null : parseMinorUnits(text.balance_max);
  if (credit === undefined || debit === undefined) return undefined;
  if (overdraftMax === undefined || balanceMax === undefined) return undefined;
  return {
    overdraftMax,
    balanceMax: balanceMax ?? undefined,
    numbering: readNumbering(text.numbering),
    interest: interest === null ? undefined : interestOf(interest, credit, debit),
    fees: text.fees.map((fee) => ({ ...fee, amount: BigInt(fee.amount) })),
    dormancy:
      dormancy === null
        ? undefined
        : { afterDays: dormancy.after_days, wakesBy: dormancy.wakes_by },
  };
}

function interestOf(
  { day_count: dayCount, booking, method }: NonNullable<TermsText['interest']>,
  credit: readonly Tier[],
  debit: readonly Tier[],
): InterestTerms {
  return { dayCount, booking, method, credit, debit };
}

function readTiers(tiers: readonly TierText[]): Tier[] | undefined {
  const read: Tier[] = [];
  for (const tier of tiers) {
    const from = parseMinorUnits(tier.from);
    const rateScaled = parseYearlyRate(tier.rate);
    if (from === undefined || rateScaled === undefined) return undefined;
    read.push({ from, rateScaled });
  }
  return read;
}

function readNumbering(text: TermsText['numbering']): Numbering {
  if (text.scheme === 'none') return text;
  if (text.scheme === 'us') return { scheme: 'us', routingNumber: text.routing_number };
  return { scheme: 'iban', country: text.country, bankCode: text.bank_code };
}

export function writeTerms(terms: ProductTerms): TermsText {
  const { interest, dormancy, numbering } = terms;
  return {
    overdraft_max: String(terms.overdraftMax),
    balance_max: terms.balanceMax === undefined ? null : String(terms.balanceMax),
    numbering: writeNumbering(numbering),
    interest:
      interest === undefined
        ? null
        : {
            day_count: interest.dayCount,
            booking: interest.booking,
            method: interest.method,
            credit: interest.credit.map(writeTier),
            debit: interest.debit.map(writeTier),
          },
    fees: terms.fees.map((fee) => ({ ...fee, amount: String(fee.amount) })),
    dormancy:
      dormancy === undefined
        ? null
        : { after_days: dormancy.afterDays, wakes_by: dormancy.wakesBy },
  };
}

function writeNumbering(numbering: Numbering): TermsText['numbering'] {
  if (numbering.scheme === 'none') return numbering;
  if (numbering.scheme === 'us') {
    return { scheme: 'us', routing_number: numbering.routingNumber };
  }
  return { scheme: 'iban', country: numbering.country, bank_code: numbering.bankCode };
}

function writeTier({ from, rateScaled }: Tier): TierText {
  return { from: String(from), rate: formatYearlyRate(rateScaled) };
}
