// Decisions about limits, each of them the database's: many customers within a large plan, so that
// none is refused from what is known; and of customers who are over their limit, so that most are.
// Rates are of the machine and, where the system tells processor times, of one core: of all that
// this process and the database's sessions have used.

import { readFileSync } from 'node:fs';
import { loadConfig } from '#config';
import { assignPlan, defaultTerms, openPlanLimiter, putPlan, type PlanLimiter } from '#gateway';
import { openLogger, openMetrics, systemClock } from '#platform';
import { seeded, type World, withWorld } from '../ledger-world.ts';
import { medianRun, run, type Run } from '../measure.ts';

export interface LimiterScale {
  readonly customers: number;
  readonly concurrency: number;
  readonly durationMs: number;
  readonly runs: number;
}

export interface LimiterBench {
  /** Decisions of the database. */
  readonly shared: Run;
  /** The same, a second of one core; undefined where the system does not tell. */
  readonly sharedPerCore: number | undefined;
  /** Decisions about customers who ask ten times as much as they may. */
  readonly over: Run;
  /** Of those, how many were admitted. */
  readonly overAdmitted: number;
}

const TENANT = 'bench';
const PLAN = 'bench';
const OVER = 'over';
const OVER_CUSTOMERS = 200;
const reading = { permission: 'bench.read' } as const;

export async function benchLimiter(
  scale: LimiterScale,
  log: (line: string) => void,
): Promise<LimiterBench> {
  return await withWorld(0, (world) => measure(world, scale, log));
}

async function measure(
  world: World,
  scale: LimiterScale,
  log: (line: string) => void,
): Promise<LimiterBench> {
  const names = Array.from({ length: scale.customers }, (_, index) => `cus_${index}`);
  const overNames = Array.from({ length: OVER_CUSTOMERS }, (_, index) => `over_${index}`);
  await putUnderPlans(world, names, overNames);
  const limiter = openPlanLimiter({
    database: world.database,
    clock: systemClock(),
    logger: openLogger({ level: 'warn' }),
    metrics: openMetrics({ isProcessMeasured: false }),
    limits: loadConfig({}).limits,
    processes: () => 1,
  });
  await load(limiter, names, { ...scale, durationMs: scale.durationMs / 2 });
  const shared: Run[] = [];
  const perCore: (number | undefined)[] = [];
  const over: Run[] = [];
  let overAdmitted = 0;
  for (let round = 1; round <= scale.runs; round += 1) {
    const before = await processorSeconds(world);
    const done = await load(limiter, names, scale);
    const after = await processorSeconds(world);
    shared.push(done.run);
    perCore.push(
      before === undefined || after === undefined ? undefined : done.asked / (after - before),
    );
    const flood = await load(limiter, overNames, scale);
    over.push(flood.run);
    overAdmitted = flood.admitted / flood.asked;
    const rate = Math.round(done.run.ratePerSecond);
    log(`limiter, run ${round}: ${rate} a second, ${Math.round(perCore.at(-1) ?? 0)} a core`);
  }
  await limiter.close();
  const medianIndex = shared.indexOf(medianRun(shared));
  return {
    shared: medianRun(shared),
    sharedPerCore: perCore[medianIndex],
    over: medianRun(over),
    overAdmitted,
  };
}

async function putUnderPlans(
  { database, context }: World,
  names: readonly string[],
  overNames: readonly string[],
): Promise<void> {
  const wide = { ...defaultTerms, burst: 1_000_000, rate: 100_000, daily: 1_000_000_000 };
  const narrow = { ...defaultTerms, daily: 1_000_000_000 };
  await database.transaction(context(), async (tx) => {
    await putPlan(tx, { tenant: TENANT, name: PLAN, terms: wide });
    await putPlan(tx, { tenant: TENANT, name: OVER, terms: narrow });
    for (const customer of names) await assignPlan(tx, { tenant: TENANT, customer, name: PLAN });
    for (const customer of overNames) {
      await assignPlan(tx, { tenant: TENANT, customer, name: OVER });
    }
  });
}

interface Load {
  readonly run: Run;
  readonly asked: number;
  readonly admitted: number;
}

async function load(
  limiter: PlanLimiter,
  names: readonly string[],
  { concurrency, durationMs }: LimiterScale,
): Promise<Load> {
  const random = seeded(20_261_122);
  let asked = 0;
  let admitted = 0;
  const done = await run({
    concurrency,
    durationMs,
    call: async () => {
      const customer = names[random(names.length)] ?? '';
      const { isAdmitted } = await limiter.limit({ tenant: TENANT, customer }, reading);
      asked += 1;
      if (isAdmitted) admitted += 1;
      return 1;
    },
  });
  return { run: done, asked, admitted };
}

/** What this process and the sessions of the database have used. */
async function processorSeconds({ database }: World): Promise<number | undefined> {
  const rows = await database.query<{ pid: number }>({
    text: `select pid from pg_catalog.pg_stat_activity where backend_type = 'client backend'`,
  });
  const { user, system } = process.cpuUsage();
  try {
    const ticks = rows.map(({ pid }) => {
      const [, after = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
      const fields = after.split(' ');
      return Number(fields[11]) + Number(fields[12]);
    });
    const sessions = ticks.reduce((sum, each) => sum + each, 0) / TICKS_PER_SECOND;
    return (user + system) / 1_000_000 + sessions;
  } catch {
    return undefined;
  }
}

/** USER_HZ, which Linux fixes for what it tells. */
const TICKS_PER_SECOND = 100;
