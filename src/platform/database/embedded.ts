// Owns the embedded PostgreSQL: a real server on a folder of this machine, there from start() until
// the last Florin process on that folder closes it. Whatever state a crash left behind, a start
// ends in a running server or in a Fault whose message is one sentence.

import { realpath, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '#kernel';
import { prepareBinaries, type Binaries } from './embedded/binaries.ts';
import {
  DATABASE_NAME,
  dataFolderAt,
  giveToOwner,
  OWNER_NAME,
  prepareCluster,
  prepareDataFolder,
  unusable,
  writeSettings,
  type DataFolder,
} from './embedded/cluster.ts';
import { withLockFile } from './embedded/lock-file.ts';
import { LogFile } from './embedded/log-file.ts';
import { enter, leave, others, type Entry } from './embedded/participants.ts';
import {
  clearStaleFiles,
  findPostmaster,
  launch,
  stop,
  waitUntilEnded,
  waitUntilReady,
  type Postmaster,
} from './embedded/postmaster.ts';
import { identityOf, isRunning, type ProcessIdentity } from './embedded/process-identity.ts';
import { formatSettings, serverSettings } from './embedded/settings.ts';
import { prepareSocketFolder, socketFolderFor } from './embedded/socket-folder.ts';
import { databaseUser, type SystemUser } from './embedded/system-user.ts';
import { dataFolderOf } from './embedded/data-folder.ts';
import { sqlStateOf } from './failure.ts';
import { openSession } from './postgres.ts';

export interface EmbeddedOptions {
  /** The data folder; by default .florin in the checkout, or for root where it can be reached. */
  readonly dataFolder?: string;
  /** Told each line of PostgreSQL's log and each step worth a line. */
  readonly log?: (line: string) => void;
  /** Told when the server ended and cannot be started again; the process should end. */
  readonly onGone?: (fault: Fault) => void;
  /** False only for tests that never crash the server. */
  readonly isDurable?: boolean;
  /** Replaces a quarter of the machine's memory, in MB. */
  readonly sharedBuffersMb?: number;
}

export interface EmbeddedPostgres {
  /** The address of the database florin, as its owner. */
  readonly url: string;
  readonly dataFolder: string;
  /** "18.4" */
  readonly version: string;
  /** Another Florin process was using this server already. */
  readonly isShared: boolean;
  /** The server's process, which changes when it had to be started again. */
  processId(): number;
  /** Stops the server, unless another Florin process still uses it. */
  close(): Promise<void>;
}

// A recovery replays at most max_wal_size; on a slow disk that takes minutes.
const READY_TIMEOUT_MS = 30 * 60_000;
// A live server that has not come up or gone down in this time is stuck.
const STUCK_MS = 120_000;
const BLOCKED_PAUSE_MS = 200;
const BLOCKED_ATTEMPTS = 150;
const WATCH_MS = 500;
const RESTART_ATTEMPTS = 5;
const RESTART_PAUSE_MS = 200;

/** Starts the server, or joins the one that another Florin process runs on the same folder. */
export async function startEmbedded(options: EmbeddedOptions = {}): Promise<EmbeddedPostgres> {
  const { folder, user } = locate(options.dataFolder);
  await prepareDataFolder(folder, user);
  const real = dataFolderAt(await realpath(folder.root));
  const copyFolder = user === undefined ? real.root : '/var/lib/florin';
  const binaries = await prepareBinaries(user, copyFolder);
  const server = new EmbeddedServer({ folder: real, user, binaries, options });
  await server.start();
  return server;
}

function locate(given: string | undefined): { folder: DataFolder; user: SystemUser | undefined } {
  const root = dataFolderOf(given);
  const folder = dataFolderAt(root);
  return { folder, user: databaseUser(folder.cluster) };
}

interface Parts {
  readonly folder: DataFolder;
  readonly user: SystemUser | undefined;
  readonly binaries: Binaries;
  readonly options: EmbeddedOptions;
}

class EmbeddedServer implements EmbeddedPostgres {
  readonly dataFolder: string;
  readonly version: string;
  readonly url: string;
  isShared = false;
  readonly #parts: Parts;
  readonly #socketFolder: string;
  readonly #log: (line: string) => void;
  readonly #logFile: LogFile;
  #entry: Entry | undefined;
  #server: ProcessIdentity | undefined;
  #isClosing = false;
  #closed: Promise<void> | undefined;
  #watch: NodeJS.Timeout | undefined;
  #recovery: Promise<void> | undefined;
  readonly #onExit = (): void => this.#stopAtExit();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.dataFolder = parts.folder.root;
    this.version = parts.binaries.version;
    const uid = parts.user?.uid ?? process.getuid?.() ?? 0;
    this.#socketFolder = socketFolderFor(parts.folder.root, uid);
    this.url = urlOf(this.#socketFolder, DATABASE_NAME);
    this.#log = parts.options.log ?? (() => undefined);
    this.#logFile = new LogFile(parts.folder.log, (line) => this.#log(line));
  }

  processId(): number {
    return this.#server?.pid ?? 0;
  }

  async start(): Promise<void> {
    const { folder } = this.#parts;
    process.on('exit', this.#onExit);
    try {
      // Listed before the lock is free: a process that is leaving then sees us and leaves it
      // running.
      this.#entry = await enter(folder.processes);
      await this.#locked(() => this.#ensureRunning());
      await this.#createDatabase();
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#watch = setInterval(() => this.#check(), WATCH_MS);
    this.#watch.unref();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#watch);
    await this.#recovery?.catch(() => undefined);
    try {
      if (this.#entry !== undefined) await this.#locked(() => this.#leave());
    } finally {
      await this.#logFile.close();
      process.off('exit', this.#onExit);
    }
  }

  async #leave(): Promise<void> {
    const { folder } = this.#parts;
    const entry = this.#entry;
    if (entry === undefined) return;
    const stayers = others(folder.processes, entry);
    leave(entry);
    this.#entry = undefined;
    if (stayers.length > 0) {
      this.#log(`PostgreSQL goes on for process ${stayers.map(({ pid }) => pid).join(', ')}`);
      return;
    }
    const found = findPostmaster(folder.cluster);
    if (found !== undefined) await stop(found.identity, this.#log);
    // Otherwise each deep data folder would leave an empty one among the temporary files.
    await rmdir(this.#socketFolder).catch(() => undefined);
  }

  /** Without a clean close, as after an uncaught error: ask the server to stop, without waiting. */
  #stopAtExit(): void {
    if (this.#entry === undefined) return;
    try {
      const stayers = others(this.#parts.folder.processes, this.#entry);
      leave(this.#entry);
      const server = this.#server;
      if (stayers.length === 0 && server !== undefined && isRunning(server)) {
        process.kill(server.pid, 'SIGINT');
      }
    } catch {
      // The next start finds the server without an owner, stops it and starts it again.
    }
  }

  async #locked<T>(run: () => Promise<T>): Promise<T> {
    const { folder } = this.#parts;
    const onWait = (holder: ProcessIdentity): void =>
      this.#log(`waiting for process ${holder.pid}, which is starting or stopping PostgreSQL`);
    try {
      return await withLockFile({ file: folder.lock, waitMs: READY_TIMEOUT_MS, onWait }, run);
    } catch (error) {
      const isFileError = error instanceof Error && 'syscall' in error;
      throw isFileError ? unusable(folder.root, error) : error;
    }
  }

  /** With the lock held: makes sure that a server runs that this process or another one owns. */
  async #ensureRunning(): Promise<void> {
    const { folder, binaries, user, options } = this.#parts;
    await prepareCluster(folder, {
      binaries,
      user,
      isDurable: options.isDurable ?? true,
      isExpected: this.#server !== undefined,
    });
    await prepareSocketFolder(this.#socketFolder, user);
    const found = findPostmaster(folder.cluster);
    if (found !== undefined && (await this.#join(found))) return;
    await clearStaleFiles(folder.cluster, this.#socketFolder);
    await this.#launchUntilReady();
  }

  /** Uses a server that has an owner; one without is stopped, to start with our settings. */
  async #join(found: Postmaster): Promise<boolean> {
    const { folder } = this.#parts;
    const { pid } = found.identity;
    const owners = this.#entry === undefined ? [] : others(folder.processes, this.#entry);
    if (owners.length === 0 || found.status === 'stopping') {
      this.#log(`PostgreSQL (process ${pid}) was left running by a Florin that ended; stopping it`);
      await stop(found.identity, this.#log);
      return false;
    }
    const outcome = await waitUntilReady(pid, { cluster: folder.cluster, timeoutMs: STUCK_MS });
    if (outcome === 'ready') {
      this.#server = found.identity;
      this.isShared = true;
      this.#log(`sharing PostgreSQL (process ${pid}) with Florin process ${owners[0]?.pid}`);
      return true;
    }
    if (await waitUntilEnded(found.identity, STUCK_MS)) return false;
    throw new Fault('database_stuck', {
      retryable: false,
      message:
        `PostgreSQL (process ${pid}) of Florin process ${owners[0]?.pid} runs on ${folder.root} ` +
        'but accepts no connections; stop both and start again.',
    });
  }

  async #launchUntilReady(): Promise<void> {
    for (let attempts = 1; ; attempts += 1) {
      const failure = await this.#launchOnce();
      if (failure === undefined) return;
      // Backends of a killed server hold its shared memory until they notice that it is gone.
      const isBlocked = failure.includes('is still in use');
      if (!isBlocked || attempts >= BLOCKED_ATTEMPTS) {
        throw new Fault('database_start_failed', {
          retryable: false,
          message: `PostgreSQL did not start on ${this.dataFolder}; its log ends:\n${failure}`,
        });
      }
      await sleep(BLOCKED_PAUSE_MS);
    }
  }

  /** The end of the log if the server did not come up. */
  async #launchOnce(): Promise<string | undefined> {
    const { folder, user, binaries, options } = this.#parts;
    const settings = serverSettings({
      socketFolder: this.#socketFolder,
      isDurable: options.isDurable ?? true,
      ...(options.sharedBuffersMb === undefined
        ? {}
        : { sharedBuffersMb: options.sharedBuffersMb }),
    });
    const settingsFile = await writeSettings(folder, formatSettings(settings), user);
    const logDescriptor = await this.#logFile.open();
    await giveToOwner(folder, folder.log);
    const { cluster } = folder;
    const child = launch({ binaries, user, cluster, settingsFile, logDescriptor });
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(signal ?? `exit ${code}`));
    });
    const pid = child.pid;
    if (pid === undefined) return await ended;
    const identity = identityOf(pid);
    const outcome = await waitUntilReady(pid, { cluster, timeoutMs: READY_TIMEOUT_MS, ended });
    if (outcome === 'ready' && identity !== undefined) {
      this.#server = identity;
      this.isShared = false;
      child.once('exit', () => this.#check());
      return undefined;
    }
    if (identity !== undefined) await stop(identity, this.#log);
    return `${await this.#logFile.tail()}\n(${await ended})`;
  }

  async #createDatabase(): Promise<void> {
    const session = await openSession(urlOf(this.#socketFolder, 'postgres'));
    try {
      const rows = await session.query({
        text: 'select from pg_database where datname = $1',
        values: [DATABASE_NAME],
      });
      if (rows.length === 0) await session.query({ text: `create database ${DATABASE_NAME}` });
    } catch (error) {
      // Another process created it at the same time: duplicate_database or unique_violation.
      const state = sqlStateOf(error);
      if (state !== '42P04' && state !== '23505') throw error;
    } finally {
      await session.close();
    }
  }

  #check(): void {
    if (this.#isClosing || this.#recovery !== undefined) return;
    if (this.#server !== undefined && isRunning(this.#server)) return;
    this.#log(`PostgreSQL (process ${this.processId()}) has ended; starting it again`);
    this.#recovery = this.#recover().finally(() => (this.#recovery = undefined));
  }

  async #recover(): Promise<void> {
    for (let attempts = 1; !this.#isClosing; attempts += 1) {
      try {
        await this.#locked(() => this.#ensureRunning());
        this.#log(`PostgreSQL is back (process ${this.processId()})`);
        return;
      } catch (error) {
        this.#log(error instanceof Error ? error.message : String(error));
        if (attempts < RESTART_ATTEMPTS) {
          await sleep(RESTART_PAUSE_MS * 2 ** attempts);
          continue;
        }
        clearInterval(this.#watch);
        const message = `PostgreSQL ended and could not be started again in ${this.dataFolder}.`;
        this.#parts.options.onGone?.(
          new Fault('database_gone', { retryable: false, message, cause: error }),
        );
        return;
      }
    }
  }
}

// libpq's own form, which psql understands too.
function urlOf(socketFolder: string, database: string): string {
  const host = encodeURIComponent(path.resolve(socketFolder));
  return `postgresql:///${database}?host=${host}&port=5432&user=${OWNER_NAME}`;
}
