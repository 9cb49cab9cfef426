import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Block, bucketOf, BUCKETS, offsetsOf, OFFSET_END } from './block.ts';

test('a block answers for each term exactly the places it was given with', () => {
  const terms = fc.oneof(
    fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    fc.constantFrom(0, -1, 1, 2 ** 31 - 1, -(2 ** 31), 0x01_00_00_00, 0x01_00_00_01),
  );
  const places = fc.uniqueArray(
    fc.record({
      offset: fc.integer({ min: 0, max: OFFSET_END - 1 }),
      terms: fc.uniqueArray(terms, { maxLength: 30 }),
    }),
    { selector: ({ offset }) => offset, maxLength: 40 },
  );
  fc.assert(
    fc.property(places, fc.array(terms), (given, others) => {
      const block = new Block();
      for (const place of given) block.add(place.offset, place.terms);
      const buckets = [...block.buckets()];
      assert.equal(buckets.length, BUCKETS);
      for (const term of [...others, ...given.flatMap((place) => place.terms)]) {
        const holding = given.filter((place) => place.terms.includes(term));
        const found = offsetsOf(buckets[bucketOf(term)] as Buffer, term);
        assert.deepEqual(
          found,
          holding.map(({ offset }) => offset).toSorted((left, right) => left - right),
        );
      }
    }),
  );
});

test('a block takes as many postings as there are', () => {
  const block = new Block();
  const count = 5_000;
  for (let offset = 0; offset < 40; offset += 1) {
    block.add(
      offset,
      Array.from({ length: count }, (_, index) => Math.imul(index, 0x9e_37_79_b1)),
    );
  }
  const buckets = [...block.buckets()];
  assert.equal(
    buckets.reduce((sum, { length }) => sum + length, 0),
    40 * count * 5,
  );
  const term = Math.imul(4_321, 0x9e_37_79_b1);
  assert.equal(offsetsOf(buckets[bucketOf(term)] as Buffer, term).length, 40);
});
