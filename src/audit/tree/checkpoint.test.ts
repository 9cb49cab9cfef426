import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkpointText, parseCheckpoint } from './checkpoint.ts';
import { EMPTY_ROOT } from './hash.ts';

const example =
  'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';

test('the checkpoint of the specification is read, and written again', () => {
  const parsed = parseCheckpoint(example);
  assert.ok(parsed.ok);
  assert.equal(parsed.value.origin, 'example.com/behind-the-sofa');
  assert.equal(parsed.value.size, 20_852_163);
  assert.equal(
    parsed.value.root.toString('base64'),
    'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=',
  );
  assert.equal(checkpointText(parsed.value), example);
});

test('extension lines are allowed, empty ones are not', () => {
  assert.ok(parseCheckpoint(`${example}extension\nand more\n`).ok);
  for (const wrong of [`${example}\n`, `${example}extension\n\n`, `${example}\nextension\n`]) {
    assert.ok(!parseCheckpoint(wrong).ok);
  }
});

test('the empty tree has one root', () => {
  const text = checkpointText({ origin: 'florin.example/log', size: 0, root: EMPTY_ROOT });
  const parsed = parseCheckpoint(text);
  assert.ok(parsed.ok);
  assert.equal(parsed.value.size, 0);
  const other = parseCheckpoint(example.replace('20852163', '0'));
  assert.ok(!other.ok && /empty tree/.test(other.why));
});

test('a text in any other spelling is rejected with the reason', () => {
  const [origin, size, root] = [
    'log.example',
    '12',
    'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=',
  ];
  const of = (...lines: string[]): string => `${lines.join('\n')}\n`;
  const wrong: [string, RegExp][] = [
    ['', /does not end with a line feed/],
    ['\n', /at least three lines/],
    [of(origin, size), /at least three lines/],
    [`${origin}\n${size}\n${root}`, /does not end with a line feed/],
    [of('', size, root), /empty or malformed/],
    [of(origin, '', root), /empty or malformed/],
    [of(origin, size, ''), /empty or malformed/],
    [of(`${origin}\r`, size, root), /empty or malformed/],
    [of(origin, '012', root), /not a plain number/],
    [of(origin, '00', root), /not a plain number/],
    [of(origin, '+12', root), /not a plain number/],
    [of(origin, '-12', root), /not a plain number/],
    [of(origin, '12 ', root), /not a plain number/],
    [of(origin, '1e3', root), /not a plain number/],
    [of(origin, '0x12', root), /not a plain number/],
    [of(origin, '١٢', root), /not a plain number/],
    [of(origin, '9007199254740993', root), /not a plain number/],
    [of(origin, '18446744073709551616', root), /not a plain number/],
    [of(origin, size, root.slice(0, -1)), /not a hash/],
    [of(origin, size, root.replace('/', '_')), /not a hash/],
    [of(origin, size, root.replace('2I=', '2J=')), /not a hash/],
    [of(origin, size, 'AAAA'), /not a hash/],
    [of(origin, size, ` ${root}`), /not a hash/],
  ];
  for (const [text, reason] of wrong) {
    const parsed = parseCheckpoint(text);
    assert.ok(!parsed.ok, JSON.stringify(text));
    assert.match(parsed.why, reason, JSON.stringify(text));
  }
});

test('what is not a tree head cannot be written', () => {
  const head = { origin: 'log.example', size: 1, root: EMPTY_ROOT };
  assert.throws(() => checkpointText({ ...head, origin: '' }), /one line/);
  assert.throws(() => checkpointText({ ...head, origin: 'two\nlines' }), /one line/);
  assert.throws(() => checkpointText({ ...head, size: -1 }), /whole number/);
  assert.throws(() => checkpointText({ ...head, root: Buffer.alloc(31) }), /32 bytes/);
});
