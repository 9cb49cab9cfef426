// Owns the numbers that the bank gives to its own accounts: a serial number, with the check digits
// of its country inside the BBAN, and those of the IBAN around it. Pure.

import { SettingError } from '#config';
import type { AccountNumber } from '../account.ts';
import { ibanOf } from './iban.ts';
import { isRoutingNumber } from './routing-number.ts';

export const ibanCountries = ['CZ', 'SK', 'DE'] as const;

export type IbanCountry = (typeof ibanCountries)[number];

/** How the accounts of a product get their numbers. */
export type Numbering =
  | { readonly scheme: 'none' }
  | { readonly scheme: 'iban'; readonly country: IbanCountry; readonly bankCode: string }
  | { readonly scheme: 'us'; readonly routingNumber: string };

const BANK_CODE: Readonly<Record<IbanCountry, RegExp>> = {
  CZ: /^[0-9]{4}$/,
  SK: /^[0-9]{4}$/,
  DE: /^[1-9][0-9]{7}$/,
};

/** What is wrong with the bank's own part, if anything. */
export function flawOfNumbering(numbering: Numbering): string | undefined {
  if (numbering.scheme === 'none') return undefined;
  if (numbering.scheme === 'us') {
    return isRoutingNumber(numbering.routingNumber) ? undefined : 'the routing number is not valid';
  }
  const { country, bankCode } = numbering;
  return BANK_CODE[country].test(bankCode) ? undefined : `${country} has no such bank codes`;
}

/** The numbering that the settings name; throws the SettingError where they do not fit. */
export function ownNumberingOf({ bankCountry, bankCode = '' }: OwnNumberSettings): Numbering {
  if (bankCountry === 'none') return { scheme: 'none' };
  const numbering: Numbering =
    bankCountry === 'US'
      ? { scheme: 'us', routingNumber: bankCode }
      : { scheme: 'iban', country: bankCountry, bankCode };
  const flaw = flawOfNumbering(numbering);
  if (flaw === undefined) return numbering;
  throw new SettingError(`FLORIN_BANK_CODE does not fit FLORIN_BANK_COUNTRY: ${flaw}.`);
}

export interface OwnNumberSettings {
  readonly bankCountry: 'none' | 'US' | IbanCountry;
  readonly bankCode: string | undefined;
}

/** Serial numbers have this many digits at most. */
export const SERIAL_DIGITS = 9;

/** The account number of a serial number; undefined where the country's rule makes none of it. */
export function numberOfSerial(
  numbering: Exclude<Numbering, { readonly scheme: 'none' }>,
  serial: bigint,
): AccountNumber | undefined {
  const digits = String(serial).padStart(SERIAL_DIGITS, '0');
  if (digits.length > SERIAL_DIGITS) return undefined;
  if (numbering.scheme === 'us') {
    const accountNumber = `${digits}${luhnDigit(digits)}`;
    return { routingNumber: numbering.routingNumber, accountNumber };
  }
  const { country, bankCode } = numbering;
  if (country === 'DE')
    return { iban: ibanOf(country, `${bankCode}${digits}${luhnDigit(digits)}`) };
  const check = czechDigit(digits);
  if (check === undefined) return undefined;
  return { iban: ibanOf(country, `${bankCode}000000${digits}${check}`) };
}

// Method 00 of the Bundesbank is Luhn's; a US bank may choose any, or none.
function luhnDigit(digits: string): number {
  const sum = Array.from(digits, Number).reduce((total, digit, index) => {
    const isDoubled = (digits.length - index) % 2 === 1;
    const value = isDoubled ? digit * 2 : digit;
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return (10 - (sum % 10)) % 10;
}

const CZECH_WEIGHTS = [6, 3, 7, 9, 10, 5, 8, 4, 2];

// Regulation 169/2011 Sb.: the weighted sum of all ten digits, the last with weight one, is a
// multiple of eleven. Some serial numbers would need a tenth digit of ten: they are passed over.
function czechDigit(digits: string): number | undefined {
  const sum = Array.from(digits, Number).reduce((total, digit, index) => {
    return total + digit * (CZECH_WEIGHTS[index] as number);
  }, 0);
  const digit = (11 - (sum % 11)) % 11;
  return digit === 10 ? undefined : digit;
}
