// Owns arithmetic on money. Amounts are bigint minor units and travel with their currency; nothing
// here ever becomes a floating-point number. Every multiplication by a rate names its rounding, and
// the parts of an allocation always sum to the whole.
import { assert } from './assert.ts';
import { minorUnitsOf } from './currency.ts';
import type { Currency } from './currency.ts';

export interface Money {
  /** Minor units: 1050n with CZK is 10.50 Kč. */
  readonly amount: bigint;
  readonly currency: Currency;
}

/** The largest amount one leg may carry: 18 nines, the longest run of nines an int8 holds. */
export const AMOUNT_MAX = 999_999_999_999_999_999n;

const MINOR_UNITS = /^(?:0|[1-9][0-9]{0,17})$/;
const DECIMAL = /^(-?)(0|[1-9][0-9]{0,17})(?:\.([0-9]+))?$/;

/** Decimal digits with no sign and no leading zero: each amount has exactly one spelling. */
export function parseMinorUnits(text: string): bigint | undefined {
  return MINOR_UNITS.test(text) ? BigInt(text) : undefined;
}

export function add(left: Money, right: Money): Money {
  assert(left.currency === right.currency, 'money of two currencies cannot be added');
  return { amount: left.amount + right.amount, currency: left.currency };
}

export function subtract(left: Money, right: Money): Money {
  assert(left.currency === right.currency, 'money of two currencies cannot be subtracted');
  return { amount: left.amount - right.amount, currency: left.currency };
}

/** The amount in major units with all its decimals: "10.50", "-0.05", "1050" for a yen. */
export function formatDecimal(amount: bigint, currency: Currency): string {
  return formatScaled(amount, minorUnitsOf(currency));
}

/**
 * Minor units of a decimal text in major units. Refuses more decimals than the currency has, rather
 * than round, and more than 18 digits in all.
 */
export function parseDecimal(text: string, currency: Currency): bigint | undefined {
  const amount = parseScaled(text, minorUnitsOf(currency));
  if (amount === undefined) return undefined;
  return amount > AMOUNT_MAX || amount < -AMOUNT_MAX ? undefined : amount;
}

/**
 * Splits an amount in proportion to the weights by largest remainder; the earlier part wins a tie.
 * The parts sum to the amount, and none is more than one minor unit from its exact share.
 */
export function allocate(amount: bigint, weights: readonly bigint[]): bigint[] {
  const total = weights.reduce((sum, weight) => {
    assert(weight >= 0n, 'an allocation needs weights that are not negative');
    return sum + weight;
  }, 0n);
  assert(total > 0n, 'an allocation needs a weight greater than zero');
  const sign = amount < 0n ? -1n : 1n;
  const size = amount * sign;
  const parts = weights.map((weight) => (size * weight) / total);
  const missing = Number(size - parts.reduce((sum, part) => sum + part, 0n));
  const byRemainder = weights
    .map((weight, index) => ({ index, remainder: (size * weight) % total }))
    .toSorted((a, b) => (a.remainder === b.remainder ? 0 : a.remainder > b.remainder ? -1 : 1));
  for (const { index } of byRemainder.slice(0, missing)) parts[index] = (parts[index] ?? 0n) + 1n;
  return parts.map((part) => part * sign);
}

/** Digits after the decimal point of every rate: enough for any published exchange rate. */
export const RATE_DECIMALS = 12;
const RATE_SCALE = 10n ** BigInt(RATE_DECIMALS);

/** A positive ratio: an exchange rate between major units, or a yearly interest rate. */
export interface Rate {
  /** The ratio times 10^12. */
  readonly scaled: bigint;
}

/** A decimal text greater than zero with at most 18 digits before and 12 after the point. */
export function parseRate(text: string): Rate | undefined {
  const scaled = parseScaled(text, RATE_DECIMALS);
  return scaled === undefined || scaled <= 0n ? undefined : { scaled };
}

/** The shortest decimal text of the rate: "24.315", "1". */
export function formatRate(rate: Rate): string {
  return formatScaled(rate.scaled, RATE_DECIMALS).replace(/\.?0+$/, '');
}

/** How a product that falls between two minor units becomes one of them. */
export type Rounding = 'half_even' | 'half_away_from_zero' | 'toward_zero' | 'away_from_zero';

export function multiply(amount: bigint, rate: Rate, rounding: Rounding): bigint {
  return divide(amount * rate.scaled, RATE_SCALE, rounding);
}

/** Money in another currency, at a rate of its major units for one major unit of the source. */
export function convert(source: Money, rate: Rate, to: Currency, rounding: Rounding): Money {
  const up = 10n ** BigInt(minorUnitsOf(to));
  const down = 10n ** BigInt(minorUnitsOf(source.currency));
  const amount = divide(source.amount * rate.scaled * up, RATE_SCALE * down, rounding);
  return { amount, currency: to };
}

function divide(numerator: bigint, denominator: bigint, rounding: Rounding): bigint {
  const sign = numerator < 0n ? -1n : 1n;
  const size = numerator * sign;
  const floor = size / denominator;
  const remainder = size % denominator;
  return (floor + (roundsUp(floor, remainder, denominator, rounding) ? 1n : 0n)) * sign;
}

function roundsUp(floor: bigint, remainder: bigint, whole: bigint, rounding: Rounding): boolean {
  if (remainder === 0n || rounding === 'toward_zero') return false;
  if (rounding === 'away_from_zero') return true;
  const twice = remainder * 2n;
  if (twice !== whole) return twice > whole;
  return rounding === 'half_away_from_zero' || floor % 2n === 1n;
}

function formatScaled(value: bigint, decimals: number): string {
  const sign = value < 0n ? '-' : '';
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, '0');
  if (decimals === 0) return `${sign}${digits}`;
  const point = digits.length - decimals;
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

function parseScaled(text: string, decimals: number): bigint | undefined {
  const part = DECIMAL.exec(text);
  if (part === null) return undefined;
  const fraction = part[3] ?? '';
  if (fraction.length > decimals) return undefined;
  const size = BigInt(`${part[2]}${fraction.padEnd(decimals, '0')}`);
  return part[1] === '-' ? -size : size;
}
