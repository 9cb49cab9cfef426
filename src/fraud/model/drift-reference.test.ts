import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { driftReference, openDriftCounts, type DriftReference } from './drift.ts';
import { parseDriftReference, readDriftReference } from './drift-reference.ts';

const names = ['amount', 'hour'];

function referenceOf(values: readonly number[]): DriftReference {
  const column = Float64Array.from(values);
  const columns = [column, column.map((value) => (value > 0 ? 1 : NaN))];
  const matrix = { rows: column.length, names, columns };
  return driftReference(
    matrix,
    column.map((value) => 1 / (1 + Math.abs(value))),
  );
}

test('what a training wrote is read as it was, and tells of the same drift', () => {
  const values = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 });
  fc.assert(
    fc.property(values, (given) => {
      const reference = referenceOf(given.map((value) => value + 0));
      const read = readDriftReference(JSON.stringify(reference), names);
      assert.ok(read.ok, read.ok ? '' : read.refusal.message);
      const [first, second] = [reference, read.value].map((each) => {
        const counts = openDriftCounts(each);
        for (const value of given) counts.observe(Float64Array.of(value, 1), value);
        return counts.report();
      });
      assert.deepEqual(first, second);
    }),
  );
});

for (const [what, change] of [
  ['no rows', { rows: 0 }],
  ['rows that are not whole', { rows: 2.5 }],
  ['rows that the counts do not add up to', { rows: 5 }],
  ['measures of fewer features', { features: [] }],
  ['no score', { score: undefined }],
  ['features of other names', { features: referenceOf([1, 2, 3]).features.toReversed() }],
] as const) {
  test(`a reference with ${what} is refused`, () => {
    const read = parseDriftReference({ ...referenceOf([1, 2, 3]), ...change }, names);
    assert.equal(!read.ok && read.refusal.code, 'drift_reference_malformed');
  });
}

for (const [what, bins] of [
  ['cuts that do not ascend', { lowest: 0, highest: 9, cuts: [3, 2] }],
  ['a cut above the highest value', { lowest: 0, highest: 9, cuts: [10] }],
  ['a highest value below the lowest', { lowest: 9, highest: 0, cuts: [] }],
  ['a bound that is no number', { lowest: 0, highest: null, cuts: [] }],
  ['more cuts than there may be', { lowest: 0, highest: 999, cuts: [...Array(999).keys()] }],
] as const) {
  test(`bins with ${what} are refused`, () => {
    const reference = referenceOf([1, 2, 3]);
    const score = { ...reference.score, bins };
    const read = parseDriftReference({ ...reference, score }, names);
    assert.ok(!read.ok);
    assert.match(read.refusal.message, /score\.bins/);
  });
}

test('a text that is no JSON, or too long, is refused', () => {
  for (const text of ['{', `"${'x'.repeat(2_000_000)}"`]) {
    assert.equal(readDriftReference(text, names).ok, false);
  }
});
