import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { binsOf, cutsOf } from './bins.ts';
import { seededDraw } from './draw.ts';

test('few values are cut halfway between each two', () => {
  const column = Float64Array.of(3, 1, 2, 2, 3, Number.NaN, 10);
  assert.deepEqual([...cutsOf(column, new Uint8Array(7))], [1.5, 2.5, 6.5]);
});

test('a column of one value, or of none, has no cut', () => {
  assert.equal(cutsOf(Float64Array.of(5, 5, 5), Uint8Array.of(0, 1, 0)).length, 0);
  assert.equal(cutsOf(new Float64Array(3).fill(Number.NaN), new Uint8Array(3)).length, 0);
});

test('values next to each other are told apart', () => {
  const next = 1 + Number.EPSILON;
  const [cut = Number.NaN] = cutsOf(Float64Array.of(1, next), new Uint8Array(2));
  assert.ok(cut >= 1 && cut < next);
});

test('fraud that is a part in a thousand has cuts of its own', () => {
  const draw = seededDraw(1);
  const rows = 50_000;
  const labels = new Uint8Array(rows);
  const column = Float64Array.from({ length: rows }, (_, row) => {
    labels[row] = row % 1_000 === 0 ? 1 : 0;
    return labels[row] === 1 ? 220 + draw() * 100 : draw() * 219;
  });
  const cuts = cutsOf(column, labels);
  assert.ok(cuts.length <= 254);
  assert.ok(cuts.some((cut) => cut > 218.9 && cut < 224));
  assert.ok(cuts.filter((cut) => cut > 220).length >= 40);
  assert.ok(cutsOf(column, new Uint8Array(rows)).filter((cut) => cut > 220).length <= 1);
});

test('a row is left of a cut exactly where its value is not greater', () => {
  const value = fc.oneof(fc.double({ noNaN: true }), fc.integer({ min: -3, max: 3 }));
  fc.assert(
    fc.property(fc.array(fc.tuple(value, fc.boolean()), { minLength: 1 }), (pairs) => {
      const column = Float64Array.from(pairs, ([number]) => number);
      const labels = Uint8Array.from(pairs, ([, isFraud]) => (isFraud ? 1 : 0));
      const matrix = { rows: pairs.length, names: ['a'], columns: [column] };
      const { byColumn, codes, cuts } = binsOf(matrix, labels);
      const ascending = cuts[0] ?? new Float64Array();
      assert.deepEqual(ascending, ascending.toSorted());
      column.forEach((number, row) => {
        const bin = byColumn[0]?.[row] ?? 0;
        assert.equal(codes[row], bin);
        ascending.forEach((cut, at) => assert.equal(bin <= at, number <= cut));
      });
    }),
  );
});

test('codes of columns do not meet and the last of each means missing', () => {
  const columns = [Float64Array.of(1, 2, Number.NaN), Float64Array.of(7, Number.NaN, 7)];
  const matrix = { rows: 3, names: ['a', 'b'], columns };
  const { codes, offsets } = binsOf(matrix, new Uint8Array(3));
  assert.deepEqual([...offsets], [0, 3, 5]);
  assert.deepEqual([...codes], [0, 3, 1, 4, 2, 3]);
});
