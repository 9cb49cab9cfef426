import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isStorable, pathTo, scanJson } from './json-scan.ts';

const DEPTH_MAX = 16;

function scan(text: string): string | undefined {
  const flaw = scanJson(Buffer.from(text), DEPTH_MAX);
  return flaw === undefined ? undefined : `${flaw.kind} ${flaw.path}`;
}

test('ordinary documents have no flaw', () => {
  const texts = [
    'null',
    '"a"',
    '{}',
    '[]',
    '{"a":1,"b":{"a":1},"c":[{"a":1},{"a":1}]}',
    '{"a":"a","b":"a","":1}',
    '{"a":"{\\"a\\":1,\\"a\\":2}"}',
    '{"č":1,"c":2,"\\u00e9":3}',
    '{"emoji":"😀","pair":"\\ud83d\\ude00"}',
    '{"constructor":1,"prototype":2}',
    ' { "a" : [ 1 , 2 ] , "b" : { } } ',
  ];
  for (const text of texts) assert.equal(scan(text), undefined, text);
});

test('a member given twice is found with its path, also when one is written with escapes', () => {
  const cases: readonly [string, string][] = [
    ['{"a":1,"a":2}', 'duplicate a'],
    ['{"a":1,"\\u0061":2}', 'duplicate a'],
    ['{"\\u0061":1,"a":2}', 'duplicate a'],
    ['{"a":{"b":[0,{"c":1,"d":2,"c":3}]}}', 'duplicate a.b[1].c'],
    ['[{"x":1},{"x":1,"y":[],"x":1}]', 'duplicate [1].x'],
    ['{"m":{"a b":1,"a b":2}}', 'duplicate m["a b"]'],
    ['{"Aa":1,"BB":2,"Aa":3}', 'duplicate Aa'],
    ['{"":1,"":2}', 'duplicate [""]'],
    ['{"č":1,"č":2}', 'duplicate ["č"]'],
  ];
  for (const [text, expected] of cases) assert.equal(scan(text), expected, text);
});

test('a duplicate among many members is found, and many members cost little', () => {
  const names = Array.from({ length: 100_000 }, (_, index) => `"n${index}":0`);
  // Of the processor, because what others do on the machine is no cost of this.
  const started = process.cpuUsage();
  assert.equal(scan(`{${names.join(',')}}`), undefined);
  assert.equal(scan(`{${[...names, '"n5":1'].join(',')}}`), 'duplicate n5');
  assert.ok(process.cpuUsage(started).user < 2_000_000, 'linear, not quadratic');
});

test('nesting is refused beyond the limit and not before', () => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
  assert.equal(scan(nested(DEPTH_MAX)), undefined);
  assert.equal(scan(nested(DEPTH_MAX + 1)), `too_deep ${'[0]'.repeat(DEPTH_MAX)}`);
  assert.equal(scan('['.repeat(1_000_000)), `too_deep ${'[0]'.repeat(DEPTH_MAX)}`);
  const objects = '{"a":'.repeat(DEPTH_MAX + 1);
  assert.equal(scan(objects), `too_deep ${Array(DEPTH_MAX).fill('a').join('.')}`);
});

test('a name that reaches into prototypes is forbidden', () => {
  assert.equal(scan('{"a":{"__proto__":{}}}'), 'forbidden a.__proto__');
  assert.equal(scan('{"\\u005f_proto__":1}'), 'forbidden __proto__');
  assert.equal(scan('{"a":"__proto__"}'), undefined);
});

test('a text with NUL or half a surrogate pair cannot be stored', () => {
  assert.equal(scan('{"a":["\\u0000"]}'), 'unstorable_text a[0]');
  assert.equal(scan('{"a":"\\ud800"}'), 'unstorable_text a');
  assert.equal(scan('{"\\udc00":1}'), 'unstorable_text ["�"]');
  assert.equal(scan('{"a":"\\\\u0000"}'), undefined);
  assert.equal(isStorable('ok'), true);
  assert.equal(isStorable('a\0'), false);
});

test('broken JSON is left to the parser, without an exception', () => {
  const texts = [
    '',
    '"',
    '"\\',
    '{"a',
    ']',
    '}}',
    '{,,}',
    '[1,2',
    '{"a":1,"b"',
    '\\',
    '{"a":"\\u00',
  ];
  for (const text of texts) assert.equal(scan(text), undefined, text);
});

test('a part of the bytes can be scanned alone', () => {
  const bytes = Buffer.from('{"a":1}\n{"a":1,"a":2}\n');
  assert.equal(scanJson(bytes, DEPTH_MAX, 0, 7), undefined);
  assert.deepEqual(scanJson(bytes, DEPTH_MAX, 8, 21), { kind: 'duplicate', path: 'a' });
});

test('whatever JSON can say without repeating itself is passed', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (text) => {
      const found = scanJson(Buffer.from(text), 64);
      if (found?.kind === 'duplicate') assert.fail(`${found.path} in ${text}`);
    }),
  );
});

test('any repetition of a member is found', () => {
  const name = fc.string({ unit: 'grapheme', maxLength: 8 }).filter((text) => isStorable(text));
  const names = fc.uniqueArray(name, { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(names, fc.nat(), (list, pick) => {
      const members = [...list, list[pick % list.length] ?? ''];
      const text = `{${members.map((member) => `${JSON.stringify(member)}:0`).join(',')}}`;
      assert.ok(['duplicate', 'forbidden'].includes(scanJson(Buffer.from(text), 4)?.kind ?? ''));
    }),
  );
});

test('a path step is written so that it can be read back', () => {
  assert.equal(pathTo('', 'amount'), 'amount');
  assert.equal(pathTo('legs', 0), 'legs[0]');
  assert.equal(pathTo('legs[0]', 'amount'), 'legs[0].amount');
  assert.equal(pathTo('metadata', 'a.b'), 'metadata["a.b"]');
  assert.ok(pathTo('', 'x'.repeat(5_000)).length < 200);
});
