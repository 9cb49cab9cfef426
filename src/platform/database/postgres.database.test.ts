// The adapter's promises on a real PostgreSQL: what commits, what rolls back, what is tried again.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Fault, instantOf, type Instant } from '#kernel';
import { violatedConstraint } from './failure.ts';
import type { Transaction } from './port.ts';
import { openSession, type Session } from './postgres.ts';
import { testDatabase, type TestDatabase } from './testing.ts';

const context = { now: instantOf(0) as Instant, actor: 'test', correlationId: 'test' };

describe('a database', () => {
  let test: TestDatabase;
  let owner: Session;

  before(async () => {
    test = await testDatabase('postgres');
    owner = await openSession(test.url);
    await owner.query({
      text: `create schema trial; grant usage on schema trial to florin_app;
        create table trial.notes (id integer primary key, text text not null);
        create table trial.links (id integer references trial.notes (id)
          deferrable initially deferred);
        grant select, insert, update on trial.notes, trial.links to florin_app`,
    });
  });

  after(async () => {
    await owner.close();
    await test.drop();
  });

  const insert = (tx: Transaction, id: number): Promise<unknown[]> =>
    tx.query({ name: 'insert', text: `insert into trial.notes values ($1, 'x')`, values: [id] });

  const count = async (id: number): Promise<bigint | undefined> => {
    const [row] = await test.database.query<{ count: bigint }>({
      text: 'select count(*) from trial.notes where id = $1',
      values: [id],
    });
    return row?.count;
  };

  it('commits what a transaction did, and returns its value', async () => {
    const value = await test.database.transaction(context, async (tx) => {
      await insert(tx, 1);
      return `${tx.actor} ${tx.now}`;
    });
    assert.equal(value, 'test 0');
    assert.equal(await count(1), 1n);
  });

  it('rolls back when the function throws, and throws on', async () => {
    const failure = new Error('no');
    await assert.rejects(
      test.database.transaction(context, async (tx) => {
        await insert(tx, 2);
        throw failure;
      }),
      failure,
    );
    assert.equal(await count(2), 0n);
  });

  it('rolls back a rehearsal, and gives its value', async () => {
    const value = await test.database.rehearse(context, async (tx) => {
      await insert(tx, 3);
      return 'would do';
    });
    assert.equal(value, 'would do');
    assert.equal(await count(3), 0n);
  });

  it('checks deferred constraints in a rehearsal too', async () => {
    const rehearsal = test.database.rehearse(context, (tx) =>
      tx.query({ text: 'insert into trial.links values (999)' }),
    );
    await assert.rejects(rehearsal, { code: '23503' });
  });

  it('names the constraint that a statement violated', async () => {
    const twice = test.database.transaction(context, async (tx) => {
      await insert(tx, 4);
      await insert(tx, 4);
    });
    await assert.rejects(twice, (error) => violatedConstraint(error) === 'notes_pkey');
  });

  it('tells of the first of several statements sent together that failed', async () => {
    const together = test.database.transaction(context, async (tx) => {
      await insert(tx, 4);
      insert(tx, 4).catch(() => undefined);
      await tx.query({ text: 'select 1' });
    });
    await assert.rejects(together, (error) => violatedConstraint(error) === 'notes_pkey');
  });

  it('refuses to call a transaction committed that PostgreSQL had to roll back', async () => {
    const ignoring = test.database.transaction(context, async (tx) => {
      await insert(tx, 5);
      await tx.query({ text: 'select 1 / 0' }).catch(() => undefined);
    });
    await assert.rejects(ignoring, /a failed statement was ignored/);
    assert.equal(await count(5), 0n);
  });

  it('commits a transaction of one statement, which is exactly one', async () => {
    const actor = await test.database.statement(context, async (tx) => {
      await insert(tx, 30);
      return tx.actor;
    });
    assert.deepEqual([actor, await count(30)], ['test', 1n]);
    const twice = test.database.statement(context, async (tx) => {
      await insert(tx, 31);
      await insert(tx, 32);
    });
    await assert.rejects(twice, /of one statement was asked for another/);
    // The first was committed by itself: that is why a second is a bug.
    assert.deepEqual([await count(31), await count(32)], [1n, 0n]);
    const none = test.database.statement(context, () => Promise.resolve());
    await assert.rejects(none, /was asked for none/);
    await assert.rejects(test.database.statement(context, (tx) => insert(tx, 30)));
  });

  it('sees the rows of the tenant in a transaction of one statement', async () => {
    const tenants = await Promise.all(
      ['north', 'south', 'north', undefined].map((tenant) =>
        test.database.statement({ ...context, ...(tenant && { tenant }) }, (tx) =>
          tx.query<{ tenant: string }>({
            text: "select current_setting('florin.tenant') as tenant",
          }),
        ),
      ),
    );
    const seen = tenants.map(([row]) => row?.tenant);
    assert.deepEqual(seen, ['north', 'south', 'north', '*']);
  });

  it('tells of each attempt that is rolled back, and of no other', async () => {
    const told: string[] = [];
    let runs = 0;
    const work = (tx: Transaction): Promise<void> => {
      runs += 1;
      const run = runs;
      for (const part of ['a', 'b']) tx.onRolledBack(() => told.push(`${run}${part}`));
      if (run === 1) throw new Fault('again', { retryable: true });
      if (run === 2) throw new TypeError('for good');
      return Promise.resolve();
    };
    const { database } = test;
    await assert.rejects(
      database.transaction(context, async (tx) => work(tx)),
      TypeError,
    );
    assert.deepEqual(told, ['1b', '1a', '2b', '2a']);
    await database.transaction(context, async (tx) => work(tx));
    assert.equal(told.length, 4);
    await database.rehearse(context, async (tx) => work(tx));
    assert.deepEqual(told.slice(4), ['4b', '4a']);
  });

  it('does not guess when the connection breaks in a transaction of one statement', async () => {
    await owner.query({
      text: `create function trial.end() returns void language plpgsql security definer as
        $$ begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(1); end $$`,
    });
    let runs = 0;
    const broken = test.database.statement(context, (tx) => {
      runs += 1;
      return tx.query({ text: 'select trial.end()' });
    });
    await assert.rejects(broken, { code: 'commit_unknown', retryable: false });
    assert.equal(runs, 1);
  });

  it('runs the victim of a deadlock again', async () => {
    await test.database.transaction(context, async (tx) => {
      await insert(tx, 10);
      await insert(tx, 11);
    });
    let runs = 0;
    let held = 0;
    const bothHoldOne = Promise.withResolvers<void>();
    const update = (ids: [number, number], mark: string): Promise<void> =>
      test.database.transaction(context, async (tx) => {
        runs += 1;
        for (const id of ids) {
          await tx.query({
            text: 'update trial.notes set text = text || $2 where id = $1',
            values: [id, mark],
          });
          held += 1;
          if (held === 2) bothHoldOne.resolve();
          await bothHoldOne.promise;
        }
      });
    await Promise.all([update([10, 11], 'a'), update([11, 10], 'b')]);
    const rows = await test.database.query<{ text: string }>({
      text: 'select text from trial.notes where id in (10, 11)',
    });
    for (const { text } of rows) assert.match(text, /^x(ab|ba)$/);
    assert.ok(runs >= 3, `two transactions and one again, but ${runs} runs`);
  });

  it('runs again after a retryable fault, and gives up after the configured attempts', async () => {
    const impatient = await testDatabase('attempts', { transactionAttempts: 3 });
    let runs = 0;
    const failing = impatient.database.transaction(context, async () => {
      runs += 1;
      throw new Fault('elsewhere_busy', { retryable: true });
    });
    await assert.rejects(failing, { code: 'elsewhere_busy' });
    assert.equal(runs, 3);
    await impatient.drop();
  });

  it('does not run again after a fault that is not retryable', async () => {
    let runs = 0;
    const failing = test.database.transaction(context, async () => {
      runs += 1;
      throw new Fault('elsewhere_down', { retryable: false });
    });
    await assert.rejects(failing, { code: 'elsewhere_down' });
    assert.equal(runs, 1);
  });

  it('runs again on a new connection when the connection broke before commit', async () => {
    let runs = 0;
    await test.database.transaction(context, async (tx) => {
      runs += 1;
      await insert(tx, 20);
      if (runs === 1) await terminate(owner, tx);
      await tx.query({ text: 'select 1' });
    });
    assert.equal(runs, 2);
    assert.equal(await count(20), 1n);
  });

  it('does not guess when the connection breaks while committing', async () => {
    await owner.query({
      text: `create function trial.die() returns trigger language plpgsql security definer as
        $$ begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(1);
        return null; end $$;
        create constraint trigger die after insert on trial.links deferrable initially deferred
        for each row execute function trial.die()`,
    });
    let runs = 0;
    let undone = 0;
    const broken = test.database.transaction(context, async (tx) => {
      runs += 1;
      tx.onRolledBack(() => (undone += 1));
      await tx.query({ text: 'insert into trial.links values (1)' });
    });
    await assert.rejects(broken, { code: 'commit_unknown', retryable: false });
    assert.equal(undone, 0);
    assert.equal(runs, 1);
    await owner.query({ text: 'drop trigger die on trial.links' });
  });

  it('works as the application role and waits for the disk', async () => {
    const [row] = await test.database.query<{ role: string; durability: string }>({
      text: `select current_user as role, current_setting('synchronous_commit') as durability`,
    });
    assert.deepEqual(row, { role: 'florin_app', durability: 'on' });
  });

  it('refuses a transaction that outlives its function', async () => {
    let escaped: Transaction | undefined;
    await test.database.transaction(context, async (tx) => {
      escaped = tx;
    });
    await assert.rejects(async () => await escaped?.query({ text: 'select 1' }), /was used after/);
  });

  it('reads int8 as bigint, times as text, rows as arrays when asked', async () => {
    const [row] = await test.database.query<unknown[]>({
      text: `select 9007199254740993::int8, '{1,null}'::int8[], '2026-01-02 03:04:05.000006Z'
        ::timestamptz, 1.50::numeric`,
      rowMode: 'array',
    });
    assert.deepEqual(row, [9007199254740993n, [1n, null], '2026-01-02 03:04:05.000006+00', '1.50']);
  });

  it('takes a Buffer as a binary parameter', async () => {
    const number = Buffer.alloc(8);
    number.writeBigInt64BE(-5n);
    const [row] = await test.database.query<{ n: bigint }>({
      text: 'select $1::int8 as n',
      values: [number],
    });
    assert.equal(row?.n, -5n);
  });

  it('gives up on a statement that takes too long, and goes on', async () => {
    const quick = await testDatabase('timeout', { statementTimeoutMs: 500, poolSize: 1 });
    await assert.rejects(quick.database.query({ text: 'select pg_sleep(5)' }), {
      code: 'statement_timeout',
    });
    assert.equal((await quick.database.query({ text: 'select 1' })).length, 1);
    await quick.drop();
  });
});

async function terminate(owner: Session, tx: Transaction): Promise<void> {
  const [row] = await tx.query<{ pid: number }>({ text: 'select pg_backend_pid() as pid' });
  await owner.query({ text: 'select pg_terminate_backend($1, 5000)', values: [row?.pid] });
}
