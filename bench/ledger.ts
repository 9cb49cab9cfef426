// The ledger's benchmark: the engine in process and the server over HTTP, on one PostgreSQL with
// fsync on and every answer durable before it counts. The ratio is to the plain way in the same
// run: one transaction per transfer from 20 connections.

import { postBatch, type Answer, type Posted } from '#ledger';
import { openSession } from '#platform';
import { mintTokens } from './callers.ts';
import { benchHttp } from './ledger-http.ts';
import {
  BASELINE_CONNECTIONS,
  closeWorld,
  nextExternalId,
  openWorld,
  removeFolder,
  temporaryFolder,
  transfers,
  type World,
} from './ledger-world.ts';
import { fill } from './fill.ts';
import { medianRun, run, type Run } from './measure.ts';
import { machine, resultOf, type BenchOptions, type BenchResult, type Report } from './report.ts';

interface Scale {
  readonly accounts: number;
  readonly durationMs: number;
  readonly runs: number;
  readonly fillRounds: number;
}

const full: Scale = { accounts: 100_000, durationMs: 8_000, runs: 3, fillRounds: 50 };
const quick: Scale = { accounts: 10_000, durationMs: 1_200, runs: 1, fillRounds: 10 };

const BATCH = 1_000;
const CALLERS = 5;

export async function benchLedger(options: BenchOptions): Promise<Report> {
  const scale = options.isQuick ? quick : full;
  const wants = (name: string): boolean => options.only.length === 0 || options.only.includes(name);
  const folder = temporaryFolder();
  try {
    options.log(`opening ${scale.accounts.toLocaleString('en')} accounts`);
    const world = await openWorld(folder, scale.accounts);
    const settings = await settingsOf(world, scale);
    const results: BenchResult[] = [];
    const engine = await benchEngine(world, scale, wants, options.log);
    results.push(...engine.results);
    const tokens = await mintTokens(world, 64, ['teller']);
    await closeWorld(world);
    const http = ['http_batch', 'http_single_64', 'http_single_1'].some(wants)
      ? await benchHttp({
          folder,
          scale,
          accounts: world.accounts,
          tokens,
          wants,
          log: options.log,
        })
      : { runs: [], residentMib: undefined };
    for (const { name, run: median, target } of http.runs) {
      results.push(resultOf(name, median, engine.baseline, target));
    }
    if (http.residentMib !== undefined) settings['server_memory_mib'] = http.residentMib;
    settings['baseline_per_second'] = Math.round(engine.baseline);
    return { area: 'ledger', machine: machine(), settings, results };
  } finally {
    removeFolder(folder);
  }
}

async function settingsOf(
  world: World,
  scale: Scale,
): Promise<Record<string, string | number | boolean>> {
  const names = ['server_version', 'fsync', 'synchronous_commit', 'full_page_writes'];
  names.push('shared_buffers', 'wal_compression', 'max_wal_size');
  const settings: Record<string, string | number | boolean> = {};
  for (const name of names) {
    const [row] = await world.database.query<{ value: string }>({
      text: 'select current_setting($1) as value',
      values: [name],
    });
    settings[name] = row?.value ?? '';
  }
  return {
    ...settings,
    accounts: scale.accounts,
    batch: BATCH,
    runs: scale.runs,
    run_ms: scale.durationMs,
    baseline: `one transaction per transfer, ${BASELINE_CONNECTIONS} connections`,
  };
}

async function benchEngine(
  world: World,
  scale: Scale,
  wants: (name: string) => boolean,
  log: (line: string) => void,
): Promise<{ readonly results: BenchResult[]; readonly baseline: number }> {
  // In turn, not one after the other, so that all of them see the same machine.
  const runs = new Map<string, Run[]>();
  const loads: [string, () => Promise<Run>][] = [
    ['baseline', () => runSingles(world, scale)],
    ['batch_1000', () => runBatches(world, scale, world.accounts.length)],
    ['batch_1000_hot', () => runBatches(world, scale, 10)],
    ['holds', () => runHolds(world, scale)],
  ];
  log('warming up');
  for (const [, load] of loads) await load();
  for (let round = 1; round <= scale.runs; round += 1) {
    for (const [name, load] of loads) {
      if (name !== 'baseline' && !wants(name)) continue;
      const result = await load();
      log(
        `${name}, run ${round}: ${Math.round(result.ratePerSecond).toLocaleString('en')} a second`,
      );
      runs.set(name, [...(runs.get(name) ?? []), result]);
    }
  }
  const median = (name: string): Run => medianRun(runs.get(name) ?? []);
  const baseline = median('baseline').ratePerSecond;
  const results: BenchResult[] = [];
  const add = (name: string, target: string): void => {
    if (runs.has(name)) results.push(resultOf(name, median(name), baseline, target));
  };
  add('batch_1000', 'at least 20,000 a second (reach 30,000), ratio 12');
  add('batch_1000_hot', 'no slower than batch_1000');
  add('holds', 'half of batch_1000 (counts holds and captures)');
  if (wants('grown')) {
    const owner = await openSession(world.opened.ownerUrl);
    log('filling');
    const entries = await fill(owner, scale.fillRounds, log);
    await owner.close();
    const grown: Run[] = [];
    for (let round = 1; round <= scale.runs; round += 1) {
      const result = await runBatches(world, scale, world.accounts.length);
      log(`grown, run ${round}: ${Math.round(result.ratePerSecond).toLocaleString('en')} a second`);
      grown.push(result);
    }
    const target = `80 % of batch_1000, after ${entries.toLocaleString('en')} entries`;
    results.push(resultOf('grown', medianRun(grown), baseline, target));
  }
  return { results, baseline };
}

function requireAccepted(answers: readonly Answer[]): Posted[] {
  return answers.map((answer) => {
    if (!answer.ok)
      throw new Error(`a benchmark's instruction was refused: ${answer.refusal.code}`);
    return answer.value;
  });
}

function runSingles(world: World, scale: Scale): Promise<Run> {
  return run({
    concurrency: BASELINE_CONNECTIONS,
    durationMs: scale.durationMs,
    call: async () => {
      const list = transfers(world.accounts, 1);
      const { answers } = await postBatch(world.database, world.context(), list);
      return requireAccepted(answers).length;
    },
  });
}

function runBatches(world: World, scale: Scale, accountCount: number): Promise<Run> {
  const accounts = world.accounts.slice(0, accountCount);
  return run({
    concurrency: CALLERS,
    durationMs: scale.durationMs,
    call: async () => {
      const { answers } = await world.poster.post(world.context(), transfers(accounts, BATCH));
      return requireAccepted(answers).length;
    },
  });
}

// A call holds a batch and captures it: both count, as each is a durable instruction of its own.
function runHolds(world: World, scale: Scale): Promise<Run> {
  return run({
    concurrency: CALLERS,
    durationMs: scale.durationMs,
    call: async () => {
      const holds = await world.poster.post(
        world.context(),
        transfers(world.accounts, BATCH, 'hold'),
      );
      const captures = requireAccepted(holds.answers).map(({ transfer }) => ({
        kind: 'capture' as const,
        externalId: nextExternalId(),
        holdId: transfer.id,
      }));
      const { answers } = await world.poster.post(world.context(), captures);
      return captures.length + requireAccepted(answers).length;
    },
  });
}
