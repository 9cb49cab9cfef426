import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault, instantOfMs } from '#kernel';
import { defaultPostgresOptions, openMetrics, openPostgres } from '#platform';
import { EdgeRefusal } from '../problems.ts';
import type { Admission } from './admission.ts';
import { windowEnd } from './deciding/window.ts';
import { openQuotaTeller } from './facts.ts';
import { findState, keyOf, type QuotaFact } from './limit-store.ts';
import type { PlanLimiter } from './limiter.ts';
import { quotaPolicies } from './plan.ts';
import { openPresence } from './presence.ts';
import { openLimitBank, TENANT, type LimitBank } from './testing/bank.ts';
import { limits } from './testing/limit-process.ts';
import { Oracle } from './testing/oracle.ts';
import { openWay } from './testing/outage.ts';
import { LimitProcesses } from './testing/processes.ts';

let bank: LimitBank;

before(async () => {
  bank = await openLimitBank('limits');
});

after(() => bank.close());

const reading = { permission: 'things.read' } as const;
const paying = { permission: 'things.post' } as const;

function ask(limiter: PlanLimiter, customer: string, count: number): Promise<Admission[]> {
  return Promise.all(
    Array.from({ length: count }, () => limiter.limit({ tenant: TENANT, customer }, reading)),
  );
}

const countAdmitted = (admissions: readonly Admission[]): number =>
  admissions.filter(({ isAdmitted }) => isAdmitted).length;

async function stateOf(customer: string): ReturnType<typeof findState> {
  return await findState(bank.database, keyOf({ tenant: TENANT, customer }));
}

/** Long enough for the bucket of a plan of one request an hour to hold no more. */
const slow = { burst: 5, rate: 1, ratePer: 'hour', daily: undefined } as const;

test('the database and this process agree when a window ends', async () => {
  const zones = ['UTC', 'Europe/Prague', 'America/New_York', 'Asia/Kolkata', 'Asia/Beirut'];
  for (const timeZone of zones) {
    for (let step = 0; step < 200; step += 1) {
      const atUs = 1_790_000_000_000_000 + step * 161_803_398_875;
      const [row] = await bank.database.query<Record<string, bigint>>({
        text: `select gateway.window_end('day', $1, $2) as daily,
          gateway.window_end('week', $1, $2) as weekly,
          gateway.window_end('month', $1, $2) as monthly`,
        values: [timeZone, atUs],
      });
      for (const policy of quotaPolicies) {
        const why = `${policy} in ${timeZone} at ${atUs}`;
        assert.equal(windowEnd(policy, timeZone, atUs), Number(row?.[policy]), why);
      }
    }
  }
});

test('a customer who was given no plan has the default one', async () => {
  // So many that the bucket is empty before time has filled it for all of them.
  const admissions = await ask(bank.limiter(), 'cus_new', 400);
  const admitted = countAdmitted(admissions);
  assert.ok(admitted >= 100 && admitted < 400, `${admitted} were admitted`);
  const [first] = admissions;
  assert.match(first?.headers['ratelimit-policy'] ?? '', /^"burst";q=100;w=2, "daily";q=1000/);
  assert.equal((await bank.records('gateway.plan.changed'))[0]?.actor.id, 'florin');
});

test('processes that ask at the same time share one bucket', async () => {
  await bank.give('cus_shared', slow);
  const [one, other] = [bank.limiter(), bank.limiter()];
  const asked = await Promise.all([ask(one, 'cus_shared', 20), ask(other, 'cus_shared', 20)]);
  assert.equal(countAdmitted(asked.flat()), 5);
});

test('requests of many customers are each charged to their own', async () => {
  const limiter = bank.limiter();
  const customers = Array.from({ length: 50 }, (_, index) => `cus_many_${index}`);
  const asked = await Promise.all(
    customers.map((customer, index) => ask(limiter, customer, index + 1)),
  );
  asked.forEach((admissions, index) => assert.equal(countAdmitted(admissions), index + 1));
  for (const [index, customer] of customers.entries()) {
    assert.equal((await stateOf(customer))?.state.daily.used, index + 1);
  }
});

test('tenants do not share what their customers use', async () => {
  await bank.give('cus_twin', slow);
  const limiter = bank.limiter();
  assert.equal(countAdmitted(await ask(limiter, 'cus_twin', 8)), 5);
  const elsewhere = { tenant: 'other', customer: 'cus_twin' };
  assert.equal((await limiter.limit(elsewhere, reading)).isAdmitted, true);
});

test('a request is refused without asking only while the database would refuse it too', async () => {
  // One in three seconds.
  await bank.give('cus_known', { ...slow, rate: 20, ratePer: 'minute' });
  const limiter = bank.limiter({ limits: { ...limits, limitKnownMaxMs: 60_000 } });
  await ask(limiter, 'cus_known', 8);
  const [first] = await ask(limiter, 'cus_known', 1);
  assert.equal(first?.basis.by, 'known');
  const turn = first?.basis.turn ?? 0;
  const deadlineMs = performance.now() + 20_000;
  let last: Admission | undefined = first;
  let known = 0;
  while (last?.isAdmitted === false && performance.now() < deadlineMs) {
    if (last.basis.by === 'known') known += 1;
    last = (await ask(limiter, 'cus_known', 1))[0];
  }
  assert.equal(last?.isAdmitted, true);
  assert.equal(last?.basis.by, 'shared');
  // It was asked again only when the three seconds were all but over.
  assert.ok((last?.basis.turn ?? 0) - turn < 5 && known > 5);
});

test('whoever waits as long as Retry-After says is admitted, at whichever process', async () => {
  await bank.give('cus_patient', { ...slow, burst: 3, rate: 2, ratePer: 'second' });
  const limiters = [bank.limiter(), bank.limiter(), bank.limiter()];
  for (const [index, limiter] of limiters.entries()) {
    const refused = (await ask(limiter, 'cus_patient', 6)).at(-1);
    assert.equal(refused?.isAdmitted, false);
    assert.equal(refused?.headers['retry-after'], '1');
    await sleep(Number(refused?.headers['retry-after']) * 1_000);
    const other = limiters[(index + 1) % limiters.length] ?? limiter;
    assert.equal((await ask(other, 'cus_patient', 1))[0]?.isAdmitted, true);
  }
});

test('by the clock of the database too, what processes admit is what the oracle admits', async () => {
  const terms = { burst: 20, rate: 40, ratePer: 'second', daily: undefined } as const;
  await bank.give('cus_real', terms);
  const processes = await LimitProcesses.start(bank.log.url, 3);
  const asked: Admission[] = [];
  const endMs = performance.now() + 1_500;
  await Promise.all(
    Array.from({ length: processes.count }, async (_, process) => {
      while (performance.now() < endMs) {
        const requests = Array.from({ length: 8 }, () => ({ customer: 'cus_real', cost: 1 }));
        asked.push(...(await processes.ask(process, { atUs: undefined, requests })));
        await sleep(7);
      }
    }),
  );
  await processes.stop();
  const none = { daily: undefined, weekly: undefined, monthly: undefined, timeZone: 'UTC' };
  const oracle = new Oracle({ ...terms, ...none });
  const shared = asked
    .filter(({ basis }) => basis.by === 'shared')
    .toSorted((a, b) => a.basis.turn - b.basis.turn);
  for (const { isAdmitted, basis } of shared) assert.equal(isAdmitted, oracle.ask(basis.atUs));
  const admitted = countAdmitted(shared);
  assert.ok(admitted >= 20, `${admitted} were admitted`);
  assert.ok(asked.length > admitted, 'some were refused');
});

test('another plan is in force with the next decision, and what was used counts', async () => {
  await bank.give('cus_moving', { burst: 10, daily: 4 });
  const [here, there] = [bank.limiter(), bank.limiter()];
  assert.equal(countAdmitted(await ask(here, 'cus_moving', 6)), 4);
  await bank.give('cus_moving', { burst: 10, daily: 7 });
  assert.equal(countAdmitted(await ask(there, 'cus_moving', 6)), 3);
  here.forgetAll();
  const [last] = await ask(here, 'cus_moving', 1);
  assert.deepEqual(last?.violatedPolicies, ['daily']);
  assert.match(last?.headers['ratelimit-policy'] ?? '', /"daily";q=7/);
});

test('requests that count for several are decided in the order in which they came', async () => {
  await bank.give('cus_costly', slow);
  const limiter = bank.limiter();
  const customer = { tenant: TENANT, customer: 'cus_costly' };
  const costs = [2, 4, 1, 3, 2, 1];
  const asked = await Promise.all(
    costs.map((cost) => limiter.limit(customer, { ...reading, cost })),
  );
  assert.deepEqual(
    asked.map(({ isAdmitted }) => isAdmitted),
    [true, false, true, false, true, false],
  );
});

test('80, 90 and 100 % of a quota are told once for each window, whoever tells', async () => {
  await bank.give('cus_near', { burst: 1_000, daily: 20, weekly: 1_000 });
  const facts: QuotaFact[] = [];
  let hints = 0;
  const limiter = bank.limiter({ onFacts: () => (hints += 1) });
  const other = bank.limiter();
  for (let index = 0; index < 15; index += 1) await ask(limiter, 'cus_near', 1);
  assert.equal(hints, 0);
  await ask(limiter, 'cus_near', 1);
  assert.equal(hints, 1);
  const metrics = openMetrics({ isProcessMeasured: false });
  const teller = openQuotaTeller({
    database: bank.database,
    metrics,
    onThreshold: (_, told) => Promise.resolve(void facts.push(...told)),
  });
  // Those of other tests, and the first of this.
  await teller.tell(bank.context());
  facts.splice(0, facts.length - 1);
  await ask(other, 'cus_near', 30);
  const second = openQuotaTeller({
    database: bank.database,
    metrics: openMetrics({ isProcessMeasured: false }),
    onThreshold: (_, told) => Promise.resolve(void facts.push(...told)),
  });
  const told = await Promise.all([teller.tell(bank.context()), second.tell(bank.context())]);
  assert.equal(told[0] + told[1], 2);
  assert.equal(await teller.tell(bank.context()), 0);
  assert.deepEqual(
    facts.map(({ policy, percent, quota }) => [policy, percent, quota]),
    [
      ['daily', 80, 20],
      ['daily', 90, 20],
      ['daily', 100, 20],
    ],
  );
  const records = (await bank.records('gateway.quota.reached')).filter(
    ({ target }) => target === 'cus_near',
  );
  const percents = records.map(({ after }) => after?.['percent']);
  assert.deepEqual(percents, [80, 90, 100]);
});

test('what listens to facts is told in the transaction that marks them as told', async () => {
  await bank.give('cus_hook', { burst: 1_000, daily: 10 });
  await ask(bank.limiter(), 'cus_hook', 8);
  const failing = openQuotaTeller({
    database: bank.database,
    metrics: openMetrics({ isProcessMeasured: false }),
    onThreshold: () => Promise.reject(new Fault('not_now', { retryable: false })),
  });
  await assert.rejects(failing.tell(bank.context()), { code: 'not_now' });
  const metrics = openMetrics({ isProcessMeasured: false });
  const teller = openQuotaTeller({ database: bank.database, metrics });
  assert.equal(await teller.tell(bank.context()), 1);
  assert.match(await metrics.report(), /quota_reached_total\{policy="daily",percent="80"\} 1/);
});

test('a customer long silent leaves nothing behind, and begins anew', async () => {
  const limiter = bank.limiter();
  await ask(limiter, 'cus_silent', 3);
  await ask(limiter, 'cus_busy', 3);
  await bank.database.query({
    text: `update gateway.limit_states set decided_at_us = 1, daily_ends_us = 2,
        weekly_ends_us = 2, monthly_ends_us = 2 where customer = 'cus_silent'`,
  });
  const metrics = openMetrics({ isProcessMeasured: false });
  await openQuotaTeller({ database: bank.database, metrics }).sweep();
  assert.equal(await stateOf('cus_silent'), undefined);
  assert.equal((await stateOf('cus_busy'))?.state.daily.used, 3);
  assert.equal(countAdmitted(await ask(limiter, 'cus_silent', 2)), 2);
  assert.equal((await stateOf('cus_silent'))?.state.daily.used, 2);
});

test('processes are counted while they say that they are alive', async () => {
  const now = instantOfMs(1_795_000_000_000);
  const context = { now, actor: 'florin', correlationId: 'test' };
  const [one, other] = [
    openPresence(bank.database, { silentMaxMs: 60_000 }),
    openPresence(bank.database, { silentMaxMs: 60_000 }),
  ];
  assert.equal(one.count, 1);
  await one.beat(context);
  await other.beat(context);
  await one.beat(context);
  assert.deepEqual([one.count, other.count], [2, 2]);
  await other.leave();
  await one.beat(context);
  assert.equal(one.count, 1);
  // Without leaving, silence tells.
  await other.beat(context);
  const strict = openPresence(bank.database, { silentMaxMs: 0 });
  await strict.beat(context);
  assert.equal(strict.count, 1);
  await strict.leave();
});

test('without the database reads get a share of the limit, and payments are refused', async () => {
  await bank.give('cus_cut', { burst: 40, rate: 1, ratePer: 'hour', daily: 90 });
  const way = await openWay(bank.log.url);
  const database = await openPostgres({
    ...defaultPostgresOptions,
    url: way.url,
    isUnsafeServerAllowed: true,
    isIdleExitAllowed: true,
  });
  try {
    const limiter = bank.limiter({
      database,
      processes: () => 4,
      limits: { ...limits, limitProbeMs: 50 },
    });
    assert.equal(countAdmitted(await ask(limiter, 'cus_cut', 4)), 4);
    await way.cut();
    // A quarter of the 36 that the bucket is known to hold.
    const admissions = await ask(limiter, 'cus_cut', 30);
    assert.equal(countAdmitted(admissions), 9);
    assert.ok(admissions.every(({ basis }) => basis.by === 'share'));
    assert.match(admissions[0]?.headers['ratelimit-policy'] ?? '', /"burst";q=10;/);
    const payment = limiter.limit({ tenant: TENANT, customer: 'cus_cut' }, paying);
    await assert.rejects(payment, (error) => {
      return error instanceof EdgeRefusal && error.code === 'limits_unavailable';
    });
    // Of a customer nobody asked about yet the default plan is shared.
    assert.equal(countAdmitted(await ask(limiter, 'cus_unknown', 40)), 25);
    await way.restore();
    const deadlineMs = performance.now() + 20_000;
    while (!bank.lines.some((line) => line.includes('decide again'))) {
      assert.ok(performance.now() < deadlineMs, 'the shared limits came back');
      await sleep(20);
    }
    // What was admitted meanwhile is counted.
    const state = (await stateOf('cus_cut'))?.state;
    assert.equal(state?.daily.used, 13);
    const after = await ask(limiter, 'cus_cut', 60);
    assert.equal(countAdmitted(after), 27);
    assert.ok(after.every(({ basis }) => basis.by !== 'share'));
    const paid = await limiter.limit({ tenant: TENANT, customer: 'cus_unknown' }, paying);
    assert.equal(paid.isAdmitted, true);
    assert.equal((await stateOf('cus_unknown'))?.state.daily.used, 26);
  } finally {
    await way.close();
    await database.close();
  }
});

test('a customer whose name cannot be stored harms nobody it is decided with', async () => {
  const limiter = bank.limiter();
  const names = ['cus_fine', `cus_${'x'.repeat(2_000)}`, 'nul\0', '', 'cus_\ud800'];
  for (const round of [1, 2]) {
    const asked = await Promise.all(
      names.map((customer) => limiter.limit({ tenant: TENANT, customer }, reading)),
    );
    assert.ok(
      asked.every(({ isAdmitted }) => isAdmitted),
      `round ${round}`,
    );
  }
  assert.equal((await stateOf('cus_fine'))?.state.daily.used, 2);
});

test('too many waiting requests are refused as overload, not decided by a share', async () => {
  const limiter = bank.limiter({ limits: { ...limits, limitDecisionsQueuedMax: 2 } });
  const customer = { tenant: TENANT, customer: 'cus_crowd' };
  const asked = await Promise.allSettled(
    Array.from({ length: 20 }, () => limiter.limit(customer, reading)),
  );
  const refused = asked.filter(({ status }) => status === 'rejected');
  assert.ok(refused.length > 0);
  for (const one of refused) {
    assert.ok(one.status === 'rejected' && one.reason instanceof Fault);
    assert.equal(one.reason.code, 'overloaded');
  }
});
