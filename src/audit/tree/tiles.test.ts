import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  formatEntries,
  formatTilePath,
  parseEntries,
  parseTilePath,
  tileWidth,
  TILE_WIDTH,
  type TileName,
} from './tiles.ts';

test('paths are those of the specification', () => {
  const paths: [string, TileName][] = [
    ['tile/0/x001/x234/067', { level: 0, index: 1_234_067, width: 256 }],
    ['tile/0/x001/x234/067.p/12', { level: 0, index: 1_234_067, width: 12 }],
    ['tile/0/000', { level: 0, index: 0, width: 256 }],
    ['tile/1/000.p/1', { level: 1, index: 0, width: 1 }],
    ['tile/0/273.p/112', { level: 0, index: 273, width: 112 }],
    ['tile/63/999', { level: 63, index: 999, width: 256 }],
    ['tile/0/x001/000', { level: 0, index: 1_000, width: 256 }],
    ['tile/entries/x999/x999/999.p/255', { level: 'entries', index: 999_999_999, width: 255 }],
    ['tile/entries/001', { level: 'entries', index: 1, width: 256 }],
  ];
  for (const [path, name] of paths) {
    assert.equal(formatTilePath(name), path);
    assert.deepEqual(parseTilePath(path), name);
  }
});

test('other spellings of a path are no path', () => {
  const wrong = [
    '',
    'tile',
    '/tile/0/000',
    'tile/0/000/',
    'tile/0',
    'tile/0/0',
    'tile/0/00',
    'tile/0/0000',
    'tile/0/x000',
    'tile/0/001/067',
    'tile/0/x000/067',
    'tile/0/x001',
    'tile/0/X001/067',
    'tile/00/000',
    'tile/01/000',
    'tile/64/000',
    'tile/-1/000',
    'tile/leaf/000',
    'tile/0/000.p',
    'tile/0/000.p/',
    'tile/0/000.p/0',
    'tile/0/000.p/01',
    'tile/0/000.p/256',
    'tile/0/000.p/999',
    'tile/0/000.p/-1',
    'tile/0/000.p/1/',
    'tile/0/../../000',
    'tile/0/x999/x999/x999/x999/x999/999',
    'tile/0/x009/x007/x199/x254/x740/992',
    'tile/0/000\n',
    'tile/0/٠٠٠',
  ];
  for (const path of wrong) assert.equal(parseTilePath(path), undefined, path);
});

test('the widths are those of the example of the specification', () => {
  const widthsOf = (level: number, size: number): number[] => {
    const widths: number[] = [];
    for (let index = 0; tileWidth({ level, index }, size) > 0; index += 1) {
      widths.push(tileWidth({ level, index }, size));
    }
    return widths;
  };
  const level0 = widthsOf(0, 70_000);
  assert.equal(level0.filter((width) => width === TILE_WIDTH).length, 273);
  assert.deepEqual(level0.slice(273), [112]);
  assert.deepEqual(widthsOf(1, 70_000), [256, 17]);
  assert.deepEqual(widthsOf(2, 70_000), [1]);
  assert.deepEqual(widthsOf(3, 70_000), []);
  assert.deepEqual([widthsOf(0, 256), widthsOf(1, 256)], [[256], [1]]);
  assert.equal(tileWidth({ level: 'entries', index: 273 }, 70_000), 112);
  assert.equal(tileWidth({ level: 63, index: 0 }, Number.MAX_SAFE_INTEGER), 0);
});

test('entries come back as they were, each after its length', () => {
  const leaves = [Buffer.from('{"a":1}'), Buffer.alloc(0), Buffer.alloc(65_535, 'x')];
  const bundle = formatEntries(leaves);
  assert.equal(bundle.subarray(0, 9).toString('latin1'), '\x00\x07{"a":1}');
  const parsed = parseEntries(bundle);
  assert.ok(parsed.ok);
  assert.deepEqual(parsed.value, leaves);
  const empty = parseEntries(Buffer.alloc(0));
  assert.ok(empty.ok && empty.value.length === 0);
  assert.throws(() => formatEntries([Buffer.alloc(65_536)]), /16 bits/);
});

test('a bundle that was cut is rejected wherever it ends', () => {
  const bundle = formatEntries([Buffer.from('first'), Buffer.from('second')]);
  for (let length = 1; length < bundle.length; length += 1) {
    if (length === 7) continue;
    const parsed = parseEntries(bundle.subarray(0, length));
    assert.ok(!parsed.ok, `${length} bytes`);
    assert.match(parsed.why, /The entry bundle ends within/);
  }
});
