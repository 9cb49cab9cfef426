// Owns databases for tests: each test file gets its own, a clone of a template that is migrated
// once per schema. Every name contains "test", so that no slip can touch a real bank.

import { randomBytes, createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { assert } from '#kernel';
import { openLocalKeys } from '../keys/local.ts';
import type { Keys } from '../keys/port.ts';
import { migrate } from './migrate.ts';
import { readSchemaFiles } from './migration-files.ts';
import type { Database } from './port.ts';
import { defaultPostgresOptions, openPostgres, openSession, type Session } from './postgres.ts';
import { inDatabase, startTestServer, type TestServer } from './test-server.ts';

export interface TestDatabaseOptions {
  readonly poolSize?: number;
  /** Without the schema: an empty database, as a migration's test wants it. */
  readonly isEmpty?: boolean;
  readonly transactionAttempts?: number;
  readonly statementTimeoutMs?: number;
  /** In a temporary folder of this process unless given. */
  readonly keys?: Keys;
}

export interface TestDatabase {
  /** As the application, with its rights. */
  readonly database: Database;
  /** As the owner. */
  readonly url: string;
  /** Closes the pool and removes the database. */
  drop(): Promise<void>;
}

// "test" in ASCII.
const LOCK_KEY = 0x74_65_73_74n;

/** A fresh database with the current schema; starts a server for this process if none is given. */
export async function testDatabase(
  name: string,
  options: TestDatabaseOptions = {},
): Promise<TestDatabase> {
  const server = await ownServer();
  const label = name
    .replaceAll(/[^a-z0-9]+/gi, '_')
    .toLowerCase()
    .slice(0, 30);
  const database = `florin_test_${label}_${randomBytes(5).toString('hex')}`;
  const admin = await openSession(inDatabase(server.url, 'postgres'));
  try {
    const template = options.isEmpty === true ? 'template0' : await ensureTemplate(admin, server);
    await admin.query({ text: `create database ${database} template ${template}` });
  } finally {
    await admin.close();
  }
  const url = inDatabase(server.url, database);
  const pool = await openPostgres({
    ...defaultPostgresOptions,
    url,
    isUnsafeServerAllowed: true,
    isIdleExitAllowed: true,
    keys: options.keys ?? (await keysForTests()),
    poolSize: options.poolSize ?? defaultPostgresOptions.poolSize,
    transactionAttempts: options.transactionAttempts ?? defaultPostgresOptions.transactionAttempts,
    statementTimeoutMs: options.statementTimeoutMs ?? defaultPostgresOptions.statementTimeoutMs,
  });
  const drop = async (): Promise<void> => {
    await pool.close();
    await dropDatabase(server, database);
  };
  return { database: pool, url, drop };
}

let keysOpened: Promise<Keys> | undefined;

// One folder a process, gone with it.
function keysForTests(): Promise<Keys> {
  if (keysOpened !== undefined) return keysOpened;
  const folder = mkdtempSync(path.join(os.tmpdir(), 'florin-keys-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const opening = openLocalKeys({ folder: path.join(folder, 'keys') });
  keysOpened = opening;
  return opening;
}

async function dropDatabase(server: TestServer, database: string): Promise<void> {
  assert(database.includes('test'), 'only test databases may be dropped');
  const admin = await openSession(inDatabase(server.url, 'postgres'));
  try {
    await admin.query({ text: `drop database if exists ${database} with (force)` });
  } finally {
    await admin.close();
  }
}

// The template's name says which schema it has. It gets that name when it is complete.
async function ensureTemplate(admin: Session, server: TestServer): Promise<string> {
  const template = await templateName();
  await admin.query({ text: 'select pg_advisory_lock($1)', values: [LOCK_KEY] });
  const rows = await admin.query({
    text: 'select from pg_database where datname = $1',
    values: [template],
  });
  if (rows.length === 0) {
    const draft = `${template}_new`;
    await admin.query({ text: `drop database if exists ${draft} with (force)` });
    await admin.query({ text: `create database ${draft}` });
    await migrate({ url: inDatabase(server.url, draft) });
    await admin.query({ text: `alter database ${draft} rename to ${template}` });
  }
  await admin.query({ text: 'select pg_advisory_unlock($1)', values: [LOCK_KEY] });
  return template;
}

const ownSource = new URL('../..', import.meta.url).pathname;

async function templateName(): Promise<string> {
  const { migrations, functions } = await readSchemaFiles(ownSource);
  const hash = createHash('sha256');
  for (const { sha256 } of [...migrations, ...functions]) hash.update(sha256);
  return `florin_test_template_${hash.digest('hex').slice(0, 12)}`;
}

let started: Promise<TestServer> | undefined;

// A test file run alone has its own server. It stops when nothing is left to do, that is when the
// file's tests have ended, whether or not they dropped their databases.
function ownServer(): Promise<TestServer> {
  if (started === undefined) {
    const starting = startTestServer();
    started = starting;
    process.once('beforeExit', () => void starting.then((server) => server.close()));
    // The test runner ends a file that takes too long; the server is told to stop on the way out.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => process.exit(1));
    }
  }
  return started;
}
