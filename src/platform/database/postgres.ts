// Owns the connections to PostgreSQL through the driver pg. Every connection commits durably
// (synchronous_commit), and a transaction ends in exactly one of: committed, rolled back, or the
// Fault 'commit_unknown'. The commit is the only round trip added to the caller's own.

import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { assert, Fault } from '#kernel';
import {
  commit,
  commitUnknown,
  ignoreLoss,
  isAnswered,
  isCommitUnknown,
  release,
  rollBackAfter,
  rollBackChecked,
  runQuery,
  sendTogether,
  watchedQuery,
} from './connection.ts';
import { faultOf, isAfterFailure } from './failure.ts';
import type { Keys } from '../keys/port.ts';
import type { Database, Query, Queryable, Transaction, TransactionContext } from './port.ts';
import type { RefusedChange } from './refused-change.ts';
import { EVERY_TENANT, requireTenant, SeenTenants } from './tenants.ts';

/** The role that the application takes; migration 0001 creates it. */
export const APPLICATION_ROLE = 'florin_app';

/** How to reach a database and how long to wait for it. All waits in milliseconds, 0 for ever. */
export interface PostgresOptions {
  readonly url: string;
  readonly poolSize: number;
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  readonly idleInTransactionTimeoutMs: number;
  readonly transactionAttempts: number;
  readonly transactionRetryBudgetMs: number;
  /** 'application' takes the role florin_app if it exists; 'owner' stays who the URL says. */
  readonly as: 'application' | 'owner';
  /** A server with fsync off loses acknowledged money: refused, but in tests that say so. */
  readonly isUnsafeServerAllowed?: boolean;
  /** For tests and tools: idle connections do not keep the process alive. */
  readonly isIdleExitAllowed?: boolean;
  /** What the start banner calls this database; by default the URL without its password. */
  readonly description?: string;
  /** For what transactions seal; without them a transaction that must seal is a bug. */
  readonly keys?: Keys | undefined;
  /** Told of connections lost while idle. */
  readonly onIdleError?: (error: Error) => void;
  /** Told of what the database refused because nobody, or not this role, may do it. */
  readonly onRefusedChange?: ((change: RefusedChange) => void) | undefined;
}

/** Waits and sizes that suit tests and tools, for callers without a configuration. */
export const defaultPostgresOptions = {
  poolSize: 8,
  connectTimeoutMs: 10_000,
  statementTimeoutMs: 30_000,
  lockTimeoutMs: 5_000,
  idleInTransactionTimeoutMs: 30_000,
  transactionAttempts: 8,
  transactionRetryBudgetMs: 10_000,
  as: 'application',
} as const satisfies Omit<PostgresOptions, 'url'>;

/** Oldest server with every statement that Florin uses. */
const SERVER_VERSION_MIN = 150_000;

// The driver waits a little longer than the server would, so that the server's own answer wins.
// Only a server or network that is silent altogether lets this expire; the connection is then
// thrown away.
const SILENCE_MARGIN_MS = 5_000;

const RETRY_PAUSE_FIRST_MS = 5;
const RETRY_PAUSE_MAX_MS = 500;

type Parser = (text: string) => unknown;

const asText: Parser = (text) => text;
const { INT8, TIMESTAMP, TIMESTAMPTZ, DATE, INTERVAL } = pg.types.builtins;
const INT8_ARRAY = 1016;
const textParsers = new Map<number, Parser>([
  [INT8, BigInt],
  [INT8_ARRAY, parseInt8Array],
  [TIMESTAMP, asText],
  [TIMESTAMPTZ, asText],
  [DATE, asText],
  [INTERVAL, asText],
]);

function parseInt8Array(text: string): unknown {
  assert(text.startsWith('{') && !text.includes('{', 1), 'int8 arrays have one dimension');
  if (text === '{}') return [];
  const items = text.slice(1, -1).split(',');
  return items.map((item) => (item === 'NULL' ? null : BigInt(item)));
}

const types: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary'): Parser {
    const parser = format === 'binary' ? undefined : textParsers.get(oid);
    return parser ?? (pg.types.getTypeParser as (o: number, f?: string) => Parser)(oid, format);
  },
};

/** Opens a pool. Connects once, so that a wrong address or an unsafe server is known at once. */
export async function openPostgres(options: PostgresOptions): Promise<Database> {
  const database = new PostgresDatabase(options);
  try {
    await database.query({ text: 'select 1' });
  } catch (error) {
    await database.close();
    throw unreachable(options.url, error);
  }
  return database;
}

// Wrong password, no such database: no Fault while running, but at the start one sentence is due.
const notAccepted = { code: 'database_refused', retryable: false };

/** The sentence for an operator whose database cannot be used. */
function unreachable(url: string, error: unknown): Fault {
  const known = faultOf(error);
  const { code, retryable } = known instanceof Fault ? known : notAccepted;
  const reason = reasonOf(error).replace(/[.]$/, '');
  const message = `Cannot use the database at ${withoutPassword(url)}: ${reason}.`;
  return new Fault(code, { retryable, message, cause: error });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // A name with several addresses fails once for each.
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message;
}

/** The URL without its password. */
export function withoutPassword(url: string): string {
  return url.replace(/^(\w+:\/\/[^:@/]*):[^@/]*@/, '$1:***@').replace(/(password=)[^&]*/i, '$1***');
}

/** What the driver takes, and its types do not know: it waits for the promise. */
type PoolOptions = pg.PoolConfig & {
  readonly pipeline: boolean;
  readonly onConnect: (client: pg.ClientBase) => Promise<void>;
};

class PostgresDatabase implements Database {
  readonly description: string;
  readonly #options: PostgresOptions;
  readonly #pool: pg.Pool;
  readonly #tenants = new SeenTenants();

  constructor(options: PostgresOptions) {
    this.#options = options;
    this.description = options.description ?? withoutPassword(options.url);
    const { statementTimeoutMs } = options;
    const pool: PoolOptions = {
      connectionString: options.url,
      max: options.poolSize,
      connectionTimeoutMillis: options.connectTimeoutMs,
      // Connections stay: a new one would have to prepare every statement again.
      idleTimeoutMillis: 0,
      query_timeout: statementTimeoutMs === 0 ? undefined : statementTimeoutMs + SILENCE_MARGIN_MS,
      allowExitOnIdle: options.isIdleExitAllowed ?? false,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      application_name: 'florin',
      types,
      // Statements that do not wait for each other are sent together.
      pipeline: true,
      onConnect: (client) => prepareSession(client, options),
    };
    this.#pool = new pg.Pool(pool);
    // Without a listener, a connection lost while idle would end the process.
    this.#pool.on('error', (error) => options.onIdleError?.(error));
  }

  query<Row = Record<string, unknown>>(query: Query): Promise<Row[]> {
    return this.#query<Row>(query, EVERY_TENANT);
  }

  within(tenant: string): Queryable {
    requireTenant(tenant);
    return { query: (query) => this.#query(query, tenant) };
  }

  async #query<Row>(query: Query, tenant: string): Promise<Row[]> {
    const client = await this.#acquire();
    let failure: unknown;
    // A connection that is lost fails the statement, and says so here as well.
    client.on('error', ignoreLoss);
    try {
      const seeing = this.#tenants.see(client, tenant);
      const asking = watchedQuery<Row>(client, query, this.#options);
      if (seeing === undefined) return await asking;
      // Sent together; where what is seen could not be changed, the answer is not given.
      const [, answer] = await Promise.allSettled([seeing, asking]);
      await seeing;
      if (answer.status === 'rejected') throw answer.reason;
      return answer.value;
    } catch (error) {
      failure = error;
      throw faultOf(error);
    } finally {
      client.off('error', ignoreLoss);
      release(client, failure);
    }
  }

  get keys(): Keys {
    const { keys } = this.#options;
    assert(keys !== undefined, 'this database was opened without keys');
    return keys;
  }

  transaction<T>(context: TransactionContext, run: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#retrying(() => this.#attempt(context, run, commit));
  }

  rehearse<T>(context: TransactionContext, run: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#retrying(() => this.#attempt(context, run, rollBackChecked));
  }

  statement<T>(context: TransactionContext, run: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#retrying(() => this.#attemptStatement(context, run));
  }

  async close(): Promise<void> {
    if (!this.#pool.ending) await this.#pool.end();
  }

  async #acquire(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw faultOf(error);
    }
  }

  async #attempt<T>(
    context: TransactionContext,
    run: (tx: Transaction) => Promise<T>,
    end: (client: pg.PoolClient) => Promise<void>,
  ): Promise<T> {
    const client = await this.#acquire();
    let failure: unknown;
    // While a connection is out of the pool, its loss between two statements arrives here. The next
    // statement fails by itself; without a listener the process would end.
    client.on('error', ignoreLoss);
    const failures: unknown[] = [];
    const noteFailure = (error: unknown): void => void failures.push(error);
    const tx = openTransaction(context, this, <Row>(query: Query) => {
      const asking = watchedQuery<Row>(client, query, this.#options, context);
      asking.catch(noteFailure);
      return asking;
    });
    try {
      const local = this.#tenants.localTo(client, context.tenant ?? EVERY_TENANT);
      // Goes with the first statement; where it fails, that one does as well.
      sendTogether(client);
      const begun = client.query(`begin isolation level read committed${local}`);
      begun.catch(noteFailure);
      const value = await run(tx);
      tx.finish();
      await begun;
      await end(client);
      if (end === rollBackChecked) tx.undo();
      return value;
    } catch (thrown) {
      tx.finish();
      // Of statements sent together only the first that failed says why.
      const error = isAfterFailure(thrown) ? (failures[0] ?? thrown) : thrown;
      failure = await rollBackAfter(client, error);
      if (!isCommitUnknown(error)) tx.undo();
      throw faultOf(error);
    } finally {
      client.off('error', ignoreLoss);
      release(client, failure);
    }
  }

  async #attemptStatement<T>(
    context: TransactionContext,
    run: (tx: Transaction) => Promise<T>,
  ): Promise<T> {
    const client = await this.#acquire();
    let failure: unknown;
    let statements = 0;
    client.on('error', ignoreLoss);
    const tx = openTransaction(context, this, async (query) => {
      statements += 1;
      assert(statements === 1, 'a transaction of one statement was asked for another');
      try {
        return await watchedQuery(client, query, this.#options, context);
      } catch (error) {
        throw isAnswered(error) ? error : commitUnknown(error);
      }
    });
    try {
      await this.#tenants.see(client, context.tenant ?? EVERY_TENANT);
      const value = await run(tx);
      assert(statements === 1, 'a transaction of one statement was asked for none');
      return value;
    } catch (error) {
      failure = error;
      // What fails after its one statement was answered comes too late.
      if (isAnswered(error)) tx.undo();
      throw faultOf(error);
    } finally {
      tx.finish();
      client.off('error', ignoreLoss);
      release(client, failure);
    }
  }

  async #retrying<T>(attempt: () => Promise<T>): Promise<T> {
    const { transactionAttempts, transactionRetryBudgetMs } = this.#options;
    const startedMs = performance.now();
    for (let attempts = 1; ; attempts += 1) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof Fault) || !error.retryable) throw error;
        if (attempts >= transactionAttempts) throw error;
        if (performance.now() - startedMs >= transactionRetryBudgetMs) throw error;
        await sleep(pauseMs(error, attempts));
      }
    }
  }
}

// Random, because victims of one deadlock that all paused alike would meet again. A server that
// went away needs a second or two to come back, so nothing is gained by asking sooner.
function pauseMs(fault: Fault, attempts: number): number {
  if (fault.code === 'database_unavailable') return RETRY_PAUSE_MAX_MS * (0.5 + Math.random() / 2);
  return Math.random() * Math.min(RETRY_PAUSE_MAX_MS, RETRY_PAUSE_FIRST_MS * 2 ** (attempts - 1));
}

interface OpenTransaction extends Transaction {
  finish(): void;
  /** What it left in memory. */
  undo(): void;
}

function openTransaction(
  context: TransactionContext,
  database: Database,
  ask: <Row>(query: Query) => Promise<Row[]>,
): OpenTransaction {
  let isOpen = true;
  const undos: (() => void)[] = [];
  return {
    ...context,
    get keys() {
      return database.keys;
    },
    async query<Row>(query: Query): Promise<Row[]> {
      assert(isOpen, 'a transaction was used after its function had ended');
      return await ask<Row>(query);
    },
    onRolledBack: (undo) => void undos.push(undo),
    finish() {
      isOpen = false;
    },
    undo() {
      for (const undo of undos.splice(0).reverse()) undo();
    },
  };
}

/** Runs statements on one connection, for migrations and test databases. */
export interface Session extends Queryable {
  close(): Promise<void>;
}

/** One connection outside any pool, without timeouts, as the user the URL names. */
export async function openSession(url: string, connectTimeoutMs = 10_000): Promise<Session> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    application_name: 'florin',
    types,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(
      `set search_path = ''; set timezone = 'UTC'; set statement_timeout = 0; ` +
        `set florin.tenant = '${EVERY_TENANT}'`,
    );
  } catch (error) {
    await client.end().catch(() => undefined);
    throw unreachable(url, error);
  }
  return {
    async query<Row>(query: Query): Promise<Row[]> {
      try {
        return await runQuery<Row>(client, query);
      } catch (error) {
        throw faultOf(error);
      }
    },
    close: () => client.end(),
  };
}

interface ServerRow {
  readonly version: number;
  readonly version_text: string;
  readonly fsync: string;
  readonly full_page_writes: string;
  readonly synchronous_commit: string;
  readonly has_role: boolean;
}

// Two round trips per connection, none per transaction.
async function prepareSession(client: pg.ClientBase, options: PostgresOptions): Promise<void> {
  const [server] = await runQuery<ServerRow>(client, {
    text: `select current_setting('server_version_num')::int as version,
      current_setting('server_version') as version_text,
      current_setting('fsync') as fsync,
      current_setting('full_page_writes') as full_page_writes,
      current_setting('synchronous_commit') as synchronous_commit,
      exists (select from pg_roles where rolname = '${APPLICATION_ROLE}') as has_role`,
  });
  assert(server !== undefined, 'select without from gives one row');
  requireSafeServer(server, options);
  // remote_apply is stronger than on, and an operator's choice; everything else is weaker.
  const durability = server.synchronous_commit === 'remote_apply' ? 'remote_apply' : 'on';
  const statements = [
    `set search_path = ''`,
    `set timezone = 'UTC'`,
    `set florin.tenant = '${EVERY_TENANT}'`,
    `set synchronous_commit = ${durability}`,
    `set statement_timeout = ${options.statementTimeoutMs}`,
    `set lock_timeout = ${options.lockTimeoutMs}`,
    `set idle_in_transaction_session_timeout = ${options.idleInTransactionTimeoutMs}`,
  ];
  if (options.as === 'application' && server.has_role) {
    statements.push(`set role ${APPLICATION_ROLE}`);
  }
  await client.query(statements.join('; '));
}

/** Refuses a server that lacks what Florin uses. */
export async function requireServerVersion(session: Queryable): Promise<void> {
  const [server] = await session.query<{ version: number; version_text: string }>({
    text: `select current_setting('server_version_num')::int as version,
      current_setting('server_version') as version_text`,
  });
  assert(server !== undefined, 'select without from gives one row');
  requireVersion(server.version, server.version_text);
}

/** Refuses a version number (150004) below 15; the text is for the sentence. */
export function requireVersion(version: number, versionText: string): void {
  if (version >= SERVER_VERSION_MIN) return;
  throw new Fault('database_too_old', {
    retryable: false,
    message: `Florin needs PostgreSQL 15 or later, but this server is ${versionText}.`,
  });
}

function requireSafeServer(server: ServerRow, options: PostgresOptions): void {
  requireVersion(server.version, server.version_text);
  if (options.isUnsafeServerAllowed === true) return;
  for (const setting of ['fsync', 'full_page_writes'] as const) {
    if (server[setting] === 'on') continue;
    throw new Fault('database_unsafe', {
      retryable: false,
      message: `This PostgreSQL runs with ${setting} off and may lose committed money; turn it on.`,
    });
  }
}
