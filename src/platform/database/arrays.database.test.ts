import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { instantOf, parseInstant, type Instant } from '#kernel';
import {
  booleanArray,
  byteaArray,
  float8Array,
  int2Array,
  int4Array,
  int8Array,
  textArray,
  timestamptzArray,
  uuidArray,
} from './arrays.ts';
import { testDatabase, type TestDatabase } from './testing.ts';

let bank: TestDatabase;

before(async () => {
  bank = await testDatabase('arrays', { isEmpty: true, poolSize: 1 });
});
after(async () => {
  await bank.drop();
});

/** The elements as PostgreSQL writes them, so that nothing of ours reads what we wrote. */
async function asText(buffer: Buffer, type: string): Promise<(string | null)[]> {
  const rows = await bank.database.query<{ item: string | null }>({
    text: `select item::text from unnest($1::${type}[]) with ordinality as u (item, place)
      order by place`,
    values: [buffer],
  });
  return rows.map(({ item }) => item);
}

const instant = (text: string): Instant => parseInstant(text) as Instant;
const uuids = [
  '00000000-0000-0000-0000-000000000000',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  '01900000-0000-7000-8000-00000000002a',
];

test('a bigint array carries every value from the smallest to the largest', async () => {
  const items = [-(2n ** 63n), -1n, 0n, 1n, 9_007_199_254_740_993n, 2n ** 63n - 1n];
  assert.deepEqual(await asText(int8Array(items), 'int8'), items.map(String));
});

test('a bigint beyond eight bytes is refused before anything is sent', () => {
  assert.throws(() => int8Array([2n ** 63n]), RangeError);
  assert.throws(() => int8Array([-(2n ** 63n) - 1n]), RangeError);
});

test('an integer array carries every value from the smallest to the largest', async () => {
  const items = [-(2 ** 31), -1, 0, 1, 2 ** 31 - 1];
  assert.deepEqual(await asText(int4Array(items), 'int4'), items.map(String));
  assert.throws(() => int4Array([2 ** 31]), RangeError);
});

test('an array of doubles carries every value bit for bit, and the missing ones', async () => {
  const items = [0, -0, 0.1, Number.MAX_VALUE, Number.MIN_VALUE, Infinity, Number.NaN, undefined];
  const [row] = await bank.database.query<{ items: (number | null)[] }>({
    text: 'select $1::float8[] as items',
    values: [float8Array(items)],
  });
  const answered = row?.items.map((item) => item ?? undefined) ?? [];
  assert.equal(answered.length, items.length);
  for (const [index, item] of items.entries())
    assert.ok(Object.is(answered[index], item), `${item}`);
  assert.deepEqual(await asText(float8Array([]), 'float8'), []);
});

test('a text array carries what needs quoting elsewhere, other alphabets and the missing', async () => {
  const items = ['', 'NULL', '"{},\\', 'čtvrtek', '支付', '🏦', ' \n', '{"a":["b\\"c"]}'];
  assert.deepEqual(await asText(textArray([...items, undefined]), 'text'), [...items, null]);
  assert.deepEqual(await asText(textArray([]), 'text'), []);
});

test('a text that PostgreSQL cannot keep is refused, and nothing is cut off', async () => {
  await assert.rejects(asText(textArray(['before\0after']), 'text'));
});

test('a smallint array carries every value from the smallest to the largest', async () => {
  const items = [-32_768, -1, 0, 1, 32_767];
  assert.deepEqual(await asText(int2Array(items), 'int2'), items.map(String));
  assert.throws(() => int2Array([32_768]), RangeError);
});

test('a boolean array carries both values', async () => {
  assert.deepEqual(await asText(booleanArray([true, false, true]), 'boolean'), [
    'true',
    'false',
    'true',
  ]);
});

test('an instant array keeps each microsecond, before and after PostgreSQL’s epoch', async () => {
  const items = [
    '1900-01-01T00:00:00.000001Z',
    '1969-12-31T23:59:59.999999Z',
    '1970-01-01T00:00:00Z',
    '1999-12-31T23:59:59.999999Z',
    '2000-01-01T00:00:00Z',
    '2026-03-01T12:00:00.123456Z',
    '2254-12-31T23:59:59.999999Z',
  ];
  assert.deepEqual(await asText(timestamptzArray(items.map(instant)), 'timestamptz'), [
    '1900-01-01 00:00:00.000001+00',
    '1969-12-31 23:59:59.999999+00',
    '1970-01-01 00:00:00+00',
    '1999-12-31 23:59:59.999999+00',
    '2000-01-01 00:00:00+00',
    '2026-03-01 12:00:00.123456+00',
    '2254-12-31 23:59:59.999999+00',
  ]);
});

test('the instants furthest ahead and from 1800 arrive as they were sent', async () => {
  const items = [instant('1800-01-01T00:00:00.000001Z'), instantOf(Number.MAX_SAFE_INTEGER)];
  const rows = await bank.database.query<{ us: bigint }>({
    text: `select (extract(epoch from item) * 1000000)::bigint as us
      from unnest($1::timestamptz[]) with ordinality as u (item, place) order by place`,
    values: [timestamptzArray(items)],
  });
  assert.deepEqual(
    rows.map(({ us }) => Number(us)),
    items,
  );
});

test('a uuid array carries every digit', async () => {
  assert.deepEqual(await asText(uuidArray(uuids), 'uuid'), uuids);
});

test('a uuid that is none is a bug and is never sent', () => {
  assert.throws(() => uuidArray(['01900000-0000-7000-8000-00000000002']), /hexadecimal digits/);
  assert.throws(() => uuidArray(['']), /hexadecimal digits/);
});

test('a bytea array carries every byte', async () => {
  const items = ['00000000', 'ffffffff', '0a0d2700', '5c303030'];
  const expected = items.map((item) => `\\x${item}`);
  assert.deepEqual(await asText(byteaArray(items, 4), 'bytea'), expected);
});

test('bytea elements of another length than announced are a bug', () => {
  assert.throws(() => byteaArray(['00'], 2), /one length/);
});

test('an undefined element arrives as null, wherever it stands', async () => {
  assert.deepEqual(await asText(int8Array([undefined, 1n, undefined]), 'int8'), [null, '1', null]);
  assert.deepEqual(await asText(int4Array([1, undefined, 2]), 'int4'), ['1', null, '2']);
  assert.deepEqual(await asText(int2Array([undefined, 5]), 'int2'), [null, '5']);
  assert.deepEqual(await asText(booleanArray([false, undefined]), 'boolean'), ['false', null]);
  assert.deepEqual(await asText(uuidArray([undefined, uuids[2]]), 'uuid'), [null, uuids[2]]);
  assert.deepEqual(await asText(byteaArray([undefined, 'ab'], 1), 'bytea'), [null, '\\xab']);
  const times = [instant('2000-01-01T00:00:00Z'), undefined];
  const texts = ['2000-01-01 00:00:00+00', null];
  assert.deepEqual(await asText(timestamptzArray(times), 'timestamptz'), texts);
});

test('an array of nothing but nulls keeps its length', async () => {
  assert.deepEqual(await asText(int8Array([undefined, undefined]), 'int8'), [null, null]);
});

test('an empty array of each type is an empty array', async () => {
  const empties: [Buffer, string][] = [
    [int8Array([]), 'int8'],
    [int4Array([]), 'int4'],
    [int2Array([]), 'int2'],
    [booleanArray([]), 'boolean'],
    [timestamptzArray([]), 'timestamptz'],
    [uuidArray([]), 'uuid'],
    [byteaArray([], 16), 'bytea'],
  ];
  for (const [buffer, type] of empties) {
    const rows = await bank.database.query<{ text: string; size: number; dimensions: null }>({
      text: `select $1::${type}[]::text as text, cardinality($1::${type}[]) as size,
        array_ndims($1::${type}[]) as dimensions`,
      values: [buffer],
    });
    assert.deepEqual(rows, [{ text: '{}', size: 0, dimensions: null }], type);
  }
});

test('an array sent is one-dimensional and counts from one', async () => {
  const rows = await bank.database.query({
    text: `select array_ndims($1::int8[]) as dimensions, array_lower($1::int8[], 1) as lower,
      array_upper($1::int8[], 1) as upper, ($1::int8[])[2] as second`,
    values: [int8Array([10n, 20n, 30n])],
  });
  assert.deepEqual(rows, [{ dimensions: 1, lower: 1, upper: 3, second: 20n }]);
});

test('an array of one type is refused where another is expected', async () => {
  await assert.rejects(asText(int4Array([1]), 'int8'), /element type/);
});

test('ten thousand elements arrive in order', async () => {
  const items = Array.from({ length: 10_000 }, (_, index) => BigInt(index) * 1_000_003n);
  assert.deepEqual(await asText(int8Array(items), 'int8'), items.map(String));
});
