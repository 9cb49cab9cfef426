// Owns the data folder on disk. A cluster appears under its final name only when it is complete,
// and nothing here ever deletes one; what a killed initialisation left behind is removed.

import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  chmod,
  chown,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { Fault } from '#kernel';
import type { Binaries } from './binaries.ts';
import { asUser, canEnter, type SystemUser } from './system-user.ts';

/** The database and its owner inside the cluster. */
export const DATABASE_NAME = 'florin';
export const OWNER_NAME = 'florin';

const DRAFT_PREFIX = 'postgresql.new-';
const SETTINGS_FILE = 'florin.conf';

/** Every path below one data folder. */
export interface DataFolder {
  readonly root: string;
  /** PostgreSQL's own folder, PGDATA. */
  readonly cluster: string;
  readonly log: string;
  readonly lock: string;
  /** One file for each Florin process that uses the database. */
  readonly processes: string;
}

export function dataFolderAt(root: string): DataFolder {
  return {
    root,
    cluster: path.join(root, 'postgresql'),
    log: path.join(root, 'postgresql.log'),
    lock: path.join(root, 'lock'),
    processes: path.join(root, 'processes'),
  };
}

/** Makes the folder where it is missing; one sentence where it cannot be used. */
export async function prepareDataFolder(
  folder: DataFolder,
  user: SystemUser | undefined,
): Promise<void> {
  try {
    const first = await mkdir(folder.root, { recursive: true, mode: 0o700 });
    // Root's database user must pass through to its cluster, but need not list what is there.
    if (user !== undefined && first !== undefined) await openForPassage(first, folder.root);
    await mkdir(folder.processes, { recursive: true, mode: 0o700 });
    await giveToOwner(folder, folder.processes);
    const probe = path.join(folder.root, `.probe-${randomUUID()}`);
    await writeFile(probe, '');
    await rm(probe);
  } catch (error) {
    throw unusable(folder.root, error);
  }
  if (!canEnter(folder.root, user)) {
    throw new Fault('data_folder_unreachable', {
      retryable: false,
      message:
        `PostgreSQL runs as ${user?.name ?? 'you'}, who cannot enter ${folder.root}; ` +
        'set FLORIN_DATA_DIR to a folder that this user can reach.',
    });
  }
}

async function openForPassage(first: string, last: string): Promise<void> {
  for (let folder = last; folder.startsWith(first); folder = path.dirname(folder)) {
    await chmod(folder, 0o711);
  }
}

/** What root makes in another user's data folder stays of use to that user. */
export async function giveToOwner(folder: DataFolder, file: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(folder.root);
  if (uid !== 0) await chown(file, uid, gid);
}

/** The sentence for a folder that cannot be written. */
export function unusable(folder: string, error: unknown): Fault {
  const { code, message } = error as NodeJS.ErrnoException;
  const reasons: Record<string, string> = {
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    EROFS: 'it is read-only',
    ENOSPC: 'the disk is full',
    ENOTDIR: 'a part of the path is a file',
    EEXIST: 'it is a file',
  };
  const reason = reasons[code ?? ''] ?? message;
  return new Fault('data_folder_unusable', {
    retryable: false,
    message: `Cannot write to the data folder ${folder}: ${reason}; FLORIN_DATA_DIR names another.`,
    cause: error,
  });
}

export interface PrepareClusterOptions {
  readonly binaries: Binaries;
  readonly user: SystemUser | undefined;
  readonly isDurable: boolean;
  /** The cluster was there a moment ago: a missing one is a loss, and not a first start. */
  readonly isExpected: boolean;
}

/** Initialises the cluster unless it is there; refuses one of another PostgreSQL version. */
export async function prepareCluster(
  folder: DataFolder,
  options: PrepareClusterOptions,
): Promise<void> {
  const { binaries, user, isDurable, isExpected } = options;
  await removeDrafts(folder);
  const major = await majorOf(folder.cluster);
  if (major === undefined && isExpected) {
    throw new Fault('data_gone', {
      retryable: false,
      message: `The data in ${folder.cluster} has disappeared while the bank was running.`,
    });
  }
  if (major === undefined) {
    await initialise(folder, binaries, user, isDurable);
  } else if (major !== binaries.major) {
    throw new Fault('data_of_other_version', {
      retryable: false,
      message:
        `The data in ${folder.cluster} belongs to PostgreSQL ${major}, but this Florin brings ` +
        `PostgreSQL ${binaries.major}; move it with pg_dump, or set FLORIN_DATABASE_URL.`,
    });
  }
}

/** The cluster's major version; undefined when there is no cluster. */
async function majorOf(cluster: string): Promise<number | undefined> {
  let names: string[];
  try {
    names = await readdir(cluster);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unusable(cluster, error);
  }
  if (names.length === 0) return undefined;
  const text = await readFile(path.join(cluster, 'PG_VERSION'), 'utf8').catch(() => '');
  if (/^\d+\n?$/.test(text)) return Number(text);
  throw new Fault('data_folder_foreign', {
    retryable: false,
    message:
      `${cluster} holds files but no PostgreSQL cluster (PG_VERSION is missing or unreadable); ` +
      'restore it, or move it away to begin anew.',
  });
}

// An initdb whose Florin was killed may still be writing; then its draft goes at the next start.
async function removeDrafts(folder: DataFolder): Promise<void> {
  for (const name of await readdir(folder.root)) {
    if (!name.startsWith(DRAFT_PREFIX)) continue;
    const draft = path.join(folder.root, name);
    await rm(draft, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function initialise(
  folder: DataFolder,
  binaries: Binaries,
  user: SystemUser | undefined,
  isDurable: boolean,
): Promise<void> {
  const draft = path.join(folder.root, `${DRAFT_PREFIX}${randomUUID()}`);
  try {
    await mkdir(draft, { mode: 0o700 });
    if (user !== undefined) await chown(draft, user.uid, user.gid);
    await runInitdb(draft, binaries, user, isDurable);
    await rename(draft, folder.cluster);
    await syncFolder(folder.root);
  } catch (error) {
    await rm(draft, { recursive: true, force: true }).catch(() => undefined);
    throw error instanceof Fault ? error : unusable(folder.root, error);
  }
}

function runInitdb(
  draft: string,
  binaries: Binaries,
  user: SystemUser | undefined,
  isDurable: boolean,
): Promise<void> {
  const args = [
    `--pgdata=${draft}`,
    `--username=${OWNER_NAME}`,
    '--no-instructions',
    '--encoding=UTF8',
    // Text compares by code point, the same on every machine and in every version.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    // Who may enter the socket's folder is trusted; nobody comes by another way.
    '--auth-local=trust',
    '--auth-host=reject',
    ...(isDurable ? [] : ['--no-sync']),
  ];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const initdb = spawn(path.join(binaries.root, 'bin', 'initdb'), args, {
    ...asUser(user),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const collect = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-4_096);
  };
  initdb.stdout?.on('data', collect);
  initdb.stderr?.on('data', collect);
  initdb.on('error', reject);
  initdb.on('close', (code, signal) => {
    if (code === 0) return resolve();
    const lines = output.trim().split('\n').slice(-6).join('\n');
    reject(
      new Fault('initialisation_failed', {
        retryable: false,
        message: `PostgreSQL's initdb failed (${signal ?? `exit ${code}`}):\n${lines}`,
      }),
    );
  });
  return promise;
}

/** Writes the settings for the next start and returns the file to start with. */
export async function writeSettings(
  folder: DataFolder,
  text: string,
  user: SystemUser | undefined,
): Promise<string> {
  const file = path.join(folder.cluster, SETTINGS_FILE);
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  if (user !== undefined) await chown(`${file}.new`, user.uid, user.gid);
  await rename(`${file}.new`, file);
  return file;
}

// A renamed folder is durable only when its parent is.
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
