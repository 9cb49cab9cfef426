// Owns what every context may ask of a database: queries and transactions, no vendor. Whoever holds
// a Transaction is inside one PostgreSQL transaction at read committed, and everything it writes is
// durable together or absent together.

import type { Instant } from '#kernel';
import type { Keys } from '../keys/port.ts';

/** One statement. */
export interface Query {
  /** Given a name, the statement is prepared once per connection. One name, one text, for ever. */
  readonly name?: string;
  /** SQL with parameters as $1, $2, … Every table and function is named with its schema. */
  readonly text: string;
  /**
   * Parameters. bigint is sent as int8 text; an array as a PostgreSQL array; an object as JSON; a
   * Buffer as it is, in PostgreSQL's binary format for the parameter's type.
   */
  readonly values?: readonly unknown[];
  /** With 'array' each row is an array of its columns: cheaper for large answers. */
  readonly rowMode?: 'array';
}

/**
 * Runs statements. int8 comes back as bigint; numeric, uuid, timestamps and intervals as
 * PostgreSQL's text; json and jsonb parsed; bytea as a Buffer.
 */
export interface Queryable {
  query<Row = Record<string, unknown>>(query: Query): Promise<Row[]>;
}

/** Who asks, in answer to which request, and from where. */
export interface Caller {
  readonly actor: string;
  /** Names the request in logs, problem documents, the books and the audit log. */
  readonly correlationId: string;
  /** How the actor was recognised ("none", "password+totp", "mtls"); absent: not by a person. */
  readonly authentication?: string | undefined;
  readonly roles?: readonly string[] | undefined;
  /** Whose rows may be seen and made on its behalf; those of every tenant unless given. */
  readonly tenant?: string | undefined;
  /** The network address the request came from. */
  readonly address?: string | undefined;
  readonly userAgent?: string | undefined;
  /** Of W3C Trace Context, 32 hexadecimal digits. */
  readonly traceId?: string | undefined;
}

/** On whose behalf, in answer to what, and at what recorded time a transaction acts. */
export interface TransactionContext extends Caller {
  readonly now: Instant;
  /** How far this machine's clock was ahead of the reference when last measured, microseconds. */
  readonly clockOffsetUs?: number | undefined;
}

/** An open database transaction. It is worthless after the function it was given to has ended. */
export interface Transaction extends Queryable, TransactionContext {
  /** The installation's keys, for what must be sealed in this transaction. */
  readonly keys: Keys;
  /**
   * For what a transaction leaves in memory: done once nothing of this attempt can be durable, and
   * before it is run again. Not where that is unknown. It must not throw.
   */
  onRolledBack(undo: () => void): void;
}

/** A pool of connections to one database. */
export interface Database extends Queryable {
  /**
   * BEGIN; run; COMMIT. Whatever `run` throws rolls back and is thrown on. `run` is called again
   * from the start, after a random pause, when PostgreSQL chose this transaction as the victim of a
   * deadlock or a conflict, when the connection broke before COMMIT was sent, and on a retryable
   * Fault; so `run` must have no effect outside the transaction.
   *
   * Throws Fault 'commit_unknown' (not retryable) when COMMIT was sent and its answer was lost: the
   * work may be durable or not, and only the caller's idempotency key can tell.
   */
  transaction<T>(context: TransactionContext, run: (tx: Transaction) => Promise<T>): Promise<T>;

  /**
   * A transaction of exactly one statement: the server begins and commits it by itself, so that it
   * costs one round trip. A second statement is a bug, and so is none; what `run` throws after it
   * comes too late. As with any commit, a connection that breaks meanwhile is the Fault
   * 'commit_unknown'.
   */
  statement<T>(context: TransactionContext, run: (tx: Transaction) => Promise<T>): Promise<T>;

  /** A transaction that always rolls back after checking deferred constraints: a dry run. */
  rehearse<T>(context: TransactionContext, run: (tx: Transaction) => Promise<T>): Promise<T>;

  /** The same database as one tenant sees it: rows of others do not exist for its statements. */
  within(tenant: string): Queryable;

  /** The installation's keys; asking is a bug where none were given. */
  readonly keys: Keys;

  /** Where this is, for the start banner: never contains a password. */
  readonly description: string;

  /** Waits for what is running, then closes every connection. */
  close(): Promise<void>;
}
