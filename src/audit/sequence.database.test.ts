import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openSession } from '#platform';
import { record } from './record.ts';
import { CHECKPOINT_POINTER, openSequencer, SIGNING_KEY } from './sequence.ts';
import { leavesOf, type BundleRow } from './store/bundle-store.ts';
import { testActions, testLog, type TestLog } from './testing/log.ts';
import { parseCheckpoint } from './tree/checkpoint.ts';
import { Frontier } from './tree/frontier.ts';
import { leafHash } from './tree/hash.ts';
import { openNote } from './tree/note.ts';

let log: TestLog;

before(async () => {
  log = await testLog('sequence');
});

after(async () => {
  await log.close();
});

const action = testActions['test.thing.change'];

interface Placed {
  readonly first_leaf: bigint;
  readonly hashes: Buffer;
  readonly bundle: BundleRow;
}

const targetOf = (leaf: string): string => (JSON.parse(leaf) as { target: string }).target;

/** All that has a place, in order, checked for gaps and against the leaves themselves. */
async function placedLeaves(): Promise<string[]> {
  const rows = await log.database.query<BundleRow & Omit<Placed, 'bundle'>>({
    text: `select p.first_leaf, p.hashes, b.* from audit.places p
      join audit.bundles b on b.id = p.bundle_id and b.month = p.month order by p.first_leaf`,
  });
  const leaves: string[] = [];
  for (const row of rows) {
    assert.equal(Number(row.first_leaf), leaves.length, 'a gap or an overlap');
    const bundle = leavesOf(row);
    assert.deepEqual(Buffer.concat(bundle.map(leafHash)), row.hashes);
    leaves.push(...bundle.map(String));
  }
  return leaves;
}

async function checkpoints(): Promise<{ size: number; root: Buffer; note: string }[]> {
  const rows = await log.database.query<{ size: bigint; root: Buffer; note: string }>({
    text: 'select size, root, note from audit.checkpoints order by size',
  });
  return rows.map(({ size, root, note }) => ({ size: Number(size), root, note }));
}

async function checkTree(): Promise<string[]> {
  const leaves = await placedLeaves();
  const heads = new Map((await checkpoints()).map((head) => [head.size, head]));
  const publicKey = await log.keys.publicKey(SIGNING_KEY);
  const trusted = [{ name: 'florin.test/log', publicKey }];
  const frontier = new Frontier();
  const nodes: string[] = [];
  for (const leaf of leaves) {
    frontier.append(leafHash(Buffer.from(leaf)), (height, index, hash) => {
      if (height === 0 || height % 8 !== 0) return;
      nodes.push(`${height / 8} ${index} ${hash.toString('hex')}`);
    });
    const head = heads.get(frontier.size);
    if (head === undefined) continue;
    heads.delete(frontier.size);
    assert.deepEqual(head.root, frontier.root());
    const opened = openNote(head.note, trusted);
    assert.ok(opened.ok);
    const parsed = parseCheckpoint(opened.value.text);
    assert.ok(parsed.ok);
    assert.deepEqual(parsed.value, {
      origin: 'florin.test/log',
      size: frontier.size,
      root: frontier.root(),
    });
  }
  assert.equal(heads.size, 0, 'a checkpoint of a size that the log does not have');
  const stored = await log.database.query<{ level: number; index: bigint; hash: Buffer }>({
    text: 'select level, index, hash from audit.nodes',
  });
  const storedNodes = stored.map((node) => {
    return `${node.level} ${node.index} ${node.hash.toString('hex')}`;
  });
  assert.deepEqual(storedNodes.toSorted(), nodes.toSorted());
  return leaves;
}

test('the first run names the log and records the key that signs for it', async () => {
  await log.recordSome(3);
  const { leaves, size } = await log.sequencer.run(log.context());
  assert.equal(leaves, 4);
  assert.equal(size, 4);
  const found = await checkTree();
  assert.match(found[3] ?? '', /"action":"audit.signing_key.added"/);
  const again = await log.sequencer.run(log.context());
  assert.deepEqual(again, { leaves: 0, size: 4 });
});

test('bundles of any size grow the same tree as their leaves one by one', async () => {
  for (const [count, bundle] of [
    [300, 1],
    [1_500, 700],
    [40, 3],
    [513, 513],
  ] as const) {
    await log.recordSome(count, { bundle });
    await log.sequence();
  }
  const leaves = await checkTree();
  assert.equal(leaves.length, 4 + 300 + 1_500 + 40 + 513);
});

test('a new process goes on where the last one ended', async () => {
  for (const count of [1, 255, 2, 600]) {
    await log.recordSome(count, { bundle: 50 });
    const fresh = openSequencer(log.database, { objects: log.objects });
    await fresh.run(log.context());
  }
  await checkTree();
});

test('a record that commits late gets a place all the same', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const recorded = Promise.withResolvers<void>();
  const late = log.database.transaction(log.context(), async (tx) => {
    await record(tx, [{ action, target: 'late' }]);
    recorded.resolve();
    await promise;
  });
  await recorded.promise;
  await log.recordSome(5);
  assert.equal(await log.sequence(), 5);
  resolve();
  await late;
  assert.equal(await log.sequence(), 1);
  const leaves = await checkTree();
  assert.match(leaves.at(-1) ?? '', /"target":"late"/);
});

test('a transaction that rolls back leaves no record', async () => {
  const failing = log.database.transaction(log.context(), async (tx) => {
    await record(tx, [{ action, target: 'never' }]);
    throw new Error('changed my mind');
  });
  await assert.rejects(failing, /changed my mind/);
  assert.equal(await log.sequence(), 0);
});

test('several sequencers at once leave no gap and no duplicate', async () => {
  const before = (await placedLeaves()).length;
  const sequencers = Array.from({ length: 4 }, () => openSequencer(log.database));
  let isRecording = true;
  const running = sequencers.map(async (sequencer) => {
    while (isRecording) await sequencer.run(log.context());
  });
  await Promise.all(
    Array.from({ length: 4 }, (_, writer) =>
      log.recordSome(150, { bundle: 1 + writer, prefix: `writer-${writer}` }),
    ),
  );
  isRecording = false;
  await Promise.all(running);
  await log.sequence();
  const leaves = await checkTree();
  assert.equal(leaves.length - before, 600);
  const targets = new Set(leaves.slice(before).map((leaf) => targetOf(leaf)));
  assert.equal(targets.size, 600);
});

test('a transaction that saw another one is placed after it', async () => {
  for (let round = 0; round < 20; round += 1) {
    await log.record([{ action, target: `cause-${round}` }]);
    await log.record([{ action, target: `effect-${round}` }]);
  }
  await log.sequence();
  const targets = (await placedLeaves()).map((leaf) => targetOf(leaf));
  for (let round = 0; round < 20; round += 1) {
    assert.ok(targets.indexOf(`cause-${round}`) < targets.indexOf(`effect-${round}`));
  }
});

test('the latest checkpoint is kept outside the database too', async () => {
  const [latest] = (await checkpoints()).toReversed();
  const pointed = await log.objects.pointed(CHECKPOINT_POINTER);
  assert.equal(pointed?.toString(), latest?.note);
});

test('a bundle that was removed before it had a place holds up no other', async () => {
  await log.recordSome(1, { prefix: 'removed' });
  const owner = await openSession(log.url);
  await owner.query({ text: 'set session_replication_role = replica' });
  await owner.query({
    text: 'delete from audit.bundles where id in (select bundle_id from audit.inbox)',
  });
  await owner.close();
  await log.recordSome(2, { prefix: 'kept' });
  assert.equal(await log.sequence(), 2);
  const leaves = await checkTree();
  assert.match(leaves.at(-1) ?? '', /"target":"kept-1"/);
  const [row] = await log.database.query<{ waiting: bigint }>({
    text: 'select count(*) as waiting from audit.inbox',
  });
  assert.equal(row?.waiting, 1n);
});
