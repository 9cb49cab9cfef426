// Owns the end of what is kept of requests that may be repeated: a published time after the first
// one, its key is free again. May be missed, repeated, and done by several processes at once.
import { limits } from '#config';
import type { Database, TransactionContext } from '#platform';
import { deleteExpired } from './idempotency-store.ts';

/** Forgets what has expired; how many requests. */
export async function expireIdempotencyKeys(
  database: Database,
  context: TransactionContext,
): Promise<number> {
  const { value: countMax } = limits.idempotencyExpiryMax;
  let total = 0;
  for (;;) {
    const deleted = await database.transaction(context, (tx) => deleteExpired(tx, countMax));
    total += deleted;
    if (deleted < countMax) return total;
  }
}
