// Owns what the code says the schema is: the numbered migrations and the function files of every
// context, read from disk and checked. Pure but for reading files; it knows no database.

import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { Fault } from '#kernel';

/** One step of the schema's history, src/<context>/migrations/NNNN_what.sql. */
export interface Migration {
  readonly number: number;
  /** The file's name, which tells it apart for ever. */
  readonly name: string;
  readonly sql: string;
  readonly sha256: string;
  /** Marked with a line "-- breaking": older processes must not be running when it is applied. */
  readonly isBreaking: boolean;
}

/** A file of `create or replace` statements, src/<context>/functions/what.sql. */
export interface FunctionFile {
  /** From src, with slashes: "ledger/functions/post.sql". */
  readonly path: string;
  readonly sql: string;
  readonly sha256: string;
}

export interface SchemaFiles {
  /** By rising number, over all contexts. */
  readonly migrations: readonly Migration[];
  /** By path. */
  readonly functions: readonly FunctionFile[];
}

const MIGRATION_NAME = /^(\d{4})_[a-z0-9_]+\.sql$/;

/** Reads every context's SQL files below a folder such as src. */
export async function readSchemaFiles(root: string): Promise<SchemaFiles> {
  const contexts = (await readdir(root, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted();
  const migrations: Migration[] = [];
  const functions: FunctionFile[] = [];
  for (const context of contexts) {
    for (const file of await sqlFiles(path.join(root, context, 'migrations'))) {
      migrations.push(migrationOf(file.name, file.sql));
    }
    for (const file of await sqlFiles(path.join(root, context, 'functions'))) {
      const { name, sql } = file;
      functions.push({ path: `${context}/functions/${name}`, sql, sha256: sha256Of(sql) });
    }
  }
  return { migrations: inOrder(migrations), functions };
}

/** A migration from a file's name and content; refuses a name that is not NNNN_what.sql. */
export function migrationOf(name: string, sql: string): Migration {
  const number = MIGRATION_NAME.exec(name)?.[1];
  if (number === undefined || Number(number) === 0) {
    throw broken(`The migration ${name} must be named like 0007_what_it_does.sql.`);
  }
  const isBreaking = /^-- breaking\b/m.test(sql);
  return { number: Number(number), name, sql, sha256: sha256Of(sql), isBreaking };
}

/** Sorted by number; refuses two with the same number, whatever contexts they come from. */
export function inOrder(migrations: readonly Migration[]): Migration[] {
  const sorted = migrations.toSorted((a, b) => a.number - b.number);
  for (const [index, migration] of sorted.entries()) {
    const next = sorted[index + 1];
    if (next?.number === migration.number) {
      throw broken(`The migrations ${migration.name} and ${next.name} have the same number.`);
    }
  }
  return sorted;
}

/** A row of platform.migrations. */
export interface AppliedMigration {
  readonly number: number;
  readonly name: string;
  readonly sha256: string;
}

/**
 * The migrations still to be applied. Refuses, with one sentence, a database that is ahead of the
 * code, a file that changed after it was applied, and a file that slipped in below the latest.
 */
export function pendingMigrations(
  migrations: readonly Migration[],
  applied: readonly AppliedMigration[],
): Migration[] {
  const byNumber = new Map(migrations.map((migration) => [migration.number, migration]));
  for (const row of applied) {
    const migration = byNumber.get(row.number);
    if (migration === undefined) {
      throw new Fault('schema_newer', {
        retryable: false,
        message:
          `This database is newer than this Florin: it has the migration ${row.name}, which this ` +
          'version does not know; start the version that made it, or a later one.',
      });
    }
    if (migration.sha256 !== row.sha256 || migration.name !== row.name) {
      throw broken(
        `The migration ${row.name} was applied to this database and has changed since` +
          `${migration.name === row.name ? '' : ` (it is now ${migration.name})`}; ` +
          'restore the file and put the change into a new migration.',
      );
    }
  }
  const latest = applied.toSorted((a, b) => a.number - b.number).at(-1);
  const done = new Set(applied.map((row) => row.number));
  const pending = migrations.filter((migration) => !done.has(migration.number));
  const late = pending.find((migration) => migration.number < (latest?.number ?? 0));
  if (late !== undefined && latest !== undefined) {
    throw broken(
      `The migration ${late.name} comes before ${latest.name}, which this database already has; ` +
        'give it a higher number.',
    );
  }
  return pending;
}

function broken(message: string): Fault {
  return new Fault('migrations_broken', { retryable: false, message });
}

function sha256Of(sql: string): string {
  return createHash('sha256').update(sql).digest('hex');
}

async function sqlFiles(folder: string): Promise<{ name: string; sql: string }[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const sqlNames = names.filter((name) => name.endsWith('.sql')).toSorted();
  return await Promise.all(
    sqlNames.map(async (name) => ({ name, sql: await readFile(path.join(folder, name), 'utf8') })),
  );
}
