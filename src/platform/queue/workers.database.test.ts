import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { after, before, type TestContext } from 'node:test';
import { Fault, manualClock, parseInstant } from '#kernel';
import { systemClock } from '../clock.ts';
import { testDatabase, type TestDatabase } from '../database/testing.ts';
import { openLogger } from '../telemetry/logger.ts';
import { openMetrics } from '../telemetry/metrics.ts';
import { deadLetters } from './dead-letters.ts';
import { defaultQueuePolicy } from './policy.ts';
import type { NewMessage, Received, WorkerOptions } from './port.ts';
import { openQueues } from './queues.ts';
import { send } from './send.ts';
import { openWorkers } from './workers.ts';

const start = parseInstant('2026-11-22T10:00:00Z') ?? assert.fail();
const logger = openLogger({ level: 'silent' });
let held: TestDatabase;
let made = 0;

before(async () => {
  held = await testDatabase('workers');
});
after(() => held.drop());

function prepared(t: TestContext) {
  made += 1;
  const queue = `jobs-${made}`;
  const clock = systemClock();
  const { database } = held;
  const policies = () => ({ ...defaultQueuePolicy, backoffBaseMs: 1 });
  const queues = openQueues({ database, clock, policies });
  const metrics = openMetrics({ isProcessMeasured: false });
  const put = (messages: readonly NewMessage[]) =>
    database.transaction({ now: clock.now(), actor: 'test', correlationId: 'test' }, (tx) =>
      send(tx, queue, messages),
    );
  const work = (options: Omit<WorkerOptions, 'queue'>) => {
    const outside = { database, clock, queues, logger, metrics };
    const workers = openWorkers(outside, [{ queue, ...options }]);
    t.after(() => workers.stop());
    return workers;
  };
  const dead = () => deadLetters(database, { queue, countMax: 100 });
  const isEmpty = async (): Promise<boolean> => {
    const rows = await database.query({
      text: 'select from queues.messages where queue = $1 limit 1',
      values: [queue],
    });
    return rows.length === 0;
  };
  return { queue, database, queues, metrics, put, work, dead, isEmpty };
}

/** Until it is so; a test that waits too long fails. */
async function until(is: () => boolean | Promise<boolean>): Promise<void> {
  for (const startedMs = performance.now(); performance.now() - startedMs < 20_000;) {
    if (await is()) return;
    await sleep(2);
  }
  assert.fail('it never became so');
}

const numbers = (count: number): NewMessage[] =>
  Array.from({ length: count }, (_, body) => ({ body }));

test('workers do what is sent, in batches, and it does not come again', async (t) => {
  const { put, work, isEmpty, metrics } = prepared(t);
  const seen: unknown[] = [];
  const sizes: number[] = [];
  work({
    batchMax: 20,
    concurrency: 3,
    async handler(messages) {
      sizes.push(messages.length);
      seen.push(...messages.map(({ body }) => body));
    },
  });
  await put(numbers(150));
  await put(numbers(50));
  await until(isEmpty);
  assert.equal(seen.length, 200);
  assert.ok(sizes.every((size) => size <= 20));
  assert.ok(sizes.some((size) => size > 1));
  await until(async () => /outcome="done"\} 200/.test(await metrics.report()));
});

test('a part of a batch can fail, and only that comes again', async (t) => {
  const { put, work, isEmpty, dead } = prepared(t);
  const attempts = new Map<unknown, number>();
  work({
    batchMax: 10,
    handler: async (messages) =>
      messages.map(({ body, attempt }) => {
        attempts.set(body, attempt);
        const isFailing = body === 3 && attempt === 1;
        return isFailing ? { code: 'not_yet', message: 'Not the first time.' } : undefined;
      }),
  });
  await put(numbers(10));
  await until(isEmpty);
  assert.deepEqual(
    [...attempts].filter(([, attempt]) => attempt > 1),
    [[3, 2]],
  );
  assert.deepEqual(await dead(), []);
});

test('a poisoned message does not hurt those received with it, and is a dead letter', async (t) => {
  const { put, work, isEmpty, dead } = prepared(t);
  const done = new Set<unknown>();
  const secret = 'CZ65 0800 0000 1920 0014 5399';
  work({
    batchMax: 10,
    async handler(messages) {
      if (messages.some(({ body }) => body === 7)) throw new TypeError(secret);
      for (const { body } of messages) done.add(body);
    },
  });
  await put(numbers(10));
  await until(isEmpty);
  assert.equal(done.size, 9);
  const [letter, ...others] = await dead();
  assert.equal(others.length, 0);
  assert.equal(letter?.body, '7');
  assert.deepEqual([letter?.code, letter?.attempts], ['handler_failed', 3]);
  assert.deepEqual(
    letter?.failures.map(({ attempt, code }) => [attempt, code]),
    [1, 2, 3].map((attempt) => [attempt, 'handler_failed']),
  );
  assert.ok(!JSON.stringify([letter?.reason, letter?.failures]).includes(secret));
});

test('a dead letter tells the code and the message of the fault it met', async (t) => {
  const { put, work, isEmpty, dead } = prepared(t);
  const message = 'The rail does not answer.';
  work({ handler: () => Promise.reject(new Fault('rail_silent', { retryable: true, message })) });
  const traceId = '12'.repeat(16);
  await put([{ body: { payment: 'pay_1' }, group: 'acc_1', traceId }]);
  await until(isEmpty);
  const [letter] = await dead();
  assert.deepEqual(
    [letter?.code, letter?.reason, letter?.group, letter?.traceId, letter?.body],
    ['rail_silent', message, 'acc_1', traceId, '{"payment":"pay_1"}'],
  );
});

test('what waits while its handler rests loses no attempt by it', async (t) => {
  const { put, work, isEmpty } = prepared(t);
  let asked = 0;
  const attempts: number[] = [];
  await put(numbers(1));
  work({
    restMs: () => {
      asked += 1;
      return asked <= 5 ? 3 : 0;
    },
    handler: (messages) => {
      assert.ok(asked > 5, 'it rests');
      attempts.push(...messages.map(({ attempt }) => attempt));
      return Promise.resolve();
    },
  });
  await until(isEmpty);
  assert.deepEqual(attempts, [1]);
});

test('a lease is extended as long as the handler is at work', async (t) => {
  const { put, work, queues, queue, isEmpty } = prepared(t);
  const handled: Received[] = [];
  let isBegun = false;
  work({
    visibilityMs: 1_500,
    async handler(messages) {
      isBegun = true;
      await sleep(3_500);
      handled.push(...messages);
    },
  });
  await put(numbers(1));
  await until(() => isBegun);
  const others: Received[] = [];
  await until(async () => {
    others.push(...(await queues.receive(queue, { max: 1, visibilityMs: 1_000 })));
    return await isEmpty();
  });
  assert.deepEqual([handled.length, others.length], [1, 0]);
});

test('a handler is told when its lease is lost', async (t) => {
  const { put, work, database, queue, queues } = prepared(t);
  let isTold = false;
  work({
    visibilityMs: 90,
    async handler([message], signal) {
      if (message?.attempt !== 1) return;
      await until(() => signal.aborted);
      isTold = true;
    },
  });
  await put(numbers(1));
  await until(async () => {
    const rows = await database.query({
      text: `update queues.messages set lease = gen_random_uuid(), ready_at = 'infinity'
        where queue = $1 and lease is not null returning 1`,
      values: [queue],
    });
    return rows.length > 0;
  });
  await until(() => isTold);
  assert.deepEqual(await queues.receive(queue, { max: 1, visibilityMs: 1 }), []);
});

test('stopping ends what is under way and receives no more', async (t) => {
  const { put, work, queue, database } = prepared(t);
  let begun = 0;
  let ended = 0;
  const workers = work({
    concurrency: 2,
    async handler() {
      begun += 1;
      await sleep(50);
      ended += 1;
    },
  });
  await put(numbers(20));
  await until(() => begun > 0);
  await workers.stop();
  assert.equal(ended, begun);
  const [row] = await database.query<{ left: bigint; held: bigint }>({
    text: `select count(*) as left, count(lease) as held from queues.messages where queue = $1`,
    values: [queue],
  });
  assert.deepEqual([Number(row?.left), Number(row?.held)], [20 - ended, 0]);
});

test('workers survive a queue that cannot be asked for a while', async (t) => {
  const { put, database, queue } = prepared(t);
  const clock = manualClock(start);
  clock.set(systemClock().now());
  const queues = openQueues({ database, clock });
  let failures = 3;
  const seen: unknown[] = [];
  const broken = {
    ...queues,
    send,
    complete: queues.complete.bind(queues),
    fail: queues.fail.bind(queues),
    extend: queues.extend.bind(queues),
    receive: (...asked: Parameters<typeof queues.receive>) => {
      failures -= 1;
      if (failures >= 0)
        return Promise.reject(new Fault('database_unavailable', { retryable: true }));
      return queues.receive(...asked);
    },
  };
  await put(numbers(1));
  clock.advance(60_000_000);
  const workers = openWorkers({ database, clock, queues: broken, logger }, [
    { queue, handler: async (messages) => void seen.push(...messages) },
  ]);
  t.after(() => workers.stop());
  await until(() => seen.length === 1);
});

test('a process that is killed at work gives its messages back, and each is done once', async (t) => {
  const { put, queue, database, isEmpty } = prepared(t);
  await database.query({
    text: `insert into keyvalues.items (table_name, key, value, version)
      values ($1, 'done', '0', 1)`,
    values: [queue],
  });
  await put(numbers(300));
  const program = new URL('testing/worker-process.ts', import.meta.url);
  const begin = () => fork(program, [held.url, queue], { stdio: 'ignore' });
  let process_ = begin();
  t.after(() => process_.kill('SIGKILL'));
  const doneCount = async (): Promise<number> => {
    const rows = await database.query({
      text: `select from keyvalues.items where table_name = $1 and key <> 'done'`,
      values: [queue],
    });
    return rows.length;
  };
  for (const share of [60, 150]) {
    await until(async () => (await doneCount()) >= share);
    const exited = once(process_, 'exit');
    process_.kill('SIGKILL');
    await exited;
    process_ = begin();
  }
  await until(isEmpty);
  const rows = await database.query<{ key: string; version: bigint }>({
    text: `select key, version from keyvalues.items where table_name = $1 and key <> 'done'`,
    values: [queue],
  });
  assert.equal(rows.length, 300);
  assert.ok(rows.every(({ version }) => version === 1n));
});
