import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instantOfMs } from '#kernel';
import type { Principal } from '#identity';
import { EdgeRefusal } from '../problems.ts';
import { fingerprintOf } from './fingerprint.ts';
import { keyOf, readKey } from './key.ts';

function read(given: string | undefined): string {
  return readKey((name) => (name === 'idempotency-key' ? given : undefined));
}

function codeOf(given: string | undefined): string {
  try {
    return `read: ${read(given)}`;
  } catch (error) {
    assert.ok(error instanceof EdgeRefusal);
    assert.equal(error.param, 'idempotency-key');
    return error.code;
  }
}

const principal: Principal = {
  subject: 'usr_1',
  kind: 'person',
  tenant: 'main',
  roles: [],
  scopes: undefined,
  authentication: 'none',
  factors: 1,
  authenticatedAt: instantOfMs(0),
  clientId: undefined,
  customer: 'usr_1',
  session: undefined,
};

test('a key is a quoted string (RFC 9651 §3.3.3)', () => {
  assert.equal(
    read('"8e03978e-40d5-43dd-bc93-6894a57f9324"'),
    '8e03978e-40d5-43dd-bc93-6894a57f9324',
  );
  assert.equal(read('"a b, c"'), 'a b, c');
  assert.equal(read(String.raw`"a\"b\\c"`), String.raw`a"b\c`);
});

test('a key without quotes stands for the same key', () => {
  assert.equal(
    read('8e03978e-40d5-43dd-bc93-6894a57f9324'),
    read('"8e03978e-40d5-43dd-bc93-6894a57f9324"'),
  );
});

test('a request without a key is told that it needs one', () => {
  assert.equal(codeOf(undefined), 'idempotency_key_missing');
});

test('what is not one short text is no key', () => {
  const wrong = [
    '',
    '""',
    '"a',
    'a"',
    '"a", "b"',
    'a, b',
    '"a";p=1',
    String.raw`"a\b"`,
    '"é"',
    '"a\tb"',
    'a b',
    '?1',
    `"${'x'.repeat(256)}"`,
    'x'.repeat(256),
  ];
  for (const given of wrong) assert.equal(codeOf(given), 'idempotency_key_invalid', given);
  assert.equal(codeOf(`"${'x'.repeat(255)}"`), `read: ${'x'.repeat(255)}`);
});

test('the same key of another caller or tenant is another key', () => {
  const mine = keyOf(principal, 'k');
  assert.match(mine, /^[0-9a-f]{32}$/);
  assert.equal(keyOf({ ...principal, roles: ['teller'] }, 'k'), mine);
  assert.notEqual(keyOf({ ...principal, subject: 'usr_2' }, 'k'), mine);
  assert.notEqual(keyOf({ ...principal, tenant: 'other' }, 'k'), mine);
  assert.notEqual(keyOf({ ...principal, subject: 'usr_', tenant: '1main' }, 'k'), mine);
});

test('two requests are the same when their content is, however it is written', () => {
  const route = { method: 'POST', path: '/v1/things/{id}' } as const;
  const request = { params: { id: '1' }, query: { dry: false }, body: { a: '1', b: [1, 2] } };
  const same = { ...request, body: JSON.parse('{ "b": [1.0, 2], "a": "1" }') as object };
  const first = fingerprintOf(route, request);
  assert.match(first, /^[0-9a-f]{64}$/);
  assert.equal(fingerprintOf(route, same), first);
  const others = [
    fingerprintOf({ ...route, method: 'PUT' }, request),
    fingerprintOf({ ...route, path: '/v1/others/{id}' }, request),
    fingerprintOf(route, { ...request, params: { id: '2' } }),
    fingerprintOf(route, { ...request, query: { dry: true } }),
    fingerprintOf(route, { ...request, body: { a: '1', b: [2, 1] } }),
    fingerprintOf(route, { ...request, body: { a: 1, b: [1, 2] } }),
  ];
  assert.equal(new Set([first, ...others]).size, 7);
});
