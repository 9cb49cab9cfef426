import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { importKey, isSignedBy, readToken, thumbprintOf, tokenAlgorithms } from './tokens.ts';
import type { TokenAlgorithm } from './tokens.ts';

async function pair(algorithm: TokenAlgorithm) {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
  return { jwk: { ...(await exportJWK(publicKey)) }, privateKey, publicKey };
}

const claims = { sub: 'usr_1' };

for (const algorithm of tokenAlgorithms) {
  test(`a token signed with ${algorithm} is read and verified with its key alone`, async () => {
    const [one, other] = [await pair(algorithm), await pair(algorithm)];
    const header = { alg: algorithm, kid: 'k1', typ: 'application/AT+jwt' };
    const text = await new SignJWT(claims).setProtectedHeader(header).sign(one.privateKey);
    const read = readToken(text);
    assert.deepEqual(read, { algorithm, keyId: 'k1', type: 'at+jwt', jwk: undefined, claims });
    const [key, otherKey] = [
      await importKey(one.jwk, algorithm),
      await importKey(other.jwk, algorithm),
    ];
    assert.ok(key !== undefined && otherKey !== undefined);
    assert.equal(await isSignedBy(text, key), true);
    assert.equal(await isSignedBy(text, otherKey), false);
    const [head = '', , signature = ''] = text.split('.');
    const forged = Buffer.from('{"sub":"usr_2"}').toString('base64url');
    assert.equal(await isSignedBy(`${head}.${forged}.${signature}`, key), false);
  });
}

test('algorithms that prove nothing, or need a shared secret, are not read at all', async () => {
  const { jwk } = await pair('RS256');
  const encode = (value: unknown): string =>
    Buffer.from(JSON.stringify(value)).toString('base64url');
  for (const alg of ['none', 'None', 'HS256', 'RS1', 'ES256K', 'RSA-OAEP', undefined, 7]) {
    const body = `${encode({ alg })}.${encode(claims)}`;
    const mac = createHmac('sha256', JSON.stringify(jwk)).update(body).digest('base64url');
    assert.equal(readToken(`${body}.${mac}`), undefined, String(alg));
    assert.equal(readToken(`${body}.`), undefined, String(alg));
  }
});

test('what is no token is not read', () => {
  const cases = ['', '.', '..', 'a.b', 'a.b.c', 'a.b.c.d', 'e30.e30.', 'é.é.é', `e30.W10.AA`];
  for (const text of cases) assert.equal(readToken(text), undefined, text);
  assert.equal(readToken(`${'A'.repeat(5_000)}.e30.AA`), undefined);
});

test('a key is not used for another algorithm than its own', async () => {
  const { jwk } = await pair('PS256');
  const [ec, okp] = [await pair('ES256'), await pair('EdDSA')];
  assert.equal(await importKey({ ...jwk, alg: 'PS256' }, 'RS256'), undefined);
  assert.equal(await importKey(jwk, 'ES256'), undefined);
  assert.equal(await importKey(ec.jwk, 'EdDSA'), undefined);
  assert.equal(await importKey(okp.jwk, 'ES256'), undefined);
  assert.equal(await importKey({ ...ec.jwk, use: 'enc' }, 'ES256'), undefined);
  assert.equal(await importKey({ ...ec.jwk, crv: 'P-384' }, 'ES256'), undefined);
});

test('a key that brings its secret half, is broken or too short is not used', async () => {
  const { privateKey } = await pair('ES256');
  assert.equal(await importKey({ ...(await exportJWK(privateKey)) }, 'ES256'), undefined);
  const { jwk } = await pair('ES256');
  assert.equal(await importKey({ ...jwk, x: jwk.y }, 'ES256'), undefined);
  assert.equal(await importKey({ ...jwk, x: 7 }, 'ES256'), undefined);
  const short = { kty: 'RSA', e: 'AQAB', n: 'x'.repeat(171) };
  assert.equal(await importKey(short, 'PS256'), undefined);
  assert.equal(await importKey({}, 'PS256'), undefined);
});

test('thumbprints are those of RFC 7638 §3.1, and of another implementation', async () => {
  const modulus =
    '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECP' +
    'ebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY' +
    '368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0f' +
    'M4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw';
  const rsa = { kty: 'RSA', n: modulus, e: 'AQAB', alg: 'RS256', kid: '2011-04-29' };
  assert.equal(thumbprintOf(rsa), 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
  for (const algorithm of tokenAlgorithms) {
    const { jwk } = await pair(algorithm);
    assert.equal(thumbprintOf({ ...jwk, kid: 'x' }), await calculateJwkThumbprint(jwk));
  }
  assert.equal(thumbprintOf({ kty: 'oct', k: 'AA' }), undefined);
  assert.equal(thumbprintOf({ kty: 'EC', crv: 'P-256', x: 'AA' }), undefined);
});
