import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { manualClock, parseInstant, SECOND_US } from '#kernel';
import type { Transaction } from '../database/port.ts';
import { testDatabase, type TestDatabase } from '../database/testing.ts';
import { openMetrics } from '../telemetry/metrics.ts';
import { deadLetter, deadLetters, discard, queueStates, redrive } from './dead-letters.ts';
import { defaultQueuePolicy } from './policy.ts';
import type { MessageId, NewMessage } from './port.ts';
import { openQueues } from './queues.ts';
import { send } from './send.ts';
import { measureQueues, watchQueues } from './watch.ts';

const start = parseInstant('2026-11-22T10:00:00Z') ?? assert.fail();
const clock = manualClock(start);
let held: TestDatabase;
let made = 0;

before(async () => {
  held = await testDatabase('dead_letters');
});
after(() => held.drop());

function prepared() {
  made += 1;
  const queue = `jobs-${made}`;
  const { database } = held;
  const policies = () => ({ ...defaultQueuePolicy, attemptsMax: 2, backoffBaseMs: 0 });
  const queues = openQueues({ database, clock, policies });
  const act = <T>(run: (tx: Transaction) => Promise<T>): Promise<T> =>
    database.transaction({ now: clock.now(), actor: 'test', correlationId: 'test' }, run);
  const put = (...messages: readonly NewMessage[]) => act((tx) => send(tx, queue, messages));
  const receive = (max = 100) => queues.receive(queue, { max, visibilityMs: 30_000 });
  const why = { code: 'rail_down', message: 'The rail does not answer.' };
  /** What is there fails until it is dead. */
  const bury = async (): Promise<void> => {
    for (;;) {
      const received = await receive();
      if (received.length === 0) return;
      const failed = received.map(({ receipt }) => ({ ...why, receipt }));
      await queues.fail(queue, failed);
    }
  };
  const list = (after = 0n) => deadLetters(database, { queue, after, countMax: 100 });
  const bodies = async () => (await receive()).map(({ body }) => body);
  return { queue, database, queues, act, put, receive, bury, list, bodies };
}

const numbers = (count: number): NewMessage[] =>
  Array.from({ length: count }, (_, body) => ({ body }));

test('a dead letter keeps its payload, every reason, its attempts and its trace', async () => {
  const { put, bury, list, queue, database } = prepared();
  const traceId = 'ef'.repeat(16);
  const [id] = await put({ body: { payment: 'pay_1' }, group: 'acc_1', traceId });
  clock.advance(SECOND_US);
  await bury();
  const at = '2026-11-22T10:00:01.000000Z';
  const why = { at, code: 'rail_down', message: 'The rail does not answer.' };
  const [letter] = await list();
  assert.deepEqual(letter, {
    id,
    number: letter?.number,
    queue,
    tenant: 'main',
    group: 'acc_1',
    attempts: 2,
    sentAt: start,
    diedAt: clock.now(),
    traceId,
    code: 'rail_down',
    reason: why.message,
    failures: [
      { attempt: 1, ...why },
      { attempt: 2, ...why },
    ],
    body: '{"payment":"pay_1"}',
  });
  assert.deepEqual(await deadLetter(database, queue, letter.id), letter);
  assert.equal(await deadLetter(database, 'other', letter.id), undefined);
});

test('dead letters are listed in the order in which they died, by pages', async () => {
  const { put, bury, list, queue, database } = prepared();
  for (const body of [1, 2, 3]) {
    await put({ body });
    await bury();
  }
  const [first, ...others] = await deadLetters(database, { queue, countMax: 2 });
  assert.deepEqual([first?.body, others.map(({ body }) => body)], ['1', ['2']]);
  const rest = await list(others[0]?.number);
  assert.deepEqual(
    rest.map(({ body }) => body),
    ['3'],
  );
});

test('a redriven message is as it was, with its attempts before it', async () => {
  const { put, bury, list, receive, act, queue } = prepared();
  const traceId = 'aa'.repeat(16);
  const [id] = await put({ body: { a: 1 }, group: 'acc_1', traceId });
  await bury();
  const choice = { ids: [id ?? assert.fail()] };
  assert.deepEqual(await act((tx) => redrive(tx, { queue, choice })), [id]);
  assert.deepEqual(await list(), []);
  const [received] = await receive();
  assert.deepEqual(
    [received?.id, received?.body, received?.group, received?.traceId, received?.attempt],
    [id, { a: 1 }, 'acc_1', traceId, 1],
  );
  clock.advance(30 * SECOND_US);
  await bury();
  const [again] = await list();
  assert.equal(again?.failures.length, 3);
});

test('two redrives at the same time send each letter once', async () => {
  const { put, bury, list, bodies, act, queue } = prepared();
  await put(...numbers(60));
  await bury();
  const some = (await list()).slice(0, 40).map(({ id }) => id);
  const choices = [{ oldest: 100 }, { ids: some }, { oldest: 30 }, { ids: some.toReversed() }];
  const redriven = await Promise.all(
    choices.map((choice) => act((tx) => redrive(tx, { queue, choice }))),
  );
  assert.equal(new Set(redriven.flat()).size, redriven.flat().length);
  await act((tx) => redrive(tx, { queue, choice: { oldest: 100 } }));
  const seen = await bodies();
  assert.equal(seen.length, 60);
  assert.equal(new Set(seen).size, 60);
});

test('a redrive can be spread over time, and go on where another ended', async () => {
  const { put, bury, receive, act, queue, queues } = prepared();
  await put(...numbers(10));
  await bury();
  const some = { queue, choice: { oldest: 5 }, perSecond: 2 };
  await act((tx) => redrive(tx, some));
  await act((tx) => redrive(tx, { ...some, startingAfter: 5 }));
  const counts: number[] = [];
  for (let second = 0; second < 6; second += 1) {
    const received = await receive();
    counts.push(received.length);
    const receipts = received.map(({ receipt }) => receipt);
    await queues.complete(queue, receipts);
    clock.advance(SECOND_US);
  }
  assert.deepEqual(counts, [1, 2, 2, 2, 2, 1]);
});

test('a discarded letter is gone, and only that', async () => {
  const { put, bury, list, act, queue, bodies } = prepared();
  const ids = await put(...numbers(3));
  await bury();
  const unknown = 'msg_01900000-0000-7000-8000-000000000000' as MessageId;
  const gone = await act((tx) =>
    discard(tx, { queue, choice: { ids: [ids[1] ?? unknown, unknown] } }),
  );
  assert.deepEqual(gone, [ids[1]]);
  assert.deepEqual(
    (await list()).map(({ id }) => id),
    [ids[0], ids[2]],
  );
  assert.equal((await act((tx) => discard(tx, { queue, choice: { oldest: 10 } }))).length, 2);
  assert.deepEqual([await list(), await bodies()], [[], []]);
});

test('a queue tells how much waits, is worked on and is dead, and for how long', async () => {
  const { put, bury, receive, queue, database } = prepared();
  await put(...numbers(2));
  await bury();
  await put(...numbers(5), { body: 'behind', group: 'g' }, { body: 'behind', group: 'g' });
  await put({ body: 'later', delayMs: 60_000 });
  await receive(3);
  clock.advance(7 * SECOND_US);
  const state = (await queueStates(database, clock.now())).find((each) => each.queue === queue);
  assert.deepEqual(state, { queue, depth: 8, inFlight: 3, ageMs: 7_000, dead: 2 });
  const metrics = openMetrics({ isProcessMeasured: false });
  measureQueues(metrics, { queryable: database, clock });
  await metrics.report();
  const report = await metrics.report();
  assert.match(report, new RegExp(`florin_queue_depth\\{queue="${queue}"\\} 8`));
  assert.match(report, new RegExp(`florin_queue_age_seconds\\{queue="${queue}"\\} 7`));
  assert.match(report, new RegExp(`florin_queue_dead_letters\\{queue="${queue}"\\} 2`));
});

test('an alarm is told once when it is raised and once when it ends', async () => {
  const { put, bury, act, queue, database } = prepared();
  const context = () => ({ now: clock.now(), actor: 'test', correlationId: 'test' });
  const policies = (name: string) => ({
    ...defaultQueuePolicy,
    depthMax: name === queue ? 2 : 1_000_000,
    ageMaxMs: name === queue ? 1_000 : 1_000_000_000,
    deadMax: name === queue ? 0 : 1_000_000,
  });
  const told = async (): Promise<string[]> => {
    const rows = await database.query<{ type: string; data: { alarm: string } }>({
      text: `select type, data from stream.events where subject = $1 order by bundle, ordinal`,
      values: [queue],
    });
    return rows.map(({ type, data }) => `${type} ${data.alarm}`);
  };
  const watch = () => Promise.all([1, 2].map(() => watchQueues(database, context(), policies)));
  await put({ body: 1 });
  await bury();
  await put(...numbers(3));
  await watch();
  const first = ['queue.alarm_raised dead', 'queue.alarm_raised depth'];
  assert.deepEqual((await told()).toSorted(), first);
  clock.advance(1_001_000);
  await watch();
  await watch();
  assert.deepEqual((await told()).slice(2), ['queue.alarm_raised age']);
  await bury();
  await watch();
  await act((tx) => discard(tx, { queue, choice: { oldest: 10 } }));
  await watch();
  await watch();
  assert.deepEqual((await told()).slice(3).toSorted(), [
    'queue.alarm_ended age',
    'queue.alarm_ended dead',
    'queue.alarm_ended depth',
  ]);
});
