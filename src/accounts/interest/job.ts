// The job of interest and fees: counts the days that have ended and books what fell due, period by
// period, for every tenant. Run at any time, by any number of processes, as often as one likes.

import { limits } from '#config';
import type { AccountId } from '#kernel';
import { startOfDay } from '#kernel';
import { withLedger } from '#ledger';
import type { Database, Transaction, TransactionContext } from '#platform';
import { selectBankAccounts } from '../bank-account-store.ts';
import { bookPositions } from './book.ts';
import { lockDue, selectTenants } from './position-store.ts';
import { accrueBatch } from './run.ts';

/** Rounds of one run, so that a run ends; the next begins where this one ended. */
const ROUNDS_MAX = 1_000;

export interface InterestRun {
  /** Accounts whose days were counted, and that something was due of, each as often as it was. */
  readonly accrued: number;
  readonly booked: number;
}

export async function runInterest(
  database: Database,
  context: TransactionContext,
): Promise<InterestRun> {
  let accrued = 0;
  let booked = 0;
  for (const tenant of await selectTenants(database)) {
    const own = { ...context, tenant };
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      const further = await database.transaction(own, accrueBatch);
      const due = await withLedger(database, own, bookBatch);
      accrued += further;
      booked += due;
      if (further === 0 && due === 0) break;
    }
  }
  return { accrued, booked };
}

async function bookBatch(tx: Transaction): Promise<number> {
  const countMax = limits.bookingBatchAccounts.value;
  const positions = await lockDue(tx, { by: startOfDay(tx.now), countMax });
  if (positions.length === 0) return 0;
  const ids = positions.map(({ accountId }) => accountId);
  const accounts = await selectBankAccounts(tx, ids);
  const currencies = new Map<AccountId, string>(accounts.map(({ id, currency }) => [id, currency]));
  await bookPositions(tx, positions, currencies);
  return positions.length;
}
