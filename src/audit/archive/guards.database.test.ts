import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parseInstant, type Instant } from '#kernel';
import { openSession, systemClock, type Session } from '#platform';
import { monthOf } from '../store/bundle-store.ts';
import { testLog, type TestLog } from '../testing/log.ts';
import { archiveMonth } from './archive-month.ts';
import { addMonths, endOfMonth } from './month.ts';
import { removeMonth } from './remove-month.ts';

const JANUARY = 202101;

let log: TestLog;
let owner: Session;

before(async () => {
  log = await testLog('archive guards');
  log.clock.set(parseInstant('2021-01-15T12:00:00Z') as Instant);
  owner = await openSession(log.url);
  await log.recordSome(20, { bundle: 4 });
  await log.sequence();
});

after(async () => {
  await owner.close();
  await log.close();
});

const drop = (month: number) => ({ text: `select audit.drop_month(${month})` });

test('a month that is not archived, not whole, or not there is not dropped', async () => {
  await assert.rejects(log.database.query(drop(JANUARY)), /0 of its 21 records are archived/);
  await assert.rejects(log.database.query(drop(202012)), /there is no such month/);
  await log.recordSome(1);
  await assert.rejects(log.database.query(drop(JANUARY)), /records of it wait for a place/);
  await log.sequence();
});

test('made-up rows of the archive do not pass for the month', async () => {
  const insert = (count: number, runs: string) => ({
    text: `insert into audit.archives (number, month, retention, object_key, sha256, bytes,
        leaf_bytes, leaf_count, runs, first_at, last_at, retain_until, archived_at)
      values (1, $1, 'books', 'nowhere', sha256(''), 1, 1, $2, $3::int8multirange, now(), now(),
        now(), now())`,
    values: [JANUARY, count, runs],
  });
  const rows = await log.database.query<{ leaves: bigint }>({
    text: 'select sum(leaf_count) as leaves from audit.places where month = 202101',
  });
  const leaves = Number(rows[0]?.leaves);
  await assert.rejects(log.database.query(insert(leaves, '{[0,5)}')), /check constraint/);
  for (const runs of [`{[0,${leaves - 1})}`, `{[5,${leaves + 5})}`, `{[0,${leaves + 1})}`]) {
    const count = Number(/\[(\d+)/.exec(runs)?.[1] ?? 0);
    const end = Number(/,(\d+)/.exec(runs)?.[1] ?? 0);
    await log.database
      .transaction(log.context(), async (tx) => {
        await tx.query(insert(end - count, runs));
        await assert.rejects(tx.query(drop(JANUARY)), /records are archived/);
        throw new Error('no more');
      })
      .catch((error: unknown) => assert.match(String(error), /no more/));
  }
});

test('bundles that are fewer than their places keep the month', async () => {
  await owner.query({ text: 'begin' });
  await owner.query({ text: `set local session_replication_role = replica` });
  await owner.query({
    text: `delete from audit.bundles where id = (select bundle_id from audit.places limit 1)`,
  });
  await assert.rejects(owner.query(drop(JANUARY)), /bundles of .* but places for/);
  await owner.query({ text: 'rollback' });
});

test('a month at hand by the clock of the database is not dropped, whatever the caller says', async () => {
  const now = systemClock().now();
  const [youngest, oldest] = [monthOf(now), addMonths(monthOf(now), -2)];
  log.clock.set(endOfMonth(addMonths(oldest, -1)));
  await log.recordSome(3);
  await log.sequence();
  for (const month of [youngest, oldest]) {
    await assert.rejects(log.database.query(drop(month)), /is refused: the month is at hand/);
  }
  log.clock.set(endOfMonth(addMonths(youngest, 12)));
  const archived = await archiveMonth(log.database, log.objects, log.context(), oldest);
  assert.ok(archived.ok && archived.value.leaves === 3);
  const removed = await removeMonth(log.database, log.objects, log.context(), oldest);
  assert.ok(!removed.ok && removed.refusal.code === 'month_at_hand');
});

test('the application cannot delete, truncate or drop, and cannot change the archive', async () => {
  const statements = [
    'delete from audit.bundles',
    'truncate audit.bundles_202101',
    'drop table audit.bundles_202101',
    'alter table audit.bundles detach partition audit.bundles_202101',
    'delete from audit.archives',
    `update audit.archives set retain_until = now()`,
    'delete from audit.manifests',
    'delete from audit.legal_holds',
    'delete from audit.removed_months',
    'insert into audit.removed_months (month, bundle_count, leaf_count) values (202101, 0, 0)',
    `create or replace function audit.drop_month(wanted integer) returns boolean
      language sql as $$ select true $$`,
  ];
  for (const text of statements) {
    await assert.rejects(log.database.query({ text }), /permission denied|must be owner/, text);
  }
});

test('dropping a month leaves every other month and every hash as it was', async () => {
  log.clock.set(parseInstant('2021-02-15T12:00:00Z') as Instant);
  await log.recordSome(8, { bundle: 2 });
  await log.sequence();
  const counts = () =>
    log.database.query({
      text: `select p.month, count(*) as places, count(b.id) as bundles
        from audit.places p left join audit.bundles b on b.id = p.bundle_id and b.month = p.month
        group by p.month order by p.month`,
    });
  const before = await counts();
  log.clock.set(parseInstant('2021-04-15T12:00:00Z') as Instant);
  assert.ok((await archiveMonth(log.database, log.objects, log.context(), JANUARY)).ok);
  const removed = await removeMonth(log.database, log.objects, log.context(), JANUARY);
  assert.ok(removed.ok && removed.value.isNew);
  const after = (await counts()).filter(({ month }) => month !== 202104);
  assert.deepEqual(
    after,
    before.map((row) => (row['month'] === JANUARY ? { ...row, bundles: 0n } : row)),
  );
  await assert.rejects(
    owner.query({ text: 'delete from audit.bundles where month = 202102' }),
    /append-only/,
  );
  const again = await removeMonth(log.database, log.objects, log.context(), JANUARY);
  assert.ok(again.ok && !again.value.isNew);
});
