import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '#config';
import { Tile } from './tile.ts';
import { TreeCache, treeCacheOf } from './tree-cache.ts';

test('the tiles that were used last are kept, and no more than the limit', () => {
  const cache = new TreeCache();
  const countMax = limits.auditTilesKeptMax.value;
  const content = new Tile(Buffer.alloc(0), 0);
  for (let index = 0; index < countMax; index += 1)
    cache.keepTile({ level: 1, tile: index }, content);
  assert.equal(cache.tile({ level: 1, tile: 0 }), content);
  cache.keepTile({ level: 2, tile: 0 }, content);
  cache.keepTile({ level: 1, tile: countMax }, content);
  assert.equal(cache.tile({ level: 1, tile: 0 }), content, 'used lately');
  assert.equal(cache.tile({ level: 2, tile: 0 }), content, 'the same index at another level');
  assert.equal(cache.tile({ level: 1, tile: 1 }), undefined);
  assert.equal(cache.tile({ level: 1, tile: 2 }), undefined);
  assert.equal(cache.tile({ level: 1, tile: 3 }), content);
});

test('the right edges that were used last are kept, and no more than the limit', () => {
  const cache = new TreeCache();
  const countMax = limits.auditEdgesKeptMax.value;
  const hash = Buffer.alloc(32);
  for (let end = 1; end <= countMax + 1; end += 1) cache.keepEdge({ start: 0, end }, hash);
  assert.equal(cache.edge({ start: 0, end: 1 }), undefined);
  assert.equal(cache.edge({ start: 0, end: 2 }), hash);
  assert.equal(cache.edge({ start: 1, end: 2 }), undefined);
});

test('each database and each transaction has a cache of its own', () => {
  const [one, other] = [{ query: async () => [] }, { query: async () => [] }];
  assert.equal(treeCacheOf(one), treeCacheOf(one));
  assert.notEqual(treeCacheOf(one), treeCacheOf(other));
});
