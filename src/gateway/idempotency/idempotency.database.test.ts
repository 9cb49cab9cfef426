import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Type } from 'typebox';
import { loadConfig } from '#config';
import { defineActions, record } from '#audit';
import { Fault, refuse } from '#kernel';
import { openLogger, openMetrics, openSession, systemClock } from '#platform';
import type { Database, Session, Transaction } from '#platform';
import { testDatabase } from '../../platform/database/testing.ts';
import type { TestDatabase } from '../../platform/database/testing.ts';
import { EdgeRefusal } from '../problems.ts';
import { answer, defineOperation } from '../routes.ts';
import type { EdgeRequest, Outcome, Route } from '../routes.ts';
import * as schema from '../schema.ts';
import { openTestGateway, unlocked } from '../testing.ts';
import type { TestGateway } from '../testing.ts';
import { expireIdempotencyKeys } from './expire.ts';
import { openIdempotency } from './idempotency.ts';
import { transact } from './transact.ts';

const clock = systemClock();
const actions = defineActions({ 'test.thing.done': ['books', 'a thing was done'] });
/** Longer than any request takes, however busy the machine. */
const LEASE_MS = 1_500;
const limits = { ...loadConfig({}).limits, idempotencyLeaseMs: LEASE_MS };

let stored: TestDatabase;
let owner: Session;
let gateway: TestGateway;
let subject = 'usr_1';
/** What the operation does; it counts as done when its record is in the log. */
let act: (request: EdgeRequest) => Promise<Outcome>;
/** What happens to transactions, for tests of a database that misbehaves. */
let transaction: Database['transaction'];

function edge(): { database: Database; clock: typeof clock } {
  const { database } = stored;
  const troubled = Object.assign(Object.create(database) as Database, { transaction });
  return { database: troubled, clock };
}

async function doThing(tx: Transaction): Promise<void> {
  await record(tx, [{ action: actions['test.thing.done'], target: 'thing' }]);
}

const inTransaction = (work?: (tx: Transaction) => Promise<Outcome>) => (request: EdgeRequest) =>
  transact(edge(), request, async (tx) => {
    await doThing(tx);
    const made = { id: randomUUID(), secret: 'not in the schema' };
    return work?.(tx) ?? { status: 201, body: made, headers: { location: '/things/1' } };
  });

function row(path: string, part: Pick<Route['operation'], 'isIdempotentByNature'> = {}): Route {
  return {
    method: 'POST',
    path,
    permission: 'things.write',
    operation: defineOperation({
      ...part,
      operationId: `do${path.slice(4).replaceAll(/\W/g, '_')}`,
      summary: 'Do a thing',
      tags: ['things'],
      schema: {
        query: schema.object({ dry_run: Type.Boolean({ default: false }) }),
        body: schema.object({ name: Type.Optional(schema.text(20)) }),
        response: {
          200: { description: 'Seen.', body: schema.object({ dry: Type.Boolean() }) },
          201: { description: 'Done.', body: schema.object({ id: schema.text(40) }) },
          204: { description: 'Nothing to say.' },
        },
      },
      isBodyOptional: true,
      isDryRun: ({ query }) => query.dry_run,
      handler: (request) => act(request),
    }),
  };
}

before(async () => {
  stored = await testDatabase('idempotency');
  owner = await openSession(stored.url);
  const { database } = stored;
  const idempotency = openIdempotency({
    database,
    limits,
    logger: openLogger({ level: 'warn', write: (line) => gateway.lines.push(line) }),
    metrics: openMetrics({ isProcessMeasured: false }),
  });
  gateway = await openTestGateway({
    routes: [
      row('/v1/things'),
      row('/v1/others'),
      row('/v1/natural', { isIdempotentByNature: true }),
      { ...row('/v1/changes'), method: 'PATCH' },
      { ...row('/v1/removals'), method: 'DELETE' },
      { ...row('/v1/replacements'), method: 'PUT' },
    ],
    idempotency,
    // What is off its schema is stripped here, as in production.
    isAnswerChecked: false,
    problemTables: [
      {
        thing_refused: { status: 422, title: 'The thing is refused', retryable: false },
        thing_down: { status: 503, title: 'The thing is down', retryable: true },
      },
    ],
    access: {
      ...unlocked,
      identify: async (presented) => ({ ...(await unlocked.identify(presented)), subject }),
    },
  });
});

after(async () => {
  await gateway.close();
  await owner.close();
  await stored.drop();
});

beforeEach(() => {
  subject = 'usr_1';
  gateway.lines.length = 0;
  const { database } = stored;
  transaction = (context, run) => database.transaction(context, run);
  act = inTransaction();
});

interface Asked {
  readonly method?: 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly path?: string;
  readonly key?: string | undefined;
  readonly body?: object;
}

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly code: string | undefined;
  readonly isReplay: boolean;
  readonly headers: Readonly<Record<string, unknown>>;
}

async function ask({ method = 'POST', path = '/v1/things', key, body }: Asked): Promise<Reply> {
  const reply = await gateway.inject({
    method,
    url: path,
    headers: {
      ...(key === undefined ? {} : { 'idempotency-key': key }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });
  const isJson = reply.payload !== '';
  const parsed = (isJson ? JSON.parse(reply.payload) : {}) as { code?: string };
  return {
    status: reply.statusCode,
    text: reply.payload,
    code: parsed.code,
    isReplay: reply.headers['idempotent-replayed'] === 'true',
    headers: reply.headers,
  };
}

function newKey(): string {
  return `"${randomUUID()}"`;
}

async function doneCount(): Promise<number> {
  const [row] = await owner.query<{ count: number }>({
    text: 'select count(*)::integer as count from audit.bundles',
  });
  return row?.count ?? 0;
}

/** How many things were done while it ran. */
async function counted(run: () => Promise<void>): Promise<number> {
  const before = await doneCount();
  await run();
  return (await doneCount()) - before;
}

test('every unsafe method needs a key, and nothing is done without one', async () => {
  const rows = [
    ['POST', '/v1/things'],
    ['PATCH', '/v1/changes'],
    ['DELETE', '/v1/removals'],
    ['PUT', '/v1/replacements'],
  ] as const;
  const done = await counted(async () => {
    for (const [method, path] of rows) {
      const reply = await ask({ method, path });
      assert.deepEqual([reply.status, reply.code], [400, 'idempotency_key_missing'], method);
      const bad = await ask({ method, path, key: '"a", "b"' });
      assert.deepEqual([bad.status, bad.code], [400, 'idempotency_key_invalid'], method);
    }
  });
  assert.equal(done, 0);
});

test('an operation that is idempotent by nature needs no key, always or for a dry run', async () => {
  act = () => Promise.resolve(answer(200, { dry: true }));
  assert.equal((await ask({ path: '/v1/natural' })).status, 200);
  assert.equal((await ask({ path: '/v1/things?dry_run=true' })).status, 200);
  assert.equal((await ask({ path: '/v1/things' })).status, 400);
});

test('a repeated request is done once and answered the same, byte for byte', async () => {
  const key = newKey();
  const done = await counted(async () => {
    const first = await ask({ key, body: { name: 'a' } });
    assert.equal(first.status, 201);
    assert.equal(first.isReplay, false);
    const second = await ask({ key: key.replaceAll('"', ''), body: { name: 'a' } });
    assert.equal(second.status, 201);
    assert.equal(second.isReplay, true);
    assert.equal(second.text, first.text);
    for (const name of ['content-type', 'location']) {
      assert.equal(second.headers[name], first.headers[name]);
    }
    assert.notEqual(second.headers['x-request-id'], first.headers['x-request-id']);
    assert.deepEqual(Object.keys(JSON.parse(first.text) as object), ['id'], 'the schema is a list');
  });
  assert.equal(done, 1);
});

test('a refusal is an answer too: kept with what it recorded, and replayed as it was', async () => {
  let isRefusing = true;
  const message = 'Not that thing.';
  act = inTransaction(() =>
    isRefusing
      ? Promise.resolve(refuse({ code: 'thing_refused', message }))
      : Promise.resolve(answer(201, { id: 'x' })),
  );
  const key = newKey();
  const done = await counted(async () => {
    const first = await ask({ key });
    assert.deepEqual([first.status, first.code, first.isReplay], [422, 'thing_refused', false]);
    isRefusing = false;
    const second = await ask({ key });
    assert.deepEqual([second.status, second.isReplay], [422, true]);
    assert.equal(second.text, first.text);
    assert.equal(second.headers['content-type'], first.headers['content-type']);
  });
  assert.equal(done, 1);
});

test('an answer without a body is replayed without one', async () => {
  act = inTransaction(() => Promise.resolve({ status: 204 }));
  const key = newKey();
  assert.equal((await ask({ key })).status, 204);
  const again = await ask({ key });
  assert.deepEqual([again.status, again.text, again.isReplay], [204, '', true]);
  assert.equal(again.headers['content-type'], undefined);
});

test('a large answer comes back as it was', async () => {
  const id = 'é'.repeat(40);
  const text = `{"id":"${id}","pad":"${'x'.repeat(100_000)}"}`;
  act = inTransaction(() => Promise.resolve(answer(201, text)));
  const key = newKey();
  await ask({ key });
  const again = await ask({ key });
  assert.equal(again.isReplay, true);
  assert.equal(again.text, text);
});

test('the same key with another content is refused and nothing is done', async () => {
  const key = newKey();
  await ask({ key, body: { name: 'a' } });
  const done = await counted(async () => {
    for (const other of [
      { key, body: { name: 'b' } },
      { key },
      { key, body: { name: 'a' }, path: '/v1/others' },
    ]) {
      const reply = await ask(other);
      assert.deepEqual([reply.status, reply.code], [422, 'idempotency_key_reused']);
    }
  });
  assert.equal(done, 0);
});

test('the same key of another caller is another request', async () => {
  const key = newKey();
  const first = await ask({ key });
  subject = 'usr_2';
  const second = await ask({ key });
  assert.deepEqual([second.status, second.isReplay], [201, false]);
  assert.notEqual(second.text, first.text);
});

test('while a request is under way, the same one is told to come back', async () => {
  const gate = Promise.withResolvers<undefined>();
  const begun = Promise.withResolvers<undefined>();
  act = inTransaction(async () => {
    begun.resolve(undefined);
    await gate.promise;
    return answer(201, { id: 'slow' });
  });
  const key = newKey();
  const first = ask({ key });
  await begun.promise;
  const second = await ask({ key });
  assert.deepEqual([second.status, second.code], [409, 'idempotency_key_in_flight']);
  assert.equal(second.headers['retry-after'], '1');
  const other = await ask({ key, body: { name: 'b' } });
  assert.equal(other.code, 'idempotency_key_reused');
  gate.resolve(undefined);
  assert.equal((await first).status, 201);
  assert.deepEqual([(await ask({ key })).isReplay], [true]);
});

test('of many that ask at once one is done; the others wait or are told its answer', async () => {
  const keys = Array.from({ length: 20 }, newKey);
  const done = await counted(async () => {
    const replies = await Promise.all(
      keys.flatMap((key) => Array.from({ length: 10 }, () => ask({ key }))),
    );
    const fresh = replies.filter(({ status, isReplay }) => status === 201 && !isReplay);
    assert.equal(fresh.length, keys.length);
    for (const { status } of replies) assert.ok(status === 201 || status === 409);
  });
  assert.equal(done, keys.length);
});

test('a server that failed is asked again, and then it is done', async () => {
  const failures: (() => Promise<Outcome>)[] = [
    () => Promise.reject(new Error('a bug')),
    () => Promise.reject(new Fault('database_unavailable', { retryable: true })),
    () => Promise.resolve(refuse({ code: 'thing_down', message: 'Down.' })),
    () => Promise.reject(new EdgeRefusal('field_invalid', 'No.', { param: 'name' })),
  ];
  for (const fail of failures) {
    const key = newKey();
    act = fail;
    const failed = await ask({ key });
    assert.ok(failed.status >= 400);
    // Not even the content is bound to a key under which nothing was done.
    act = inTransaction();
    const done = await counted(async () => {
      assert.equal((await ask({ key, body: { name: 'other' } })).status, 201);
    });
    assert.equal(done, 1);
  }
});

test('a failure inside the transaction leaves neither effect nor answer', async () => {
  let isFailing = true;
  act = inTransaction(() =>
    isFailing ? Promise.reject(new Error('a bug')) : Promise.resolve(answer(201, { id: 'y' })),
  );
  const key = newKey();
  const done = await counted(async () => {
    assert.equal((await ask({ key })).status, 500);
    isFailing = false;
    assert.deepEqual([(await ask({ key })).isReplay], [false]);
  });
  assert.equal(done, 1);
});

test('an effect whose commit was in doubt is answered by what was kept', async () => {
  const { database } = stored;
  transaction = async (context, run) => {
    await database.transaction(context, run);
    throw new Fault('commit_unknown', { retryable: false });
  };
  const key = newKey();
  const done = await counted(async () => {
    const first = await ask({ key });
    assert.equal(first.status, 201);
    const second = await ask({ key });
    assert.equal(second.text, first.text);
  });
  assert.equal(done, 1);
});

test('an effect that is still being committed when it is in doubt is waited for', async () => {
  const { database } = stored;
  let committing: Promise<unknown> = Promise.resolve();
  transaction = async (context, run) => {
    const isKept = Promise.withResolvers<undefined>();
    committing = database.transaction(context, async (tx) => {
      const value = await run(tx);
      isKept.resolve(undefined);
      await sleep(150);
      return value;
    });
    await isKept.promise;
    throw new Fault('commit_unknown', { retryable: false });
  };
  const done = await counted(async () => {
    const reply = await ask({ key: newKey() });
    assert.deepEqual([reply.status, reply.isReplay], [201, true]);
    await committing;
  });
  assert.equal(done, 1);
});

test('a request that was abandoned can be done again once its lease is over', async () => {
  const key = newKey();
  // The process dies between its claim and its effect: nobody gives up the claim.
  const gone = Promise.withResolvers<undefined>();
  const begun = Promise.withResolvers<undefined>();
  act = async () => {
    begun.resolve(undefined);
    await gone.promise;
    throw new Error('gone');
  };
  const first = ask({ key });
  await begun.promise;
  act = inTransaction();
  assert.equal((await ask({ key })).status, 409);
  await sleep(LEASE_MS + 50);
  const done = await counted(async () => {
    assert.deepEqual([(await ask({ key })).isReplay], [false]);
  });
  assert.equal(done, 1);
  // What comes back from the dead finds the answer of whoever took its place.
  gone.resolve(undefined);
  assert.deepEqual([(await first).isReplay], [true]);
});

test('an effect whose claim was taken over meanwhile is rolled back', async () => {
  const gate = Promise.withResolvers<undefined>();
  const begun = Promise.withResolvers<undefined>();
  act = inTransaction(async () => {
    begun.resolve(undefined);
    await gate.promise;
    return answer(201, { id: 'the old one' });
  });
  const key = newKey();
  const done = await counted(async () => {
    const first = ask({ key });
    await begun.promise;
    await sleep(LEASE_MS + 50);
    act = inTransaction(() => Promise.resolve(answer(201, { id: 'the new one' })));
    const second = await ask({ key });
    assert.deepEqual([second.status, second.isReplay], [201, false]);
    gate.resolve(undefined);
    const late = await first;
    assert.deepEqual([late.status, late.isReplay, late.text], [201, true, second.text]);
  });
  assert.equal(done, 1);
});

test('an effect outside of the transaction of its answer is told of in the log, once', async () => {
  act = () => Promise.resolve(answer(201, { id: 'z' }));
  const key = newKey();
  const first = await ask({ key });
  const second = await ask({ key });
  assert.deepEqual([second.isReplay, second.text], [true, first.text]);
  await ask({ key: newKey() });
  const told = gateway.lines.filter((line) => line.includes('kept after its effect'));
  assert.equal(told.length, 1);
});

test('a key is free again when its time is over, and what expired is forgotten', async () => {
  const key = newKey();
  const first = await ask({ key, body: { name: 'a' } });
  const other = newKey();
  await ask({ key: other });
  const expire = `update gateway.idempotent_requests
    set expires_at = clock_timestamp() - interval '1 second'`;
  await owner.query({ text: expire });
  const again = await ask({ key, body: { name: 'b' } });
  assert.deepEqual([again.status, again.isReplay], [201, false]);
  assert.notEqual(again.text, first.text);
  const context = { now: clock.now(), actor: 'florin', correlationId: 'expiry' };
  assert.ok((await expireIdempotencyKeys(stored.database, context)) > 0);
  const rows = await owner.query({ text: 'select key from gateway.idempotent_requests' });
  assert.equal(rows.length, 1);
  assert.equal((await ask({ key, body: { name: 'b' } })).isReplay, true);
});

test('nothing of the key, the caller or the content stands in the database in clear', async () => {
  const key = '"my-very-own-key"';
  await ask({ key, body: { name: 'Novák' } });
  const rows = await owner.query({
    text: 'select r::text as row from gateway.idempotent_requests r',
  });
  const text = JSON.stringify(rows);
  for (const part of ['my-very-own-key', 'usr_1', 'Novák'])
    assert.equal(text.includes(part), false);
});
