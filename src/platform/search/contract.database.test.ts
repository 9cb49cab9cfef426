// What every search must do, whatever finds the documents.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import fc from 'fast-check';
import { Bug, instantOfMs } from '#kernel';
import type { Queryable } from '../database/port.ts';
import { openSession } from '../database/postgres.ts';
import { testDatabase, type TestDatabase } from '../database/testing.ts';
import type { Search, SearchDocument, SearchQuestion } from './port.ts';
import { openSearch } from './search.ts';

interface Adapter {
  readonly name: string;
  readonly isWithoutParts: boolean;
}

const adapters: readonly Adapter[] = [
  { name: 'documents in PostgreSQL', isWithoutParts: false },
  { name: 'documents in a PostgreSQL without parts of words', isWithoutParts: true },
];

const opened = new Map<string, TestDatabase>();
let made = 0;

before(async () => {
  for (const { name, isWithoutParts } of adapters) {
    const held = await testDatabase('search');
    opened.set(name, held);
    if (!isWithoutParts) continue;
    const owner = await openSession(held.url);
    await owner.query({ text: 'drop extension pg_trgm cascade' });
    await owner.close();
  }
});
after(async () => {
  for (const held of opened.values()) await held.drop();
});

/** An index of its own for each test. */
function prepared({ name }: Adapter) {
  made += 1;
  const search: Search = openSearch(`index-${made}`);
  const { database } = opened.get(name) ?? assert.fail();
  const inOne = <T>(tenant: string, run: (queryable: Queryable) => Promise<T>): Promise<T> => {
    const context = { now: instantOfMs(0), actor: 'test', correlationId: 'test', tenant };
    return database.transaction(context, run);
  };
  return {
    search,
    database,
    inOne,
    put: (documents: readonly SearchDocument[], queryable: Queryable = database) =>
      search.put(queryable, documents),
    found: async (question: Partial<SearchQuestion>, queryable: Queryable = database) => {
      const page = await search.find(queryable, { limit: 100, ...question });
      return page.ids;
    },
  };
}

const alert = {
  id: 'alr_3',
  text: 'alr_3 cse_0198-77af Zoë O’Brien-Müller DE89370400440532013000 "velocity_high" 50%',
  filters: { status: 'open', rule: ['velocity', 'new_payee'] },
};

for (const adapter of adapters) {
  const { name, isWithoutParts } = adapter;

  test(`${name}: words are found in any order, case and accents, where they begin`, async () => {
    const { put, found } = prepared(adapter);
    await put([alert, { id: 'alr_2', text: 'Zoe Miller' }]);
    for (const text of [
      'zoe muller',
      'MÜLLER, Zoë',
      '  o’bri  alr_3',
      'zoe de8937',
      'Brien-Mül',
      '(50',
    ]) {
      assert.deepEqual(await found({ text }), ['alr_3'], text);
    }
    assert.deepEqual(await found({ text: 'zo' }), ['alr_3', 'alr_2']);
    for (const text of ['zoe smith', 'muellerx', 'oe']) {
      assert.deepEqual(await found({ text }), [], text);
    }
  });

  test(`${name}: an id or its beginning is found, as is each of its pieces`, async () => {
    const { put, found } = prepared(adapter);
    await put([alert, { id: 'alr_2', text: 'cse_0198-88bb' }]);
    for (const text of ['cse_0198-77af', 'cse_0198-7', '0198-77', '77af', 'CSE_0198-77AF']) {
      assert.deepEqual(await found({ text }), ['alr_3'], text);
    }
    assert.deepEqual(await found({ text: 'cse_0198' }), ['alr_3', 'alr_2']);
  });

  const parts = isWithoutParts ? 'are not found' : 'are found';
  test(`${name}: parts of three letters within words ${parts}`, async () => {
    const { put, found } = prepared(adapter);
    await put([alert]);
    for (const text of ['ülle', '0532013', 'elocity_hig', 'zoe rien', '8-77a']) {
      assert.deepEqual(await found({ text }), isWithoutParts ? [] : ['alr_3'], text);
    }
  });

  test(`${name}: everything is found without words, or with marks alone`, async () => {
    const { put, found } = prepared(adapter);
    await put([alert, { id: 'alr_2', text: '' }]);
    for (const text of [undefined, '', ' \n', "'%_ \\ !|&", '\0\uD800']) {
      assert.deepEqual(await found({ text }), ['alr_3', 'alr_2']);
    }
  });

  test(`${name}: a filter is exact and asks for one of its values`, async () => {
    const { put, found } = prepared(adapter);
    await put([alert, { id: 'alr_2', text: 'Zoe', filters: { status: 'closed' } }]);
    assert.deepEqual(await found({ filters: { status: 'open' } }), ['alr_3']);
    assert.deepEqual(await found({ filters: { status: ['open', 'closed'] } }), ['alr_3', 'alr_2']);
    assert.deepEqual(await found({ filters: { rule: 'new_payee', status: 'open' } }), ['alr_3']);
    assert.deepEqual(await found({ text: 'zoe', filters: { status: 'closed' } }), ['alr_2']);
    const none = [{ status: 'ope' }, { status: 'Open' }, { rule: 'x' }, { status: [] }, { s: '' }];
    for (const filters of [...none, { status: 'x'.repeat(5_000) }]) {
      assert.deepEqual(await found({ filters }), [], JSON.stringify(filters).slice(0, 40));
    }
    assert.deepEqual(await found({ text: '=status=open' }), []);
  });

  test(`${name}: pages follow one another whatever comes and goes meanwhile`, async () => {
    const { put, search, database } = prepared(adapter);
    const idOf = (index: number): string => `alr_${String(index).padStart(3, '0')}`;
    await put(Array.from({ length: 25 }, (_, index) => ({ id: idOf(index), text: 'word' })));
    const first = await search.find(database, { text: 'word', limit: 10 });
    assert.deepEqual(
      first.ids,
      Array.from({ length: 10 }, (_, index) => idOf(24 - index)),
    );
    await put([{ id: idOf(99), text: 'word' }]);
    await search.remove(database, [idOf(15), idOf(14), 'alr_unknown']);
    const second = await search.find(database, { text: 'word', limit: 10, after: first.after });
    assert.deepEqual(
      second.ids,
      Array.from({ length: 10 }, (_, index) => idOf(13 - index)),
    );
    const third = await search.find(database, { text: 'word', limit: 10, after: second.after });
    assert.deepEqual(third, {
      ids: [idOf(3), idOf(2), idOf(1), idOf(0)],
      after: undefined,
    });
    assert.equal((await search.find(database, { limit: 24 })).after, undefined);
  });

  test(`${name}: what is put again is found by what it is now, and indexes are apart`, async () => {
    const { put, found, search, database } = prepared(adapter);
    await put([alert]);
    await put([{ id: 'alr_3', text: 'other words', filters: { status: 'closed' } }]);
    assert.deepEqual(await found({ text: 'muller' }), []);
    assert.deepEqual(await found({ filters: { status: 'open' } }), []);
    assert.deepEqual(await found({ text: 'other', filters: { status: 'closed' } }), ['alr_3']);
    assert.deepEqual(await prepared(adapter).found({}), []);
    await search.remove(database, ['alr_3']);
    assert.deepEqual(await found({}), []);
  });

  test(`${name}: a tenant finds, changes and removes its own documents only`, async () => {
    const { put, found, inOne, search, database } = prepared(adapter);
    await inOne('north', (tx) => put([{ id: 'a', text: 'of the north' }], tx));
    await inOne('south', (tx) => put([{ id: 'a', text: 'of the south' }], tx));
    await put([{ id: 'b', text: 'of the bank for the south', tenant: 'south' }]);
    assert.deepEqual(await found({ text: 'the' }, database.within('north')), ['a']);
    assert.deepEqual(await found({ text: 'the' }, database.within('south')), ['b', 'a']);
    assert.deepEqual(await found({ text: 'south' }, database.within('north')), []);
    assert.deepEqual(await found({}, database.within('main')), []);
    assert.deepEqual(await found({ text: 'south' }), ['b', 'a']);
    const sneak = (tx: Queryable) => put([{ id: 'c', text: 'x', tenant: 'south' }], tx);
    await assert.rejects(inOne('north', sneak), /row-level security/);
    await inOne('north', (tx) => search.remove(tx, ['a', 'b']));
    assert.deepEqual(await found({}, database.within('south')), ['b', 'a']);
  });

  test(`${name}: what a transaction puts is found once it is committed, and else never`, async () => {
    const { put, found, database } = prepared(adapter);
    const context = { now: instantOfMs(0), actor: 'test', correlationId: 'test' };
    const broken = database.transaction(context, async (tx) => {
      await put([alert], tx);
      assert.deepEqual(await found({ text: 'zoe' }, tx), ['alr_3']);
      throw new Error('broken');
    });
    await assert.rejects(broken, /broken/);
    assert.deepEqual(await found({}), []);
  });

  test(`${name}: no text, filter or place is an error, and what was put is found`, async () => {
    const { put, found } = prepared(adapter);
    const marks = fc.constantFrom(
      ...Array.from(`'"\\%_:*&|!()<->=\0\n\t\u{301}\uD83D`),
      'ab',
      'Ǆ',
      'ς',
      '漢字',
      '🙂',
    );
    const hostile = fc.array(fc.oneof(marks, fc.string({ unit: 'binary' }))).map((p) => p.join(''));
    const property = fc.asyncProperty(hostile, hostile, async (text, other) => {
      await put([{ id: 'a', text, filters: { f: other } }]);
      const whole = await found({ text, filters: { f: other } });
      assert.deepEqual(whole, ['a']);
      await found({ text: other, filters: { f: text }, after: other });
    });
    await fc.assert(property, { numRuns: 60 });
  });

  test(`${name}: a text of any length is put and found by its first words`, async () => {
    const { put, found } = prepared(adapter);
    const long = `first ${'a.'.repeat(50_000)} ${'x'.repeat(100_000)}`;
    await put([{ id: 'a', text: long }]);
    assert.deepEqual(await found({ text: 'first' }), ['a']);
    assert.deepEqual(await found({ text: `first ${'y '.repeat(100)}` }), []);
    await put([{ id: 'a', text: 'x'.repeat(5_000) }]);
    assert.deepEqual(await found({ text: 'x'.repeat(9_000) }), ['a']);
  });

  test(`${name}: a document twice at once, or without an id, is a bug`, async () => {
    const { put, search, database } = prepared(adapter);
    await put([]);
    await search.remove(database, []);
    await assert.rejects(put([alert, alert]), Bug);
    await assert.rejects(put([{ id: '', text: '' }]), Bug);
    await assert.rejects(search.find(database, { limit: 0 }), Bug);
  });
}
