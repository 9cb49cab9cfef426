// Records inside ledger transactions, with the sequencer and the indexer at work beside them, and
// the time from a record's commit until its proof can be had. The baseline is the same load whose
// records are made but not stored, less the measured cost of making them.

import { setTimeout as sleep } from 'node:timers/promises';
import { auditActions, indexTerms, openSequencer, record } from '#audit';
import { openPoster, type Instruction, type Poster } from '#ledger';
import { limits } from '#config';
import type { Database, Transaction } from '#platform';
import { transfers, type World, withWorld } from '../ledger-world.ts';
import { medianRun, percentile, run, type Run } from '../measure.ts';

export interface RecordScale {
  readonly accounts: number;
  readonly durationMs: number;
  readonly runs: number;
}

export interface RecordBench {
  readonly recorded: Run;
  /** Transfers a second of the same load without an audit log. */
  readonly withoutLog: number;
  /** From commit to proof. */
  readonly provableP50Ms: number;
  readonly provableP99Ms: number;
  readonly makingUs: number;
  /** How long after the load the sequencer and the indexer had caught up. */
  readonly caughtUpMs: number;
}

const BATCH = 1_000;
const CALLERS = 5;
const SEQUENCE_PAUSE_MS = 200;
const PROBE_PAUSE_MS = 25;

export async function benchRecord(
  scale: RecordScale,
  log: (line: string) => void,
): Promise<RecordBench> {
  log(`opening ${scale.accounts.toLocaleString('en')} accounts`);
  return await withWorld(scale.accounts, (world) => measure(world, scale, log));
}

async function measure(
  world: World,
  scale: RecordScale,
  log: (line: string) => void,
): Promise<RecordBench> {
  const unstored = posterOf(withoutStoring(world.database));
  await load(world, world.poster, { ...scale, durationMs: scale.durationMs / 2 });
  const recorded: Run[] = [];
  const bare: Run[] = [];
  const provableMs: number[] = [];
  let caughtUpMs = 0;
  for (let round = 1; round <= scale.runs; round += 1) {
    bare.push(await load(world, unstored, scale));
    const beside = keepLog(world, provableMs);
    const audited = await load(world, world.poster, scale);
    recorded.push(audited);
    const startedMs = performance.now();
    const rates = [bare.at(-1), audited].map((each) => Math.round(each?.ratePerSecond ?? 0));
    await beside.stop();
    log(`record, run ${round}: ${rates[1]} a second, ${rates[0]} without storing the records`);
    caughtUpMs = performance.now() - startedMs;
  }
  provableMs.sort((a, b) => a - b);
  const makingUs = await costOfMaking(world);
  const bareRate = medianRun(bare).ratePerSecond;
  return {
    recorded: medianRun(recorded),
    withoutLog: 1 / (1 / bareRate - makingUs / 1e6),
    provableP50Ms: percentile(provableMs, 0.5),
    provableP99Ms: percentile(provableMs, 0.99),
    makingUs,
    caughtUpMs,
  };
}

function posterOf(database: Database): Poster {
  return openPoster(database, {
    inFlightMax: limits.postingBatchesInFlightMax.value,
    accountsMax: limits.postingAccountsKeptMax.value,
  });
}

function load(world: World, poster: Poster, scale: RecordScale): Promise<Run> {
  return run({
    concurrency: CALLERS,
    durationMs: scale.durationMs,
    call: async () => {
      const list: Instruction[] = transfers(world.accounts, BATCH);
      const { answers } = await poster.post(world.context(), list);
      if (!answers.every(({ ok }) => ok)) throw new Error('a benchmark transfer was refused');
      return BATCH;
    },
  });
}

/** The same database, where the one statement that stores audit records is not sent. */
function withoutStoring(database: Database): Database {
  const silenced = (tx: Transaction): Transaction => ({
    ...tx,
    keys: database.keys,
    query: (query) =>
      query.name === 'audit.record_bundle' ? Promise.resolve([]) : tx.query(query),
  });
  return {
    keys: database.keys,
    description: database.description,
    query: (query) => database.query(query),
    within: (tenant) => database.within(tenant),
    transaction: (context, run_) => database.transaction(context, (tx) => run_(silenced(tx))),
    statement: (context, run_) => database.statement(context, (tx) => run_(silenced(tx))),
    rehearse: (context, run_) => database.rehearse(context, run_),
    close: () => database.close(),
  };
}

/** What the server does beside the load: sequencing, indexing; and a probe that asks for proofs. */
function keepLog(world: World, provableMs: number[]): { stop(): Promise<void> } {
  const sequencer = openSequencer(world.database);
  let isRunning = true;
  const repeat = async (work: () => Promise<unknown>, pauseMs: number): Promise<void> => {
    while (isRunning) {
      await work();
      await sleep(pauseMs);
    }
    await work();
  };
  const loops = [
    repeat(() => sequencer.run(world.context()), SEQUENCE_PAUSE_MS),
    repeat(() => indexTerms(world.database, world.context()), 1_000),
    probe(),
  ];
  async function probe(): Promise<void> {
    const action = auditActions['audit.clock.measured'];
    while (isRunning) {
      const [id] = await world.database.transaction(world.context(), (tx) =>
        record(tx, [{ action, target: 'bench' }]),
      );
      const committedMs = performance.now();
      const bundle = `${(id ?? '').slice(4, -5)}00000`;
      while (!(await isProvable(world.database, bundle))) await sleep(5);
      provableMs.push(performance.now() - committedMs);
      await sleep(PROBE_PAUSE_MS);
    }
  }
  return {
    async stop() {
      isRunning = false;
      await Promise.all(loops);
    },
  };
}

async function isProvable(database: Database, bundleId: string): Promise<boolean> {
  const rows = await database.query({
    name: 'bench.is_provable',
    text: `select 1 from audit.places p where p.bundle_id = $1
      and exists (select from audit.checkpoints c where c.size > p.first_leaf)`,
    values: [bundleId],
  });
  return rows.length > 0;
}

/** Microseconds of this process for making the records of a transfer, without storing them. */
async function costOfMaking(world: World): Promise<number> {
  const database = withoutStoring(world.database);
  const poster = posterOf(database);
  const { answers } = await poster.post(world.context(), transfers(world.accounts, BATCH));
  const ids = answers.flatMap((answer) => (answer.ok ? [answer.value.transfer] : []));
  const action = auditActions['audit.clock.measured'];
  const records = ids.map(({ id, kind, effectiveAt, entries }) => ({
    action,
    target: id,
    after: {
      effective_at: String(effectiveAt),
      kind,
      legs: entries.map((entry) => ({
        account_id: entry.accountId,
        amount: String(entry.posted),
        leg: entry.leg,
        side: entry.side,
        version: String(entry.version),
      })),
    },
  }));
  const times: number[] = [];
  for (let round = 0; round < 40; round += 1) {
    const startedMs = performance.now();
    await database.transaction(world.context(), (tx) => record(tx, records));
    times.push(performance.now() - startedMs);
  }
  times.sort((a, b) => a - b);
  return (percentile(times, 0.5) * 1_000) / BATCH;
}
