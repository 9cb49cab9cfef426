// Owns the job that forgets what is over: sign-ins nobody completed, browsers not seen for long,
// failures long ago, sessions that ended. Nothing waits for it; what is over is never taken.

import { DAY_US, type Instant } from '#kernel';
import type { Database, TransactionContext } from '#platform';
import { deleteAttemptsBefore } from '../factors/attempt-store.ts';
import { deleteDevicesBefore } from '../factors/factor-store.ts';
import { deleteSignInsBefore } from '../pages/sign-in-store.ts';
import { deleteSessionsBefore } from '../sessions/session-store.ts';

/** Longer than any failure counts (see the rules on attempts). */
const ATTEMPTS_KEPT_US = 2 * DAY_US;
/** A person can still see where they were signed in. */
const SESSIONS_KEPT_US = 90 * DAY_US;

/** To be run every hour; may be missed, and done by several processes at once. */
export async function sweepPeople(database: Database, context: TransactionContext): Promise<void> {
  const ago = (us: number): Instant => (context.now - us) as Instant;
  await database.transaction(context, async (tx) => {
    await deleteSignInsBefore(tx, context.now);
    await deleteDevicesBefore(tx, context.now);
    await deleteAttemptsBefore(tx, ago(ATTEMPTS_KEPT_US));
    await deleteSessionsBefore(tx, ago(SESSIONS_KEPT_US));
  });
}
