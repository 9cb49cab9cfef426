// How a connection is used: statements of one moment are sent together, and each use of it ends
// committed for certain, rolled back for certain, or unknown, which is said as such; and whether it
// can serve again.

import type { Duplex } from 'node:stream';
import type pg from 'pg';
import { assert, Fault } from '#kernel';
import { isConnectionLost, isSessionEnd, sqlStateOf } from './failure.ts';
import type { Caller, Query } from './port.ts';
import { refusedChangeOf, type RefusedChange } from './refused-change.ts';

const holding = new WeakSet<Duplex>();

/**
 * Whatever is asked of the connection from now until the end of this moment travels in one piece,
 * in its order. The driver would write, and so wake the server, once for each statement.
 */
export function sendTogether(client: pg.ClientBase): void {
  // The driver knows its connection, its types do not.
  const { stream } = (client as unknown as { readonly connection: pg.Connection }).connection;
  if (holding.has(stream)) return;
  holding.add(stream);
  stream.cork();
  process.nextTick(() => {
    holding.delete(stream);
    stream.uncork();
  });
}

interface Watch {
  readonly onRefusedChange?: ((change: RefusedChange) => void) | undefined;
}

/** Tells of what the database refused because nobody, or not this role, may do it. */
export async function watchedQuery<Row>(
  client: pg.PoolClient,
  query: Query,
  { onRefusedChange }: Watch,
  caller?: Caller,
): Promise<Row[]> {
  try {
    return await runQuery<Row>(client, query);
  } catch (error) {
    // The driver knows the server's process, its types do not.
    const { processID: backendId } = client as { processID?: number };
    const change = refusedChangeOf(error, { query, backendId, caller });
    if (change !== undefined) onRefusedChange?.(change);
    throw error;
  }
}

export async function runQuery<Row>(client: pg.ClientBase, query: Query): Promise<Row[]> {
  sendTogether(client);
  // The driver takes exactly this shape; its types want mutable arrays and know no bigint rows.
  const answer = await client.query(query as pg.QueryArrayConfig);
  return answer.rows as unknown as Row[];
}

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
