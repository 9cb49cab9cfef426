// The SQL of failed attempts. Rows are locked in the order of their keys, so that attempts wait for
// each other and never deadlock.

import { formatInstant, type Instant } from '#kernel';
import { bytesArray, int4Array, timestamptzArray, type Transaction } from '#platform';
import type { AttemptState } from './attempt.ts';

/** Locks what is known of each key, in the order given; keys are unique and in order. */
export async function lockAttempts(
  tx: Transaction,
  keys: readonly Buffer[],
): Promise<(AttemptState | undefined)[]> {
  // A row that is not there cannot be locked, so it is made: with it nothing has failed yet.
  await tx.query({
    name: 'identity.make_attempts',
    text: `insert into identity.attempts (key, failures, last_at, blocked_until)
      select k.key, 0, $2, $2 from unnest($1::bytea[]) with ordinality as k (key, number)
      order by k.number on conflict (key) do nothing`,
    values: [bytesArray(keys), formatInstant(tx.now)],
  });
  const rows = await tx.query<{
    key: Buffer;
    failures: number;
    last_at: bigint;
    blocked_until: bigint;
  }>({
    name: 'identity.lock_attempts',
    text: `select a.key, a.failures,
        (extract(epoch from a.last_at) * 1000000)::bigint as last_at,
        (extract(epoch from a.blocked_until) * 1000000)::bigint as blocked_until
      from identity.attempts a where a.key = any($1::bytea[]) order by a.key for update`,
    values: [bytesArray(keys)],
  });
  return keys.map((key) => {
    const row = rows.find((each) => each.key.equals(key));
    return (
      row && {
        failures: row.failures,
        lastAt: Number(row.last_at) as Instant,
        blockedUntil: Number(row.blocked_until) as Instant,
      }
    );
  });
}

export interface KeyedAttempt extends AttemptState {
  readonly key: Buffer;
}

export async function updateAttempts(
  tx: Transaction,
  attempts: readonly KeyedAttempt[],
): Promise<void> {
  await tx.query({
    name: 'identity.update_attempts',
    text: `update identity.attempts a
      set failures = n.failures, last_at = n.last_at, blocked_until = n.blocked_until
      from unnest($1::bytea[], $2::int4[], $3::timestamptz[], $4::timestamptz[])
        as n (key, failures, last_at, blocked_until)
      where a.key = n.key`,
    values: [
      bytesArray(attempts.map(({ key }) => key)),
      int4Array(attempts.map(({ failures }) => failures)),
      timestamptzArray(attempts.map(({ lastAt }) => lastAt)),
      timestamptzArray(attempts.map(({ blockedUntil }) => blockedUntil)),
    ],
  });
}

export async function deleteAttemptsBefore(tx: Transaction, before: Instant): Promise<void> {
  await tx.query({
    name: 'identity.delete_old_attempts',
    text: 'delete from identity.attempts where last_at < $1 and blocked_until < $1',
    values: [formatInstant(before)],
  });
}
