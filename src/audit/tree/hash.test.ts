import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EMPTY_ROOT, leafHash, nodeHash } from './hash.ts';
import { oracleOf } from './oracle-testing.ts';

test('the hashes are those of the published hasher vectors', () => {
  assert.equal(
    EMPTY_ROOT.toString('hex'),
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  );
  assert.equal(
    leafHash(Buffer.alloc(0)).toString('hex'),
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  );
  assert.equal(
    leafHash(Buffer.from('L123456')).toString('hex'),
    '395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56',
  );
});

test('a node hashes two hashes after the byte 1, and nothing that is not a hash', () => {
  const [left, right] = [leafHash(Buffer.from('left')), leafHash(Buffer.from('right'))];
  const oracle = oracleOf([Buffer.from('left'), Buffer.from('right')]);
  assert.deepEqual(nodeHash(left, right), oracle.root(0, 2));
  assert.notDeepEqual(nodeHash(right, left), oracle.root(0, 2));
  assert.throws(() => nodeHash(left.subarray(1), right), /a node joins two hashes/);
  assert.throws(() => nodeHash(left, Buffer.alloc(33)), /a node joins two hashes/);
});

test('a leaf of any length is hashed whole', () => {
  for (const length of [0, 1, 65_534, 65_535, 65_536, 200_000]) {
    const leaf = Buffer.alloc(length, 'x');
    assert.deepEqual(leafHash(leaf), oracleOf([leaf]).root(0, 1), `${length} bytes`);
  }
  assert.notDeepEqual(leafHash(Buffer.from('short')), leafHash(Buffer.from('shor')));
});

test('a hash stays as it is when others are made after it', () => {
  const first = leafHash(Buffer.from('first'));
  const text = first.toString('hex');
  nodeHash(first, leafHash(Buffer.from('second')));
  assert.equal(first.toString('hex'), text);
});
