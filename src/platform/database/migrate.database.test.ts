// Migrations on a real PostgreSQL: order, once only, one process at a time, nothing half-done.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { migrate } from './migrate.ts';
import { openSession, requireVersion, type Session } from './postgres.ts';
import { testDatabase, type TestDatabase } from './testing.ts';

const ownSource = path.join(import.meta.dirname, '..', '..');

// The platform's first migration, without which there is nothing to record others in.
const platformFirst = path.join(ownSource, 'platform/migrations/0001_platform_schema.sql');

describe('migrate', () => {
  let test: TestDatabase;
  let owner: Session;
  let root: string;

  before(async () => {
    test = await testDatabase('migrate', { isEmpty: true });
    owner = await openSession(test.url);
  });

  after(async () => {
    await owner.close();
    await test.drop();
  });

  beforeEach(async () => {
    await owner.query({ text: 'drop schema if exists platform, shop cascade' });
    root = await mkdtemp(path.join(os.tmpdir(), 'florin-migrate-'));
    await mkdir(path.join(root, 'platform/migrations'), { recursive: true });
    await mkdir(path.join(root, 'shop/migrations'), { recursive: true });
    await mkdir(path.join(root, 'shop/functions'), { recursive: true });
    await write('platform/migrations/0001_platform_schema.sql', await readFile(platformFirst));
    await write('shop/migrations/0002_shop.sql', 'create schema shop;');
    await write('shop/migrations/0003_items.sql', '-- breaking\ncreate table shop.items (id int);');
  });

  afterEach(async () => {
    await owner.query({ text: 'reset role' });
    await rm(root, { recursive: true, force: true });
  });

  const write = (file: string, content: string | Buffer): Promise<void> =>
    writeFile(path.join(root, file), content);
  const run = (): ReturnType<typeof migrate> => migrate({ url: test.url, root });
  const value = async (sql: string): Promise<unknown> => {
    const [row] = await owner.query<{ value: unknown }>({ text: `select (${sql}) as value` });
    return row?.value;
  };

  it('applies the files of all contexts by number, and records them', async () => {
    const report = await run();
    const names = ['0001_platform_schema.sql', '0002_shop.sql', '0003_items.sql'];
    assert.deepEqual(report, { applied: names, functions: [], version: 3 });
    const rows = await owner.query({
      text: 'select number, name, breaking from platform.migrations order by number',
    });
    assert.deepEqual(
      rows,
      names.map((name, index) => ({ number: index + 1, name, breaking: index === 2 })),
    );
  });

  it('does nothing the second time', async () => {
    await run();
    assert.deepEqual(await run(), { applied: [], functions: [], version: 3 });
  });

  it('refuses a file that changed after it was applied', async () => {
    await run();
    await write('shop/migrations/0002_shop.sql', 'create schema store;');
    await assert.rejects(run(), /0002_shop.sql was applied to this database and has changed/);
  });

  it('refuses to start on a newer schema', async () => {
    await run();
    await rm(path.join(root, 'shop/migrations/0003_items.sql'));
    await assert.rejects(run(), { code: 'schema_newer' });
  });

  it('leaves nothing of a migration that fails, and names the file and line', async () => {
    await write('shop/migrations/0004_bad.sql', 'create table shop.more (id int);\nselekt 1;\n');
    await assert.rejects(run(), {
      code: 'migration_failed',
      message: /^0004_bad.sql:2 failed: syntax error/,
    });
    assert.equal(await value(`to_regclass('shop.more') is null`), true);
    assert.equal(await value('select max(number) from platform.migrations'), 3);
  });

  it('refuses a file that ends the transaction', async () => {
    await write('shop/migrations/0004_sly.sql', 'create table shop.a (id int); commit; begin;');
    await assert.rejects(run(), /0004_sly.sql must not begin or end transactions/);
  });

  it('applies function files, again when they change, and only then', async () => {
    const file = 'shop/functions/price.sql';
    const sql = (price: number): string =>
      `create or replace function shop.price() returns int language sql as 'select ${price}';`;
    await write(file, sql(1));
    assert.deepEqual((await run()).functions, ['shop/functions/price.sql']);
    assert.deepEqual((await run()).functions, []);
    await write(file, sql(2));
    assert.deepEqual((await run()).functions, ['shop/functions/price.sql']);
    assert.equal(await value('select shop.price()'), 2);
  });

  it('applies all function files again after a migration that may have dropped them', async () => {
    await write(
      'shop/functions/price.sql',
      `create or replace function shop.price() returns int language sql as 'select 1';`,
    );
    await run();
    await write('shop/migrations/0004_drop.sql', 'drop function shop.price();');
    await run();
    assert.equal(await value('select shop.price()'), 1);
  });

  it('lets the application read which migrations there are, but not change them', async () => {
    await run();
    await owner.query({ text: 'set role florin_app' });
    assert.equal(await value('select count(*) from platform.migrations'), 3n);
    await assert.rejects(owner.query({ text: 'delete from platform.migrations' }), {
      code: '42501',
    });
  });

  it('is done once when several processes start at the same time', async () => {
    await write('shop/migrations/0004_slow.sql', 'select pg_sleep(0.3);');
    const runs = await Promise.all([migrateElsewhere(test.url, root), run(), run()]);
    const applied = runs.map((report) => report.applied.length).toSorted((a, b) => b - a);
    assert.deepEqual(applied, [4, 0, 0]);
  });
});

describe('a server version', () => {
  it('below 15 is refused with one sentence', () => {
    assert.throws(() => requireVersion(140_012, '14.12'), {
      code: 'database_too_old',
      message: 'Florin needs PostgreSQL 15 or later, but this server is 14.12.',
    });
    requireVersion(150_000, '15.0');
  });
});

function migrateElsewhere(url: string, root: string): Promise<{ applied: string[] }> {
  const program = JSON.stringify(path.join(import.meta.dirname, 'migrate.ts'));
  const script = `import { migrate } from ${program};
    console.log(JSON.stringify(await migrate(${JSON.stringify({ url, root })})));`;
  const { promise, resolve, reject } = Promise.withResolvers<{ applied: string[] }>();
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script]);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.on('close', (code) => {
    if (code === 0) resolve(JSON.parse(output) as { applied: string[] });
    else reject(new Error(output));
  });
  return promise;
}
