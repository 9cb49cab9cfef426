// Gives accounts their numbers: the one they bring, or the next of the bank's own.

import { Fault } from '#kernel';
import type { Transaction } from '#platform';
import type { AccountNumber } from '../account.ts';
import { takeSerials } from '../bank-account-store.ts';
import { numberOfSerial, type Numbering } from './own-number.ts';

export interface NumberAsked {
  readonly given: AccountNumber | undefined;
  readonly numbering: Numbering;
}

/** The numbers of each, in order; none where its product has none. */
export async function issueNumbers(
  tx: Transaction,
  asked: readonly NumberAsked[],
): Promise<Partial<BothNumbers>[]> {
  const wanting = asked.filter(({ given, numbering }) => given === undefined && isMade(numbering));
  const made = new Map<NumberAsked, AccountNumber>();
  // A country's rule passes over some serial numbers, one in eleven or so.
  for (let missing = wanting; missing.length > 0;) {
    const serials = await takeSerials(tx, missing.length);
    for (const [index, serial] of serials.entries()) {
      const each = missing[index] as NumberAsked;
      if (!isMade(each.numbering)) continue;
      if (serial >= SERIAL_END) throw new Fault('account_numbers_used_up', { retryable: false });
      const number = numberOfSerial(each.numbering, serial);
      if (number !== undefined) made.set(each, number);
    }
    missing = missing.filter((each) => !made.has(each));
  }
  return asked.map((each) => each.given ?? made.get(each) ?? {});
}

const SERIAL_END = 1_000_000_000n;

interface BothNumbers {
  readonly iban: string;
  readonly routingNumber: string;
  readonly accountNumber: string;
}

type Made = Exclude<Numbering, { readonly scheme: 'none' }>;

function isMade(numbering: Numbering): numbering is Made {
  return numbering.scheme !== 'none';
}
