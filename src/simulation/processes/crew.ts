// Owns the processes of a simulation, workers and servers: starting them, hearing their reports,
// killing them.

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Job, Report } from './report.ts';

const WORKER = new URL('./worker.ts', import.meta.url);
const SERVER = new URL('./server.ts', import.meta.url);

const started: ChildProcess[] = [];

/** Kills what still runs, as after a test that failed. */
export function killAll(): void {
  for (const child of started) child.kill('SIGKILL');
}

export interface Worker {
  /** By list: the last report, which has outcomes if it was answered. */
  readonly reports: ReadonlyMap<string, Report>;
  /** Ends when the process has, with its exit code, or null when it was killed. */
  readonly ended: Promise<number | null>;
  /** SIGKILL: no handler runs, nothing is flushed. */
  kill(): void;
}

export function startWorker(job: Job): Worker {
  const child: ChildProcess = fork(WORKER, { serialization: 'advanced', stdio: 'inherit' });
  started.push(child);
  const reports = new Map<string, Report>();
  child.on('message', (report: Report) => reports.set(report.list, report));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  child.send(job);
  return { reports, ended, kill: () => void child.kill('SIGKILL') };
}

export interface Server {
  readonly url: string;
  readonly ended: Promise<number | null>;
  kill(): void;
}

/**
 * Starts the real server on a database, with its keys and objects in the folder, and waits for the
 * banner, which says where it listens.
 */
export async function startServer(databaseUrl: string, folder: string, port = 0): Promise<Server> {
  const child = fork(SERVER, {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: {
      PATH: process.env['PATH'],
      FLORIN_DATABASE_URL: databaseUrl,
      FLORIN_DATA_DIR: folder,
      FLORIN_PORT: String(port),
      FLORIN_LOG_LEVEL: 'fatal',
    },
  });
  started.push(child);
  const ended = once(child, 'close').then(([code]) => code as number | null);
  let printed = '';
  const listening = new Promise<string>((resolve) => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      const url = /http:\/\/[^\s/]+:\d+/.exec(printed)?.[0];
      if (url !== undefined) resolve(url);
    });
  });
  const url = await Promise.race([listening, ended]);
  if (typeof url !== 'string') throw new Error(`the server did not start: ${printed}`);
  return { url, ended, kill: () => void child.kill('SIGKILL') };
}
