// Owns columns of transactions put in the order of one of their keys, as the quick way to features
// walks over them, and what the parts of that way have in common.

import { assert } from '#kernel';
import type { Transactions } from './transactions.ts';

/** Which features: those of the Handbook, with the generic ones, and with still more of those. */
export type CardSet = 'handbook' | 'generic' | 'wider';

export interface RowRange {
  readonly from: number;
  /** The first row that is not wanted any more. */
  readonly to: number;
}

export interface Filling {
  readonly transactions: Transactions;
  readonly range: RowRange;
  /** In the order of the features. */
  readonly columns: readonly Float64Array[];
  readonly set: CardSet;
}

/** The rows of each key, one key after another and each in order, with what is asked of them. */
export interface Grouped {
  readonly rows: Uint32Array;
  readonly seconds: Uint32Array;
  readonly amounts: Float64Array;
  readonly isFraud: Uint8Array;
  /** Where the rows of a key begin; they end where the next key's begin. */
  readonly starts: Uint32Array;
}

export function groupRows(transactions: Transactions, keys: Uint32Array, count: number): Grouped {
  let most = 0;
  for (let row = 0; row < count; row += 1) most = Math.max(most, keys[row] ?? 0);
  const starts = new Uint32Array(most + 2);
  for (let row = 0; row < count; row += 1) {
    const next = (keys[row] ?? 0) + 1;
    starts[next] = (starts[next] ?? 0) + 1;
  }
  for (let key = 0; key <= most; key += 1) {
    starts[key + 1] = (starts[key + 1] ?? 0) + (starts[key] ?? 0);
  }
  const places = starts.slice();
  const rows = new Uint32Array(count);
  const seconds = new Uint32Array(count);
  const amounts = new Float64Array(count);
  const isFraud = new Uint8Array(count);
  for (let row = 0; row < count; row += 1) {
    const key = keys[row] ?? 0;
    const place = places[key] ?? 0;
    places[key] = place + 1;
    rows[place] = row;
    seconds[place] = transactions.seconds[row] ?? 0;
    amounts[place] = transactions.amounts[row] ?? 0;
    isFraud[place] = (transactions.patterns[row] ?? 0) > 0 ? 1 : 0;
  }
  return { rows, seconds, amounts, isFraud, starts };
}

export function columnAt({ columns }: Filling, index: number): Float64Array {
  const found = columns[index];
  assert(found !== undefined, 'there are as many columns as features');
  return found;
}

/** A transaction among those that its customer made before. */
export interface Habit {
  /** The latest amounts before, in ascending order. */
  readonly sorted: Float64Array;
  readonly median: number;
  /** Where the customer's begin, and those of the month with their sum. */
  readonly begin: number;
  readonly first: number;
  readonly sum: number;
  readonly at: number;
}

/** NaN where there is nothing to compare with. */
export function ratio(amount: number, of: number): number {
  return of > 0 ? amount / of : NaN;
}
