// Owns the sums over entries that a batch control and the file control must repeat: counts, hash
// and amounts. The hash is the sum of the first eight digits of routing numbers, of which only the
// last ten digits are kept.

import type { FileTotals } from '../files/format.ts';
import type { Layout } from './standard/layouts.ts';
import { numberOf } from './standard/record.ts';
import type { Place, Sink } from './sink.ts';

const hashModulus = 10_000_000_000n;

/** What a control says of the records before it. */
export interface ControlSums {
  entryAddendaCount: bigint;
  entryHash: bigint;
  totalDebits: bigint;
  totalCredits: bigint;
}

/** What the entries handed on come to. */
export interface Sums {
  readonly control: ControlSums;
  entries: number;
  debits: bigint;
  credits: bigint;
}

export function noSums(): Sums {
  return {
    control: { entryAddendaCount: 0n, entryHash: 0n, totalDebits: 0n, totalCredits: 0n },
    entries: 0,
    debits: 0n,
    credits: 0n,
  };
}

export function addSums(sums: Sums, more: Sums): void {
  sums.control.entryAddendaCount += more.control.entryAddendaCount;
  sums.control.entryHash = (sums.control.entryHash + more.control.entryHash) % hashModulus;
  sums.control.totalDebits += more.control.totalDebits;
  sums.control.totalCredits += more.control.totalCredits;
  sums.entries += more.entries;
  sums.debits += more.debits;
  sums.credits += more.credits;
}

export function addHash(control: ControlSums, receivingDfi: bigint): void {
  control.entryHash = (control.entryHash + receivingDfi) % hashModulus;
}

export function totalsOf(sums: Sums, batches: number): FileTotals {
  return { entries: sums.entries, batches, debits: sums.debits, credits: sums.credits };
}

const rules = {
  entryAddendaCount: 'nacha_entry_addenda_count_wrong',
  entryHash: 'nacha_entry_hash_wrong',
  totalDebits: 'nacha_total_debits_wrong',
  totalCredits: 'nacha_total_credits_wrong',
} as const satisfies Record<keyof ControlSums, string>;

/** Faults each sum of a control that is not what was counted. */
export function checkSums(
  sink: Sink,
  place: Place,
  counted: ControlSums,
  { layout, line }: { readonly layout: Layout<keyof ControlSums>; readonly line: string },
): void {
  for (const name of ['entryAddendaCount', 'entryHash', 'totalDebits', 'totalCredits'] as const) {
    const field = layout.fields[name];
    const stated = numberOf(line, field);
    if (stated === undefined || stated === counted[name]) {
      continue;
    }
    if (name === 'entryAddendaCount' && sink.strictness.isLenient('any_addenda_count')) {
      continue;
    }
    const problem = `the control says ${stated}, the records before it come to ${counted[name]}`;
    sink.fault(place, rules[name], problem, field);
  }
}
