import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { canonical, type Json } from './canonical.ts';
import { LEAF_BYTES_MAX, record, type AuditRecord } from './record.ts';
import { leavesOf, type BundleRow } from './store/bundle-store.ts';
import { testActions, testLog, type TestLog } from './testing/log.ts';

let log: TestLog;

before(async () => {
  log = await testLog('record');
});

after(async () => {
  await log.close();
});

const action = testActions['test.thing.change'];

async function lastBundle(): Promise<string[]> {
  const [row] = await log.database.query<BundleRow>({
    text: `select b.* from audit.bundles b join audit.inbox i on i.bundle_id = b.id
      order by i.number desc limit 1`,
  });
  assert.ok(row !== undefined);
  return leavesOf(row).map(String);
}

interface Parsed {
  readonly id: string;
  readonly actor: { readonly id: string };
}

const parsed = (leaf = ''): Parsed => JSON.parse(leaf) as Parsed;

test('a record says who, what, when, from where, and with what outcome', async () => {
  const context = {
    ...log.context(),
    actor: 'usr_17',
    correlationId: 'req-9',
    authentication: 'password+totp',
    roles: ['teller', 'approver'],
    address: '192.0.2.7',
    userAgent: 'curl/8.0',
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    clockOffsetUs: -125,
  };
  const [id] = await log.database.transaction(context, (tx) =>
    record(tx, [
      {
        action,
        target: 'thing-1',
        outcome: 'refused',
        reason: 'thing_closed',
        before: { size: 1 },
        after: { size: 2, name: null },
      },
    ]),
  );
  const [leaf] = await lastBundle();
  assert.deepEqual(JSON.parse(leaf ?? ''), {
    action: 'test.thing.change',
    actor: { authentication: 'password+totp', id: 'usr_17', roles: ['teller', 'approver'] },
    after: { name: null, size: 2 },
    at: '2026-11-21T20:00:00.000Z',
    before: { size: 1 },
    clock_offset_us: -125,
    id,
    origin: {
      address: '192.0.2.7',
      request_id: 'req-9',
      trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
      user_agent: 'curl/8.0',
    },
    outcome: 'refused',
    reason: 'thing_closed',
    retention: 'books',
    target: 'thing-1',
    version: 1,
  });
});

test('every leaf is its own canonical form, whatever is in it', async () => {
  const odd = 'line\nfeed, "quotes", \u2028, \u{1F600} and \\ é';
  const records: AuditRecord[] = [
    { action, target: odd },
    { action, target: 'a', before: { b: [1, -0, 1e21, 0.1], a: { d: true, c: null } } },
    { action, target: 'b', after: { z: odd, y: undefined, x: [] }, reason: 'odd_one' },
    { action, target: 'c', caller: { actor: odd, correlationId: odd, userAgent: odd } },
  ];
  await log.record(records);
  const leaves = await lastBundle();
  assert.equal(leaves.length, 4);
  for (const leaf of leaves) {
    assert.ok(!leaf.includes('\n'));
    assert.equal(canonical(JSON.parse(leaf) as Json), leaf);
  }
});

test("a record's id leads to its bundle and its place in it", async () => {
  const ids = await log.record(
    Array.from({ length: 300 }, (_, number) => ({ action, target: `thing-${number}` })),
  );
  const leaves = await lastBundle();
  const [row] = await log.database.query<{ id: string }>({
    text: 'select i.bundle_id as id from audit.inbox i order by i.number desc limit 1',
  });
  for (const [index, id] of ids.entries()) {
    assert.equal(parsed(leaves[index]).id, id);
    assert.equal(id.slice(4, -5), row?.id.slice(0, -5));
    assert.equal(Number.parseInt(id.slice(-5), 16), index + 1);
  }
  assert.ok(row?.id.endsWith('00000'));
});

test('records of one transaction may have different callers', async () => {
  await log.record([
    { action, target: 'a', caller: { actor: 'ann', correlationId: 'r1', address: '192.0.2.1' } },
    { action, target: 'b', caller: { actor: 'bob', correlationId: 'r2', roles: ['teller'] } },
    { action, target: 'c' },
  ]);
  const actors = (await lastBundle()).map((leaf) => parsed(leaf).actor.id);
  assert.deepEqual(actors, ['ann', 'bob', 'tester']);
});

test('a record over the limit of an entry is a bug, and stores nothing', async () => {
  const count = async (): Promise<unknown> =>
    await log.database.query({ text: 'select count(*) from audit.bundles' });
  const known = await count();
  const words = 'x'.repeat(LEAF_BYTES_MAX);
  await assert.rejects(log.record([{ action, target: 'big', after: { words } }]), /over its limit/);
  assert.deepEqual(await count(), known);
});

test('a month gets its partition when its first record comes', async () => {
  await log.database.transaction({ ...log.context(), now: 1_900_000_000_000_000 as never }, (tx) =>
    record(tx, [{ action, target: 'later' }]),
  );
  const months = await log.database.query<{ month: number }>({
    text: 'select month from audit.months order by month',
  });
  assert.deepEqual(
    months.map(({ month }) => month),
    [202611, 203003],
  );
});

test('no record is no bundle', async () => {
  assert.deepEqual(await log.record([]), []);
});
