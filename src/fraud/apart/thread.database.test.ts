import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DAY_US, SECOND_US, type Instant } from '#kernel';
import {
  defaultPostgresOptions,
  openLogger,
  openStream,
  type ObjectFacts,
  type Objects,
  type Stream,
} from '#platform';
import { testLog, type TestLog } from '../../audit/testing/log.ts';
import { lakeDecisions } from '../lake/decisions.ts';
import { lakeEvents } from '../lake/events.ts';
import { lakeOf } from '../lake/layout.ts';
import { feedLake } from '../lake/stream.ts';
import { compactLakes } from '../lake/upkeep/tenants.ts';
import { foldLog } from '../log/fold.ts';
import { selectLogHead } from '../log/log-store.ts';
import { emptyState } from '../log/snapshots/find.ts';
import { writeSnapshots } from '../log/snapshots/write.ts';
import { fraudLogSubscription } from '../log/subscription.ts';
import { failingAfter, keysOf, read } from '../testing/lake.ts';
import { accountIds, contextAt, item, startProcess, type Process } from '../testing/process.ts';
import { openThread, type FraudThread } from './thread.ts';

/** More than is written without a thread. */
const MUCH = 150;
const tenant = 'main';

let log: TestLog;
let stream: Stream;
let own: Process;
const lines: string[] = [];
const logger = openLogger({ level: 'warn', write: (line) => lines.push(line) });

before(async () => {
  log = await testLog('fraud thread');
  const { database, objects, clock } = log;
  stream = openStream({ database, clock, logger });
  await stream.consume(fraudLogSubscription);
  own = await startProcess({ database, objects, clock, logger });
});

after(async () => {
  await stream.stop();
  await log.close();
});

const accounts = accountIds(3, 1_700_000_000_000_000 as Instant);

async function decide(count: number): Promise<string[]> {
  log.clock.advance(SECOND_US);
  const items = Array.from({ length: count }, (_, index) => item(accountAt(index), 100 + index));
  const judged = await own.decide(items);
  await stream.settle();
  return judged.map(({ id }) => id);
}

function accountAt(index: number) {
  const account = accounts[index % accounts.length];
  assert.ok(account !== undefined);
  return account;
}

/** A thread over objects, and nothing but what it is given to reach the database itself. */
function opened(objects: Objects, more: { url?: string; idleMs?: number } = {}): FraudThread {
  const { url = log.url, idleMs } = more;
  const connection = { ...defaultPostgresOptions, isUnsafeServerAllowed: true, poolSize: 1, url };
  return openThread({ connection, objects, logger, idleMs });
}

/** A database that this thread cannot read: what it says is read elsewhere. */
function unread(): TestLog['database'] {
  return new Proxy(log.database, {
    get(target, name) {
      if (name === 'query') return () => Promise.reject(new Error('it is read here'));
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

async function idsInLake(): Promise<string[]> {
  const lake = lakeOf(log.objects, tenant);
  const range = { from: (log.clock.now() - DAY_US) as Instant, until: log.clock.now() };
  const later = { ...range, until: (range.until + DAY_US) as Instant };
  const decisions = await read(lake, lakeDecisions, later);
  const events = await read(lake, lakeEvents, later);
  const ids = decisions.map(({ event }) => event.id);
  assert.deepEqual(events.map(({ id }) => id).sort(), ids.toSorted());
  return ids.sort();
}

async function filesOf(table: string): Promise<string[]> {
  return await keysOf(lakeOf(log.objects, tenant), `fraud/${table}/`);
}

test('a thread reads what it feeds over a connection of its own', async () => {
  await using apart = opened(log.objects);
  const ids = await decide(MUCH);
  const world = { database: unread(), objects: log.objects, apart };
  const context = contextAt(log.clock.now());
  assert.deepEqual(await feedLake(world, context), { entries: 1, decisions: MUCH, labels: 0 });
  assert.deepEqual(await idsInLake(), ids.toSorted());
});

test('a feed that fails between two files is gone on with, and writes the same file again', async () => {
  const before = await idsInLake();
  const files = (await filesOf('decisions')).length;
  const ids = await decide(MUCH);
  const context = contextAt(log.clock.now());
  const ending = failingAfter(log.objects, 1);
  {
    await using apart = opened(ending);
    const world = { database: log.database, objects: ending, apart };
    await assert.rejects(feedLake(world, context), /the process ended/);
  }
  assert.equal((await filesOf('decisions')).length, files + 1);
  ids.push(...(await decide(MUCH)));
  await using apart = opened(log.objects);
  const world = { database: log.database, objects: log.objects, apart };
  assert.equal((await feedLake(world, context)).decisions, 2 * MUCH);
  assert.deepEqual(await idsInLake(), [...before, ...ids].sort());
  // The one that was there, and the one of what was decided since.
  assert.equal((await filesOf('decisions')).length, files + 2);
});

test('a thread that ends in the middle is a fault, and the next task has another', async () => {
  const before = await idsInLake();
  const ids = await decide(MUCH);
  const context = contextAt(log.clock.now());
  const reached = Promise.withResolvers<void>();
  const objects: Objects = new Proxy(log.objects, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      assert.ok(typeof member === 'function');
      if (name !== 'put') return member.bind(target) as unknown;
      return async (...args: unknown[]) => {
        const put: unknown = await Reflect.apply(member, target, args);
        reached.resolve();
        // The thread waits for the answer and is ended meanwhile.
        await sleep(50);
        return put;
      };
    },
  });
  await using apart = opened(objects);
  const failing = feedLake({ database: log.database, objects, apart }, context);
  const refused = assert.rejects(failing, /fraud_thread_ended/);
  await reached.promise;
  await apart[Symbol.asyncDispose]();
  await refused;
  const fed = await feedLake({ database: log.database, objects, apart }, context);
  assert.equal(fed.decisions, MUCH);
  assert.deepEqual(await idsInLake(), [...before, ...ids].sort());
});

test('a snapshot that is folded in a thread is that of the whole log, byte for byte', async () => {
  await using apart = opened(log.objects);
  const world = { database: log.database, objects: log.objects, logger, apart };
  assert.equal(await writeSnapshots(world, { now: log.clock.now() }, 1), 1);
  const kept: ObjectFacts[] = [];
  for await (const facts of log.objects.list('fraud/snapshots/main/')) kept.push(facts);
  const features = emptyState();
  const upTo = await selectLogHead(log.database, tenant);
  await foldLog(log.database, features, { tenant, after: 0n, upTo });
  const content = await log.objects.get(kept.at(-1)?.key ?? '');
  assert.ok(content?.equals(features.snapshot()));
});

test('a thread tells of what it passes over where the bank writes its log', async () => {
  const now = log.clock.now();
  for await (const { key } of log.objects.list('fraud/snapshots/main/')) {
    await log.objects.remove(key, now);
    await log.objects.put(key, Buffer.from('no snapshot'));
  }
  await decide(1);
  lines.length = 0;
  await using apart = opened(log.objects);
  const world = { database: log.database, objects: log.objects, logger, apart };
  assert.equal(await writeSnapshots(world, { now }, 1), 1);
  assert.ok(lines.some((line) => line.includes('a snapshot of screening is passed over')));
});

test('a thread makes files fewer, and without one that is done all the same', async () => {
  const now = (log.clock.now() + DAY_US) as Instant;
  const ids = await idsInLake();
  await using apart = opened(log.objects);
  const world = { database: log.database, objects: log.objects };
  const report = await compactLakes({ ...world, apart }, { now });
  assert.deepEqual([report.days, report.filesAfter], [2, 2]);
  assert.deepEqual(await compactLakes(world, { now }), { days: 0, filesBefore: 0, filesAfter: 0 });
  assert.deepEqual(await idsInLake(), ids);
});

test('a thread that cannot reach the database fails, and its task is tried again', async () => {
  await decide(MUCH);
  const url = new URL(log.url);
  url.pathname = '/florin_test_is_not_there';
  const world = { database: log.database, objects: log.objects };
  const context = contextAt(log.clock.now());
  {
    await using apart = opened(log.objects, { url: url.href });
    await assert.rejects(feedLake({ ...world, apart }, context), /Cannot use the database/);
  }
  await using apart = opened(log.objects);
  const { decisions } = await feedLake({ ...world, apart }, context);
  assert.ok(decisions >= MUCH);
});

test('a thread without tasks ends with its connection, and begins again when it is asked', async () => {
  const url = new URL(log.url);
  url.searchParams.set('application_name', 'a thread apart');
  {
    await using apart = opened(log.objects, { url: url.href });
    await apart.snapshot(tenant);
    assert.equal(await connections(), 1n);
  }
  await using apart = opened(log.objects, { url: url.href, idleMs: 1 });
  for (let round = 0; round < 2; round += 1) {
    await apart.snapshot(tenant);
    for (let looks = 0; (await connections()) !== 0n; looks += 1) {
      assert.ok(looks < 500, 'the connection of the thread is still there');
      await sleep(20);
    }
  }
});

/** Of threads, to the database of this test. */
async function connections(): Promise<bigint | undefined> {
  const [row] = await log.database.query<{ count: bigint }>({
    text: `select count(*) as count from pg_stat_activity
      where datname = current_database() and application_name = 'a thread apart'`,
  });
  return row?.count;
}
