// The server over HTTP: a real server process on the benchmark's database, and clients on loopback
// that share its two cores. Every answer is checked.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import type { AccountId } from '#kernel';
import { openHttpClient, type HttpClient } from './http-client.ts';
import { transferBodies } from './ledger-world.ts';
import { medianRun, run, type Run } from './measure.ts';
import { residentMib } from './report.ts';

export interface HttpBench {
  readonly folder: string;
  readonly scale: { readonly durationMs: number; readonly runs: number };
  readonly accounts: readonly AccountId[];
  readonly wants: (name: string) => boolean;
  readonly log: (line: string) => void;
}

interface NamedRun {
  readonly name: string;
  readonly run: Run;
  readonly target: string;
}

const START_TIMEOUT_MS = 60_000;
const BATCH = 1_000;

export async function benchHttp(bench: HttpBench): Promise<{
  readonly runs: readonly NamedRun[];
  readonly residentMib: number | undefined;
}> {
  const port = await freePort();
  const server = startServer(bench.folder, port);
  try {
    await waitUntilReady(port, server);
    const loads: [string, string, () => Promise<Run>][] = [
      ['http_batch', 'at least 15,000 a second', () => runHttpBatches(bench, port)],
      [
        'http_single_64',
        'at least 5,000 a second (reach 8,000), p99 under 40 ms',
        () => runHttpSingles(bench, port, 64),
      ],
      ['http_single_1', 'within 2 ms of one fsync', () => runHttpSingles(bench, port, 1)],
    ];
    const runs: NamedRun[] = [];
    for (const [name, target, load] of loads) {
      if (!bench.wants(name)) continue;
      const results: Run[] = [];
      for (let round = 1; round <= bench.scale.runs; round += 1) {
        const result = await load();
        const rate = Math.round(result.ratePerSecond).toLocaleString('en');
        bench.log(`${name}, run ${round}: ${rate} a second, p99 ${result.p99Ms.toFixed(1)} ms`);
        results.push(result);
      }
      runs.push({ name, run: medianRun(results), target });
    }
    return { runs, residentMib: residentMib(server.pid ?? 0) };
  } finally {
    server.kill('SIGINT');
    await once(server, 'exit');
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

function startServer(folder: string, port: number): ChildProcess {
  const main = path.join(import.meta.dirname, '..', 'cli', 'main.ts');
  return spawn(process.execPath, [main, 'up'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      FLORIN_DATA_DIR: path.join(folder, 'data'),
      FLORIN_PORT: String(port),
      FLORIN_SAMPLE: 'off',
      FLORIN_LOG_LEVEL: 'warn',
    },
  });
}

async function waitUntilReady(port: number, server: ChildProcess): Promise<void> {
  const endMs = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < endMs) {
    if (server.exitCode !== null) throw new Error('the server did not start');
    const isReady = await fetch(`http://127.0.0.1:${port}/readyz`)
      .then((answer) => answer.ok)
      .catch(() => false);
    if (isReady) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the server was not ready in time');
}

async function withClients(
  port: number,
  count: number,
  work: (clients: readonly HttpClient[]) => Promise<Run>,
): Promise<Run> {
  const clients = await Promise.all(Array.from({ length: count }, () => openHttpClient(port)));
  try {
    return await work(clients);
  } finally {
    for (const client of clients) client.close();
  }
}

function runHttpSingles(bench: HttpBench, port: number, concurrency: number): Promise<Run> {
  return withClients(port, concurrency, (clients) =>
    run({
      concurrency,
      durationMs: bench.scale.durationMs,
      call: async (caller) => {
        const [body] = transferBodies(bench.accounts, 1);
        const answer = await clientAt(clients, caller).post('/v1/ledger/transfers', body ?? '');
        if (answer.status !== 201) throw new Error(answer.text);
        return 1;
      },
    }),
  );
}

function runHttpBatches(bench: HttpBench, port: number): Promise<Run> {
  const callers = 3;
  return withClients(port, callers, (clients) =>
    run({
      concurrency: callers,
      durationMs: bench.scale.durationMs,
      call: async (caller) => {
        const body = `[${transferBodies(bench.accounts, BATCH).join(',')}]`;
        const answer = await clientAt(clients, caller).post('/v1/ledger/transfers/batch', body);
        const isWhole = answer.status === 200 && answer.text.includes(`"accepted":${BATCH}`);
        if (!isWhole) throw new Error(answer.text.slice(0, 600));
        return BATCH;
      },
    }),
  );
}

function clientAt(clients: readonly HttpClient[], caller: number): HttpClient {
  const client = clients[caller];
  if (client === undefined) throw new Error('more callers than clients');
  return client;
}
