// Ends holds at their deadline: each exactly once, earliest first, as an expiry transfer whose
// effective time is the deadline. Posting waits for this, so no decision sees a hold that is over.

import { limits } from '#config';
import { msOf, newUuid, type Instant } from '#kernel';
import type { Database, TransactionContext } from '#platform';
import { recordExpiries } from './audit.ts';
import type { Books } from './posting/books.ts';
import { decideExpiry } from './posting/decide.ts';
import {
  loadDueHolds,
  loadHolds,
  lockBooks,
  recordBalances,
  recordTransfers,
  tenantsOfDueHolds,
} from './store/posting-store.ts';

const EXPIRY_BATCH = limits.expiryBatchMax.value;

/**
 * Expires every hold, of the context's tenant or of all, whose deadline is at or before the
 * context's time. An expiry is a transfer of the hold's tenant, so each tenant's are made for it.
 */
export async function expireHolds(
  database: Database,
  context: TransactionContext,
): Promise<number> {
  if (context.tenant !== undefined) return await expireOwn(database, context);
  let count = 0;
  for (const tenant of await tenantsOfDueHolds(database, context.now)) {
    count += await expireOwn(database, { ...context, tenant });
  }
  return count;
}

/**
 * Those of one tenant. When an account was last changed by a process whose clock is ahead, its time
 * counts, as it does for posting.
 */
async function expireOwn(database: Database, context: TransactionContext): Promise<number> {
  let count = 0;
  let now = context.now;
  for (;;) {
    const ended = await database.transaction({ ...context, now }, async (tx) => {
      const due = await loadDueHolds(tx, now, EXPIRY_BATCH);
      if (due.length === 0) return { count: 0, wasFull: false, time: now };
      const accountIds = new Set(due.flatMap(({ legs }) => legs.map((leg) => leg.accountId)));
      const locked = await lockBooks(tx, accountIds, []);
      const time = Math.max(now, locked.changedAt ?? now) as Instant;
      const fresh = new Map(
        (
          await loadHolds(
            tx,
            due.map(({ id }) => id),
          )
        ).map((hold) => [hold.id, hold]),
      );
      const ending = due.flatMap(({ id }) => {
        const hold = fresh.get(id);
        const isDue = hold?.status === 'open' && (hold.expiresAt ?? Infinity) <= time;
        return isDue && hold !== undefined ? [hold] : [];
      });
      const books: Books = {
        accounts: locked.accounts,
        holds: fresh,
        reversibles: new Map(),
        known: new Map(),
        closedBefore: undefined,
        time,
      };
      const decision = decideExpiry(books, ending, () => newUuid(msOf(time)));
      await recordTransfers(tx, books, locked.segment, decision);
      await recordBalances(tx, books, decision);
      await recordExpiries(tx, decision.transfers);
      return { count: ending.length, wasFull: due.length === EXPIRY_BATCH, time };
    });
    count += ended.count;
    if (!ended.wasFull && ended.time <= now) return count;
    now = ended.time;
  }
}
