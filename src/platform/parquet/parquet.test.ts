import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { Instant } from '#kernel';
import { readParquet } from './read.ts';
import { writeParquet } from './write.ts';

const fields = {
  at: { type: 'instant' },
  count: { type: 'whole' },
  share: { type: 'number', isOptional: true },
  name: { type: 'text', isOptional: true },
  isGood: { type: 'flag' },
  vector: { type: 'numbers' },
  words: { type: 'texts' },
} as const;
const limits = { rowsMax: 10_000, bytesMax: 10_000_000 };

const row = fc.record({
  at: fc.maxSafeInteger().map((us) => us as Instant),
  count: fc.maxSafeInteger(),
  share: fc.option(fc.double(), { nil: undefined }),
  name: fc.option(fc.string({ unit: 'binary' }), { nil: undefined }),
  isGood: fc.boolean(),
  vector: fc.array(fc.double(), { maxLength: 5 }),
  words: fc.array(fc.string({ unit: 'binary' }), { maxLength: 3 }),
});

type Row = typeof row extends fc.Arbitrary<infer Value> ? Value : never;

function columnsOf(rows: readonly Row[]) {
  return {
    at: rows.map(({ at }) => at),
    count: rows.map(({ count }) => count),
    share: rows.map(({ share }) => share),
    name: rows.map(({ name }) => name),
    isGood: rows.map(({ isGood }) => isGood),
    vector: rows.map(({ vector }) => vector),
    words: rows.map(({ words }) => words),
  };
}

const sample: Row = {
  at: 1_522_540_800_000_001 as Instant,
  count: 7,
  share: -0,
  name: 'café',
  isGood: true,
  vector: [0, -0, NaN, Infinity],
  words: ['', 'a'],
};

test('what is read is what was written, to the last bit', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 40 }), async (rows) => {
      const columns = columnsOf(rows);
      const read = await readParquet(writeParquet(fields, columns), fields, limits);
      assert.ok(read.ok);
      assert.equal(read.value.rows, rows.length);
      assert.deepEqual(read.value.columns, columns);
    }),
    { numRuns: 200 },
  );
});

test('the same columns give the same bytes', () => {
  const columns = columnsOf([sample, { ...sample, count: 8 }]);
  assert.deepEqual(writeParquet(fields, columns), writeParquet(fields, columns));
});

test('a file keeps the facts beside its columns', async () => {
  const file = writeParquet({ count: fields.count }, { count: [1] }, { 'florin.table': 'events' });
  const read = await readParquet(file, { count: fields.count }, limits);
  assert.ok(read.ok);
  assert.deepEqual(read.value.facts, { 'florin.table': 'events' });
});

test('an optional column that a file does not have is read as unknown values', async () => {
  const file = writeParquet({ count: fields.count }, { count: [1, 2] });
  const read = await readParquet(file, { count: fields.count, name: fields.name }, limits);
  assert.ok(read.ok);
  assert.deepEqual(read.value.columns, { count: [1, 2], name: [undefined, undefined] });
});

test('a file without a needed column is refused, and its columns named', async () => {
  const file = writeParquet({ count: fields.count }, { count: [1] });
  const read = await readParquet(file, { at: fields.at }, limits);
  assert.ok(!read.ok);
  assert.equal(read.refusal.code, 'parquet_column_missing');
  assert.match(read.refusal.message, /"at".*count/);
});

test('a file whose column is of another type is refused', async () => {
  const file = writeParquet({ count: fields.count }, { count: [1] });
  const read = await readParquet(file, { count: { type: 'text' } }, limits);
  assert.ok(!read.ok);
  assert.equal(read.refusal.code, 'parquet_column_differs');
  assert.match(read.refusal.message, /"count".*whole where text/);
});

test('a file that claims more than the limits is refused before it is read', async () => {
  const file = writeParquet({ count: fields.count }, { count: [1, 2, 3] });
  for (const narrow of [
    { ...limits, rowsMax: 2 },
    { ...limits, bytesMax: 10 },
  ]) {
    const read = await readParquet(file, { count: fields.count }, narrow);
    assert.equal(read.ok ? 'read' : read.refusal.code, 'parquet_too_large');
  }
});

test('a value that cannot come back is a bug of the writer', () => {
  const write = (name: string) => writeParquet({ name: { type: 'text' } }, { name: [name] });
  assert.throws(() => write('\ud800'), /name is not text/);
  assert.throws(() => writeParquet({ n: { type: 'whole' } }, { n: [0.5] }), /n is not whole: 0.5/);
});

test('a file that was cut, or is no Parquet file, is refused', async () => {
  const file = writeParquet(fields, columnsOf(Array.from({ length: 50 }, () => sample)));
  for (let length = 0; length < file.length; length += 1) {
    const read = await readParquet(file.subarray(0, length), fields, limits);
    assert.equal(read.ok ? 'read' : read.refusal.code, 'parquet_damaged');
  }
  const read = await readParquet(Buffer.from('{"at":"2018-04-01"}'), fields, limits);
  assert.equal(read.ok ? 'read' : read.refusal.code, 'parquet_damaged');
});
