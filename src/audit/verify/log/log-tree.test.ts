import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Frontier } from '../../tree/frontier.ts';
import { leafHash } from '../../tree/hash.ts';
import { hashLines, LogTree } from './log-tree.ts';

const lines = Array.from({ length: 70_000 }, (_, index) => `leaf ${index}`);

test('lines have the hashes of leaves', () => {
  const some = ['', 'L123456', 'x'.repeat(70_000), 'žluť'];
  const bytes = Buffer.from(some.join('\n'));
  const ends: number[] = [];
  let end = -1;
  for (const line of some) ends.push((end += Buffer.byteLength(line) + 1));
  const expected = Buffer.concat(some.map((line) => leafHash(Buffer.from(line))));
  assert.deepEqual(hashLines(bytes, ends), expected);
  assert.equal(bytes.toString(), some.join('\n'));
  assert.equal(
    expected.subarray(32, 64).toString('hex'),
    '395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56',
  );
});

test('a tree grown by pieces of any size has the roots of a tree grown leaf by leaf', () => {
  const hashes = Buffer.concat(lines.map((line) => leafHash(Buffer.from(line))));
  const tree = new LogTree();
  const frontier = new Frontier();
  const expected: unknown[] = [];
  const found: unknown[] = [];
  assert.deepEqual(tree.root(), frontier.root());
  let size = 0;
  for (let step = 1; size < lines.length; step += 1) {
    const next = Math.min(lines.length, size + (step % 5 === 0 ? 1_300 : step));
    for (let index = size; index < next; index += 1) {
      frontier.append(hashes.subarray(index * 32, (index + 1) * 32), (height, at, hash) => {
        if (height > 0 && height % 8 === 0) expected.push({ level: height / 8, index: at, hash });
      });
    }
    tree.append(hashes.subarray(size * 32, next * 32));
    size = next;
    assert.equal(tree.size, size);
    assert.deepEqual(tree.root(), frontier.root(), `at ${size}`);
    found.push(...tree.takeCompleted());
  }
  assert.deepEqual(found, expected);
  assert.equal(expected.length, 273 + 1);
});
