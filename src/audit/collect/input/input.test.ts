import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { cut } from '../reader-testing.ts';
import { Content } from './content.ts';
import { JsonItems } from './json-items.ts';
import { readJson } from './json-value.ts';
import { Lines } from './lines.ts';

const cuts = fc.array(fc.nat({ max: 2_000 }), { maxLength: 40 });

function linesOf(bytes: Buffer, places: readonly number[], bytesMax: number): string[] {
  const seen: string[] = [];
  let block: Buffer = Buffer.alloc(0);
  const lines = new Lines(
    {
      block: (given) => {
        block = given;
      },
      line: (start, end, offset) => {
        seen.push(`${offset} ${block.toString('latin1', start, end)}`);
      },
      oversized: (head, offset) => {
        seen.push(`${offset} too long ${head.toString('latin1')}`);
      },
    },
    bytesMax,
  );
  for (const piece of cut(bytes, places)) lines.push(piece);
  lines.end();
  return seen;
}

test('lines are the same however their bytes are cut, and long ones are passed over', () => {
  const line = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\r'), maxLength: 30 });
  fc.assert(
    fc.property(fc.array(line, { maxLength: 40 }), fc.boolean(), cuts, (given, hasEnd, places) => {
      const bytes = Buffer.from(given.join('\n') + (hasEnd ? '\n' : ''));
      assert.deepEqual(linesOf(bytes, places, 20), linesOf(bytes, [], 20));
    }),
  );
  const long = Buffer.from(`short\r\n${'x'.repeat(3_000)}\nnext`);
  const head = 'x'.repeat(1_024);
  assert.deepEqual(linesOf(long, [], 2_000), ['0 short', `7 too long ${head}`, '3008 next']);
  assert.deepEqual(linesOf(long, [1, 900, 2_500], 2_000), linesOf(long, [], 2_000));
});

function itemsOf(bytes: Buffer, places: readonly number[], arrayName?: string): string[] {
  const seen: string[] = [];
  const items = new JsonItems(
    {
      item: (item, offset) => {
        seen.push(`item ${offset} ${item.toString('latin1')}`);
      },
      other: (line, offset) => {
        seen.push(`other ${offset} ${line.toString('latin1')}`);
      },
      broken: (head, offset, reason) => {
        seen.push(`broken ${offset} ${head.toString('latin1')}: ${reason}`);
      },
    },
    { itemBytesMax: 60, arrayName },
  );
  for (const piece of cut(bytes, places)) items.push(piece);
  items.end();
  return seen;
}

const read = (text: string, arrayName?: string): string[] =>
  itemsOf(Buffer.from(text), [], arrayName);

test('items are the elements of Records, or the objects at the top level', () => {
  const text = '{"Records":[{"a":1},{"b":"},]\\"["} ]}\n';
  assert.deepEqual(read(text, 'Records'), ['item 12 {"a":1}', 'item 20 {"b":"},]\\"["}']);
  const pretty = '{\n "x": [1],\n "Records" : [\n {"a": [{}]}\n ],\n "y": {"Records": [{}]}\n}';
  assert.deepEqual(read(pretty, 'Records'), ['item 29 {"a": [{}]}']);
  assert.deepEqual(read('{"a":1}\n{"b":2} {"c":3}', 'Records'), [
    'item 0 {"a":1}',
    'item 8 {"b":2}',
    'item 16 {"c":3}',
  ]);
  assert.deepEqual(read('[{"a":1},{"b":2}]', 'Records'), ['item 1 {"a":1}', 'item 9 {"b":2}']);
  assert.deepEqual(read('{"Records":[]}', 'Records'), []);
  assert.deepEqual(read('{"Records":{"a":[1]}}', 'Records'), ['item 0 {"Records":{"a":[1]}}']);
  assert.deepEqual(read('{"k":"Records","l":[1]}', 'Records'), ['item 0 {"k":"Records","l":[1]}']);
  assert.deepEqual(read('{"Records":[{"a":1}]}', undefined), ['item 0 {"Records":[{"a":1}]}']);
});

test('what is no item is reported, and the items after it are found', () => {
  assert.deepEqual(read('garbage\n{"a":1}\nmore'), [
    'other 0 garbage',
    'item 8 {"a":1}',
    'other 16 more',
  ]);
  assert.deepEqual(read('{"Records":[{"a":1},17,{"b":2}]}', 'Records'), [
    'item 12 {"a":1}',
    'other 20 17',
    'item 23 {"b":2}',
  ]);
  assert.deepEqual(read('{"Records":[{"a":1},{"b":', 'Records'), [
    'item 12 {"a":1}',
    'broken 20 {"b":: ends in the middle',
  ]);
  assert.deepEqual(read('{"a":"torn\n{"b":2}'), [
    'broken 0 {"a":"torn: has a line feed inside of a string',
    'item 11 {"b":2}',
  ]);
  const long = `{"a":"${'x'.repeat(100)}"}`;
  const [first, second] = read(`${long}{"b":2}`);
  assert.match(first ?? '', /^broken 0 .*: is longer than 60 bytes$/);
  assert.equal(second, `item ${long.length} {"b":2}`);
  const unbalanced = read(`${'{'.repeat(70)}\n{"b":2}`);
  assert.equal(unbalanced.at(-1), 'item 71 {"b":2}');
});

test('items are the same however their bytes are cut, whatever the bytes are', () => {
  const part = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    '"',
    '\\',
    ',',
    ':',
    '\n',
    ' ',
    'a',
    '"Records"',
    '"Records":[',
    '{"a":1}',
    '{"b":"x\\"y"}',
    `{"long":"${'z'.repeat(70)}"}`,
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 60 }), cuts, (parts, places) => {
      const bytes = Buffer.from(parts.join(''));
      for (const arrayName of ['Records', undefined]) {
        assert.deepEqual(itemsOf(bytes, places, arrayName), itemsOf(bytes, [], arrayName));
      }
    }),
    { numRuns: 500 },
  );
});

async function contentOf(
  bytes: Buffer,
  places: readonly number[] = [],
): Promise<{ content: Buffer; problem: string | undefined }> {
  const content = new Content(Readable.from(cut(bytes, places)));
  const pieces: Buffer[] = [];
  for await (const piece of content.pieces()) pieces.push(piece);
  return { content: Buffer.concat(pieces), problem: content.problem };
}

test('content is taken out of gzip, also out of several in a row, and left alone otherwise', async () => {
  const [one, two] = [randomBytes(100_000), Buffer.from('second\n')];
  const gzip = Buffer.concat([gzipSync(one), gzipSync(two)]);
  const both = Buffer.concat([one, two]);
  for (const places of [[], [1], [1, 2, 3, 50_000, gzip.length - 1]]) {
    const { content, problem } = await contentOf(gzip, places);
    assert.ok(content.equals(both));
    assert.equal(problem, undefined);
  }
  for (const plain of [Buffer.alloc(0), Buffer.from([0x1f]), Buffer.from('text')]) {
    assert.deepEqual(await contentOf(plain, [1]), { content: plain, problem: undefined });
  }
});

test('truncated gzip gives what was readable, and says that it ends in the middle', async () => {
  const whole = randomBytes(400_000);
  const gzip = gzipSync(whole);
  for (const length of [gzip.length - 1, gzip.length - 9, 200_000, 20]) {
    const { content, problem } = await contentOf(gzip.subarray(0, length), [7_000, 90_000]);
    assert.equal(problem, 'the gzip content ends in the middle');
    assert.ok(content.equals(whole.subarray(0, content.length)));
    // Random bytes do not compress, so nearly all of what was there comes out.
    assert.ok(content.length >= Math.max(length - 40_000, 0), `${content.length} of ${length}`);
  }
});

test('damaged gzip gives what was before the damage', async () => {
  const whole = randomBytes(400_000);
  const gzip = gzipSync(whole);
  // The length of a stored block, and its complement, no longer match.
  gzip.fill(0xff, 300_000, 370_000);
  const { content, problem } = await contentOf(gzip);
  assert.equal(problem, 'the gzip content is damaged');
  assert.ok(
    content.length >= 200_000 && content.subarray(0, 200_000).equals(whole.subarray(0, 200_000)),
  );
});

test('JSON that cannot be spelled canonically is made so, or refused', () => {
  assert.deepEqual(readJson('{"a":"\\ud800x","\\udfff":1e999}'), { a: '\ufffdx', '\ufffd': null });
  assert.equal(readJson('{"a":'), undefined);
  assert.equal(readJson('['.repeat(65) + ']'.repeat(65)), undefined);
  assert.equal(readJson('['.repeat(200_000)), undefined);
  assert.equal(readJson(`${'['.repeat(200_000)}${']'.repeat(200_000)}`), undefined);
  assert.deepEqual(readJson('{"__proto__":{"a":1}}'), JSON.parse('{"__proto__":{"a":1}}'));
});
