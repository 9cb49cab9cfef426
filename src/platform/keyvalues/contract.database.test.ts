// What every key-value store must do, whatever it keeps items in.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { manualClock, parseInstant, SECOND_US, type Instant } from '#kernel';
import type { Queryable } from '../database/port.ts';
import { testDatabase, type TestDatabase } from '../database/testing.ts';
import { forgetExpiredItems, openKeyValues } from './keyvalues.ts';
import type { KeyValues, NewItem } from './port.ts';

interface Adapter {
  readonly name: string;
  readonly open: (table: string) => KeyValues;
}

const adapters: readonly Adapter[] = [{ name: 'items in PostgreSQL', open: openKeyValues }];

const start = parseInstant('2026-11-22T10:00:00Z') ?? assert.fail();
let held: TestDatabase;
let made = 0;

before(async () => {
  held = await testDatabase('keyvalues');
});
after(() => held.drop());

/** A table of its own for each test. */
function prepared({ open }: Adapter) {
  made += 1;
  const clock = manualClock(start);
  const items = open(`table-${made}`);
  const { database } = held;
  return {
    clock,
    items,
    database,
    put: (item: NewItem, queryable: Queryable = database) =>
      items.put(queryable, item, clock.now()),
    get: (key: string, queryable: Queryable = database) => items.get(queryable, key, clock.now()),
  };
}

for (const adapter of adapters) {
  const { name } = adapter;

  test(`${name}: what was put is read, with the version it has since`, async () => {
    const { put, get } = prepared(adapter);
    const value = { text: '"\\,{}\u00e9', list: [1, null, true], big: '9007199254740993' };
    assert.equal(await get('a'), undefined);
    assert.equal(await put({ key: 'a', value: 1 }), 1n);
    assert.equal(await put({ key: 'a', value }), 2n);
    assert.deepEqual(await get('a'), { key: 'a', value, version: 2n, expiresAt: undefined });
  });

  test(`${name}: tables do not see one another's items`, async () => {
    const { put } = prepared(adapter);
    await put({ key: 'a', value: 1 });
    assert.equal(await prepared(adapter).get('a'), undefined);
  });

  test(`${name}: a put on condition that there is none stores one only`, async () => {
    const { put, get } = prepared(adapter);
    const all = await Promise.all(
      Array.from({ length: 8 }, (_, index) => put({ key: 'a', value: index, ifVersion: 0n })),
    );
    assert.equal(all.filter((version) => version === 1n).length, 1);
    assert.equal(all.filter((version) => version === undefined).length, 7);
    assert.equal((await get('a'))?.version, 1n);
  });

  test(`${name}: a put on condition of a version changes that version only`, async () => {
    const { put, get } = prepared(adapter);
    assert.equal(await put({ key: 'a', value: 1, ifVersion: 3n }), undefined);
    await put({ key: 'a', value: 1 });
    assert.equal(await put({ key: 'a', value: 2, ifVersion: 2n }), undefined);
    const all = await Promise.all(
      Array.from({ length: 8 }, (_, index) => put({ key: 'a', value: index, ifVersion: 1n })),
    );
    assert.equal(all.filter((version) => version === 2n).length, 1);
    assert.equal((await get('a'))?.version, 2n);
  });

  test(`${name}: a version that is given is stored unless there is as high a one`, async () => {
    const { put, get } = prepared(adapter);
    assert.equal(await put({ key: 'a', value: 'five', version: 5n }), 5n);
    assert.equal(await put({ key: 'a', value: 'five again', version: 5n }), undefined);
    assert.equal(await put({ key: 'a', value: 'three', version: 3n }), undefined);
    assert.equal(await put({ key: 'a', value: 'nine', version: 9n }), 9n);
    assert.equal((await get('a'))?.value, 'nine');
    assert.equal(await put({ key: 'a', value: 'ten', version: 10n, ifVersion: 9n }), 10n);
  });

  test(`${name}: an item past its time is as if it were not there`, async () => {
    const { put, get, clock, items, database } = prepared(adapter);
    const expiresAt = (start + SECOND_US) as Instant;
    await put({ key: 'a', value: 1, expiresAt });
    await put({ key: 'b', value: 1, expiresAt });
    await put({ key: 'c', value: 1, expiresAt });
    clock.advance(SECOND_US - 1);
    assert.equal((await get('a'))?.expiresAt, expiresAt);
    clock.advance(1);
    assert.equal(await get('a'), undefined);
    assert.equal(await put({ key: 'a', value: 2, ifVersion: 1n }), undefined);
    assert.equal(await put({ key: 'a', value: 2, ifVersion: 0n }), 1n);
    assert.equal(await put({ key: 'b', value: 2 }), 1n);
    assert.deepEqual(await items.removeBatch(database, ['c'], clock.now()), [false]);
  });

  test(`${name}: a batch has one answer for each item, in order`, async () => {
    const { put, items, database, clock } = prepared(adapter);
    await put({ key: 'b', value: 'old' });
    await put({ key: 'd', value: 'old' });
    const batch: NewItem[] = [
      { key: 'd', value: 4, ifVersion: 1n },
      { key: 'c', value: 3, ifVersion: 7n },
      { key: 'b', value: 2, ifVersion: 0n },
      { key: 'a', value: 1 },
    ];
    const versions = await items.putBatch(database, batch, clock.now());
    assert.deepEqual(versions, [2n, undefined, undefined, 1n]);
    const read = await items.getBatch(database, ['a', 'b', 'c', 'd'], clock.now());
    assert.deepEqual(
      read.map((item) => item?.value),
      [1, 'old', undefined, 4],
    );
    const removed = await items.removeBatch(database, ['a', 'x'], clock.now());
    assert.deepEqual(removed, [true, false]);
    assert.deepEqual(await items.putBatch(database, [], clock.now()), []);
  });

  test(`${name}: a tenant sees its own items only`, async () => {
    const { items, database, clock } = prepared(adapter);
    const inOne = <T>(tenant: string, run: (queryable: Queryable) => Promise<T>): Promise<T> => {
      const context = { now: clock.now(), actor: 'test', correlationId: 'test', tenant };
      return database.transaction(context, run);
    };
    const put = (tenant: string, value: string): Promise<unknown> =>
      inOne(tenant, (tx) => items.put(tx, { key: 'a', value }, clock.now()));
    await put('alpha', 'of alpha');
    await put('beta', 'of beta');
    const read = await inOne('beta', (tx) => items.get(tx, 'a', clock.now()));
    assert.equal(read?.value, 'of beta');
    assert.equal(await items.get(database.within('gamma'), 'a', clock.now()), undefined);
  });
}

test('items past their time are removed, so many at a time', async () => {
  const { put, clock, database } = prepared({ name: 'own', open: openKeyValues });
  const expiresAt = (start + SECOND_US) as Instant;
  for (const key of ['a', 'b', 'c']) await put({ key, value: 1, expiresAt });
  await put({ key: 'd', value: 1 });
  clock.advance(SECOND_US);
  const forget = (): Promise<boolean> =>
    forgetExpiredItems(database, { now: clock.now(), countMax: 2 });
  assert.equal(await forget(), true);
  while (await forget());
  const rows = await database.query<{ key: string }>({
    text: `select key from keyvalues.items where table_name = $1`,
    values: [`table-${made}`],
  });
  assert.deepEqual(rows, [{ key: 'd' }]);
});
