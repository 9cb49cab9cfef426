// The gateway's benchmark: what a read costs with everything in front of it (token, permission,
// exact limits, validation, the audit record of the disclosure), against the bare framework in the
// same run; decisions about limits alone; and what becomes of four times as many requests as fit.

import { mintTokens } from '../callers.ts';
import { benchLimiter } from './limiter.ts';
import { overload, type Overload, type ReadBench } from './overload.ts';
import { closeWorld, openWorld, removeFolder, temporaryFolder } from '../ledger-world.ts';
import { medianRun, paced, run, type Load, type Run } from '../measure.ts';
import { machine, residentMib, resultOf, type BenchOptions, type Report } from '../report.ts';
import { clientAt, startBank, startServer, withClients, type BenchServer } from '../server.ts';

interface Scale {
  readonly durationMs: number;
  readonly runs: number;
  readonly accounts: number;
  readonly limiterCustomers: number;
}

const full: Scale = { durationMs: 8_000, runs: 3, accounts: 10_000, limiterCustomers: 1_000 };
const quick: Scale = { durationMs: 1_500, runs: 1, accounts: 1_000, limiterCustomers: 200 };

const CONNECTIONS = 64;
/** A load at which nobody waits for another, so that what an answer takes is what it costs. */
const PACED_PER_SECOND = 1_000;
const LIMITER_CONCURRENCY = 4_000;

type Settings = Record<string, string | number | boolean>;

export async function benchGateway(options: BenchOptions): Promise<Report> {
  const scale = options.isQuick ? quick : full;
  const wants = (name: string): boolean => options.only.length === 0 || options.only.includes(name);
  const results: Report['results'][number][] = [];
  const settings: Settings = { connections: CONNECTIONS, runs: scale.runs };
  if (wants('limiter')) {
    const { limiterCustomers: customers, durationMs, runs } = scale;
    const asked = { customers, concurrency: LIMITER_CONCURRENCY, durationMs, runs };
    const { shared, sharedPerCore, over } = await benchLimiter(asked, options.log);
    settings['limiter_per_core_second'] = Math.round(sharedPerCore ?? 0);
    settings['limiter_over_limit_per_second'] = Math.round(over.ratePerSecond);
    const target = 'at least 100,000 decisions a second a core; ratio to that';
    results.push(resultOf('limiter', shared, 100_000, target));
  }
  if (wants('read') || wants('overload')) {
    const folder = temporaryFolder();
    try {
      const world = await openWorld(folder, scale.accounts);
      const tokens = await mintTokens(world, CONNECTIONS * 4, ['teller', 'customer']);
      await closeWorld(world);
      const bench = { scale, accounts: world.accounts, tokens, log: options.log };
      results.push(...(await benchReads(folder, bench, { wants, settings })));
    } finally {
      removeFolder(folder);
    }
  }
  return { area: 'gateway', machine: machine(), settings, results };
}

async function benchReads(
  folder: string,
  bench: ReadBench,
  { wants, settings }: { wants: (name: string) => boolean; settings: Settings },
): Promise<Report['results'][number][]> {
  const results: Report['results'][number][] = [];
  const bare = await startServer([`${import.meta.dirname}/bare-server.mjs`], {});
  const bank = await startBank(folder);
  try {
    const [bareRuns, reads] = await inTurn(bench, bare, bank);
    const bareRun = medianRun(bareRuns);
    const readRun = medianRun(reads);
    settings['bare_per_second'] = Math.round(bareRun.ratePerSecond);
    settings['bare_p99_ms'] = Math.round(bareRun.p99Ms * 100) / 100;
    const quiet = await pacedInTurn(bench, bare, bank);
    settings['paced_per_second'] = PACED_PER_SECOND;
    settings['paced_p99_ms'] = Math.round(quiet.read.p99Ms * 100) / 100;
    settings['bare_paced_p99_ms'] = Math.round(quiet.bare.p99Ms * 100) / 100;
    const target = 'at least 6,000 a second, p99 added under 5 ms; ratio to the bare framework';
    if (wants('read')) results.push(resultOf('read', readRun, bareRun.ratePerSecond, target));
    if (wants('overload')) {
      const peak = readRun.ratePerSecond;
      const seen = await overload(bench, bank.port, peak);
      Object.assign(settings, settingsOf(seen, bank));
      const wanted = 'at least 0.8 of the peak at four times the load; ratio to the peak';
      results.push(resultOf('overload', seen.answered, peak, wanted));
    }
    return results;
  } finally {
    await bank.stop();
    await bare.stop();
  }
}

/** In turn, so that both see the same machine. */
async function inTurn(
  bench: ReadBench,
  bare: BenchServer,
  bank: BenchServer,
): Promise<[Run[], Run[]]> {
  const bareRuns: Run[] = [];
  const reads: Run[] = [];
  await runReads(bench, bank.port, { isBare: false });
  for (let round = 1; round <= bench.scale.runs; round += 1) {
    bareRuns.push(await runReads(bench, bare.port, { isBare: true }));
    reads.push(await runReads(bench, bank.port, { isBare: false }));
    const rates = [bareRuns, reads].map((runs) => Math.round(runs.at(-1)?.ratePerSecond ?? 0));
    bench.log(`read, run ${round}: ${rates[1]} a second, bare framework ${rates[0]}`);
  }
  return [bareRuns, reads];
}

async function pacedInTurn(
  bench: ReadBench,
  bare: BenchServer,
  bank: BenchServer,
): Promise<{ bare: Run; read: Run }> {
  const atPace = (load: Load): Promise<Run> => paced({ ...load, perSecond: PACED_PER_SECOND });
  return {
    bare: await runReads(bench, bare.port, { isBare: true, how: atPace }),
    read: await runReads(bench, bank.port, { isBare: false, how: atPace }),
  };
}

interface Reading {
  readonly isBare: boolean;
  readonly how?: (load: Load) => Promise<Run>;
}

function runReads(
  { accounts, tokens, scale }: ReadBench,
  port: number,
  { isBare, how = run }: Reading,
): Promise<Run> {
  const callers = tokens.slice(0, CONNECTIONS).map((token) => (isBare ? undefined : token));
  return withClients(port, callers, (clients) =>
    how({
      concurrency: CONNECTIONS,
      durationMs: scale.durationMs,
      call: async (caller) => {
        const id = accounts[Math.floor(Math.random() * accounts.length)] ?? '';
        const answer = await clientAt(clients, caller).get(`/v1/ledger/accounts/${id}`);
        if (answer.status !== 200) throw new Error(answer.text.slice(0, 600));
        return 1;
      },
    }),
  );
}

function settingsOf(seen: Overload, bank: BenchServer): Settings {
  return {
    overload_offered_per_second: Math.round(seen.offeredPerSecond),
    overload_shed_per_second: Math.round(seen.shedPerSecond),
    overload_slowest_ms: Math.round(seen.slowestMs),
    overload_recovered_after_ms: Math.round(seen.recoveredAfterMs),
    server_memory_mib: residentMib(bank.pid) ?? 0,
  };
}
