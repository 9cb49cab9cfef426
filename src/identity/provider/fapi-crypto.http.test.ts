// FAPI 2.0 Security Profile (Final, 22 February 2025): cryptography, secrets and proofs, each
// requirement by its clause, tried by a client that breaks it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { exportJWK, UnsecuredJWT } from 'jose';
import { readPublicKeys } from '../clients/public-keys.ts';
import type { ProviderBank } from './testing/bank.ts';
import { FapiBank } from './testing/fapi-bank.ts';
import {
  assertion,
  authorize,
  exchange,
  fapiClient,
  newKey,
  nowS,
  post,
  publicSet,
  type RelyingParty,
} from './testing/relying-party.ts';

let fapi: FapiBank;
let bank: ProviderBank;
let party: RelyingParty;
let machine: RelyingParty;

before(async () => {
  fapi = await FapiBank.open('fapi_crypto');
  ({ bank, party, machine } = fapi);
});
after(() => bank.close());

test('5.4.1-1: PS256, ES256 and EdDSA are accepted of clients, and nothing else', async () => {
  for (const algorithm of ['PS256', 'ES256', 'Ed25519']) {
    const client = await fapiClient(bank, { algorithm });
    assert.ok((await exchange(client, await authorize(client))).access_token, algorithm);
  }
  const rsa = await newKey('RS256');
  const client = await fapiClient(bank, { keys: await publicSet(rsa) });
  const form = await assertion(bank, { ...client, key: rsa }, {}, { alg: 'RS256' });
  const { body } = await post(fapi.endpoint('par'), { ...form, response_type: 'code' });
  assert.equal(body['error'], 'invalid_client');
});

test('5.4.1-1: the algorithm none is refused, of an assertion and of a proof', async () => {
  const claims = { iss: machine.id, sub: machine.id, aud: bank.issuer, jti: 'none-1' };
  const unsigned = new UnsecuredJWT(claims).setExpirationTime('1m').setIssuedAt().encode();
  const { body } = await fapi.askToken({ form: { client_assertion: unsigned } });
  assert.equal(body['error'], 'invalid_client');
  const proved = await post(
    fapi.endpoint('token'),
    { ...(await assertion(bank, machine)), grant_type: 'client_credentials' },
    {
      dpop: new UnsecuredJWT({ jti: 'a', htm: 'POST', htu: fapi.endpoint('token') })
        .setIssuedAt()
        .encode(),
    },
  );
  assert.equal(proved.body['error'], 'invalid_dpop_proof');
});

test('5.4.1-1: what the bank signs is ES256', async () => {
  const tokens = await exchange(party, await authorize(party));
  for (const token of [tokens.access_token, tokens.id_token ?? '']) {
    const header = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as {
      alg: string;
    };
    assert.equal(header.alg, 'ES256');
  }
});

test('5.4.1-2: an RSA key of less than 2048 bits is refused', async () => {
  const make = async (modulusLength: number): Promise<unknown> => {
    const algorithm = { name: 'RSA-PSS', hash: 'SHA-256', modulusLength };
    const publicExponent = new Uint8Array([1, 0, 1]);
    const pair = await crypto.subtle.generateKey({ ...algorithm, publicExponent }, true, [
      'sign',
      'verify',
    ]);
    const { kty, n, e } = await exportJWK(pair.publicKey);
    return { keys: [{ kty, n, e }] };
  };
  const weak = readPublicKeys(await make(1_024), { hasCertificates: false });
  assert.equal(weak.ok, false);
  assert.ok(readPublicKeys(await make(2_048), { hasCertificates: false }).ok);
});

test('5.4.1-3: an elliptic curve is P-256 or Ed25519', async () => {
  const curve = { name: 'ECDSA', namedCurve: 'P-384' };
  const pair = await crypto.subtle.generateKey(curve, true, ['sign', 'verify']);
  const { kty, crv, x, y } = await exportJWK(pair.publicKey);
  assert.equal(
    readPublicKeys({ keys: [{ kty, crv, x, y }] }, { hasCertificates: false }).ok,
    false,
  );
});

test('5.4.1-4: codes, references and refresh tokens have 128 random bits and more', async () => {
  const authorized = await authorize(party, {
    scope: 'openid offline_access accounts.read',
    prompt: 'consent',
  });
  const { refresh_token: refreshToken = '' } = await exchange(party, authorized);
  const code = authorized.landed.url.searchParams.get('code') ?? '';
  const { body } = await fapi.push();
  const reference = String(body['request_uri']).split(':').at(-1) ?? '';
  // base64url has 6 bits a character.
  for (const text of [code, refreshToken, reference]) assert.ok(text.length * 6 >= 128, text);
});

test('5.4.2-3: the published keys have a kid each, no two the same, and no private half', async () => {
  const response = await fetch(fapi.endpoint('jwks'));
  const { keys } = (await response.json()) as { keys: Record<string, unknown>[] };
  assert.ok(keys.length > 0);
  assert.equal(new Set(keys.map(({ kid }) => kid)).size, keys.length);
  for (const key of keys) assert.ok(!('d' in key));
});

test('5.2.3-3: no other site may read the answers of the authorization endpoint', async () => {
  const response = await fetch(fapi.endpoint('authorize'), {
    headers: { origin: 'https://a.example' },
  });
  assert.equal(response.headers.get('access-control-allow-origin'), null);
});

test('RFC 9449 4.3: a proof that was used, or is of another place or method, is refused', async () => {
  const jti = crypto.randomUUID();
  assert.equal((await fapi.askToken({ proof: { jti } })).status, 200);
  const spoilt = [
    { jti },
    { htu: fapi.endpoint('par') },
    { htm: 'GET' },
    { iat: nowS() - 400 },
    { iat: undefined },
    { jti: undefined },
  ];
  for (const each of spoilt) {
    const { status, body } = await fapi.askToken({ proof: each });
    assert.equal(status, 400, JSON.stringify(each));
    assert.match(String(body['error']), /^(invalid_dpop_proof|invalid_grant|use_dpop_nonce)$/);
  }
});
