import assert from 'node:assert/strict';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { formatInstant } from '#kernel';
import { readColumns } from './transactions.ts';

const rows = [
  { customer: 596, terminal: 3_156, amount: 5_716, seconds: 31, pattern: 0 },
  { customer: 4_961, terminal: 3_412, amount: 4_294_967_295, seconds: 31, pattern: 2 },
  { customer: 65_535, terminal: 0, amount: 0, seconds: 15_811_199, pattern: 3 },
];

test('columns are read back as they were laid out', () => {
  const read = readColumns(gzipSync(columnsOf(rows)));
  assert.ok(read.ok);
  const { value } = read;
  assert.equal(value.count, 3);
  assert.deepEqual([...value.customers], [596, 4_961, 65_535]);
  assert.deepEqual([...value.terminals], [3_156, 3_412, 0]);
  assert.deepEqual([...value.amounts], [5_716, 4_294_967_295, 0]);
  assert.deepEqual([...value.seconds], [31, 31, 15_811_199]);
  assert.deepEqual([...value.patterns], [0, 2, 3]);
  assert.equal(formatInstant(value.start), '2018-04-01T00:00:00.000Z');
});

test('what is not gzip is refused', () => {
  const read = readColumns(columnsOf(rows));
  assert.equal(read.ok ? '' : read.refusal.code, 'columns_damaged');
});

test('a gzip that ends too soon is refused, wherever it ends', () => {
  const whole = gzipSync(columnsOf(rows));
  for (let length = 0; length < whole.length; length += 1) {
    const read = readColumns(whole.subarray(0, length));
    assert.equal(read.ok, false, `cut at ${length} of ${whole.length} bytes`);
  }
});

test('a number of bytes that is not a whole number of rows is refused with the number', () => {
  const read = readColumns(gzipSync(columnsOf(rows).subarray(0, 38)));
  assert.ok(!read.ok);
  assert.equal(read.refusal.code, 'columns_cut_short');
  assert.match(read.refusal.message, /38 bytes/);
});

test('columns without a row are refused', () => {
  const read = readColumns(gzipSync(Buffer.alloc(0)));
  assert.equal(read.ok ? '' : read.refusal.code, 'columns_cut_short');
});

test('rows that go back in time are refused with the row', () => {
  const read = readColumns(gzipSync(columnsOf(rows.toReversed())));
  assert.ok(!read.ok);
  assert.equal(read.refusal.code, 'columns_out_of_order');
  assert.match(read.refusal.message, /row 1 is at 31 seconds/);
});

function columnsOf(all: typeof rows): Buffer {
  const bytes = Buffer.alloc(13 * all.length);
  all.forEach(({ customer, terminal, amount, seconds, pattern }, row) => {
    bytes.writeUInt16LE(customer, 2 * row);
    bytes.writeUInt16LE(terminal, 2 * (all.length + row));
    bytes.writeUInt32LE(amount, 4 * (all.length + row));
    bytes.writeUInt32LE(seconds, 4 * (2 * all.length + row));
    bytes.writeUInt8(pattern, 12 * all.length + row);
  });
  return bytes;
}
