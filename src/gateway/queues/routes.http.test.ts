import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Compile } from 'typebox/compile';
import { manualClock, parseInstant } from '#kernel';
import { openQueues, send, type NewMessage } from '#platform';
import { leavesInOrder } from '../../audit/testing/leaves.ts';
import { testDatabase, type TestDatabase } from '../../platform/database/testing.ts';
import { openTestGateway, type TestGateway } from '../testing.ts';
import { queueRefusals } from './refusals.ts';
import { queueRoutes } from './routes.ts';

const start = parseInstant('2026-11-22T10:00:00Z') ?? assert.fail();
const clock = manualClock(start);
let held: TestDatabase;
let gateway: TestGateway;
let url: string;

before(async () => {
  held = await testDatabase('queue_routes');
  gateway = await openTestGateway({
    routes: queueRoutes({ database: held.database, clock }),
    problemTables: [queueRefusals],
  });
  ({ url } = await gateway.listen());
});

after(async () => {
  await gateway.close();
  await held.drop();
});

type Body = Readonly<Record<string, unknown>>;

async function ask(method: string, path: string, body?: object) {
  const reply = await fetch(`${url}${path}`, {
    method,
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  });
  return { status: reply.status, body: (await reply.json()) as Body };
}

let made = 0;

/** A queue with dead letters in it; answers its name and their ids. */
async function buried(...messages: readonly NewMessage[]) {
  made += 1;
  const queue = `jobs-${made}`;
  const { database } = held;
  const queues = openQueues({ database, clock });
  const context = { now: clock.now(), actor: 'test', correlationId: 'test' };
  const ids = await database.transaction(context, (tx) => send(tx, queue, messages));
  const received = await queues.receive(queue, { max: 100, visibilityMs: 1_000 });
  const why = { code: 'rail_down', message: 'The rail does not answer.', isFinal: true };
  await queues.fail(
    queue,
    received.map(({ receipt }) => ({ ...why, receipt })),
  );
  return { queue, ids, letters: `/v1/queues/${queue}/dead-letters`, queues };
}

async function recorded(target: string): Promise<string[]> {
  return (await leavesInOrder(held.database))
    .map((leaf) => JSON.parse(leaf) as { action: string; target: string })
    .filter((leaf) => leaf.target === target)
    .map(({ action }) => action);
}

const body = { payment: 'pay_1', amount: '100' };

test('answers have the shape that the routes say', async () => {
  const { queue, ids, letters } = await buried({ body });
  const paths: Readonly<Record<string, string>> = {
    '/v1/queues': '/v1/queues',
    '/v1/queues/{name}/dead-letters': letters,
    '/v1/queues/{name}/dead-letters/{id}': `${letters}/${ids[0]}`,
  };
  const routes = queueRoutes({ database: held.database, clock });
  for (const { method, path, operation } of routes) {
    if (method !== 'GET') continue;
    const reply = await ask('GET', paths[path] ?? '');
    assert.equal(reply.status, 200, path);
    const shape = operation.schema.response[200]?.body;
    assert.ok(shape !== undefined && Compile(shape).Check(reply.body), path);
  }
  const { body: listed } = await ask('GET', '/v1/queues');
  const own = (listed['data'] as Body[]).find((each) => each['queue'] === queue);
  assert.deepEqual(own, {
    queue,
    depth: 0,
    in_flight: 0,
    oldest_age_ms: null,
    dead_letters: 1,
  });
});

test('a dead letter is read with what it holds and why it failed', async () => {
  const traceId = 'cd'.repeat(16);
  const { ids, letters, queue } = await buried({ body, group: 'acc_1', traceId });
  const { body: letter } = await ask('GET', `${letters}/${ids[0]}`);
  assert.deepEqual(letter, {
    id: ids[0],
    queue,
    group: 'acc_1',
    attempts: 1,
    sent_at: '2026-11-22T10:00:00.000Z',
    died_at: '2026-11-22T10:00:00.000Z',
    trace_id: traceId,
    code: 'rail_down',
    reason: 'The rail does not answer.',
    failures: [
      {
        attempt: 1,
        at: '2026-11-22T10:00:00.000000Z',
        code: 'rail_down',
        message: 'The rail does not answer.',
      },
    ],
    body,
  });
  const other = await ask('GET', `/v1/queues/other/dead-letters/${ids[0]}`);
  assert.deepEqual([other.status, other.body['code']], [404, 'dead_letter_unknown']);
});

test('dead letters are listed in pages', async () => {
  const { ids, letters } = await buried({ body: 1 }, { body: 2 }, { body: 3 });
  const first = await ask('GET', `${letters}?limit=2`);
  assert.equal(first.body['has_more'], true);
  const next = await ask('GET', `${letters}?limit=2&cursor=${String(first.body['next_cursor'])}`);
  assert.equal(next.body['next_cursor'], null);
  const seen = [first, next].flatMap((page) => page.body['data'] as Body[]);
  assert.deepEqual(
    seen.map((letter) => letter['id']),
    ids,
  );
  assert.ok(seen.every((letter) => !('body' in letter)));
});

test('letters are sent again once, and the audit log names each', async () => {
  const { ids, letters, queue, queues } = await buried({ body: 1 }, { body: 2 }, { body: 3 });
  const some = { letters: [ids[1]] };
  const one = await ask('POST', `${letters}/redrive`, some);
  assert.deepEqual(one.body, { letters: [ids[1]], remaining: 2 });
  const again = await ask('POST', `${letters}/redrive`, some);
  assert.deepEqual(again.body, { letters: [], remaining: 2 });
  const rest = await ask('POST', `${letters}/redrive`, { all: true, per_second: 100 });
  assert.deepEqual(rest.body, { letters: [ids[0], ids[2]], remaining: 0 });
  clock.advance(1_000_000);
  const received = await queues.receive(queue, { max: 10, visibilityMs: 1_000 });
  assert.deepEqual(received.map(({ id }) => id).toSorted(), ids.toSorted());
  for (const id of ids) assert.deepEqual(await recorded(id), ['gateway.dead_letter.redrive']);
});

test('letters are thrown away with a reason, and the audit log names each', async () => {
  const { ids, letters } = await buried({ body: 1 }, { body: 2 });
  const missing = await ask('POST', `${letters}/discard`, { letters: [ids[0]] });
  assert.deepEqual([missing.status, missing.body['param']], [400, 'reason']);
  const reason = 'Paid by hand.';
  const gone = await ask('POST', `${letters}/discard`, { letters: [ids[0]], reason });
  assert.deepEqual(gone.body, { letters: [ids[0]], remaining: 1 });
  assert.deepEqual(await recorded(ids[0] ?? ''), ['gateway.dead_letter.discard']);
  const all = await ask('POST', `${letters}/discard`, { all: true, reason });
  assert.deepEqual(all.body, { letters: [ids[1]], remaining: 0 });
});

test('a request says which letters it is about, in one way', async () => {
  const { ids, letters } = await buried({ body: 1 });
  for (const wrong of [{}, { letters: ids, all: true }, { letters: [] }, { all: false }]) {
    const { status } = await ask('POST', `${letters}/redrive`, wrong);
    assert.equal(status, 400, JSON.stringify(wrong));
  }
  assert.equal((await ask('POST', `${letters}/redrive`, { all: true, per_second: 0 })).status, 400);
  assert.equal((await ask('GET', '/v1/queues/Jobs/dead-letters')).status, 400);
  assert.deepEqual(await recorded(ids[0] ?? ''), []);
});

test('letters of another tenant are neither seen nor settled', async () => {
  const { database } = held;
  const queues = openQueues({ database, clock });
  const context = { now: clock.now(), actor: 'test', correlationId: 'test', tenant: 'other' };
  const queue = 'jobs-of-other';
  await database.transaction(context, (tx) => send(tx, queue, [{ body: 1 }]));
  const [message] = await queues.receive(queue, { max: 1, visibilityMs: 1_000 });
  const why = { code: 'rail_down', message: 'No.', isFinal: true };
  await queues.fail(queue, [{ ...why, receipt: message?.receipt ?? '' }]);
  const letters = `/v1/queues/${queue}/dead-letters`;
  assert.deepEqual((await ask('GET', letters)).body['data'], []);
  assert.equal((await ask('GET', `${letters}/${message?.id}`)).status, 404);
  const settled = await ask('POST', `${letters}/redrive`, { letters: [message?.id] });
  assert.deepEqual(settled.body, { letters: [], remaining: 0 });
});
