// The limiter against an oracle: whatever arrives when and at which of several processes, what is
// admitted is what one process would admit that never forgot anything.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { instantOfMs } from '#kernel';
import { testDatabase, type TestDatabase } from '../../platform/database/testing.ts';
import type { Admission } from './admission.ts';
import type { PlanTerms } from './plan.ts';
import { assignPlan, putPlan } from './plans.ts';
import { Oracle } from './testing/oracle.ts';
import { LimitProcesses } from './testing/processes.ts';

let bank: TestDatabase;
let processes: LimitProcesses;

const PROCESSES = 8;
const context = { now: instantOfMs(1_795_000_000_000), actor: 'test', correlationId: 'test' };

before(async () => {
  bank = await testDatabase('limit-traces');
  processes = await LimitProcesses.start(bank.url, PROCESSES);
});

after(async () => {
  await processes.stop();
  await bank.drop();
});

const SEED = Number(process.env['FLORIN_TEST_SEED'] ?? 20_261_122);

/** Numbers that look random and are the same for a seed (mulberry32). */
function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const zones = ['UTC', 'Europe/Prague', 'America/New_York', 'Asia/Kolkata', 'Pacific/Auckland'];

function randomTerms(random: (below: number) => number): PlanTerms {
  const maybe = (below: number): number | undefined =>
    random(2) === 0 ? undefined : 1 + random(below);
  return {
    burst: 1 + random(30),
    rate: 1 + random(60),
    ratePer: (['second', 'minute', 'hour'] as const)[random(3)] ?? 'second',
    daily: maybe(120),
    weekly: maybe(300),
    monthly: maybe(500),
    timeZone: zones[random(zones.length)] ?? 'UTC',
  };
}

/** One request of a trace: when it arrived, and what became of it. */
interface Asked {
  readonly atUs: number;
  readonly cost: number;
  readonly admission: Admission;
}

interface Trace {
  readonly customer: string;
  readonly terms: PlanTerms;
  readonly asked: Asked[];
}

const PAUSES_US = [0, 1, 900, 20_000, 1_000_000, 45_000_000, 3_600_000_000, 40_000_000_000];

/** Puts customers under plans of their own. */
async function openTraces(
  names: readonly string[],
  random: (below: number) => number,
): Promise<Trace[]> {
  const traces = names.map((customer) => ({ customer, terms: randomTerms(random), asked: [] }));
  await bank.database.transaction(context, async (tx) => {
    // The plans of traces that are over are changed into those of new ones.
    for (const [index, { customer, terms }] of traces.entries()) {
      const name = `plan-${index}`;
      assert.ok((await putPlan(tx, { tenant: 'main', name, terms })).ok);
      assert.ok((await assignPlan(tx, { tenant: 'main', customer, name })).ok);
    }
  });
  return traces;
}

/** What arrives at one process at one moment, of several traces. */
async function arrive(
  process: number,
  atUs: number,
  arriving: readonly { readonly trace: Trace; readonly cost: number }[],
): Promise<void> {
  const requests = arriving.map(({ trace: { customer }, cost }) => ({ customer, cost }));
  const admissions = await processes.ask(process, { atUs, requests });
  arriving.forEach(({ trace, cost }, index) => {
    trace.asked.push({ atUs, cost, admission: admissions[index] as Admission });
  });
}

interface Faults {
  wronglyAdmitted: number;
  wronglyRefused: number;
  admitted: number;
  refused: number;
  refusedWithoutAsking: number;
}

/** Decides the trace again, in the order in which the shared state decided it. */
function compare({ terms, asked }: Trace, faults: Faults): Oracle {
  const oracle = new Oracle(terms);
  const shared = asked
    .filter(({ admission }) => admission.basis.by === 'shared')
    .toSorted((a, b) => a.admission.basis.turn - b.admission.basis.turn);
  const known = asked.filter(({ admission }) => admission.basis.by === 'known');
  assert.equal(shared.length + known.length, asked.length);
  const before = faults.refusedWithoutAsking;
  shared.forEach(({ atUs, cost, admission }, index) => {
    const expected = oracle.ask(atUs, cost);
    if (admission.isAdmitted && !expected) faults.wronglyAdmitted += 1;
    if (!admission.isAdmitted && expected) faults.wronglyRefused += 1;
    if (admission.isAdmitted) faults.admitted += 1;
    else faults.refused += 1;
    const { turn } = admission.basis;
    if (shared[index + 1]?.admission.basis.turn === turn) return;
    // What was refused without asking was refused right after the decision it knew of.
    for (const one of known) {
      if (one.admission.basis.turn !== turn) continue;
      if (oracle.peek(one.atUs, one.cost)) faults.wronglyRefused += 1;
      faults.refusedWithoutAsking += 1;
    }
  });
  assert.equal(faults.refusedWithoutAsking - before, known.length);
  return oracle;
}

const TRACES = 1_000;
const TRACES_AT_ONCE = 50;
const MOMENTS = 30;

test('what 1 to 8 processes admit is what the oracle admits, in a thousand random traces', async (t) => {
  const random = randomOf(SEED);
  t.diagnostic(`seed ${SEED}`);
  const faults: Faults = {
    wronglyAdmitted: 0,
    wronglyRefused: 0,
    admitted: 0,
    refused: 0,
    refusedWithoutAsking: 0,
  };
  for (let from = 0; from < TRACES; from += TRACES_AT_ONCE) {
    const names = Array.from({ length: TRACES_AT_ONCE }, (_, index) => `cus_${from + index}`);
    const traces = await openTraces(names, random);
    const serving = 1 + random(PROCESSES);
    let atUs = 1_795_000_000_000_000 + random(1_000_000_000) * 3_000;
    for (let moment = 0; moment < MOMENTS; moment += 1) {
      atUs += random(1 + (PAUSES_US[random(PAUSES_US.length)] ?? 0));
      const first = random(serving);
      // At some moments several processes are asked at once, by clocks that differ.
      const asking = random(3) === 0 ? serving : 1;
      const arrivals = Array.from({ length: asking }, (_, index) => {
        const arriving = traces.flatMap((trace) => {
          if (random(2) === 0) return [];
          const cost = random(8) === 0 ? 1 + random(4) : 1;
          return Array.from({ length: 1 + random(6) }, () => ({ trace, cost }));
        });
        return arrive((first + index) % serving, atUs + random(3) * 500, arriving);
      });
      await Promise.all(arrivals);
    }
    for (const trace of traces) {
      const oracle = compare(trace, faults);
      // What was refused has burnt nothing: the quotas hold what the oracle admitted.
      const { atUs: decidedUs, used } = await usedBy(trace);
      assert.deepEqual(used, oracle.used(decidedUs));
    }
  }
  t.diagnostic(JSON.stringify(faults));
  assert.equal(faults.wronglyAdmitted, 0);
  assert.equal(faults.wronglyRefused, 0);
  assert.ok(faults.admitted > 10_000 && faults.refused > 10_000);
  assert.ok(faults.refusedWithoutAsking > 1_000);
});

async function usedBy({ customer }: Trace): Promise<{ atUs: number; used: number[] }> {
  const [row] = await bank.database.query<Readonly<Record<string, bigint>>>({
    text: `select decided_at_us, daily_used, weekly_used, monthly_used
      from gateway.limit_states where customer = $1`,
    values: [customer],
  });
  const used = ['daily_used', 'weekly_used', 'monthly_used'].map((name) => Number(row?.[name]));
  return { atUs: Number(row?.['decided_at_us']), used };
}
