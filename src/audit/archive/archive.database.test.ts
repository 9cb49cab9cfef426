import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { Fault, HOUR_US, parseInstant, type Instant } from '#kernel';
import { openSession, type Objects, type Session } from '#platform';
import { verifyAnchors } from '../anchors/verify.ts';
import { writeAnchors } from '../anchors/write.ts';
import { latestCheckpoint } from '../proofs/checkpoint-store.ts';
import { inclusionProof } from '../proofs/proofs.ts';
import { receiptOf } from '../proofs/receipt.ts';
import type { AuditRecordId } from '../record.ts';
import { SIGNING_KEY } from '../sequence.ts';
import { leavesOf, type BundleRow } from '../store/bundle-store.ts';
import { testActions, testLog, type TestLog } from '../testing/log.ts';
import { leafHash } from '../tree/hash.ts';
import type { NoteKey } from '../tree/note.ts';
import { verifyInclusion } from '../tree/proof.ts';
import { archiveMonth } from './archive-month.ts';
import { readArchivedLeaf, readArchivedRange } from './read.ts';
import { removeMonth } from './remove-month.ts';
import { dueMonths, runArchive } from './run.ts';
import { allOf, bufferBytes, objectsWith } from './testing/objects.ts';
import { verifyArchives } from './verify.ts';

const at = (text: string) => parseInstant(text) as Instant;
const JANUARY = 202101;
const SMALL = { leavesMax: 7, bytesMax: 1_000_000 };

let log: TestLog;
let owner: Session;
let trusted: NoteKey[];

beforeEach(async () => {
  log = await testLog('archive');
  log.clock.set(at('2021-01-15T12:00:00Z'));
  owner = await openSession(log.url);
  trusted = [{ name: 'florin.test/log', publicKey: await log.keys.publicKey(SIGNING_KEY) }];
});

afterEach(async () => {
  await owner.close();
  await log.close();
});

async function grow(count: number, bundle = 4): Promise<AuditRecordId[]> {
  const ids = await log.recordSome(count, { bundle });
  await log.sequence();
  return ids;
}

const toApril = () => log.clock.set(at('2021-04-02T00:00:00Z'));

const archive = (objects: Objects = log.objects, size = SMALL) =>
  archiveMonth(log.database, objects, log.context(), JANUARY, size);
const remove = (objects: Objects = log.objects) =>
  removeMonth(log.database, objects, log.context(), JANUARY);
const run = (objects: Objects = log.objects) => runArchive(log.database, objects, log.context());

async function archiveFindings(objects: Objects = log.objects) {
  return await allOf(verifyArchives(log.database, objects, trusted));
}

const rulesFound = async (objects?: Objects) =>
  [...new Set((await archiveFindings(objects)).map(({ rule }) => rule))].toSorted();

/** Every leaf that is in the database, by its index. */
async function leavesAtHand(): Promise<Map<number, Buffer>> {
  const rows = await log.database.query<BundleRow & { first_leaf: bigint }>({
    text: `select p.first_leaf, b.* from audit.places p
      join audit.bundles b on b.id = p.bundle_id and b.month = p.month`,
  });
  return new Map(
    rows.flatMap((row) =>
      leavesOf(row).map((leaf, offset) => [Number(row.first_leaf) + offset, leaf] as const),
    ),
  );
}

async function tamper(text: string, values: unknown[] = []): Promise<void> {
  await owner.query({ text: `set session_replication_role = replica` });
  await owner.query({ text, values });
  await owner.query({ text: `set session_replication_role = origin` });
}

async function objectKeys(prefix = 'audit/archive/'): Promise<string[]> {
  return (await allOf(log.objects.list(prefix))).map(({ key }) => key);
}

test('a month is archived and removed, and every leaf of it can be read and proven', async () => {
  const ids = await grow(50);
  const leaves = await leavesAtHand();
  toApril();
  assert.ok((await archive()).ok);
  const removed = await remove();
  assert.ok(removed.ok && removed.value.isNew);
  assert.equal(removed.value.leaves, leaves.size);
  await grow(3);

  const january = [...leaves.keys()];
  assert.equal(
    await leavesAtHand().then((left) => january.filter((leaf) => left.has(leaf)).length),
    0,
  );
  const checkpoint = await latestCheckpoint(log.database);
  assert.ok(checkpoint !== undefined);
  const { size, root } = checkpoint;
  for (const [index, leaf] of leaves) {
    assert.deepEqual(await readArchivedLeaf(log.database, log.objects, index), leaf);
    const proof = await inclusionProof(log.database, { index, size });
    assert.equal(
      verifyInclusion({ leafHash: leafHash(leaf), index, size, root, proof }),
      undefined,
    );
  }
  const range = { first: 3, count: january.length - 6 };
  assert.deepEqual(
    await readArchivedRange(log.database, log.objects, range),
    january.slice(3, -3).map((index) => leaves.get(index)),
  );
  const readArchived = (leaf: number) => readArchivedLeaf(log.database, log.objects, leaf);
  for (const id of [ids[0], ids[17], ids[49]]) {
    assert.ok(id !== undefined);
    const receipt = await receiptOf(log.database, id, { readArchived });
    assert.ok(receipt.ok && receipt.value.leaf.includes(id));
    assert.equal(verifyInclusion(receipt.value), undefined);
  }
  assert.deepEqual(await archiveFindings(), []);
});

test('objects hold one class each, as compressed lines, with bounded sizes and their retention', async () => {
  await grow(50);
  toApril();
  const archived = await archive();
  assert.ok(archived.ok);
  const rows = await log.database.query<Record<string, string>>({
    text: `select retention, max(leaf_count) as most, count(*) as objects,
        min(retain_until)::date::text as from_date, max(retain_until)::date::text as to_date
      from audit.archives group by retention order by retention`,
  });
  assert.deepEqual(
    rows.map(({ retention, most, from_date: from, to_date: to }) => [retention, most, from, to]),
    [
      ['aml', 7, '2031-02-01', '2031-02-01'],
      ['books', 7, '2028-02-01', '2028-02-01'],
      ['security', 7, '2022-02-01', '2022-02-01'],
    ],
  );
  const keys = await objectKeys();
  assert.equal(keys.length, archived.value.objects + 1, 'and a manifest');
  assert.match(keys[0] ?? '', /^audit\/archive\/2021-01\/aml\/\d{12}-\d{12}\.jsonl\.zst$/);
  for (const key of keys.filter((each) => each.includes('/security/'))) {
    assert.equal((await log.objects.facts(key))?.retainUntil, at('2022-02-01T00:00:00Z'));
    await assert.rejects(
      log.objects.remove(key, at('2030-01-01T00:00:00Z')),
      (e) => e instanceof Fault && e.code === 'object_retained',
    );
  }
});

test('an anchor lists the manifests written since the one before it', async () => {
  await grow(10);
  toApril();
  await writeAnchors(log.database, log.objects, log.context());
  assert.ok((await archive()).ok);
  await log.sequence();
  log.clock.advance(HOUR_US);
  const [anchor] = await writeAnchors(log.database, log.objects, log.context());
  assert.equal(anchor?.manifestsThrough, 1);
  const content = (await log.objects.get(anchor.key))?.toString() ?? '';
  assert.match(content, /"manifests":\[\{"key":"audit\/archive\/2021-01\/manifest-\d{12}\.jsonl"/);
  assert.deepEqual(await allOf(verifyAnchors(log.database, log.objects, trusted)), []);
  await tamper('delete from audit.manifests');
  const found = await allOf(verifyAnchors(log.database, log.objects, trusted));
  assert.deepEqual(
    found.map(({ rule }) => rule),
    ['anchor_manifest_contradicts'],
  );
});

test('a month at hand is not archived, and one with records that wait for a place waits', async () => {
  await log.recordSome(5);
  log.clock.set(at('2021-03-31T23:59:59Z'));
  const young = await archive();
  assert.ok(!young.ok && young.refusal.code === 'month_at_hand');
  const kept = await remove();
  assert.ok(!kept.ok && kept.refusal.code === 'month_at_hand');
  toApril();
  const waiting = await archive();
  assert.ok(!waiting.ok && waiting.refusal.code === 'month_waiting');
  assert.deepEqual(
    (await run()).waiting.map(({ month }) => month),
    [JANUARY],
  );
  await log.sequence();
  assert.deepEqual(
    (await dueMonths(log.database, log.context())).map(({ month, placed }) => [month, placed]),
    [[JANUARY, 5]],
  );
  const unarchived = await remove();
  assert.ok(!unarchived.ok && unarchived.refusal.code === 'month_not_archived');
  const report = await run();
  assert.deepEqual([report.archived, report.removed, report.waiting], [[JANUARY], [JANUARY], []]);
});

test('the scheduled run takes all that is due, and then finds nothing to do', async () => {
  for (const month of ['01', '02', '03', '04', '05']) {
    log.clock.set(at(`2021-${month}-10T00:00:00Z`));
    await grow(9);
  }
  log.clock.set(at('2021-06-10T00:00:00Z'));
  const first = await run();
  assert.deepEqual(first.archived, [202101, 202102, 202103]);
  assert.deepEqual(first.removed, [202101, 202102, 202103]);
  let calls = 0;
  const counting = objectsWith(log.objects, { before: () => void (calls += 1) });
  const second = await run(counting);
  assert.deepEqual(
    [second.archived, second.removed, second.expired.objects, calls],
    [[], [], 0, 0],
  );
  assert.deepEqual(await archiveFindings(), []);
});

test('records that commit late are archived under a manifest of their own', async () => {
  await grow(12);
  toApril();
  assert.ok((await archive()).ok);
  const late = { ...log.context(), now: at('2021-01-31T23:00:00Z') };
  const { record } = await import('../record.ts');
  const action = testActions['test.thing.change'];
  await log.database.transaction(late, (tx) => record(tx, [{ action, target: 'late' }]));
  await log.sequence();
  const unarchived = await remove();
  assert.ok(!unarchived.ok && unarchived.refusal.code === 'month_not_archived');
  const more = await archive();
  assert.ok(more.ok && more.value.leaves === 1);
  assert.ok((await remove()).ok);
  const [row] = await log.database.query<{ manifests: bigint }>({
    text: 'select count(*) as manifests from audit.manifests',
  });
  assert.equal(row?.manifests, 2n);
  assert.deepEqual(await archiveFindings(), []);
});

test('two processes archive and remove a month once', async () => {
  await grow(60);
  const leaves = await leavesAtHand();
  toApril();
  const reports = await Promise.all([run(), run(), run()]);
  const removed = reports.flatMap((report) => report.removed);
  if (removed.length === 0) removed.push(...(await run()).removed);
  assert.deepEqual(removed, [JANUARY]);
  assert.deepEqual(await archiveFindings(), []);
  for (const [index, leaf] of leaves) {
    assert.deepEqual(await readArchivedLeaf(log.database, log.objects, index), leaf);
  }
});

test('a bundle that was changed or is gone keeps its month from being archived', async () => {
  await grow(12);
  toApril();
  await tamper(`update audit.bundles set leaves = overlay(leaves placing 'X' from 3)
    where id = (select bundle_id from audit.places order by first_leaf limit 1)`);
  await assert.rejects(archive(), (e) => e instanceof Fault && e.code === 'audit_log_tampered');
  await tamper(`delete from audit.bundles
    where id = (select bundle_id from audit.places order by first_leaf limit 1)`);
  await assert.rejects(archive(), (e) => e instanceof Fault && e.code === 'audit_log_tampered');
  await assert.rejects(owner.query({ text: 'select audit.drop_month(202101)' }), /append-only/);
});

test('a month that cannot be archived holds up no other', async () => {
  await grow(9);
  log.clock.set(at('2021-02-15T12:00:00Z'));
  await grow(9);
  await tamper(`update audit.bundles set leaves = overlay(leaves placing 'X' from 3)
    where id = (select bundle_id from audit.places order by first_leaf limit 1)`);
  log.clock.set(at('2021-06-01T00:00:00Z'));
  await assert.rejects(run(), (e) => e instanceof Fault && e.code === 'audit_log_tampered');
  const removed = await log.database.query({ text: 'select month from audit.removed_months' });
  assert.deepEqual(removed, [{ month: 202102 }]);
});

test('an object that is gone or changed keeps its month in the database', async () => {
  await grow(12);
  toApril();
  assert.ok((await archive()).ok);
  const [key = ''] = await objectKeys();
  const without = objectsWith(log.objects, {
    facts: (wanted) => (wanted === key ? null : undefined),
  });
  await assert.rejects(remove(without), (e) => e instanceof Fault && e.code === 'archive_damaged');
  await tamper(
    `update audit.places set hashes = set_byte(hashes, 5, 255 - get_byte(hashes, 5))
      where first_leaf = 0`,
  );
  await assert.rejects(remove(), (e) => e instanceof Fault && e.code === 'archive_damaged');
  assert.equal((await leavesAtHand()).size > 0, true);
});

test('reading an archived leaf that is not what the log proves is a fault', async () => {
  await grow(12);
  toApril();
  await run();
  await tamper(
    `update audit.places set hashes = set_byte(hashes, 5, 255 - get_byte(hashes, 5))
      where first_leaf = 0`,
  );
  await assert.rejects(
    readArchivedRange(log.database, log.objects, { first: 0, count: 4 }),
    (e) => e instanceof Fault && e.code === 'archive_damaged',
  );
});

test('objects, rows and manifests that are deleted or rewritten are named', async () => {
  await grow(30);
  toApril();
  await archive();
  await remove();
  assert.deepEqual(await archiveFindings(), []);
  const [key = ''] = await objectKeys();
  const gone = objectsWith(log.objects, { facts: (wanted) => (wanted === key ? null : undefined) });
  assert.deepEqual(await rulesFound(gone), ['archive_missing']);

  await tamper(`update audit.archives set last_at = last_at + interval '1 day' where number = 2`);
  assert.deepEqual(await rulesFound(), ['manifest_rewritten']);
  await tamper(`update audit.archives set last_at = last_at - interval '1 day' where number = 2`);
  assert.deepEqual(await rulesFound(), []);

  await tamper(`update audit.archives set sha256 = sha256(sha256) where number = 2`);
  assert.deepEqual(await rulesFound(), ['archive_rewritten', 'manifest_rewritten']);
  await tamper(`delete from audit.archives where number = 2`);
  assert.deepEqual(await rulesFound(), ['archive_incomplete', 'manifest_rewritten']);
  await tamper(`delete from audit.manifests`);
  assert.deepEqual(await rulesFound(), ['archive_incomplete']);
});

test('an object given up before its date is named', async () => {
  await grow(12);
  toApril();
  await run();
  await tamper(`insert into audit.archive_expiries values (1, '2021-04-01T00:00:00Z', 'mallory')`);
  assert.deepEqual(await rulesFound(), ['archive_expired_early']);
});

test('memory does not grow with the month', async () => {
  const bundles = 24;
  const action = testActions['test.door.open'];
  for (let bundle = 0; bundle < bundles; bundle += 1) {
    const records = Array.from({ length: 2_000 }, (_, index) => ({
      action,
      target: `door-${bundle}-${index}`,
      after: { words: 'a sentence that is repeated '.repeat(12) },
    }));
    await log.record(records);
  }
  await log.sequence();
  toApril();
  const size = { leavesMax: 50_000, bytesMax: 1_000_000 };
  const start = bufferBytes();
  let most = 0;
  const watching = objectsWith(log.objects, {
    before: () => {
      most = Math.max(most, bufferBytes() - start);
    },
  });
  const archived = await archive(watching, size);
  assert.ok(archived.ok && archived.value.leaves >= 48_000);
  assert.ok(archived.value.objects >= 24, `${archived.value.objects} objects`);
  assert.ok((await remove(watching)).ok);
  assert.ok(most < 24_000_000, `${most} bytes`);
});
