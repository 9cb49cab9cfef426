// Owns the way from the settings to a database that is ready: start or reach PostgreSQL, bring its
// schema up to date, open the pool. Closing goes the same way back.

import path from 'node:path';
import { openLocalKeys } from '../keys/local.ts';
import { startEmbedded, type EmbeddedPostgres } from './embedded.ts';
import { dataFolderOf } from './embedded/data-folder.ts';
import { migrate, type MigrateReport } from './migrate.ts';
import type { Database } from './port.ts';
import { openPostgres, withoutPassword } from './postgres.ts';
import type { RefusedChange } from './refused-change.ts';
import type { Fault } from '#kernel';

/** The section "database" of the configuration. */
export interface DatabaseSettings {
  readonly url: string | undefined;
  readonly dataDirectory: string | undefined;
  readonly keysDirectory: string | undefined;
  readonly poolSize: number;
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  readonly idleInTransactionTimeoutMs: number;
  readonly transactionAttempts: number;
  readonly transactionRetryBudgetMs: number;
}

export interface OpenDatabaseOptions {
  /** Told of each migration, each line of the embedded server's log, each lost connection. */
  readonly log?: (line: string) => void;
  /** Told when the embedded server is gone for good; the process should end. */
  readonly onGone?: (fault: Fault) => void;
  /** Told of what the database refused to a session of this process. */
  readonly onRefusedChange?: (change: RefusedChange) => void;
}

export interface OpenedDatabase {
  readonly database: Database;
  /** What was missing from the schema. */
  readonly migrated: MigrateReport;
  /** Undefined when FLORIN_DATABASE_URL names another server. */
  readonly embedded: EmbeddedPostgres | undefined;
  /** As the schema's owner, for tools that need more than the application may; has a password. */
  readonly ownerUrl: string;
  /** Closes the pool, then stops the embedded server unless another process uses it. */
  close(): Promise<void>;
}

/** Ends with a migrated database, or with a Fault whose message is a sentence for the operator. */
export async function openDatabase(
  settings: DatabaseSettings,
  options: OpenDatabaseOptions = {},
): Promise<OpenedDatabase> {
  const log = options.log ?? (() => undefined);
  const embedded = settings.url === undefined ? await embed(settings, options) : undefined;
  const ownerUrl = embedded?.url ?? settings.url ?? '';
  try {
    const keys = await openLocalKeys({ folder: keysFolderOf(settings) });
    const migrated = await migrate({ url: ownerUrl, log });
    const description =
      embedded === undefined
        ? `PostgreSQL at ${withoutPassword(ownerUrl)}`
        : `PostgreSQL ${embedded.version} in ${embedded.dataFolder}`;
    const database = await openPostgres({
      ...settings,
      url: ownerUrl,
      as: 'application',
      keys,
      description,
      onRefusedChange: options.onRefusedChange,
      onIdleError: (error) => log(`lost an idle database connection: ${error.message}`),
    });
    const close = async (): Promise<void> => {
      await database.close();
      await embedded?.close();
    };
    return { database, migrated, embedded, ownerUrl, close };
  } catch (error) {
    await embedded?.close();
    throw error;
  }
}

/** Where the installation's keys are kept: beside the data, unless the settings say otherwise. */
export function keysFolderOf({ keysDirectory, dataDirectory }: DatabaseSettings): string {
  return keysDirectory ?? path.join(dataFolderOf(dataDirectory), 'keys');
}

function embed(
  settings: DatabaseSettings,
  options: OpenDatabaseOptions,
): Promise<EmbeddedPostgres> {
  const { dataDirectory } = settings;
  return startEmbedded({
    ...options,
    ...(dataDirectory === undefined ? {} : { dataFolder: dataDirectory }),
  });
}
