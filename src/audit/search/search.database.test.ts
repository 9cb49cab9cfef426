import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { MILLISECOND_US, newUuid, parseInstant, SECOND_US, type Instant } from '#kernel';
import { openSession, type Queryable } from '#platform';
import type { AuditRecord, AuditRecordId } from '../record.ts';
import { leavesOf, selectBundles } from '../store/bundle-store.ts';
import { testActions, testLog, type TestLog } from '../testing/log.ts';
import type { RecordFilter } from './filter.ts';
import { indexTerms } from './index-terms.ts';
import type { Leaf } from './leaf.ts';
import { readRecord } from './read-record.ts';
import { searchRecords, type RecordPage } from './search.ts';

const seed = Number(process.env['FLORIN_TEST_SEED'] ?? 20_261_121);
const random = randomOf(seed);

let log: TestLog;

before(async () => {
  log = await testLog('audit search');
});
after(async () => {
  await log.close();
});

function randomOf(given: number): (end: number) => number {
  let state = given | 0;
  return (end) => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % end;
  };
}

function oneOf<Item>(items: readonly Item[]): Item {
  return items[random(items.length)] as Item;
}

const accounts = Array.from({ length: 12 }, () => `acc_${newUuid(1_700_000_000_000)}`);
const actors = ['ada', 'grace', 'cli:root', 'key_7'];
const words = ['Zürich', 'rent', 'RENT', 'salary', 'naïve', 'a', 'first-of-many', 'x'.repeat(70)];
const outcomes = ['success', 'refused', 'denied', 'failed'] as const;
const reasons = ['account_frozen', 'insufficient_funds'];
const addresses = ['10.0.0.1', '192.168.7.9'];
const requests = ['req-1', 'req-2', 'req-3'];

function randomRecord(): AuditRecord {
  const action = oneOf(Object.values(testActions));
  const outcome = oneOf(outcomes);
  return {
    action,
    target: random(3) === 0 ? 'the door' : oneOf(accounts),
    outcome,
    ...(outcome === 'refused' ? { reason: oneOf(reasons) } : {}),
    ...(random(2) === 0 ? { before: { memo: oneOf(words), owner: oneOf(accounts) } } : {}),
    after: { memo: `${oneOf(words)} ${oneOf(words)}`, number: random(100) },
  };
}

async function recordRandomly(bundles: number): Promise<void> {
  for (let bundle = 0; bundle < bundles; bundle += 1) {
    const records = Array.from({ length: 1 + random(random(4) === 0 ? 30 : 3) }, randomRecord);
    await log.record(records, {
      actor: oneOf(actors),
      correlationId: oneOf(requests),
      ...(random(2) === 0 ? { address: oneOf(addresses) } : {}),
    });
    log.clock.advance(random(3) * 400 * MILLISECOND_US + random(1_000));
  }
  await log.sequence();
}

const small = { leavesMax: 40, placesMax: 8 };

async function indexAll(): Promise<number> {
  for (;;) {
    const { leaves, size } = await indexTerms(log.database, log.context(), small);
    if (leaves === 0) return size;
  }
}

interface Found {
  readonly index: number;
  readonly leaf: Leaf;
}

/** Every record of the log, read in order without the index. */
async function everything(queryable: Queryable): Promise<Found[]> {
  const places = await queryable.query<{ id: string; month: number; first_leaf: bigint }>({
    text: `select bundle_id as id, month, first_leaf from audit.places order by first_leaf`,
  });
  const bundles = await selectBundles(queryable, places);
  return places.flatMap(({ id, first_leaf: first }) => {
    const bundle = bundles.get(id);
    assert.ok(bundle !== undefined);
    return leavesOf(bundle).map((bytes, offset) => {
      return { index: Number(first) + offset, leaf: JSON.parse(bytes.toString()) as Leaf };
    });
  });
}

function isWanted({ index, leaf }: Found, filter: RecordFilter): boolean {
  const text = JSON.stringify([leaf.action, leaf.actor, leaf.after, leaf.before, leaf.origin]);
  const all = JSON.stringify([text, leaf.outcome, leaf.reason, leaf.target]).normalize('NFKC');
  const spoken = all.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  const asked =
    filter.text
      ?.normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  const { actor, target, action, outcome, reason, request, address } = filter;
  return (
    (actor === undefined || leaf.actor.id === actor) &&
    (target === undefined ||
      leaf.target === target ||
      (target.startsWith('acc_') && all.includes(target))) &&
    (action === undefined ||
      leaf.action === action ||
      (action.endsWith('.') && leaf.action.startsWith(action))) &&
    (outcome === undefined || leaf.outcome === outcome) &&
    (reason === undefined || leaf.reason === reason) &&
    (request === undefined || leaf.origin.request_id === request) &&
    (address === undefined || leaf.origin.address === address) &&
    (filter.from === undefined || timeOf(leaf) >= filter.from) &&
    (filter.to === undefined || timeOf(leaf) <= filter.to) &&
    asked.every((word) => (spoken as string[]).includes(word)) &&
    index >= (filter.leafFrom ?? 0) &&
    index <= (filter.leafTo ?? Infinity)
  );
}

function timeOf(leaf: Leaf): Instant {
  return parseInstant(leaf.at) as Instant;
}

function randomFilter(records: readonly Found[]): RecordFilter {
  const time = (): Instant => (timeOf(oneOf(records).leaf) + random(3) - 1) as Instant;
  const size = records.length;
  const parts: RecordFilter[] = [
    { actor: oneOf([...actors, 'nobody']) },
    { target: oneOf([...accounts, 'the door', 'the', 'acc_none']) },
    { action: oneOf(['test.', 'test.thing.', 'test.door.open', 'test.door', 'door.open']) },
    { outcome: oneOf(outcomes) },
    { reason: oneOf(reasons) },
    { request: oneOf(requests) },
    { address: oneOf(addresses) },
    {
      text: oneOf(['rent', 'ZÜRICH', 'salary rent', 'a', 'x'.repeat(70), 'many first', '17', 'no']),
    },
    { from: time() },
    { to: time() },
    { leafFrom: random(size) },
    { leafTo: random(size) },
  ];
  const chosen = Array.from({ length: random(4) }, () => oneOf(parts));
  return Object.assign({}, ...chosen) as RecordFilter;
}

async function allPages(
  filter: RecordFilter,
  page: { readonly limit: number; readonly leavesMax?: number },
  between: (page: RecordPage) => Promise<void> = () => Promise.resolve(),
): Promise<number[]> {
  const found: number[] = [];
  let place: number | undefined;
  for (let pages = 0; pages < 10_000; pages += 1) {
    const answer = await searchRecords(log.database, filter, { ...page, after: place });
    assert.ok(answer.records.length <= page.limit);
    assert.deepEqual(answer.unreadable, []);
    found.push(...answer.records.map(({ index }) => index));
    if (answer.next === undefined) return found;
    assert.ok(place === undefined || answer.next < place, 'each page goes on');
    place = answer.next;
    await between(answer);
  }
  throw new Error('the pages do not end');
}

test('every filter finds exactly what reading the whole log finds, newest first', async (t) => {
  t.diagnostic(`seed ${seed}`);
  await recordRandomly(150);
  const indexed = await indexAll();
  await recordRandomly(10);
  const records = await everything(log.database);
  assert.ok(indexed > 100 && indexed < records.length, 'a tail is not indexed');
  for (let round = 0; round < 150; round += 1) {
    const filter = randomFilter(records);
    const wanted = records.filter((each) => isWanted(each, filter)).map(({ index }) => index);
    const limit = 1 + random(100);
    const leavesMax = oneOf([30, 100, 1_000, 200_000]);
    const found = await allPages(filter, { limit, leavesMax });
    assert.deepEqual(found, wanted.toReversed(), JSON.stringify({ filter, limit, leavesMax }));
  }
});

test('pages show each record once while the log grows and is indexed', async () => {
  const filter = { action: 'test.' };
  const before = (await everything(log.database)).filter((each) => isWanted(each, filter));
  const found = await allPages(filter, { limit: 40 }, async () => {
    await recordRandomly(3);
    await indexAll();
  });
  assert.deepEqual(found, before.map(({ index }) => index).toReversed());
});

test('a page that read as much as it may is short and says that more is to come', async () => {
  const answer = await searchRecords(
    log.database,
    { actor: 'nobody at all', action: 'test.' },
    { limit: 10, leavesMax: 100 },
  );
  assert.deepEqual(answer.records, []);
  assert.ok(answer.next !== undefined);
});

test('what has no place yet is found by its id only', async () => {
  const [id] = await log.record([
    { action: testActions['test.door.open'], target: 'waiting door' },
  ]);
  const filter = { target: 'waiting door' };
  assert.deepEqual((await searchRecords(log.database, filter, { limit: 5 })).records, []);
  const waiting = await readRecord(log.database, id as string);
  assert.ok(waiting.ok);
  assert.equal(waiting.value.index, undefined);
  await log.sequence();
  const placed = await readRecord(log.database, id as string);
  assert.ok(placed.ok);
  const [found] = (await searchRecords(log.database, filter, { limit: 5 })).records;
  assert.deepEqual(found, placed.value);
  assert.equal(found?.record.id, id);
});

test('an id of no record is unknown, whatever it looks like', async () => {
  const [id = ''] = await log.recordSome(2, { bundle: 2 });
  await log.sequence();
  const others = [`${id.slice(0, -5)}00000`, `${id.slice(0, -5)}00003`, `${id.slice(0, -5)}fffff`];
  for (const each of [...others, 'aud_x', id.replace('aud', 'acc'), `aud_${newUuid(1)}`]) {
    const answer = await readRecord(log.database, each);
    assert.equal(answer.ok ? '' : answer.refusal.code, 'record_unknown', each);
  }
});

test('the index waits while records wait for their place', async () => {
  await recordRandomly(20);
  await log.recordSome(1);
  const later = { ...log.context(), now: (log.clock.now() + 5 * SECOND_US) as Instant };
  assert.equal((await indexTerms(log.database, later, small)).leaves, 0);
  await log.sequence();
  assert.ok((await indexTerms(log.database, later, small)).leaves > 0);
});

test('two processes that index at once append each block once', async () => {
  await recordRandomly(60);
  const sizes = await Promise.all(
    Array.from({ length: 4 }, () => indexTerms(log.database, log.context(), small)),
  );
  assert.ok(sizes.some(({ leaves }) => leaves > 0));
  await indexAll();
  const blocks = await log.database.query<{ first_leaf: bigint; leaf_count: number }>({
    text: 'select first_leaf, leaf_count from audit.term_blocks order by first_leaf',
  });
  let end = 0;
  for (const { first_leaf: first, leaf_count: count } of blocks) {
    assert.equal(Number(first), end);
    end += count;
  }
});

test('a bundle larger than a block is a block of its own', async () => {
  await indexAll();
  const ids = await log.recordSome(90, { bundle: 90, prefix: 'large' });
  await recordRandomly(12);
  await indexAll();
  const found = await allPages({ target: 'large-17' }, { limit: 3 });
  const wanted = await readRecord(log.database, ids[17] as string);
  assert.deepEqual(found, [wanted.ok ? wanted.value.index : undefined]);
});

test('a damaged bundle is named by searches that it may concern, and hides no other', async () => {
  await log.record([{ action: testActions['test.door.open'], target: 'broken door' }]);
  const [whole] = await log.record([
    { action: testActions['test.door.open'], target: 'whole door' },
  ]);
  await recordRandomly(40);
  const broken = await searchRecords(log.database, { target: 'broken door' }, { limit: 1 });
  const first = broken.records[0]?.index ?? -1;
  await tamper(`update audit.bundles set encoding = 1 where id =
    (select bundle_id from audit.places where first_leaf = ${first})`);
  await indexAll();
  for (const target of ['broken door', 'whole door']) {
    const page = await searchRecords(log.database, { target }, { limit: 5 });
    assert.deepEqual(page.unreadable, [first]);
    const ids = page.records.map(({ record }) => record.id as AuditRecordId);
    assert.deepEqual(ids, target === 'whole door' ? [whole] : []);
  }
  await tamper(`update audit.bundles set encoding = 0 where id =
    (select bundle_id from audit.places where first_leaf = ${first})`);
});

test('the application cannot change the index', async () => {
  for (const table of ['terms', 'term_blocks']) {
    for (const text of [`delete from audit.${table}`, `update audit.${table} set first_leaf = 0`]) {
      await assert.rejects(log.database.query({ text }), /permission denied|append-only/, text);
    }
  }
});

/** As somebody who may do everything, and has switched the triggers off. */
async function tamper(text: string): Promise<void> {
  const session = await openSession(log.url);
  try {
    await session.query({ text: 'set session_replication_role = replica' });
    await session.query({ text });
  } finally {
    await session.close();
  }
}
