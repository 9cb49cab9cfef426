import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Bug, instantOfMs } from '#kernel';
import { openSession } from './postgres.ts';
import type { Database } from './port.ts';
import { testDatabase, type TestDatabase } from './testing.ts';

let bank: TestDatabase;
let database: Database;

before(async () => {
  // One connection, so that every statement meets what the one before left.
  bank = await testDatabase('tenants', { poolSize: 1 });
  ({ database } = bank);
  const owner = await openSession(bank.url);
  await owner.query({
    text: `create table public.notes (
        tenant text not null default platform.tenant(), words text not null)`,
  });
  await owner.query({ text: 'alter table public.notes enable row level security' });
  await owner.query({
    text: `create policy own on public.notes
      using ((select current_setting('florin.tenant', true)) in (tenant, '*'))`,
  });
  await owner.query({ text: 'grant usage on schema public to florin_app' });
  await owner.query({ text: 'grant select, insert, update on public.notes to florin_app' });
  await owner.close();
});

after(async () => {
  await bank.drop();
});

const contextOf = (tenant?: string) => ({
  now: instantOfMs(0),
  actor: 'tester',
  correlationId: 'test',
  tenant,
});

const write = (tenant: string | undefined, words: string): Promise<unknown> =>
  database.transaction(contextOf(tenant), (tx) =>
    tx.query({ text: 'insert into public.notes (words) values ($1)', values: [words] }),
  );

async function read(tenant?: string): Promise<string[]> {
  const queryable = tenant === undefined ? database : database.within(tenant);
  const rows = await queryable.query<{ words: string }>({
    text: 'select n.words from public.notes n order by n.words',
  });
  return rows.map(({ words }) => words);
}

test('each tenant sees and makes rows of its own, on one connection in any order', async () => {
  await write('north', 'n1');
  await write('south', 's1');
  await write(undefined, 'm1');
  for (let round = 0; round < 2; round += 1) {
    assert.deepEqual(await read('north'), ['n1']);
    assert.deepEqual(await read(), ['m1', 'n1', 's1']);
    assert.deepEqual(await read('south'), ['s1']);
    assert.deepEqual(await read('main'), ['m1']);
    assert.deepEqual(await read('nobody'), []);
  }
});

test('a transaction sees its own tenant whatever the connection saw before, and leaves no trace', async () => {
  await read('north');
  const inside = await database.transaction(contextOf('south'), (tx) =>
    tx.query<{ words: string }>({ text: 'select n.words from public.notes n' }),
  );
  assert.deepEqual(
    inside.map(({ words }) => words),
    ['s1'],
  );
  assert.deepEqual(await read('north'), ['n1']);
  const all = await database.transaction(contextOf(), (tx) =>
    tx.query({ text: 'select n.words from public.notes n' }),
  );
  assert.equal(all.length, 3);
});

test('a row of another tenant cannot be made or changed', async () => {
  const sneak = database.transaction(contextOf('north'), (tx) =>
    tx.query({ text: `insert into public.notes (tenant, words) values ('south', 'x')` }),
  );
  await assert.rejects(sneak, /row-level security/);
  const changed = await database.transaction(contextOf('north'), (tx) =>
    tx.query({
      text: `update public.notes set words = 'x' where tenant = 'south' returning words`,
    }),
  );
  assert.deepEqual(changed, []);
  assert.deepEqual(await read('south'), ['s1']);
});

test('a name that is no tenant never becomes part of a statement', async () => {
  for (const name of ['', '*', "x'; drop table public.notes; --", 'North', 'a'.repeat(41), '-a']) {
    assert.throws(() => database.within(name), Bug);
    if (name !== '*') await assert.rejects(write(name, 'x'), Bug);
  }
});

test('a session without the setting sees nothing', async () => {
  const rows = await database.transaction(contextOf(), async (tx) => {
    await tx.query({ text: 'reset florin.tenant' });
    return await tx.query({ text: 'select n.words from public.notes n' });
  });
  assert.deepEqual(rows, []);
});
