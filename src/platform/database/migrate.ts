// Owns bringing a database to the schema of this code: forward only, one migration a transaction,
// one process at a time. After it returns, the database's history equals the files, byte for byte.

import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { assert, Fault } from '#kernel';
import {
  pendingMigrations,
  readSchemaFiles,
  type AppliedMigration,
  type FunctionFile,
  type Migration,
  type SchemaFiles,
} from './migration-files.ts';
import { openSession, requireServerVersion, type Session } from './postgres.ts';

export interface MigrateOptions {
  /** As the owner of the schema, not as the application. */
  readonly url: string;
  /** The folder whose folders are contexts; by default the src this file belongs to. */
  readonly root?: string;
  /** Told one sentence for each file applied. */
  readonly log?: (line: string) => void;
}

/** What a run changed. Empty lists when the schema was up to date. */
export interface MigrateReport {
  readonly applied: readonly string[];
  readonly functions: readonly string[];
  /** The number of the latest migration in force. */
  readonly version: number;
}

// "florin" in ASCII; advisory locks belong to one database, so there is nothing else to tell apart.
const LOCK_KEY = 0x66_6c_6f_72_69_6en;

// A migration that waits long for a table's lock makes everybody behind it wait too.
const LOCK_TIMEOUT_MS = 5_000;
const ATTEMPTS_MAX = 6;
const PAUSE_MS = 500;

const ownSource = path.join(import.meta.dirname, '..', '..');

/** Applies what is missing. Safe to call from several processes at once: the others wait. */
export async function migrate(options: MigrateOptions): Promise<MigrateReport> {
  const files = await readSchemaFiles(options.root ?? ownSource);
  const session = await openSession(options.url);
  try {
    await requireServerVersion(session);
    await session.query({ text: `set synchronous_commit = on` });
    await session.query({ text: 'select pg_advisory_lock($1)', values: [LOCK_KEY] });
    return await migrateLocked(session, files, options.log ?? (() => undefined));
  } finally {
    // Ends the session and with it the lock.
    await session.close();
  }
}

async function migrateLocked(
  session: Session,
  files: SchemaFiles,
  log: (line: string) => void,
): Promise<MigrateReport> {
  await session.query({ text: `set lock_timeout = ${LOCK_TIMEOUT_MS}` });
  const pending = pendingMigrations(files.migrations, await readApplied(session));
  for (const migration of pending) {
    await inTransaction(session, migration.name, () => applyMigration(session, migration));
    log(`applied migration ${migration.name}`);
  }
  // A migration may have dropped what a function file made, so after any of them all are renewed.
  const changed = pending.length > 0 ? files.functions : await changedFunctions(session, files);
  if (changed.length > 0) {
    const subject = changed.map((file) => file.path).join(', ');
    await inTransaction(session, subject, () => applyFunctions(session, changed));
    for (const file of changed) log(`applied functions ${file.path}`);
  }
  return {
    applied: pending.map((migration) => migration.name),
    functions: changed.map((file) => file.path),
    version: files.migrations.at(-1)?.number ?? 0,
  };
}

async function readApplied(session: Session): Promise<AppliedMigration[]> {
  const [row] = await session.query<{ present: boolean }>({
    text: `select to_regclass('platform.migrations') is not null as present`,
  });
  if (row?.present !== true) return [];
  return await session.query<AppliedMigration>({
    text: 'select number, name, sha256 from platform.migrations order by number',
  });
}

async function changedFunctions(session: Session, files: SchemaFiles): Promise<FunctionFile[]> {
  const rows = await session.query<{ path: string; sha256: string }>({
    text: 'select path, sha256 from platform.functions',
  });
  const inForce = new Map(rows.map((row) => [row.path, row.sha256]));
  return files.functions.filter((file) => inForce.get(file.path) !== file.sha256);
}

async function applyMigration(session: Session, migration: Migration): Promise<void> {
  await runFile(session, migration.name, migration.sql);
  await session.query({
    text: `insert into platform.migrations (number, name, sha256, breaking)
      values ($1, $2, $3, $4)`,
    values: [migration.number, migration.name, migration.sha256, migration.isBreaking],
  });
}

async function applyFunctions(session: Session, files: readonly FunctionFile[]): Promise<void> {
  for (const file of files) {
    await runFile(session, file.path, file.sql);
    await session.query({
      text: `insert into platform.functions (path, sha256) values ($1, $2)
        on conflict (path) do update set sha256 = excluded.sha256, applied_at = now()`,
      values: [file.path, file.sha256],
    });
  }
}

// A file that commits by itself would leave a half-applied schema after a crash.
async function runFile(session: Session, name: string, sql: string): Promise<void> {
  const before = await transactionId(session);
  try {
    await session.query({ text: sql });
  } catch (error) {
    throw withPlace(error, name, sql);
  }
  assert(before === (await transactionId(session)), `${name} must not begin or end transactions`);
}

async function transactionId(session: Session): Promise<string> {
  const [row] = await session.query<{ id: string }>({
    text: 'select pg_current_xact_id()::text as id',
  });
  assert(row !== undefined, 'select without from gives one row');
  return row.id;
}

async function inTransaction(
  session: Session,
  subject: string,
  run: () => Promise<void>,
): Promise<void> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      await session.query({ text: 'begin isolation level read committed' });
      await run();
      await session.query({ text: 'commit' });
      return;
    } catch (error) {
      await session.query({ text: 'rollback' }).catch(() => undefined);
      const canRetry = error instanceof Fault && error.code === 'lock_timeout';
      if (!canRetry) throw error;
      if (attempts >= ATTEMPTS_MAX) {
        throw new Fault('migration_blocked', {
          retryable: true,
          message: `Other sessions kept ${subject} from its locks; end them and start again.`,
          cause: error,
        });
      }
    }
    await sleep(PAUSE_MS);
  }
}

// The server's position counts characters from one; a person wants the line.
function withPlace(error: unknown, name: string, sql: string): unknown {
  if (error instanceof Fault || !(error instanceof Error)) return error;
  const { position } = error as { position?: unknown };
  const line =
    typeof position === 'string' ? `:${sql.slice(0, Number(position) - 1).split('\n').length}` : '';
  return new Fault('migration_failed', {
    retryable: false,
    message: `${name}${line} failed: ${error.message}.`,
    cause: error,
  });
}
