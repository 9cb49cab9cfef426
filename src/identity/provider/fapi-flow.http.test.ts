// FAPI 2.0 Security Profile (Final, 22 February 2025): the authorization code flow, each of its
// requirements by its clause, tried by a client that breaks it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as oauth from 'openid-client';
import { checkNewClient } from '../clients/client.ts';
import { SUBJECT, type ProviderBank } from './testing/bank.ts';
import { Browser } from './testing/browser.ts';
import { FapiBank, NEW_FAPI_CLIENT } from './testing/fapi-bank.ts';
import {
  authorize,
  BACK,
  claimsOf,
  exchange,
  fapiClient,
  type RelyingParty,
} from './testing/relying-party.ts';

let fapi: FapiBank;
let bank: ProviderBank;
let party: RelyingParty;

before(async () => {
  fapi = await FapiBank.open('fapi_flow');
  ({ bank, party } = fapi);
});
after(() => bank.close());

test('5.3.2.2-1: the response type is code', async () => {
  for (const type of ['token', 'id_token', 'code id_token', 'code token', 'none']) {
    assert.equal((await fapi.push({ response_type: type })).status, 400, type);
  }
  const response = await fetch(`${bank.issuer}/.well-known/openid-configuration`);
  const metadata = (await response.json()) as Record<string, unknown>;
  assert.deepEqual(metadata['response_types_supported'], ['code']);
});

test('5.3.2.2-2: a pushed request is answered by a reference', async () => {
  const { status, body } = await fapi.push();
  assert.equal(status, 201);
  assert.match(String(body['request_uri']), /^urn:ietf:params:oauth:request_uri:[\w-]{22,}$/);
});

test('5.3.2.2-3: a request that was not pushed is refused', async () => {
  const challenge = await oauth.calculatePKCECodeChallenge(oauth.randomPKCECodeVerifier());
  const url = oauth.buildAuthorizationUrl(party.config, {
    redirect_uri: BACK,
    scope: 'openid',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  });
  const landed = await new Browser().go(url);
  assert.equal(landed.url.searchParams.get('error'), 'invalid_request');
  assert.equal(landed.url.searchParams.get('code'), null);
});

test('5.3.2.2-4: a pushed request without client authentication is refused', async () => {
  const nothing = { client_assertion: undefined, client_assertion_type: undefined };
  const { status, body } = await fapi.push(nothing);
  assert.deepEqual([status, body['error']], [401, 'invalid_client']);
});

test('5.3.2.2-5: PKCE with S256 is required, and the verifier is checked', async () => {
  const without = await fapi.push({ code_challenge: undefined, code_challenge_method: undefined });
  assert.equal(without.body['error'], 'invalid_request');
  const plain = await fapi.push({ code_challenge_method: 'plain' });
  assert.equal(plain.body['error'], 'invalid_request');
  const authorized = await authorize(party);
  await assert.rejects(
    exchange(party, { ...authorized, verifier: oauth.randomPKCECodeVerifier() }),
    { error: 'invalid_grant' },
  );
});

test('5.3.2.2-6: a pushed request says where to return', async () => {
  const { status, body } = await fapi.push({ redirect_uri: undefined });
  assert.deepEqual([status, body['error']], [400, 'invalid_request']);
});

test('5.3.2.2-7: the answer names its issuer, also where it is a no', async () => {
  const { landed } = await authorize(party);
  assert.equal(landed.url.searchParams.get('iss'), bank.issuer);
  const refused = await authorize(party, { prompt: 'none' });
  assert.equal(refused.landed.url.searchParams.get('error'), 'login_required');
  assert.equal(refused.landed.url.searchParams.get('iss'), bank.issuer);
});

test('5.3.2.2-8: a redirect URI of http is refused, but on a loopback address', () => {
  const wrong = ['http://client.example/back', 'http://localhost/back', 'ftp://client.example/'];
  for (const uri of wrong) {
    assert.ok(checkNewClient({ ...NEW_FAPI_CLIENT, redirectUris: [uri] }) !== undefined, uri);
  }
  assert.equal(
    checkNewClient({ ...NEW_FAPI_CLIENT, redirectUris: ['http://127.0.0.1/back'] }),
    undefined,
  );
});

test('5.3.2.2-9: a code is used once; a second use ends what the first one got', async () => {
  const authorized = await authorize(party, {
    scope: 'openid offline_access accounts.read',
    prompt: 'consent',
  });
  const tokens = await exchange(party, authorized);
  const alive = await oauth.tokenIntrospection(party.config, tokens.access_token);
  assert.equal(alive.active, true);
  await assert.rejects(exchange(party, authorized), { error: 'invalid_grant' });
  const ended = await oauth.tokenIntrospection(party.config, tokens.access_token);
  assert.equal(ended.active, false);
  await assert.rejects(
    oauth.refreshTokenGrant(party.config, tokens.refresh_token ?? '', {}, { DPoP: party.dpop }),
    { error: 'invalid_grant' },
  );
  const [revoked] = await bank.database.query({
    text: 'select 1 from identity.revoked_sessions where session = $1',
    values: [claimsOf(tokens.access_token)['sid']],
  });
  assert.ok(revoked, 'the access token is refused everywhere');
});

test('5.3.2.2-9: a code of somebody else is no good', async () => {
  const stranger = await fapiClient(bank);
  const stolen = await authorize(party);
  await assert.rejects(exchange(stranger, stolen), { error: 'invalid_grant' });
});

test('5.3.2.2-10 and 11: browsers are redirected by 303', async () => {
  const { landed } = await authorize(party);
  assert.ok(landed.redirects.length >= 3);
  assert.deepEqual([...new Set(landed.redirects)], [303]);
});

test('5.3.2.2-12: a request URI lives for less than 600 seconds, and is used once', async () => {
  const { body } = await fapi.push();
  assert.ok(Number(body['expires_in']) > 0 && Number(body['expires_in']) < 600);
  const url = new URL(fapi.endpoint('authorize'));
  url.search = new URLSearchParams({
    client_id: party.id,
    request_uri: String(body['request_uri']),
  }).toString();
  assert.ok((await new Browser().go(url)).url.searchParams.has('code'));
  const again = await new Browser().go(url);
  assert.ok(!again.url.searchParams.has('code'), again.url.href);
});

test('5.3.2.2-12: a request URI of another client is refused', async () => {
  const { body } = await fapi.push();
  const stranger = await fapiClient(bank);
  const url = new URL(fapi.endpoint('authorize'));
  url.search = new URLSearchParams({
    client_id: stranger.id,
    request_uri: String(body['request_uri']),
  }).toString();
  const landed = await new Browser().go(url);
  assert.ok(!landed.url.searchParams.has('code'));
});

test('5.3.2.2-13: a person is told who asks for what, and can say no', async () => {
  const shownBefore = bank.shown.length;
  bank.person.answer = 'refuse';
  try {
    const { landed } = await authorize(party);
    assert.equal(landed.url.searchParams.get('error'), 'access_denied');
    assert.deepEqual(bank.shown.slice(shownBefore).at(-1)?.split(':')[0], 'consent');
  } finally {
    bank.person.answer = 'consent';
  }
});

test('5.3.2.2-14: a nonce of 64 characters comes back in the ID token', async () => {
  const nonce = 'n'.repeat(64);
  const { landed, verifier } = await authorize(party, { nonce });
  const tokens = await oauth.authorizationCodeGrant(
    party.config,
    landed.url,
    { pkceCodeVerifier: verifier, expectedNonce: nonce },
    {},
    { DPoP: party.dpop },
  );
  assert.equal(tokens.claims()?.nonce, nonce);
});

test('5.3.2.3: who the person is comes in an ID token of OpenID Connect', async () => {
  const tokens = await exchange(party, await authorize(party));
  assert.equal(tokens.claims()?.sub, SUBJECT);
  assert.equal(tokens.claims()?.aud, party.id);
});
