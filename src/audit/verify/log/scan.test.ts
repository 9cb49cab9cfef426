import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonical, type Json } from '../../canonical.ts';
import { LeafScanner } from './scan.ts';

const whole: Record<string, Json> = {
  action: 'test.thing.change',
  actor: { authentication: 'none', id: 'tester', roles: ['one', 'two'] },
  after: { amount: '12', deep: [[{}], [], { a: 1.5, b: -2e-7, c: [true, false, null] }], word: '' },
  at: '2026-11-21T20:00:00.000Z',
  before: {},
  clock_offset_us: -12,
  id: 'aud_019c0000-0000-7000-8000-000000000001',
  origin: { address: '::1', request_id: 'req-1' },
  outcome: 'success',
  reason: 'some_code',
  retention: 'books',
  sealed: [],
  target: 'thing-1',
  version: 1,
};

const scanner = new LeafScanner();

/** What is wrong with the text as a leaf, when it stands between two others. */
function flawOf(text: string | Buffer): string | undefined {
  const line = Buffer.from(text);
  const before = Buffer.from('{"action":"a"}\n');
  const bytes = Buffer.concat([before, line, Buffer.from('\n{"action":"b"}')]);
  return scanner.read(bytes, before.length, before.length + line.length);
}

const without = (name: string): Record<string, Json> => {
  const { [name]: _, ...rest } = whole;
  return rest;
};

test('a canonical record is a leaf, and its members are where they stand', () => {
  assert.equal(flawOf(canonical(whole)), undefined);
  for (const [name, value] of Object.entries(whole)) {
    assert.equal(scanner.raw(name as 'id'), canonical(value));
  }
  assert.equal(scanner.text('target'), 'thing-1');
  assert.ok(scanner.isRaw('version', Buffer.from('1')));
  assert.ok(!scanner.isRaw('outcome', Buffer.from('"succes')));
});

test('every optional member may be absent, and no other', () => {
  const optional = ['after', 'before', 'clock_offset_us', 'reason', 'sealed'];
  for (const name of Object.keys(whole)) {
    const flaw = flawOf(canonical(without(name)));
    assert.equal(flaw, optional.includes(name) ? undefined : `no member ${name}`);
    if (flaw === undefined) assert.equal(scanner.raw(name as 'after'), undefined);
  }
});

test('texts with escapes and beyond ASCII are read as they are', () => {
  const target = 'Žluťoučký "kůň"\n\u0007\\ \u{1f40e}\u007f';
  const after = { '\u{1f40e}': 1, דּ: 2, '\r': 3 };
  assert.equal(flawOf(canonical({ ...whole, target, after })), undefined);
  assert.equal(scanner.text('target'), target);
  assert.equal(scanner.raw('after'), canonical(after));
  assert.equal(scanner.text('action'), 'test.thing.change');
});

const text = canonical(whole);
const flawed: [what: string, text: string | Buffer, flaw: RegExp][] = [
  ['a space after a colon', text.replace('"version":1', '"version": 1'), /canonical form/],
  ['a space at the end', `${text} `, /canonical form/],
  ['a number spelled otherwise', text.replace('1.5', '1.50'), /canonical form/],
  ['minus zero', text.replace('1.5', '-0'), /canonical form/],
  ['an escape where none is needed', text.replace('thing-1', 'th\\u0069ng-1'), /canonical form/],
  ['names out of order', text.replace('{"a":1.5,"b":', '{"b":1.5,"a":'), /canonical form/],
  ['a name twice', text.replace('{"a":1.5,"b":', '{"a":1.5,"a":'), /canonical form/],
  ['a longer name before its beginning', text.replace('"a":1.5,"b"', '"a b":1,"a"'), /canonical/],
  ['members out of order', text.replace(/^\{("action":"[^"]+"),(.*)\}$/, '{$2,$1}'), /canonical/],
  [
    'a byte that is no UTF-8',
    Buffer.from(text.replace('thing', 'th\u00ff'), 'latin1'),
    /canonical/,
  ],
  ['a control character', text.replace('thing', 'th\u0001ng'), /no JSON/],
  ['half a surrogate pair', text.replace('thing-1', '\\ud800'), /no JSON/],
  ['an end too early', text.slice(0, -1), /no JSON/],
  ['nothing', '', /no JSON/],
  ['two values', `${text}{}`, /no JSON/],
  ['a list', '[]', /no JSON object/],
  ['brackets without end', '['.repeat(60_000), /no JSON/],
  ['an unknown member', canonical({ ...whole, extra: 1 }), /unknown member extra/],
  ['another version', canonical({ ...whole, version: 2 }), /member version/],
  ['a version that begins alike', canonical({ ...whole, version: 11 }), /member version/],
  ['an unknown outcome', canonical({ ...whole, outcome: 'maybe' }), /member outcome/],
  ['an unknown retention', canonical({ ...whole, retention: 'short' }), /member retention/],
  ['an actor that is a text', canonical({ ...whole, actor: 'x' }), /member actor/],
  ['a target that is a number', canonical({ ...whole, target: 1 }), /member target/],
];

for (const [what, line, flaw] of flawed) {
  test(`a line with ${what} is no leaf`, () => {
    assert.match(flawOf(line) ?? 'a leaf', flaw);
  });
}

test('the fast way and the slow way agree on lines changed at random', () => {
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  const pieces = [
    '"',
    ',',
    ':',
    '{',
    '}',
    '[',
    ']',
    '0',
    '-',
    'e',
    'a',
    ' ',
    '\\',
    'null',
    '"a":1',
  ];
  for (let round = 0; round < 20_000; round += 1) {
    const at = random(text.length);
    const piece = pieces[random(pieces.length)] ?? '';
    const line = text.slice(0, at) + piece + text.slice(at + random(3));
    let isCanonical = false;
    try {
      isCanonical = canonical(JSON.parse(line) as Json) === line;
    } catch {
      isCanonical = false;
    }
    const flaw = flawOf(line);
    if (!isCanonical) assert.match(flaw ?? 'a leaf', /no JSON|canonical form/, line);
    else assert.doesNotMatch(flaw ?? '', /no JSON$|canonical form/, line);
  }
});
