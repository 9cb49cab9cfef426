// The server over HTTP: a real server process on the benchmark's database, and clients on loopback
// that share its two cores. Every answer is checked.

import type { AccountId } from '#kernel';
import { transferBodies } from './ledger-world.ts';
import { medianRun, run, type Run } from './measure.ts';
import { residentMib } from './report.ts';
import { clientAt, startBank, withClients } from './server.ts';

export interface HttpBench {
  readonly folder: string;
  readonly scale: { readonly durationMs: number; readonly runs: number };
  readonly accounts: readonly AccountId[];
  /** A caller's each; as many as there are clients at once. */
  readonly tokens: readonly string[];
  readonly wants: (name: string) => boolean;
  readonly log: (line: string) => void;
}

interface NamedRun {
  readonly name: string;
  readonly run: Run;
  readonly target: string;
}

const BATCH = 1_000;

export async function benchHttp(bench: HttpBench): Promise<{
  readonly runs: readonly NamedRun[];
  readonly residentMib: number | undefined;
}> {
  const server = await startBank(bench.folder);
  const { port } = server;
  try {
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
    return { runs, residentMib: residentMib(server.pid) };
  } finally {
    await server.stop();
  }
}

function runHttpSingles(bench: HttpBench, port: number, concurrency: number): Promise<Run> {
  return withClients(port, bench.tokens.slice(0, concurrency), (clients) =>
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
  return withClients(port, bench.tokens.slice(0, callers), (clients) =>
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
