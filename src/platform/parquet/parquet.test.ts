import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { Instant } from '#kernel';
import { encodeColumn } from './encode.ts';
import { readParquet } from './read.ts';
import { writeEncoded, writeParquet } from './write.ts';

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

/** Thirty rows as an earlier release wrote them: Snappy, dictionaries, packed differences. */
const earlier = [
  'UEFSMRUGFSIVJlwVPBUAFTwVChUAFQAAABFAgAEEHoKA0vjEr7QFAgAAAAAVBhXgAxWCAlwVPBUAFTwVABUAFQAAAPAB',
  'BPn/CQEA+gkHBP/7DQgA/A0IAP0NCAD+DQgRAQAADQEAAQ0IAAINCAADDQgABA0IAAUNCAAGDQgABw0IAAgNCAAJDQgA',
  'Cg0IAAsNCAAMDQgADQ0IAA4NCAAPDQgAEA0IBBEACQEAEgkHBAATDQgAFA0IABUNCBwWAAAAAAAAABUGFcoCFfABXBU8',
  'FRQVPBUAFQoVAAAACbZt2zagARySJEmSJEnCPwkIANINCCjiP7dt27Zt2+Y/AAUBAPANGADyDRgI9j9JBTEI+T9uAScE',
  'tv0NKAQAQAUXCEkCQAUXCG0DQAkgBAVACVAEBkAJOAQJQAkoCApAJQURAAwNKAQNQAVvKAAQQCVJkiRJkhBAFQYV1gIV',
  'wAFcFTwVEBU8FQAVChUAAAAJ7u7uLqYBOAUAAABjYWbDqQIAAABuMgUGADM2FQAANgUVADcVFQADASoEMTAJBwAxOhcA',
  'ADQJFwA1OhcAADgJFwA5NhcABDIyBRcAMhlxCRAANgkHJDcFAAAAY2Fmw6kVBhUSFRZcFTwVABU8FQYVABUAAAAJIAUA',
  'AAAJVVVVFRUGFcwMFewCXBXMARUMFTwVABUwFRwAABvc3bm7c3fn7s7dnbs7A/4SAQP+EgED/hIBA/4SAQP+EgED/hIB',
  'gAYAAAUBBPA/BQcIAACACQgE+H8JCADwDQgEAEAJEF4gAAAIeiAAABB6IAAAGHogAAAceiAAACB6IAAAInogAAAmeiAA',
  'ACh6IAAAKnogAAAseiAAADB6IAAAMXogAAAyeiAAADN6IAAANXogAAA2eiAAADd6IAAAOHogAAA6eiAAADt6IAAAPHog',
  'AAA9YiAAFQYVugQVlgJcFW4VChU8FQAVFBUQAAAPVKUqValKVQf+978SAQf+9z+LAiQAAAAAAgAAAHcxFQoAMhUKADMV',
  'CgA0FQoANRUKADcVCgA4FQoAOQEKAAMFUAAwGQsFXAkWBVMJCwVUCQsFVQkLADYZNwVhCRYZWAAyGVgAMhlYADIFtQUs',
  'ADIZYwAyGVgAMhlYADIZWDAyOAAAAAADAAAAdzI5FQQZzEgEcm9vdBUOABUEJQAYAmF0JRRMjBEcLAAAAAAAFQQlABgF',
  'Y291bnQAFQolAhgFc2hhcmUAFQwlAhgEbmFtZSUATBwAAAAVACUAGAZpc0dvb2QANQAYBnZlY3RvchUCFQZMPAAAADUE',
  'GARsaXN0FQIAFQolABgHZWxlbWVudAA1ABgFd29yZHMVAhUGTDwAAAA1BBgEbGlzdBUCABUMJQAYB2VsZW1lbnQlAEwc',
  'AAAAFjwZHBl8JggcFQQZFQoZGAJhdBUCFjwWTBZQJgg8NgAoCB5Aiie+aAUAGAgBQIonvmgFAAAZHBUGFQoVAgAAACZY',
  'HBUEGRUAGRgFY291bnQVAhY8Fo4EFrACJlg8NgAoCBYAAAAAAAAAGAj5/////////wAZHBUGFQAVAgAAACaIAxwVChkV',
  'ABkYBXNoYXJlFQIWPBb4AhaeAiaIAzw2FCgIJUmSJEmSEEAYCJIkSZIkScI/NgAAGRwVBhUAFQIAAAAmpgUcFQwZFQAZ',
  'GARuYW1lFQIWPBaEAxbuASamBTw2ECgCbjcYBWNhZsOpABkcFQYVABUCAAAAJpQHHBUAGRUGGRgGaXNHb29kFQIWPBY8',
  'FkAmlAc8NgAoAQEYAQAAGRwVBhUGFQIAAAAm1AccFQoZFQAZOAZ2ZWN0b3IEbGlzdAdlbGVtZW50FQIWzAEW/AwWnAMm',
  '1Ac8NgwoCAAAAAAAAPB/GAgAAAAAAAAAgDYwABkcFQYVABUCAAAAJvAKHBUMGRUAGTgFd29yZHMEbGlzdAdlbGVtZW50',
  'FQIWbhboBBbEAibwCjw2CigCdzkYAAAZHBUGFQAVAgAAABb2HBY8NqwNABkcGAxmbG9yaW4udGFibGUYA29sZAAYBmZs',
  'b3Jpbhl8HAAAHAAAHAAAHAAAHAAAHAAAHAAAALACAABQQVIx',
].join('');

function earlierRow(n: number): Row {
  return {
    at: (1_522_540_800_000_001 + n) as Instant,
    count: n - 7,
    share: n % 3 === 0 ? undefined : n / 7,
    name: [undefined, 'café'][n % 4] ?? (n % 4 === 0 ? undefined : `n${n}`),
    isGood: n % 2 === 0,
    vector: n % 5 === 0 ? [] : [n, -0, NaN, Infinity],
    words: n % 6 === 0 ? [] : ['', `w${n}`],
  };
}

test('a file of an earlier release is read as ever', async () => {
  const read = await readParquet(Buffer.from(earlier, 'base64'), fields, limits);
  assert.ok(read.ok);
  assert.deepEqual(read.value.facts, { 'florin.table': 'old' });
  const rows = Array.from({ length: 30 }, (_, n) => earlierRow(n));
  assert.deepEqual(read.value.columns, columnsOf(rows));
});

test('many rows come back, whether their texts repeat or not', async () => {
  const rows = Array.from({ length: 3_000 }, (_, n): Row => {
    const row = earlierRow(n % 30);
    return { ...row, at: n as Instant, name: n % 7 === 0 ? undefined : `a name of its own, ${n}` };
  });
  const columns = columnsOf(rows);
  const file = writeParquet(fields, columns);
  const read = await readParquet(file, fields, limits);
  assert.ok(read.ok);
  assert.deepEqual(read.value.columns, columns);
  const few = writeParquet({ words: fields.words }, { words: columns.words });
  assert.ok(few.length < 3_000, 'texts that repeat are written once');
});

test('lists may be unknown, where they are optional', async () => {
  const optional = {
    vector: { type: 'numbers', isOptional: true },
    words: { type: 'texts', isOptional: true },
  } as const;
  const columns = { vector: [[1], undefined, [], [2, 3]], words: [undefined, ['a'], [], ['b']] };
  const read = await readParquet(writeParquet(optional, columns), optional, limits);
  assert.ok(read.ok);
  assert.deepEqual(read.value.columns, columns);
});

test('columns in bulk are written as those of values are, and may be in several files', async () => {
  const bulk = { values: Float64Array.of(1, 2, -0), lengths: Uint32Array.of(2, 0, 1) };
  const vector = encodeColumn('vector', fields.vector, bulk);
  const count = encodeColumn('count', fields.count, Float64Array.of(-5, 0, 2 ** 53 - 1));
  const plain = { vector: [[1, 2], [], [-0]], count: [-5, 0, 2 ** 53 - 1] };
  const both = { vector: fields.vector, count: fields.count };
  assert.deepEqual(writeEncoded([vector, count], {}), writeParquet(both, plain));
  const alone = await readParquet(writeEncoded([count], {}), { count: fields.count }, limits);
  assert.ok(alone.ok);
  assert.deepEqual(alone.value.columns.count, plain.count);
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

test('numbers are packed into as many bits as they need, and read back', async () => {
  // Dictionaries of so many texts have codes of one to eleven bits.
  for (const distinct of [1, 2, 3, 5, 17, 200, 256, 257, 1_100]) {
    const name = Array.from({ length: 5_000 }, (_, n) => `${(n * 7) % distinct}`);
    const field = { name: { type: 'text' } } as const;
    const read = await readParquet(writeParquet(field, { name }), field, limits);
    assert.ok(read.ok);
    assert.deepEqual(read.value.columns.name, name);
  }
});
