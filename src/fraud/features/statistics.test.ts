import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { openDistinctCounter } from './statistics.ts';

test('a counter says how many different numbers there were, whatever it counted before', () => {
  const numbers = fc.array(
    fc.oneof(
      fc.integer({ min: 0, max: 2 ** 53 - 1 }),
      // Alike in the bits that the table goes by.
      fc.integer({ min: 0, max: 20 }).map((high) => high * 2 ** 32 + 7),
      fc.constant(NaN),
    ),
    { maxLength: 64 },
  );
  fc.assert(
    fc.property(fc.array(numbers, { maxLength: 5 }), (lists) => {
      const counter = openDistinctCounter(64);
      for (const list of lists) {
        counter.clear();
        for (const number of list) counter.add(number);
        assert.equal(counter.count, new Set(list.filter((number) => !Number.isNaN(number))).size);
      }
    }),
  );
});
