import assert from 'node:assert/strict';
import test from 'node:test';
import { messageBytes, readBody, requireFits, writeBody } from './body.ts';

/** What SQS takes, after XML 1.0. */
const XML = /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;

test('a body is written in characters that every queue carries, and read as it was', () => {
  for (let code = 0; code <= 0xffff; code += 1) {
    const body = { text: String.fromCharCode(code) };
    const text = writeBody(body);
    assert.match(text, XML, `U+${code.toString(16)}`);
    assert.deepEqual(readBody(text), body);
  }
});

test('a body that JSON cannot write is a bug', () => {
  assert.throws(() => writeBody(undefined as unknown as string), { name: 'Bug' });
  assert.throws(() => writeBody(1n as unknown as string), TypeError);
});

test('a message is as large as its body and the names, types and values of its attributes', () => {
  assert.equal(messageBytes('"\u00e9"', {}), 4);
  assert.equal(messageBytes('{}', { trace_id: 'ab' }), 2 + 8 + 6 + 2);
  const text = 'x'.repeat(1_048_576);
  requireFits(text, undefined);
  assert.throws(() => requireFits(`${text}x`, undefined), { name: 'Bug' });
  assert.throws(() => requireFits(text, 'ab'.repeat(16)), { name: 'Bug' });
});
