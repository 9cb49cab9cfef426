// Reads a range of the lake as columns of card transactions, for training and back-tests. Customers
// and terminals are numbered as they first appear, so that keys of any spelling do.

import { accept, refuse, SECOND_US, startOfDay, type Instant, type Result } from '#kernel';
import type { Transactions } from '../cards/transactions.ts';
import type { FraudEvent } from '../event.ts';
import { lakeEvents } from './events.ts';
import { knownFrauds } from './known.ts';
import type { LakeReading } from './layout.ts';
import { readLake, type LakeRange } from './read.ts';

export interface LakeTransactions {
  readonly transactions: Transactions;
  /** The key of each customer, by its number. */
  readonly customers: readonly string[];
  readonly terminals: readonly string[];
}

export interface LakeTransactionsRange extends LakeRange {
  /** What became known of them until just before then; nothing that was known later is used. */
  readonly knownUntil: Instant;
}

export interface LakeTransactionsRefusal {
  readonly code: 'lake_key_missing' | 'lake_amount_too_large';
  readonly message: string;
}

const UINT32_MAX = 2 ** 32 - 1;

/** Seconds count from the start of the first day; parts of a second are cut off. */
export async function readLakeTransactions(
  lake: LakeReading,
  { from, until, knownUntil }: LakeTransactionsRange,
): Promise<Result<LakeTransactions, LakeTransactionsRefusal>> {
  const patterns = await knownFrauds(lake, { from, until: knownUntil });
  const start = startOfDay(from);
  const customers = new Map<string, number>();
  const terminals = new Map<string, number>();
  const pieces: Transactions[] = [];
  for await (const events of readLake(lake, lakeEvents, { from, until })) {
    const piece = emptyTransactions(events.length, start);
    for (const [row, event] of events.entries()) {
      const refusal = unfit(event);
      if (refusal !== undefined) return refuse(refusal);
      piece.customers[row] = numberOf(customers, event.keys['customer'] ?? '');
      piece.terminals[row] = numberOf(terminals, event.keys['terminal'] ?? '');
      piece.amounts[row] = event.amount;
      piece.seconds[row] = Math.floor((event.at - start) / SECOND_US);
      piece.patterns[row] = patterns.get(event.id) ?? 0;
    }
    pieces.push(piece);
  }
  const transactions = joined(pieces, start);
  return accept({
    transactions,
    customers: [...customers.keys()],
    terminals: [...terminals.keys()],
  });
}

function unfit({ id, amount, keys }: FraudEvent): LakeTransactionsRefusal | undefined {
  const missing = ['customer', 'terminal'].find((kind) => keys[kind] === undefined);
  if (missing !== undefined) {
    const message = `The event "${id}" has no ${missing}, so it is no card transaction.`;
    return { code: 'lake_key_missing', message };
  }
  if (amount <= UINT32_MAX) return undefined;
  const message = `The amount of the event "${id}" is ${amount}; columns hold ${UINT32_MAX}.`;
  return { code: 'lake_amount_too_large', message };
}

export function numberOf(numbers: Map<string, number>, key: string): number {
  const known = numbers.get(key);
  if (known !== undefined) return known;
  numbers.set(key, numbers.size);
  return numbers.size - 1;
}

export function emptyTransactions(count: number, start: Instant): Transactions {
  return {
    count,
    customers: new Uint32Array(count),
    terminals: new Uint32Array(count),
    amounts: new Uint32Array(count),
    seconds: new Uint32Array(count),
    start,
    patterns: new Uint8Array(count),
  };
}

export function joined(pieces: readonly Transactions[], start: Instant): Transactions {
  const count = pieces.reduce((sum, piece) => sum + piece.count, 0);
  const whole = emptyTransactions(count, start);
  let row = 0;
  for (const piece of pieces) {
    whole.customers.set(piece.customers, row);
    whole.terminals.set(piece.terminals, row);
    whole.amounts.set(piece.amounts, row);
    whole.seconds.set(piece.seconds, row);
    whole.patterns.set(piece.patterns, row);
    row += piece.count;
  }
  return whole;
}
