// Owns the IBAN: its electronic form, checked by country, structure and check digits (ISO 13616,
// ISO 7064 MOD 97-10). Pure. An Iban has been checked.

import { accept, refuse, type Refusal, type Result } from '#kernel';
import { bbanPatterns } from './iban-registry.ts';

declare const brand: unique symbol;

/** In electronic form: capital letters and digits, no spaces. */
export type Iban = string & { readonly [brand]: 'Iban' };

export interface IbanRefusal extends Refusal {
  readonly code: 'iban_invalid';
}

const LENGTH_MAX = 34;
const CHECK_DIGITS = /^[0-9]{2}$/;

/** The message says what is wrong and repeats nothing of the number. */
export function readIban(text: string): Result<Iban, IbanRefusal> {
  const flaw = flawOf(text);
  if (flaw === undefined) return accept(text as Iban);
  return refuse({ code: 'iban_invalid', message: `The IBAN ${flaw}.` });
}

function flawOf(text: string): string | undefined {
  if (text.length > LENGTH_MAX) return 'is too long';
  const pattern = bbanPatterns.get(text.slice(0, 2));
  if (pattern === undefined) return 'does not begin with a country that has IBANs';
  const digits = text.slice(2, 4);
  if (!CHECK_DIGITS.test(digits)) return 'has no check digits';
  if (!pattern.test(text.slice(4))) return 'has not the structure of its country';
  // 00, 01 and 99 can leave the same remainder as 97, 98 and 02, and are never made.
  const isMade = digits >= '02' && digits <= '98';
  return isMade && remainderOf(text) === 1 ? undefined : 'has wrong check digits';
}

/** The IBAN of a BBAN that has the structure of its country. */
export function ibanOf(country: string, bban: string): Iban {
  const check = 98 - remainderOf(`${country}00${bban}`);
  return `${country}${String(check).padStart(2, '0')}${bban}` as Iban;
}

// The BBAN, the country and the check digits as one number, a letter as 10 to 35.
function remainderOf(iban: string): number {
  let remainder = 0;
  for (const character of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder;
}
