import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '#kernel';
import { openLogger, openMetrics, type Database } from '#platform';
import { testLog, type TestLog } from '../../audit/testing/log.ts';
import type { Denial } from '../answers/denial.ts';
import { openAccessRecorder, type AccessRecorder } from './access-recorder.ts';
import { limits, recordsOf } from './testing.ts';

let log: TestLog;
before(async () => {
  log = await testLog('access recorder');
});
after(async () => {
  await log.close();
});

const caller = {
  actor: 'local',
  correlationId: 'r-1',
  authentication: 'none',
  roles: [],
  address: '192.0.2.7',
  userAgent: 'curl/8',
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
};

function denialOf(number: number): Denial {
  const id = { ...caller, correlationId: `r-${number}` };
  const at = log.clock.now();
  return { caller: id, code: 'host_not_allowed', method: 'GET', path: '/v1/x/{id}', at };
}

const lines: string[] = [];

function open(changes: Partial<typeof limits> = {}, database?: Database): AccessRecorder {
  return openAccessRecorder({
    database: database ?? log.database,
    clock: log.clock,
    logger: openLogger({ level: 'error', write: (line) => lines.push(line) }),
    metrics: openMetrics({ isProcessMeasured: false }),
    limits: { ...limits, accessDenialsDelayMs: 20, ...changes },
  });
}

/** The same database, away as long as the test says. */
function unsteady(isAway: () => boolean): Database {
  const away = new Fault('database_unavailable', { retryable: true, message: 'away' });
  return {
    query: (query) => log.database.query(query),
    within: (tenant) => log.database.within(tenant),
    transaction: (context, run) =>
      isAway() ? Promise.reject(away) : log.database.transaction(context, run),
    statement: (context, run) =>
      isAway() ? Promise.reject(away) : log.database.statement(context, run),
    rehearse: (context, run) => log.database.rehearse(context, run),
    keys: log.keys,
    description: 'unsteady',
    close: () => Promise.resolve(),
  };
}

test('a denied request is recorded soon, with who asked and for what', async () => {
  const recorder = open();
  recorder.onDenied(denialOf(1));
  let leaves = await recordsOf(log, 'gateway.access.denied');
  for (let tries = 0; leaves.length === 0 && tries < 500; tries += 1) {
    await sleep(20);
    leaves = await recordsOf(log, 'gateway.access.denied');
  }
  assert.equal(leaves.length, 1);
  const [leaf] = leaves;
  assert.deepEqual(
    [leaf?.outcome, leaf?.reason, leaf?.target, leaf?.actor, leaf?.origin, leaf?.after],
    [
      'denied',
      'host_not_allowed',
      '/v1/x/{id}',
      { authentication: 'none', id: 'local', roles: [] },
      {
        address: '192.0.2.7',
        request_id: 'r-1',
        trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
        user_agent: 'curl/8',
      },
      { denied_at: '2026-11-21T20:00:00.000Z', method: 'GET' },
    ],
  );
  await recorder.close();
});

test('of a flood the first are recorded, and how many were left out', async () => {
  const earlier = (await recordsOf(log, 'gateway.access.denied')).length;
  const recorder = open({ accessDenialsQueuedMax: 5 });
  for (let number = 0; number < 100; number += 1) recorder.onDenied(denialOf(number));
  await recorder.close();
  const leaves = (await recordsOf(log, 'gateway.access.denied')).slice(earlier);
  assert.deepEqual(
    leaves.slice(0, 5).map(({ origin }) => origin.request_id),
    ['r-0', 'r-1', 'r-2', 'r-3', 'r-4'],
  );
  assert.equal(leaves.length, 6);
  assert.equal(leaves[5]?.after?.['left_out'], 95);
  assert.equal(leaves[5]?.reason, 'too_many');
});

test('while the database is away denials wait, and none is lost or written twice', async () => {
  const earlier = (await recordsOf(log, 'gateway.access.denied')).length;
  let isAway = true;
  const database = unsteady(() => isAway);
  const recorder = open({ accessDenialsQueuedMax: 3 }, database);
  for (let number = 0; number < 4; number += 1) recorder.onDenied(denialOf(number));
  for (let tries = 0; lines.length === 0 && tries < 500; tries += 1) await sleep(10);
  assert.match(lines.join(), /denied requests could not be recorded/);
  recorder.onDenied(denialOf(4));
  isAway = false;
  await recorder.close();
  const leaves = (await recordsOf(log, 'gateway.access.denied')).slice(earlier);
  assert.deepEqual(
    leaves.map(({ origin, after: told }) => told?.['left_out'] ?? origin.request_id),
    ['r-0', 'r-1', 'r-2', 2],
  );
});

test('a disclosure is recorded before its promise resolves, many in one bundle', async () => {
  const recorder = open();
  const noted = Array.from({ length: 50 }, (_, number) =>
    recorder.onDisclosed({
      caller: { ...caller, correlationId: `d-${number}` },
      operationId: 'readAccount',
      target: `acc-${number}`,
      outcome: number === 7 ? 'refused' : 'success',
      reason: number === 7 ? 'account_unknown' : undefined,
    }),
  );
  await noted[0];
  assert.ok((await recordsOf(log, 'gateway.resource.read')).length >= 1);
  await Promise.all(noted);
  const leaves = await recordsOf(log, 'gateway.resource.read');
  assert.equal(leaves.length, 50);
  const seventh = leaves.find(({ target }) => target === 'acc-7');
  assert.deepEqual(
    [seventh?.outcome, seventh?.reason, seventh?.origin.request_id, seventh?.after],
    ['refused', 'account_unknown', 'd-7', { operation: 'readAccount' }],
  );
  const [row] = await log.database.query<{ count: bigint }>({
    text: `select count(*) from audit.bundles where leaf_count > 1`,
  });
  assert.ok(Number(row?.count) > 0, 'readings that come together share a transaction');
  await recorder.close();
});

test('a disclosure that cannot be recorded rejects', async () => {
  const recorder = open(
    {},
    unsteady(() => true),
  );
  const disclosure = { caller, operationId: 'x', target: 'y', outcome: 'success' } as const;
  await assert.rejects(recorder.onDisclosed(disclosure), { code: 'database_unavailable' });
  await recorder.close();
});
