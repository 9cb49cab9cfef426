// Owns the life of one PostgreSQL server process: is it there, start it, wait until it answers,
// stop it. The server's own lock on its data (postmaster.pid and shared memory) is never disarmed.

import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Binaries } from './binaries.ts';
import { identityOf, isProgramIn, isRunning, type ProcessIdentity } from './process-identity.ts';
import { SOCKET_NAME } from './socket-folder.ts';
import { asUser, type SystemUser } from './system-user.ts';

const POLL_MS = 15;
const FAST_STOP_MS = 60_000;
const IMMEDIATE_STOP_MS = 10_000;

export interface Postmaster {
  readonly identity: ProcessIdentity;
  /** What postmaster.pid says: "starting", "ready", "stopping"; empty before the first. */
  readonly status: string;
}

interface PidFile {
  readonly pid: number;
  readonly status: string;
  readonly lines: readonly string[];
}

// The lines of postmaster.pid: process, data folder, start, port, socket folder, address, shared
// memory key, status (PostgreSQL's miscadmin.h). Later lines come while the server starts.
function readPidFile(cluster: string): PidFile | undefined {
  let text: string;
  try {
    text = readFileSync(path.join(cluster, 'postmaster.pid'), 'utf8');
  } catch {
    return undefined;
  }
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid === 0) return undefined;
  return { pid: Math.abs(pid), status: (lines[7] ?? '').trim(), lines };
}

/** The server running on this cluster, whoever started it. */
export function findPostmaster(cluster: string): Postmaster | undefined {
  const file = readPidFile(cluster);
  if (file === undefined || !isProgramIn(file.pid, 'postgres', cluster)) return undefined;
  const identity = identityOf(file.pid);
  return identity === undefined ? undefined : { identity, status: file.status };
}

/**
 * Makes way for a start after a crash. The dead server's process id may belong to another program
 * by now, and PostgreSQL would take that for a running server. Deleting the file would disarm the
 * check for surviving backends, which reads the shared memory key from it; so only the id is
 * replaced, by that of the coming server's parent, which PostgreSQL knows to be no server.
 */
export async function clearStaleFiles(cluster: string, socketFolder: string): Promise<void> {
  const file = readPidFile(cluster);
  if (file !== undefined) {
    const lines = [String(process.pid), ...file.lines.slice(1)];
    await writeFile(path.join(cluster, 'postmaster.pid'), lines.join('\n'));
  }
  // Nobody else puts a socket into this folder.
  await rm(path.join(socketFolder, SOCKET_NAME), { force: true });
  await rm(path.join(socketFolder, `${SOCKET_NAME}.lock`), { force: true });
}

export interface LaunchOptions {
  readonly binaries: Binaries;
  readonly user: SystemUser | undefined;
  readonly cluster: string;
  readonly settingsFile: string;
  /** Where the server writes its log. */
  readonly logDescriptor: number;
}

/** Starts a server. It has a session of its own, so that Ctrl-C reaches Florin and not it. */
export function launch(options: LaunchOptions): ChildProcess {
  const { binaries, user, cluster, settingsFile, logDescriptor } = options;
  const args = ['-D', cluster, '-c', `config_file=${settingsFile}`];
  const child = spawn(path.join(binaries.root, 'bin', 'postgres'), args, {
    ...asUser(user),
    detached: true,
    stdio: ['ignore', logDescriptor, logDescriptor],
  });
  // Florin lives as long as it has work of its own, not as long as its database does.
  child.unref();
  return child;
}

export interface WaitOptions {
  readonly cluster: string;
  readonly timeoutMs: number;
  /** For a server of our own: resolves when it has ended. */
  readonly ended?: Promise<unknown>;
}

export type WaitOutcome = 'ready' | 'ended' | 'timeout';

/** Waits until a server accepts connections; recovery after a crash may take its time. */
export async function waitUntilReady(pid: number, options: WaitOptions): Promise<WaitOutcome> {
  let hasEnded = false;
  void options.ended?.then(() => (hasEnded = true));
  const startedMs = performance.now();
  while (performance.now() - startedMs < options.timeoutMs) {
    if (hasEnded || identityOf(pid) === undefined) return 'ended';
    const file = readPidFile(options.cluster);
    if (file?.pid === pid && file.status === 'ready') return 'ready';
    if (file?.pid === pid && file.status === 'stopping') return 'ended';
    await sleep(POLL_MS);
  }
  return 'timeout';
}

/**
 * Stops a server: first "fast" (clients are cut off, everything is written out), then "immediate"
 * (the next start recovers), then by force. None of them loses a committed transaction.
 */
export async function stop(identity: ProcessIdentity, log: (line: string) => void): Promise<void> {
  if (await signalAndWait(identity, 'SIGINT', FAST_STOP_MS)) return;
  log(`PostgreSQL (process ${identity.pid}) did not stop in time; stopping it at once`);
  if (await signalAndWait(identity, 'SIGQUIT', IMMEDIATE_STOP_MS)) return;
  await signalAndWait(identity, 'SIGKILL', IMMEDIATE_STOP_MS);
}

async function signalAndWait(
  identity: ProcessIdentity,
  signal: NodeJS.Signals,
  timeoutMs: number,
): Promise<boolean> {
  if (!isRunning(identity)) return true;
  try {
    process.kill(identity.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
  return await waitUntilEnded(identity, timeoutMs);
}

export async function waitUntilEnded(
  identity: ProcessIdentity,
  timeoutMs: number,
): Promise<boolean> {
  const startedMs = performance.now();
  while (performance.now() - startedMs < timeoutMs) {
    if (!isRunning(identity)) return true;
    await sleep(POLL_MS);
  }
  return false;
}
