import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leafHash } from '../tree/hash.ts';
import { leavesOfSeed, oracleOf } from '../tree/oracle-testing.ts';
import { Tile } from './tile.ts';

const leaves = leavesOfSeed(256);
const oracle = oracleOf(leaves);
const hashes = leaves.map((leaf) => leafHash(leaf));

test('a tile knows the root of every subtree of its hashes', () => {
  const tile = new Tile(Buffer.concat(hashes), 0);
  for (let round = 0; round < 2; round += 1) {
    for (let height = 8; height >= 0; height -= 1) {
      for (let index = 0; (index + 1) * 2 ** height <= 256; index += 1) {
        const root = oracle.root(index * 2 ** height, (index + 1) * 2 ** height);
        assert.deepEqual(tile.hashOf(height, index), root, `height ${height}, index ${index}`);
      }
    }
  }
});

test('a part of a tile answers for the hashes it has', () => {
  const tile = new Tile(Buffer.concat(hashes.slice(64, 100)), 64);
  assert.deepEqual(tile.hashOf(5, 2), oracle.root(64, 96));
  assert.deepEqual(tile.hashOf(2, 24), oracle.root(96, 100));
  assert.deepEqual(tile.hashOf(0, 99), hashes[99]);
});
