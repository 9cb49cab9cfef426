import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Frontier } from './frontier.ts';
import { leafHash } from './hash.ts';
import { leavesOfSeed, oracleOf } from './oracle-testing.ts';

test('the roots are those of the published Certificate Transparency tree', () => {
  const leaves = [
    '',
    '00',
    '10',
    '2021',
    '3031',
    '40414243',
    '5051525354555657',
    '606162636465666768696a6b6c6d6e6f',
  ];
  const roots = [
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ];
  const frontier = Frontier.of(0, []);
  const found = leaves.map((leaf) => {
    frontier.append(leafHash(Buffer.from(leaf, 'hex')));
    return frontier.root().toString('hex');
  });
  assert.deepEqual(found, roots);
});

test('the root at every size is the one that the definition gives', () => {
  const leaves = leavesOfSeed(600);
  const oracle = oracleOf(leaves);
  const frontier = Frontier.of(0, []);
  assert.deepEqual(frontier.root(), oracle.root(0, 0));
  for (const [index, leaf] of leaves.entries()) {
    frontier.append(leafHash(leaf));
    assert.equal(frontier.size, index + 1);
    assert.deepEqual(frontier.root(), oracle.root(0, index + 1), `size ${index + 1}`);
  }
});

test('a frontier goes on from its size and its peaks alone', () => {
  const leaves = leavesOfSeed(300);
  const oracle = oracleOf(leaves);
  for (const size of [0, 1, 2, 3, 127, 128, 129, 255, 256, 257]) {
    const begun = Frontier.of(0, []);
    for (const leaf of leaves.slice(0, size)) begun.append(leafHash(leaf));
    const resumed = Frontier.of(begun.size, begun.peaks);
    for (const leaf of leaves.slice(size)) resumed.append(leafHash(leaf));
    assert.deepEqual(resumed.root(), oracle.root(0, 300), `from ${size}`);
    assert.equal(begun.size, size, 'the one it was taken from is left alone');
  }
});

test('each subtree is told of when it becomes complete, once', () => {
  const leaves = leavesOfSeed(100);
  const oracle = oracleOf(leaves);
  const told = new Map<string, Buffer>();
  const frontier = Frontier.of(0, []);
  for (const leaf of leaves) {
    frontier.append(leafHash(leaf), (height, index, hash) => {
      assert.ok(!told.has(`${height} ${index}`));
      told.set(`${height} ${index}`, hash);
    });
  }
  for (let height = 0; 2 ** height <= 100; height += 1) {
    for (let index = 0; (index + 1) * 2 ** height <= 100; index += 1) {
      const root = oracle.root(index * 2 ** height, (index + 1) * 2 ** height);
      assert.deepEqual(told.get(`${height} ${index}`), root);
      told.delete(`${height} ${index}`);
    }
  }
  assert.equal(told.size, 0);
});

test('whole subtrees are appended where they fit, and nowhere else', () => {
  const leaves = leavesOfSeed(24);
  const oracle = oracleOf(leaves);
  const frontier = Frontier.of(0, []);
  frontier.appendSubtree(4, oracle.root(0, 16));
  frontier.appendSubtree(2, oracle.root(16, 20));
  frontier.appendSubtree(2, oracle.root(20, 24));
  assert.equal(frontier.size, 24);
  assert.deepEqual(frontier.root(), oracle.root(0, 24));
  assert.throws(() => frontier.appendSubtree(4, oracle.root(0, 16)), /begins at a multiple/);
});

test('a size and peaks that do not belong together are a bug', () => {
  const hash = leafHash(Buffer.alloc(0));
  assert.throws(() => Frontier.of(3, [hash]), /a peak for each 1 bit/);
  assert.throws(() => Frontier.of(-1, []), /a whole number/);
  assert.throws(() => Frontier.of(1.5, [hash]), /a whole number/);
  assert.throws(() => Frontier.of(0, []).append(hash.subarray(1)), /32 bytes/);
});

test('sizes beyond 32 bits are counted exactly', () => {
  const hash = leafHash(Buffer.alloc(0));
  const size = 2 ** 40 + 2 ** 33 + 1;
  const frontier = Frontier.of(size, [hash, hash, hash]);
  frontier.append(hash);
  assert.equal(frontier.size, size + 1);
  assert.equal(frontier.peaks.length, 3);
});
