import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { cutDistinct, hasDistinct, openDistinctWindow, slideDistinct } from './distinct.ts';
import { cutExtreme, extremeIn, openExtremeWindow } from './extreme.ts';

const CAPACITY = 1_200;

const values = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 2 ** 52 }),
      // Alike in the bits that a table goes by, at its end.
      fc.integer({ min: 1, max: 30 }).map((high) => high * 2 ** 32 + 2 ** 32 - 1),
      fc.constant(NaN),
    ),
    { minLength: 1, maxLength: 200 },
  )
  .map((some) =>
    // Each time around they are others, alike in those bits, so that all of them go out again.
    Float64Array.from({ length: CAPACITY }, (_, at) => {
      const around = Math.floor(at / some.length) % 100;
      return (some[at % some.length] ?? NaN) + around * 2 ** 32;
    }),
  );

const near = fc.integer({ min: -9, max: 9 });
const far = fc.integer({ min: -900, max: 900 });
const still = fc.constant(0);
/** How far back what comes late is put in, if anything is. */
const back = fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 20 }));

const moves = fc.array(
  fc.oneof(
    fc.record({ from: near, to: near, back }),
    fc.record({ from: far, to: still, back }),
    fc.record({ from: still, to: far, back }),
  ),
  { maxLength: 30 },
);

const within = (place: number, least: number): number => Math.min(Math.max(place, least), CAPACITY);

test('a window counts the different numbers in it, however it moves and whatever changes behind', () => {
  fc.assert(
    fc.property(values, moves, (planes, all) => {
      const window = openDistinctWindow(0);
      const columns = { planes, origin: 0, capacity: CAPACITY };
      let from = 100;
      let to = 300;
      for (const move of all) {
        from = within(from + move.from, 0);
        to = within(to + move.to, from);
        slideDistinct(window, columns, from, to);
        const inside = planes.subarray(from, to).filter((value) => !Number.isNaN(value));
        assert.equal(window.count, new Set(inside).size);
        for (const value of planes.subarray(0, 40)) {
          assert.equal(hasDistinct(window, value), inside.includes(value));
        }
        if (move.back > 0) {
          const place = Math.max(0, to - move.back);
          cutDistinct(window, columns, place);
          planes.copyWithin(place + 1, place);
          planes[place] = move.back;
        }
      }
    }),
    { numRuns: 200 },
  );
});

test('a window knows its least and greatest amount, however it moves and whatever changes behind', () => {
  const amounts = fc.array(fc.nat({ max: 50 }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(amounts, moves, fc.boolean(), (some, all, isMax) => {
      const planes = Float64Array.from(
        { length: CAPACITY },
        (_, at) => some[at % some.length] ?? 0,
      );
      const window = openExtremeWindow(0, isMax ? 'max' : 'min');
      let from = 100;
      let to = 300;
      for (const move of all) {
        from = Math.min(within(from + move.from, 0), CAPACITY - 1);
        to = within(to + move.to, from + 1);
        const found = extremeIn(window, { planes, origin: 0, capacity: CAPACITY }, from, to);
        const inside = planes.subarray(from, to);
        assert.equal(found, isMax ? Math.max(...inside) : Math.min(...inside));
        if (move.back > 0) {
          const place = Math.max(0, to - move.back);
          cutExtreme(window, place);
          planes.copyWithin(place + 1, place);
          planes[place] = move.back % 2 === 0 ? 51 : -1;
        }
      }
    }),
    { numRuns: 300 },
  );
});
