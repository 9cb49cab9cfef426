import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tally, Words } from './tally.ts';

test('a tally counts as a map does, whatever comes and goes', () => {
  const tally = new Tally();
  const expected = new Map<number, number>();
  let seed = 11;
  const random = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  // Multiples of the first size collide in every slot until the table has grown.
  const words = Array.from({ length: 3_000 }, (_, index) =>
    index % 2 === 0 ? index * 1_024 : index,
  );
  for (let step = 0; step < 200_000; step += 1) {
    const word = words[random(step % 20_000 < 10_000 ? words.length : 40)] as number;
    const change = random(2) === 0 ? 1 : -1;
    const count = Math.max(-100, Math.min(100, (expected.get(word) ?? 0) + change));
    if (count === 0) expected.delete(word);
    else expected.set(word, count);
    tally.add(word, change);
  }
  assert.equal(tally.size, expected.size);
  for (const word of words) assert.equal(tally.countOf(word), expected.get(word) ?? 0);
  assert.equal(
    tally.hasLess,
    [...expected.values()].some((count) => count < 0),
  );
});

test('a fact has another word under another salt, and another for another target', () => {
  const words = new Words();
  const word = words.of('transfer', 'trf_1', 'text');
  assert.ok(Number.isSafeInteger(word) && word >= 0);
  assert.equal(words.of('transfer', 'trf_1', 'text'), word);
  assert.notEqual(words.of('transfer', 'trf_2', 'text'), word);
  assert.notEqual(words.of('account', 'trf_1', 'text'), word);
  assert.notEqual(new Words().of('transfer', 'trf_1', 'text'), word);
});
