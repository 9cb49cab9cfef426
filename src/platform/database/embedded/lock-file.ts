// Owns mutual exclusion between Florin processes on one data folder while a server is started or
// stopped. The lock dies with its holder: a file left by a killed process is taken over.

import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '#kernel';
import {
  formatIdentity,
  isRunning,
  ownIdentity,
  parseIdentity,
  type ProcessIdentity,
} from './process-identity.ts';

const POLL_MS = 50;
// Two processes may find the same dead holder. Each renames its own claim over it; after this pause
// every claim made on that sight has been written, and the last one stands.
const SETTLE_MS = 200;

export interface LockOptions {
  readonly file: string;
  readonly waitMs: number;
  /** Called once when another process holds the lock. */
  readonly onWait?: (holder: ProcessIdentity) => void;
}

let claims = 0;

/** Runs with the lock held. A Fault names the holder if it keeps the lock longer than waitMs. */
export async function withLockFile<T>(options: LockOptions, run: () => Promise<T>): Promise<T> {
  claims += 1;
  const claim = `${formatIdentity(ownIdentity())}${claims}\n`;
  const claimFile = `${options.file}.${process.pid}-${claims}`;
  await writeFile(claimFile, claim);
  try {
    await acquire(options, claimFile, claim);
  } finally {
    await rm(claimFile, { force: true });
  }
  try {
    return await run();
  } finally {
    if ((await contentOf(options.file)) === claim) await rm(options.file, { force: true });
  }
}

async function acquire(options: LockOptions, claimFile: string, claim: string): Promise<void> {
  const startedMs = performance.now();
  for (let isFirst = true; ; isFirst = false) {
    if (await tryLink(claimFile, options.file)) return;
    const holder = await holderOf(options.file);
    if (holder === 'free') continue;
    if (holder === 'dead') {
      await rename(claimFile, options.file);
      await sleep(SETTLE_MS);
      if ((await contentOf(options.file)) === claim) return;
      await writeFile(claimFile, claim);
      continue;
    }
    if (isFirst) options.onWait?.(holder);
    if (performance.now() - startedMs > options.waitMs) {
      throw new Fault('data_folder_busy', {
        retryable: true,
        message: `Process ${holder.pid} has been starting or stopping this database for too long.`,
      });
    }
    await sleep(POLL_MS);
  }
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function holderOf(file: string): Promise<ProcessIdentity | 'dead' | 'free'> {
  const content = await contentOf(file);
  if (content === undefined) return 'free';
  const holder = parseIdentity(content);
  return holder !== undefined && isRunning(holder) ? holder : 'dead';
}

async function contentOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
