import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Fault } from '#kernel';
import { openSession, type Queryable } from '#platform';
import { selectBundles, leavesOf } from '../store/bundle-store.ts';
import { testActions, testLog, type TestLog } from '../testing/log.ts';
import { parseCheckpoint } from '../tree/checkpoint.ts';
import { leafHash } from '../tree/hash.ts';
import { openNote } from '../tree/note.ts';
import { oracleOf, type Oracle } from '../tree/oracle-testing.ts';
import { verifyConsistency, verifyInclusion, verifyRange } from '../tree/proof.ts';
import { parseEntries, tileWidth } from '../tree/tiles.ts';
import { checkpointOf, latestCheckpoint } from './checkpoint-store.ts';
import {
  consistencyProof,
  inclusionProof,
  rangeProof,
  readEntryTile,
  readTile,
  rootAt,
} from './proofs.ts';
import { treeCacheOf } from './tree-cache.ts';

// Three levels of tiles, bundles from 1 to 10,000 leaves, and a right edge that is partial at all.
const oddSizes = [2, 3, 255, 256, 257, 1_000, 5, 1, 511, 10_000, 7];
const bundleSizes = [
  ...Array.from({ length: 300 }, () => 1),
  ...oddSizes,
  ...Array.from({ length: 5 }, () => 10_000),
  ...oddSizes.toReversed(),
];
/** Of the whole log: what was recorded, and what the log records of itself. */
let wholeSize: number;
let edges: readonly number[];

let log: TestLog;
let leaves: Buffer[];
let oracle: Oracle;

before(async () => {
  log = await testLog('proofs');
  for (const [at, size] of bundleSizes.entries()) {
    const records = Array.from({ length: size }, (_, number) => {
      return { action: testActions['test.thing.change'], target: `thing-${at}-${number}` };
    });
    await log.record(records);
    if (at % 97 === 0) await log.sequence();
  }
  await log.sequence();
  leaves = await readLeaves();
  oracle = oracleOf(leaves);
  wholeSize = leaves.length;
  edges = [1, 2, 3, 255, 256, 257, 300, 511, 512, 513, 2_000, 65_535, 65_536, 65_537, wholeSize];
  assert.ok(wholeSize > 65_537);
});

after(async () => {
  await log.close();
});

/** The leaves in order, from the bundles themselves. */
async function readLeaves(): Promise<Buffer[]> {
  const places = await log.database.query<{ bundle_id: string; month: number }>({
    text: 'select bundle_id, month from audit.places order by first_leaf',
  });
  const wanted = places.map(({ bundle_id: id, month }) => ({ id, month }));
  const bundles = await selectBundles(log.database, wanted);
  return wanted.flatMap(({ id }) => {
    const bundle = bundles.get(id);
    assert.ok(bundle !== undefined);
    return leavesOf(bundle);
  });
}

const leafAt = (index: number): Buffer => leaves[index] ?? assert.fail('there is such a leaf');

/** The same database, counting what it is asked. */
function counting(): { readonly queryable: Queryable; readonly queries: () => number } {
  let queries = 0;
  const queryable: Queryable = {
    query: (query) => {
      queries += 1;
      return log.database.query(query);
    },
  };
  return { queryable, queries: () => queries };
}

async function checkInclusion(index: number, size: number): Promise<void> {
  const proof = await inclusionProof(log.database, { index, size });
  assert.deepEqual(proof, oracle.path(index, size), `${index} of ${size}`);
  const claim = { leafHash: leafHash(leafAt(index)), index, size, proof };
  assert.equal(verifyInclusion({ ...claim, root: oracle.root(0, size) }), undefined);
}

async function checkConsistency(size1: number, size2: number): Promise<void> {
  const proof = await consistencyProof(log.database, { size1, size2 });
  assert.deepEqual(proof, oracle.proof(size1, size2), `${size1} to ${size2}`);
  const [root1, root2] = [oracle.root(0, size1), oracle.root(0, size2)];
  assert.equal(verifyConsistency({ size1, size2, root1, root2, proof }), undefined);
}

test('the root at any size is that of the leaves', async () => {
  assert.deepEqual(await rootAt(log.database, 0), oracle.root(0, 0));
  const sizes = [...edges, ...Array.from({ length: 60 }, () => randomInt(1, wholeSize + 1))];
  for (const size of sizes) {
    assert.deepEqual(await rootAt(log.database, size), oracle.root(0, size), `size ${size}`);
  }
});

test('every checkpoint is signed over the root of the leaves, and the latest covers all', async () => {
  const trusted = [{ name: 'florin.test/log', publicKey: await log.keys.publicKey('audit-log') }];
  const rows = await log.database.query<{ size: bigint }>({
    text: 'select size from audit.checkpoints',
  });
  assert.ok(rows.length > 4);
  for (const { size } of rows) {
    const checkpoint = await checkpointOf(log.database, Number(size));
    assert.ok(checkpoint !== undefined);
    const opened = openNote(checkpoint.note, trusted);
    assert.ok(opened.ok);
    const parsed = parseCheckpoint(opened.value.text);
    assert.ok(parsed.ok);
    assert.deepEqual(parsed.value.root, oracle.root(0, Number(size)));
    assert.deepEqual(parsed.value.root, checkpoint.root);
  }
  const latest = await latestCheckpoint(log.database);
  assert.equal(latest?.size, wholeSize);
  assert.equal(await checkpointOf(log.database, wholeSize + 1), undefined);
});

test('inclusion proofs at the edges of tiles are those of the definition', async () => {
  for (const size of edges) {
    for (const index of [0, 1, 255, 256, 257, 65_535, 65_536, size - 2, size - 1]) {
      if (index >= 0 && index < size) await checkInclusion(index, size);
    }
  }
});

test('inclusion proofs of random leaves at random sizes are those of the definition', async () => {
  for (let round = 0; round < 150; round += 1) {
    const size = randomInt(1, wholeSize + 1);
    await checkInclusion(randomInt(0, size), size);
    await checkInclusion(randomInt(0, wholeSize), wholeSize);
  }
});

test('consistency proofs between any two sizes are those of the definition', async () => {
  for (const size1 of edges) {
    for (const size2 of edges) if (size1 <= size2) await checkConsistency(size1, size2);
  }
  for (let round = 0; round < 100; round += 1) {
    const size2 = randomInt(1, wholeSize + 1);
    await checkConsistency(randomInt(0, size2 + 1), size2);
  }
});

test('one range proof covers consecutive leaves', async () => {
  for (let round = 0; round < 20; round += 1) {
    const size = randomInt(1, wholeSize + 1);
    const first = randomInt(0, size);
    const end = Math.min(size, first + randomInt(0, 600));
    const { left, right } = await rangeProof(log.database, { first, end, size });
    const leafHashes = leaves.slice(first, end).map((leaf) => leafHash(leaf));
    const claim = { first, leafHashes, size, root: oracle.root(0, size), left, right };
    assert.equal(verifyRange(claim), undefined, `${first} to ${end} of ${size}`);
  }
});

test('a proof costs two queries, one with a cache, and none where it names no hash', async () => {
  const { queryable, queries } = counting();
  await inclusionProof(queryable, { index: 12_345, size: wholeSize });
  await inclusionProof(queryable, { index: 54_321, size: wholeSize });
  await consistencyProof(queryable, { size1: 777, size2: wholeSize });
  await rootAt(queryable, wholeSize);
  assert.equal(queries(), 8);
  await inclusionProof(queryable, { index: 0, size: 1 });
  await consistencyProof(queryable, { size1: wholeSize, size2: wholeSize });
  assert.equal(queries(), 8);
  const cache = treeCacheOf(queryable);
  await inclusionProof(queryable, { index: 12_345, size: wholeSize }, cache);
  assert.equal(queries(), 10);
  await inclusionProof(queryable, { index: 54_321, size: wholeSize }, cache);
  assert.equal(queries(), 11);
});

test('a cache makes no difference to any proof', async () => {
  const cache = treeCacheOf(log.database);
  for (let round = 0; round < 150; round += 1) {
    const size = round % 2 === 0 ? wholeSize : randomInt(1, wholeSize + 1);
    const index = randomInt(0, size);
    const proof = await inclusionProof(log.database, { index, size }, cache);
    assert.deepEqual(proof, oracle.path(index, size), `${index} of ${size}`);
  }
});

test('tiles hold the hashes that the layout asks for, at every level and width', async () => {
  for (const level of [0, 1, 2]) {
    const hashes = Math.floor(wholeSize / 256 ** level);
    for (const index of new Set([
      0,
      1,
      randomInt(0, Math.ceil(hashes / 256)),
      Math.floor(hashes / 256),
    ])) {
      const full = tileWidth({ level, index }, wholeSize);
      for (const width of new Set([1, Math.ceil(full / 2), full])) {
        if (width === 0 || width > full) continue;
        const expected = Array.from({ length: width }, (_, at) => {
          const number = index * 256 + at;
          return oracle.root(number * 256 ** level, (number + 1) * 256 ** level);
        });
        const tile = await readTile(log.database, { level, index, width });
        assert.deepEqual(tile, Buffer.concat(expected), `level ${level}, ${index}, ${width}`);
      }
      if (full < 256) {
        assert.equal(await readTile(log.database, { level, index, width: full + 1 }), undefined);
      }
    }
  }
  for (const level of [3, 6, 7, 63]) {
    assert.equal(await readTile(log.database, { level, index: 0, width: 1 }), undefined);
  }
  const far = { level: 0, index: Number.MAX_SAFE_INTEGER, width: 256 };
  assert.equal(await readTile(log.database, far), undefined);
});

test('entry tiles hold the leaves, each of which hashes to its place in the tile above', async () => {
  const last = Math.floor(wholeSize / 256);
  for (const [index, width] of [
    [0, 256],
    [1, 256],
    [1, 3],
    [40, 256],
    [last, wholeSize % 256],
  ] as const) {
    const bundle = await readEntryTile(log.database, { index, width });
    assert.ok(bundle !== undefined);
    const entries = parseEntries(bundle);
    assert.ok(entries.ok);
    assert.deepEqual(entries.value, leaves.slice(index * 256, index * 256 + width));
    const hashes = await readTile(log.database, { level: 0, index, width });
    assert.deepEqual(Buffer.concat(entries.value.map((leaf) => leafHash(leaf))), hashes);
  }
  assert.equal(await readEntryTile(log.database, { index: last, width: 256 }), undefined);
  assert.equal(await readEntryTile(log.database, { index: last + 1, width: 1 }), undefined);
});

test('entries of a bundle that left the database are read from the archive, leaf by leaf', async () => {
  const owner = await openSession(log.url);
  try {
    await owner.query({ text: 'begin' });
    await owner.query({ text: 'set local session_replication_role = replica' });
    await owner.query({
      text: `delete from audit.bundles b using audit.places p
        where p.bundle_id = b.id and p.first_leaf = 3`,
    });
    assert.equal(await readEntryTile(owner, { index: 0, width: 4 }), undefined);
    assert.ok((await readEntryTile(owner, { index: 0, width: 3 })) !== undefined);
    const asked: number[] = [];
    const readArchived = async (index: number): Promise<Buffer> => {
      asked.push(index);
      return leafAt(index);
    };
    const bundle = await readEntryTile(owner, { index: 0, width: 256 }, readArchived);
    assert.deepEqual(bundle, await readEntryTile(log.database, { index: 0, width: 256 }));
    assert.deepEqual(asked, [3]);
    const none = await readEntryTile(owner, { index: 0, width: 256 }, async () => undefined);
    assert.equal(none, undefined);
    await owner.query({ text: 'rollback' });
  } finally {
    await owner.close();
  }
});

test('hashes that are gone from the database are a fault, not a wrong proof', async () => {
  const size = 2 ** 20;
  await assert.rejects(
    inclusionProof(log.database, { index: 5, size }),
    (error) => error instanceof Fault && error.code === 'audit_tree_damaged',
  );
  const owner = await openSession(log.url);
  try {
    // What is read before the transaction ends is read by nobody else.
    await owner.query({ text: 'begin' });
    await owner.query({ text: 'set local session_replication_role = replica' });
    await owner.query({ text: 'delete from audit.nodes where level = 1 and index = 17' });
    const proof = inclusionProof(owner, { index: 3, size: wholeSize });
    await assert.rejects(proof, /hashes are missing from tile 0 at level 1/);
    await owner.query({ text: 'rollback' });
  } finally {
    await owner.close();
  }
  await checkInclusion(3, wholeSize);
});

test('without a cache nothing is remembered: what was altered shows at once', async () => {
  const owner = await openSession(log.url);
  try {
    const root = await rootAt(owner, wholeSize);
    await owner.query({ text: 'begin' });
    await owner.query({ text: 'set local session_replication_role = replica' });
    await owner.query({
      text: "update audit.nodes set hash = sha256('other') where level = 1 and index = 17",
    });
    assert.notDeepEqual(await rootAt(owner, 65_535), oracle.root(0, 65_535));
    await owner.query({ text: 'rollback' });
    assert.deepEqual(await rootAt(owner, wholeSize), root);
  } finally {
    await owner.close();
  }
});
