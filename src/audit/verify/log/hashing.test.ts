import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { leafHash } from '../../tree/hash.ts';
import { hashingHere, openHashing, type Hashable } from './hashing.ts';

const thread = openHashing();

after(async () => {
  await thread.close();
});

const lines = Array.from({ length: 300 }, (_, index) => `{"leaf":${index}}`);
const plain = Buffer.from(lines.join('\n'));
const hashes = Buffer.concat(lines.map((line) => leafHash(Buffer.from(line))));
const hashable = (encoding: number, bytes: Buffer, expected = hashes): Hashable => {
  return { bundle: { encoding, bytes: Buffer.from(bytes) }, hashes: expected };
};

const cases = (): Hashable[] => [
  hashable(0, plain),
  hashable(1, zstdCompressSync(plain)),
  hashable(0, Buffer.from(plain.toString().replace('"leaf":7}', '"leaf":8}'))),
  hashable(0, plain, hashes.subarray(32)),
  hashable(0, plain, Buffer.concat([hashes, hashes.subarray(0, 32)])),
  hashable(1, plain),
  hashable(2, plain),
  hashable(0, Buffer.alloc(0), hashes.subarray(0, 0)),
];
const expected = [true, true, false, false, false, false, false, false];

test('a thread says of bundles what is said of them here', async () => {
  assert.deepEqual(await hashingHere.areSound(cases()), expected);
  assert.deepEqual(await thread.areSound(cases()), expected);
  const several = await Promise.all(Array.from({ length: 20 }, () => thread.areSound(cases())));
  for (const answer of several) assert.deepEqual(answer, expected);
  assert.deepEqual(await thread.areSound([]), []);
});

test('what is asked of a thread that has ended is answered by a fault', async () => {
  const ended = openHashing();
  const asked = ended.areSound(cases());
  await ended.close();
  await assert.rejects(asked, { code: 'verification_thread_ended' });
  await assert.rejects(ended.areSound(cases()), { code: 'verification_thread_ended' });
});
