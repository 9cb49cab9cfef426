// Opens the audit log for a command: the database as the application, with the keys and objects of
// the installation, and the context in which the command's own records are written.

import { userInfo } from 'node:os';
import { loadConfig, type Config } from '#config';
import { newUuid, msOf, type Clock } from '#kernel';
import {
  openDatabase,
  openFolderObjects,
  systemClock,
  type Database,
  type Objects,
  type TransactionContext,
} from '#platform';
import { objectsFolderOf } from '../../src/keep-log.ts';
import { explain } from '../failure.ts';
import { EXIT_UNUSABLE, type Environment } from '../usage.ts';

export interface OpenedLog {
  readonly config: Config;
  /** As the application, with its rights. */
  readonly database: Database;
  /** As the owner, for what the application may not; has a password. */
  readonly ownerUrl: string;
  readonly objects: Objects;
  readonly clock: Clock;
  /** The person at this terminal, now. */
  context(): TransactionContext;
  close(): Promise<void>;
}

export async function openLog(env: Environment): Promise<OpenedLog> {
  const config = loadConfig(env);
  const clock = systemClock();
  const opened = await openDatabase(config.database);
  const objects = await openFolderObjects({ folder: objectsFolderOf(config), clock });
  const correlationId = `cli-${newUuid(msOf(clock.now()))}`;
  return {
    config,
    database: opened.database,
    ownerUrl: opened.ownerUrl,
    objects,
    clock,
    context: () => ({
      now: clock.now(),
      actor: `cli:${userName()}`,
      authentication: 'operating system',
      correlationId,
    }),
    close: () => opened.close(),
  };
}

/** Opens the log for one piece of work. What that throws is explained, and ends the command. */
export async function withLog(
  env: Environment,
  work: (log: OpenedLog) => Promise<number>,
): Promise<number> {
  try {
    const log = await openLog(env);
    try {
      return await work(log);
    } finally {
      await log.close();
    }
  } catch (error) {
    process.stderr.write(`${explain(error, env)}\n`);
    return EXIT_UNUSABLE;
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A user without an entry in the system's list of users.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
