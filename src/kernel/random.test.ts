import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomHex } from './random.ts';

test('each draw has as many digits as were asked for, and none comes twice', () => {
  const draws = Array.from({ length: 3_000 }, (_, index) => randomHex(8 + (index % 9)));
  for (const [index, draw] of draws.entries()) {
    assert.match(draw, /^[0-9a-f]+$/);
    assert.equal(draw.length, 2 * (8 + (index % 9)));
  }
  assert.equal(new Set(draws).size, draws.length);
});
