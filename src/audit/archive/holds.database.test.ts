import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { Fault, parseInstant, type Instant } from '#kernel';
import type { Objects } from '#platform';
import { latestCheckpoint } from '../proofs/checkpoint-store.ts';
import { inclusionProof } from '../proofs/proofs.ts';
import { SIGNING_KEY } from '../sequence.ts';
import { leavesInOrder } from '../testing/leaves.ts';
import { testLog, type TestLog } from '../testing/log.ts';
import { leafHash } from '../tree/hash.ts';
import { verifyInclusion } from '../tree/proof.ts';
import { expireArchives } from './expire.ts';
import { listHolds, placeHold, releaseHold, type HoldRequest } from './hold.ts';
import { readArchivedLeaf, readArchivedRange } from './read.ts';
import { runArchive } from './run.ts';
import { allOf, objectsWith } from './testing/objects.ts';
import { verifyArchives } from './verify.ts';

const at = (text: string) => parseInstant(text) as Instant;

let log: TestLog;

beforeEach(async () => {
  log = await testLog('legal holds');
  for (const month of ['01', '02', '03']) {
    log.clock.set(at(`2019-${month}-15T00:00:00Z`));
    await log.recordSome(9, { bundle: 3, prefix: month });
    await log.sequence();
  }
  log.clock.set(at('2019-06-02T00:00:00Z'));
  await run();
});

afterEach(async () => {
  await log.close();
});

const run = (objects: Objects = log.objects) => runArchive(log.database, objects, log.context());
const expire = (objects: Objects = log.objects) =>
  expireArchives(log.database, objects, log.context());
const place = async (request: HoldRequest, objects: Objects = log.objects) => {
  const placed = await placeHold(log.database, objects, log.context({ actor: 'lawyer' }), request);
  assert.ok(placed.ok);
  return placed.value;
};
const release = (id: string) => releaseHold(log.database, log.objects, log.context(), id);

async function heldKeys(): Promise<string[]> {
  const facts = await allOf(log.objects.list('audit/archive/'));
  return facts
    .filter(({ isHeld }) => isHeld)
    .map(({ key }) => key.split('/').slice(2, 4).join('/'));
}

async function present(): Promise<string[]> {
  const facts = await allOf(log.objects.list('audit/archive/'));
  return facts
    .map(({ key }) => key.split('/').slice(2, 4).join('/'))
    .filter((key) => !key.includes('manifest'));
}

async function findings() {
  const trusted = [{ name: 'florin.test/log', publicKey: await log.keys.publicKey(SIGNING_KEY) }];
  return await allOf(verifyArchives(log.database, log.objects, trusted));
}

async function lastRecords(action: string): Promise<string[]> {
  return (await leavesInOrder(log.database)).filter((leaf) => leaf.includes(action));
}

test('an archive goes when the retention of its class is over, and what remains stays provable', async () => {
  log.clock.set(at('2020-01-31T23:59:59Z'));
  assert.equal((await expire()).objects, 0);
  log.clock.set(at('2020-02-01T00:00:00Z'));
  const expired = await expire();
  assert.deepEqual([expired.objects, expired.keptByStore], [1, 0]);
  assert.deepEqual(await expire(), { objects: 0, leaves: 0, keptByStore: 0 });
  assert.deepEqual((await present()).slice(0, 3), ['2019-01/aml', '2019-01/books', '2019-02/aml']);
  const leaves = await readArchivedRange(log.database, log.objects, { first: 0, count: 9 });
  assert.equal(leaves.filter((leaf) => leaf === undefined).length, Number(expired.leaves));
  const checkpoint = await latestCheckpoint(log.database);
  assert.ok(checkpoint !== undefined);
  const { size, root } = checkpoint;
  for (const [index, leaf] of leaves.entries()) {
    if (leaf === undefined) continue;
    const proof = await inclusionProof(log.database, { index, size });
    assert.equal(
      verifyInclusion({ leafHash: leafHash(leaf), index, size, root, proof }),
      undefined,
    );
  }
  const records = await lastRecords('"audit.archive.expired"');
  assert.match(
    records[0] ?? '',
    /"retention":"security".*"target":"audit\/archive\/2019-01\/security/,
  );
  assert.deepEqual(await findings(), []);
});

test('a legal hold marks what it covers and keeps it, until it is released', async () => {
  const id = await place({
    fromMonth: 201901,
    toMonth: 201902,
    retention: 'security',
    reason: 'case 7',
  });
  assert.deepEqual(await heldKeys(), ['2019-01/security', '2019-02/security']);
  log.clock.set(at('2020-06-01T00:00:00Z'));
  assert.equal((await run()).expired.objects, 1, 'that of March');
  assert.equal((await present()).filter((key) => key.endsWith('security')).length, 2);

  const released = await release(id);
  assert.ok(released.ok && released.value.releasedBy === 'tester');
  assert.deepEqual(await heldKeys(), []);
  assert.equal((await run()).expired.objects, 2);
  assert.equal((await lastRecords('"audit.legal_hold.released"')).length, 1);
  assert.match((await lastRecords('"audit.legal_hold.placed"'))[0] ?? '', /"reason":"case 7"/);
  assert.deepEqual(await findings(), []);
});

test('what is archived under a hold is held from the first moment', async () => {
  log.clock.set(at('2019-06-10T00:00:00Z'));
  await log.recordSome(6, { bundle: 6 });
  await log.sequence();
  await place({ fromMonth: 201906, toMonth: 201906, reason: 'case 8' });
  assert.deepEqual(await heldKeys(), []);
  await log.sequence();
  log.clock.set(at('2019-09-10T00:00:00Z'));
  await run();
  assert.deepEqual(await heldKeys(), ['2019-06/aml', '2019-06/books', '2019-06/security']);
});

test('an object stays held as long as any hold covers it', async () => {
  const one = await place({ fromMonth: 201901, toMonth: 201902, reason: 'one' });
  log.clock.advance(1_000_000);
  const two = await place({ fromMonth: 201902, toMonth: 201903, retention: 'aml', reason: 'two' });
  await release(one);
  assert.deepEqual(await heldKeys(), ['2019-02/aml', '2019-03/aml']);
  await release(two);
  assert.deepEqual(await heldKeys(), []);
  const holds = await listHolds(log.database);
  assert.deepEqual(
    holds.map(({ id, reason, actor }) => [id, reason, actor]),
    [
      [one, 'one', 'lawyer'],
      [two, 'two', 'lawyer'],
    ],
  );
  assert.ok(holds.every(({ releasedAt }) => releasedAt !== undefined));
});

test('a hold is refused with months in the wrong order, and a release of what is not held', async () => {
  const wrong = { fromMonth: 201902, toMonth: 201901, reason: 'x' };
  const placed = await placeHold(log.database, log.objects, log.context(), wrong);
  assert.ok(!placed.ok && placed.refusal.code === 'legal_hold_months');
  const unknown = await release('lgh_01900000-0000-7000-8000-000000000000');
  assert.ok(!unknown.ok && unknown.refusal.code === 'legal_hold_unknown');
  const malformed = await release('7');
  assert.ok(!malformed.ok && malformed.refusal.code === 'legal_hold_unknown');
  const id = await place({ fromMonth: 201901, toMonth: 201901, reason: 'x' });
  assert.ok((await release(id)).ok);
  const again = await release(id);
  assert.ok(!again.ok && again.refusal.code === 'legal_hold_released');
});

test('a hold is in force before its marks are, and the next run completes them', async () => {
  const request = { fromMonth: 201901, toMonth: 201901, reason: 'case 9' };
  const failing = objectsWith(log.objects, {
    before: (step) => {
      if (step === 'hold') throw new Error('crash');
    },
  });
  await assert.rejects(placeHold(log.database, failing, log.context(), request), /crash/);
  assert.deepEqual(await heldKeys(), []);
  log.clock.set(at('2020-02-10T00:00:00Z'));
  assert.equal((await expire()).objects, 0);
  await run();
  assert.deepEqual(await heldKeys(), ['2019-01/aml', '2019-01/books', '2019-01/security']);
});

test('an object that somebody took away does not keep the others from being held', async () => {
  const lost = objectsWith(log.objects, {
    before: (step) => {
      if (step === 'hold') throw new Fault('object_unknown', { retryable: false });
    },
  });
  await place({ fromMonth: 201901, toMonth: 201901, reason: 'case 10' }, lost);
  assert.equal((await listHolds(log.database)).length, 1);
  log.clock.set(at('2020-02-10T00:00:00Z'));
  assert.equal((await expire()).objects, 0);
});

test('what was given up is removed by the next run where a crash came in between', async () => {
  log.clock.set(at('2020-02-10T00:00:00Z'));
  const failing = objectsWith(log.objects, {
    before: (step) => {
      if (step === 'remove') throw new Error('crash');
    },
  });
  await assert.rejects(expire(failing), /crash/);
  assert.ok((await present()).includes('2019-01/security'));
  assert.equal(await readArchivedLeaf(log.database, log.objects, 1), undefined);
  await expire();
  assert.ok(!(await present()).includes('2019-01/security'));
  assert.deepEqual(await expire(), { objects: 0, leaves: 0, keptByStore: 0 });
});

test('an object that the store keeps for longer is given up, and asked for again', async () => {
  const [key] = (await allOf(log.objects.list('audit/archive/2019-01/security'))).map(
    (each) => each.key,
  );
  await log.objects.retain(key ?? '', at('2020-06-01T00:00:00Z'));
  log.clock.set(at('2020-02-10T00:00:00Z'));
  assert.deepEqual(await expire(), { objects: 1, leaves: 3, keptByStore: 1 });
  log.clock.set(at('2020-06-01T00:00:00Z'));
  const later = await expire();
  assert.equal(later.keptByStore, 0);
  assert.ok(!(await present()).includes('2019-01/security'));
});
