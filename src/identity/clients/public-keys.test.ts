import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { readPublicKeys } from './public-keys.ts';

const plain = { hasCertificates: false };

function jwkOf(key: KeyObject): Record<string, unknown> {
  return { ...key.export({ format: 'jwk' }) };
}

const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed25519 = generateKeyPairSync('ed25519');

test('a set of keys is kept with a kid for each, and without what nobody needs', () => {
  const given = { keys: [{ ...jwkOf(p256.publicKey), note: 'mine' }, jwkOf(ed25519.publicKey)] };
  const read = readPublicKeys(given, plain);
  assert.ok(read.ok);
  const [first, second] = read.value.keys;
  assert.deepEqual(Object.keys(first ?? {}).toSorted(), ['crv', 'kid', 'kty', 'use', 'x', 'y']);
  assert.match(String(second?.['kid']), /^[\w-]{43}$/);
  assert.notEqual(first?.['kid'], second?.['kid']);
});

test('a private key is refused, and is not repeated in the refusal', () => {
  const jwk = jwkOf(p256.privateKey);
  const read = readPublicKeys({ keys: [jwk] }, plain);
  assert.ok(!read.ok && read.refusal.code === 'client_keys_invalid');
  assert.ok(!JSON.stringify(read).includes(String(jwk['d'])));
});

test('what is no set of usable public keys is refused', () => {
  const good = jwkOf(p256.publicKey);
  const wrong: unknown[] = [
    undefined,
    'keys',
    {},
    { keys: [] },
    { keys: 'x' },
    { keys: Array.from({ length: 11 }, () => good) },
    { keys: [null] },
    { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] },
    { keys: [{ kty: 'EC', crv: 'P-256', x: 'a', y: 'b' }] },
    { keys: [{ ...good, y: good['x'] }] },
    { keys: [{ ...good, use: 'enc' }] },
    { keys: [{ ...good, alg: 'RS256' }] },
    { keys: [{ ...good, kid: 'a b' }] },
    { keys: [{ ...good, kid: 7 }] },
    {
      keys: [
        { ...good, kid: 'same' },
        { ...jwkOf(ed25519.publicKey), kid: 'same' },
      ],
    },
    { keys: [jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey)] },
    { keys: [jwkOf(generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey)] },
  ];
  for (const given of wrong) {
    assert.ok(!readPublicKeys(given, plain).ok, JSON.stringify(given)?.slice(0, 80));
  }
});

test('a key of a certificate has its certificate', () => {
  const key = jwkOf(p256.publicKey);
  for (const x5c of [undefined, [], ['AAAA'], 'AAAA']) {
    assert.ok(!readPublicKeys({ keys: [{ ...key, x5c }] }, { hasCertificates: true }).ok);
  }
});
