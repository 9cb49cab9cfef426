// Owns amounts as ISO 20022 writes them: XML decimals in major units, which may have a sign, zeros
// on both sides and blanks around them. Read exactly, or not at all.
import { AMOUNT_MAX, currencyOf, formatDecimal, parseDecimal, type Currency } from '#kernel';

export type ReadAmount =
  | { readonly isRead: true; readonly amount: bigint; readonly currency: Currency }
  | { readonly isRead: false; readonly rule: string; readonly message: string };

const DECIMAL = /^[ \t\n]*([+-]?)0*([0-9]*)(?:\.([0-9]*))?[ \t\n]*$/;

/** Decimals that a control sum may have in the standard's schemas. */
const SUM_DECIMALS = 17;

export function readAmount(text: string, code: string): ReadAmount {
  const currency = currencyOf(code);
  if (currency === undefined) {
    return unread('iso_currency_unknown', 'The currency is no active code of ISO 4217.');
  }
  const part = DECIMAL.exec(text);
  if (part === null) return unread('iso_amount_malformed', 'The amount is no decimal.');
  const fraction = (part[3] ?? '').replace(/0+$/, '');
  const whole = part[2] === '' || part[2] === undefined ? '0' : part[2];
  const canonical = `${part[1] === '-' ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
  const amount = parseDecimal(canonical, currency);
  if (amount !== undefined) return { isRead: true, amount, currency };
  const isLarge = whole.length > AMOUNT_MAX.toString().length - 5;
  return isLarge
    ? unread('iso_amount_too_large', 'The amount has more digits than the bank keeps.')
    : unread('iso_amount_decimals', `The amount has more decimals than ${code} has.`);
}

export function writeAmount(amount: bigint, currency: Currency): string {
  return formatDecimal(amount, currency);
}

function unread(rule: string, message: string): ReadAmount {
  return { isRead: false, rule, message };
}

/** An exact sum of decimals of any currencies together, as a control sum adds them. */
export class DecimalSum {
  #scaled = 0n;

  /** False where the text is no decimal of at most 17 decimals; the sum is then unchanged. */
  add(text: string): boolean {
    const value = scaledOf(text);
    if (value === undefined) return false;
    this.#scaled += value;
    return true;
  }

  equals(text: string): boolean {
    return scaledOf(text) === this.#scaled;
  }

  /** Without zeros at the end: `1050.5`. */
  toString(): string {
    const digits = (this.#scaled < 0n ? -this.#scaled : this.#scaled)
      .toString()
      .padStart(SUM_DECIMALS + 1, '0');
    const point = digits.length - SUM_DECIMALS;
    const fraction = digits.slice(point).replace(/0+$/, '');
    const size = fraction === '' ? digits.slice(0, point) : `${digits.slice(0, point)}.${fraction}`;
    return this.#scaled < 0n ? `-${size}` : size;
  }
}

function scaledOf(text: string): bigint | undefined {
  const part = DECIMAL.exec(text);
  const fraction = (part?.[3] ?? '').replace(/0+$/, '');
  if (part === null || fraction.length > SUM_DECIMALS) return undefined;
  const digits = `${part[2] ?? ''}${fraction.padEnd(SUM_DECIMALS, '0')}`;
  const size = BigInt(digits);
  return part[1] === '-' ? -size : size;
}
