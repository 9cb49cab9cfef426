// A real server process for benchmarks, on the benchmark's database, and clients on loopback that
// share its cores.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { openHttpClient, type HttpClient } from './http-client.ts';

export interface BenchServer {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;

/** The bank as `florin up` starts it, ready to serve. */
export async function startBank(
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<BenchServer> {
  const main = path.join(import.meta.dirname, '..', 'cli', 'main.ts');
  return await startServer([main, 'up'], {
    FLORIN_DATA_DIR: path.join(folder, 'data'),
    FLORIN_SAMPLE: 'off',
    FLORIN_LOG_LEVEL: 'warn',
    ...env,
  });
}

/** Any program that listens on FLORIN_PORT and answers /readyz. */
export async function startServer(
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<BenchServer> {
  const port = await freePort();
  const child = spawn(process.execPath, words, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ...env, FLORIN_PORT: String(port) },
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGINT');
    if (child.exitCode === null) await once(child, 'exit');
  };
  try {
    await waitUntilReady(port, child);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, pid: child.pid ?? 0, stop };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

async function waitUntilReady(port: number, child: ChildProcess): Promise<void> {
  const endMs = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < endMs) {
    if (child.exitCode !== null) throw new Error('the server did not start');
    const isReady = await fetch(`http://127.0.0.1:${port}/readyz`)
      .then((answer) => answer.ok)
      .catch(() => false);
    if (isReady) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the server was not ready in time');
}

/** Opens a client for each token, and closes them after the work. */
export async function withClients<Result>(
  port: number,
  tokens: readonly (string | undefined)[],
  work: (clients: readonly HttpClient[]) => Promise<Result>,
): Promise<Result> {
  const clients = await Promise.all(tokens.map((token) => openHttpClient(port, token)));
  try {
    return await work(clients);
  } finally {
    for (const client of clients) client.close();
  }
}

export function clientAt(clients: readonly HttpClient[], caller: number): HttpClient {
  const client = clients[caller];
  if (client === undefined) throw new Error('more callers than clients');
  return client;
}
