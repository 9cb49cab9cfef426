import assert from 'node:assert/strict';
import test, { after, before, beforeEach, type TestContext } from 'node:test';
import { DAY_US, idOf, newId, newUuid, type Instant } from '#kernel';
import { openSession, type Database, type Objects } from '#platform';
import { testDatabase, type TestDatabase } from '../../platform/database/testing.ts';
import type { FraudEvent } from '../event.ts';
import { insertBatch, type StoredBatch, type StoredDecision } from '../screening/decision-store.ts';
import { compactLakes } from './upkeep/tenants.ts';
import { lakeDecisions } from './decisions.ts';
import { lakeEvents, lakeLabels } from './events.ts';
import { countBacklog } from './lake-store.ts';
import { lakeOf } from './layout.ts';
import { feedLake } from './stream.ts';
import { at, failingAfter, keysOf, openStore, read } from '../testing/lake.ts';

let held: TestDatabase;
let position = 0n;

before(async () => {
  held = await testDatabase('fraud lake');
});
after(() => held.drop());

beforeEach(async () => {
  const owner = await openSession(held.url);
  await owner.query({
    text: `truncate fraud.log, fraud.labels, fraud.decisions, fraud.batches cascade;
      update fraud.lake_positions set position = 0, planned = null`,
  });
  await owner.close();
});

const context = { now: at(5), actor: 'test', correlationId: 'test' };

/** A batch of decisions in the log, a second apart. */
async function decide(time: Instant, count: number, tenant = 'main'): Promise<StoredBatch> {
  const ms = time / 1_000;
  const uuid = newUuid(ms);
  const base = `${uuid.slice(0, -5)}`;
  const decisions = Array.from({ length: count }, (_, index): StoredDecision => {
    const id = idOf('dec', `${base}${(index + 1).toString(16).padStart(5, '0')}`);
    const eventAt = (time + index * 1_000_000) as Instant;
    const keys = { payer: 'acc_1', payee: `h_${index}`, channel: 'book' };
    const event: FraudEvent = { id, at: eventAt, amount: 100 + index, keys };
    return {
      id,
      tenant,
      batch: idOf('scb', `${base}00000`),
      subject: index % 2 === 0 ? newUuid(ms) : undefined,
      accountId: newId('acc', ms),
      event,
      challengerScore: undefined,
      eventId: id,
      eventAt,
      decidedAt: eventAt,
      tookUs: 5.5,
      mode: 'full',
      outcome: 'approve',
      shadowOutcome: 'review',
      score: 1 / (index + 3),
      features: Float64Array.of(index, NaN),
      featureSetVersion: 'trial-1',
      modelVersion: 'model-7',
      ruleSetVersion: 3,
      ruleSetFingerprint: 'ab'.repeat(32),
      ruleReasons: [],
      modelReasons: [],
    };
  });
  const batch: StoredBatch = {
    id: idOf('scb', `${base}00000`),
    tenant,
    madeAt: time,
    run: newUuid(ms),
    ordinal: 0n,
    foldedUpTo: 0n,
    revision: 2,
    featureSet: 'trial-1',
    ruleSetVersion: 3,
    ruleSetFingerprint: 'ab'.repeat(32),
    model: 'model-7',
    challenger: undefined,
    sha256: Buffer.alloc(32),
    decisions,
  };
  await insertBatch(held.database, batch);
  await inLog('batch', batch.id, tenant);
  return batch;
}

async function label({ id, tenant }: StoredDecision, knownAt: Instant): Promise<string> {
  const labelId = newId('lab', knownAt / 1_000);
  await held.database.query({
    text: `insert into fraud.labels (id, tenant, decision, is_fraud, known_at, source, made_by)
      values ($1, $2, $3, true, to_timestamp($4::double precision / 1e6), 'case', 'test')`,
    values: [labelId.slice(4), tenant, id.slice(4), knownAt],
  });
  await inLog('label', labelId, tenant);
  return labelId;
}

async function inLog(kind: string, id: string, tenant: string): Promise<void> {
  position += 1n;
  await held.database.query({
    text: 'insert into fraud.log (position, tenant, kind, id) values ($1, $2, $3, $4)',
    values: [position, tenant, kind, id.slice(4)],
  });
}

/** The rows of all files, as a tool sees them that knows nothing of the lake. */
async function rowsInFiles(objects: Objects, tenant: string): Promise<string[]> {
  const lake = lakeOf(objects, tenant);
  const ids: string[] = [];
  for (const only of await keysOf(lake, 'fraud/decisions/')) {
    const alone = {
      ...lake,
      list: (prefix: string) => listing(only.startsWith(prefix) ? [only] : []),
    };
    ids.push(...(await read(alone, lakeDecisions)).map(({ event }) => event.id));
  }
  return ids.sort();
}

async function* listing(keys: readonly string[]) {
  for (const key of keys) yield { key, bytes: 0 };
}

async function fed(t: TestContext) {
  const objects = await openStore(t);
  return { database: held.database, objects };
}

test('each decision, its event and each label is in the lake of its tenant, once', async (t) => {
  const world = await fed(t);
  const [here, there] = [await decide(at(1), 3), await decide(at(2), 2, 'north')];
  const [first] = here.decisions;
  assert.ok(first);
  const labelId = await label(first, at(4));
  assert.deepEqual(await feedLake(world, context), { entries: 3, decisions: 5, labels: 1 });
  const main = lakeOf(world.objects, 'main');
  const decisions = await read(main, lakeDecisions);
  assert.deepEqual(
    decisions.map(({ event, features, score, subject }) => [event, features, score, subject]),
    here.decisions.map(({ event, features, score, subject }) => [
      event,
      features,
      score,
      subject === undefined ? undefined : idOf('pay', subject),
    ]),
  );
  assert.deepEqual([decisions[0]?.batch, decisions[0]?.revision], [here.id, 2]);
  assert.deepEqual(
    await read(main, lakeEvents),
    here.decisions.map(({ event }) => event),
  );
  assert.deepEqual(await read(main, lakeLabels), [
    { event: first.event, knownAt: at(4), isFraud: true, id: labelId, source: 'case' },
  ]);
  const north = await read(lakeOf(world.objects, 'north'), lakeDecisions);
  assert.deepEqual(
    north.map(({ event }) => event.id),
    there.decisions.map(({ id }) => id),
  );
});

test('what was fed is not fed again, and what comes after it is', async (t) => {
  const world = await fed(t);
  await decide(at(1), 2);
  await feedLake(world, context);
  const keys = await keysOf(lakeOf(world.objects, 'main'));
  assert.deepEqual(await feedLake(world, context), { entries: 0, decisions: 0, labels: 0 });
  assert.deepEqual(await keysOf(lakeOf(world.objects, 'main')), keys);
  await decide(at(1), 1);
  assert.equal(await countBacklog(world.database), 1n);
  assert.equal((await feedLake(world, context)).decisions, 1);
  assert.equal(await countBacklog(world.database), 0n);
  assert.equal((await rowsInFiles(world.objects, 'main')).length, 3);
});

test('a process that ends between two files leaves every row to be in one file', async (t) => {
  for (let steps = 0; steps < 6; steps += 1) {
    const world = await fed(t);
    const batches = [
      await decide(at(1), 3),
      await decide(at(2), 2),
      await decide(at(1), 1, 'north'),
    ];
    const ending = { ...world, objects: failingAfter(world.objects, steps) };
    await assert.rejects(feedLake(ending, context), /the process ended/);
    // More has been decided by the time that somebody goes on.
    batches.push(await decide(at(2, 9), 2));
    await feedLake(world, context);
    const idsOf = (tenant: string): string[] => {
      const own = batches.filter((batch) => batch.tenant === tenant);
      return own.flatMap(({ decisions }) => decisions.map(({ id }) => id)).sort();
    };
    assert.deepEqual(await rowsInFiles(world.objects, 'main'), idsOf('main'));
    assert.deepEqual(await rowsInFiles(world.objects, 'north'), idsOf('north'));
  }
});

test('a process that ends before its place is moved on leaves every row to be in one file', async (t) => {
  const world = await fed(t);
  await decide(at(1), 3);
  let transactions = 0;
  const database: Pick<Database, 'transaction' | 'query'> = {
    query: (query) => world.database.query(query),
    transaction: async (asked, run) => {
      transactions += 1;
      if (transactions === 2) throw new Error('the process ended');
      return await world.database.transaction(asked, run);
    },
  };
  await assert.rejects(feedLake({ ...world, database }, context), /the process ended/);
  assert.equal((await rowsInFiles(world.objects, 'main')).length, 3);
  await decide(at(1, 30), 1);
  await feedLake(world, context);
  assert.equal((await rowsInFiles(world.objects, 'main')).length, 4);
});

test('processes that feed at once write each row to one file', async (t) => {
  const world = await fed(t);
  for (let index = 0; index < 5; index += 1) await decide(at(1, index * 60), 4);
  await Promise.all([1, 2, 3].map(() => feedLake(world, context)));
  assert.equal((await rowsInFiles(world.objects, 'main')).length, 20);
  assert.equal(await countBacklog(world.database), 0n);
});

test('where there is no thread for it, much at once is written here, and may fail here', async (t) => {
  const world = await fed(t);
  const { decisions } = await decide(at(1), 150);
  const ending = { ...world, objects: failingAfter(world.objects, 1) };
  await assert.rejects(feedLake(ending, context), /the process ended/);
  assert.deepEqual(await feedLake(world, context), { entries: 1, decisions: 150, labels: 0 });
  const found = await read(lakeOf(world.objects, 'main'), lakeDecisions);
  assert.deepEqual(
    found.map(({ event, features }) => [event, features]),
    decisions.map(({ event, features }) => [event, features]),
  );
});

test('the days that are over become whole in the lake of every tenant', async (t) => {
  const world = await fed(t);
  for (const tenant of ['main', 'north', 'main', 'north']) {
    await decide(at(1), 1, tenant);
    await feedLake(world, context);
  }
  const report = await compactLakes(world, { now: (at(1) + DAY_US) as Instant });
  assert.deepEqual(report, { days: 4, filesBefore: 8, filesAfter: 4 });
  for (const tenant of ['main', 'north']) {
    assert.equal((await rowsInFiles(world.objects, tenant)).length, 2);
  }
});
