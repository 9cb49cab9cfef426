import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EdgeRefusal } from '../problems.ts';
import { readJson, readNdjson } from './json-body.ts';

function refusalOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof EdgeRefusal, String(error));
    return `${error.code} ${error.param ?? ''}`;
  }
  return 'none';
}

const json = (text: string | Buffer): unknown => readJson(Buffer.from(text), 4);
const ndjson = (text: string): unknown => readNdjson(Buffer.from(text), 4, 3);

test('a body is read as JSON', () => {
  assert.deepEqual(json('{"a":[1,"č"]}'), { a: [1, 'č'] });
  assert.deepEqual(json(' [] '), []);
});

test('a body that is not JSON is refused with the place', () => {
  assert.equal(
    refusalOf(() => json('{"a":}')),
    'invalid_json body',
  );
  for (const text of ['{"a":1,}', "{'a':1}", 'NaN', '01', '{"a":1}x', '\ufeff{}', '"\t"']) {
    assert.equal(
      refusalOf(() => json(text)),
      'invalid_json body',
      text,
    );
  }
});

test('an empty body, and one of white space, is refused as missing', () => {
  for (const text of ['', ' \r\n\t']) {
    assert.equal(
      refusalOf(() => json(text)),
      'body_required body',
    );
  }
});

test('bytes that are not UTF-8 are refused', () => {
  for (const bytes of [
    [0x22, 0xff, 0x22],
    [0x22, 0xc3, 0x22],
    [0x22, 0xed, 0xa0, 0x80, 0x22],
  ]) {
    assert.equal(
      refusalOf(() => json(Buffer.from(bytes))),
      'invalid_utf8 body',
    );
  }
});

test('what JSON.parse does not see is refused with its path', () => {
  const cases: readonly [string, string][] = [
    ['{"a":{"b":1,"b":2}}', 'field_duplicate a.b'],
    ['{"__proto__":1}', 'field_forbidden __proto__'],
    ['[[[[[1]]]]]', 'nesting_too_deep [0][0][0][0]'],
    ['{"a":"\\u0000"}', 'field_unstorable a'],
  ];
  for (const [text, expected] of cases) {
    assert.equal(
      refusalOf(() => json(text)),
      expected,
    );
  }
});

test('NDJSON is one item a line, with any line ending and blank lines ignored', () => {
  assert.deepEqual(ndjson('{"a":1}\n{"a":2}'), [{ a: 1 }, { a: 2 }]);
  assert.deepEqual(ndjson('\r\n{"a":1}\r\n\n \n2\n'), [{ a: 1 }, 2]);
  assert.deepEqual(ndjson(''), []);
});

test('a flaw in NDJSON names its item', () => {
  const cases: readonly [string, string][] = [
    ['1\n{"a":1,"a":2}', 'field_duplicate [1].a'],
    ['1\n\n{bad', 'invalid_json [1]'],
    ['[1]\n[[[[[1]]]]]', 'nesting_too_deep [1][0][0][0][0]'],
    ['1\n2\n3\n4', 'field_invalid body'],
  ];
  for (const [text, expected] of cases) {
    assert.equal(
      refusalOf(() => ndjson(text)),
      expected,
    );
  }
});
