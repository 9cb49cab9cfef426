// How a use of a connection ends: committed for certain, rolled back for certain, or unknown, which
// is said as such; and whether the connection can serve again.

import type pg from 'pg';
import { assert, Fault } from '#kernel';
import { isConnectionLost, isSessionEnd, sqlStateOf } from './failure.ts';

export async function commit(client: pg.PoolClient): Promise<void> {
  let command: string;
  try {
    ({ command } = await client.query('commit'));
  } catch (error) {
    throw isAnswered(error) ? error : commitUnknown(error);
  }
  // PostgreSQL answers COMMIT of a failed transaction with ROLLBACK, and no error.
  assert(command === 'COMMIT', 'a failed statement was ignored, so PostgreSQL rolled back');
}

/** An ordinary error answer means rolled back. A lost or ended session may have committed first. */
export function isAnswered(error: unknown): boolean {
  return sqlStateOf(error) !== undefined && !isSessionEnd(error);
}

export function commitUnknown(cause: unknown): Fault {
  const message = 'The connection broke while committing; repeat the request with the same key.';
  return new Fault('commit_unknown', { retryable: false, message, cause });
}

export async function rollBackChecked(client: pg.PoolClient): Promise<void> {
  await client.query('set constraints all immediate');
  await client.query('rollback');
}

export function isCommitUnknown(error: unknown): boolean {
  return error instanceof Fault && error.code === 'commit_unknown';
}

/** The reason to throw the connection away, or undefined when it can serve again. */
export async function rollBackAfter(client: pg.PoolClient, error: unknown): Promise<unknown> {
  if (isConnectionLost(error)) return error;
  if (isCommitUnknown(error)) return error;
  try {
    await client.query('rollback');
    return undefined;
  } catch (rollbackError) {
    return rollbackError;
  }
}

// Without a listener the process would end.
export function ignoreLoss(): void {}

export function release(client: pg.PoolClient, failure: unknown): void {
  client.release(failure !== undefined && isUnusable(failure));
}

function isUnusable(failure: unknown): boolean {
  if (failure instanceof Fault) return true;
  return sqlStateOf(failure) === undefined || isConnectionLost(failure);
}
