// Mutual TLS (RFC 8705) over real TLS sockets: who a client is by its certificate, and tokens that
// are bound to one.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { exportJWK } from 'jose';
import * as oauth from 'openid-client';
import type { NewClient } from '../clients/client.ts';
import { readPublicKeys, type PublicKeySet } from '../clients/public-keys.ts';
import { openBank, type ProviderBank } from './testing/bank.ts';
import { certify, fetchAs, type Certified } from './testing/certificates.ts';
import { BACK, claimsOf, newKey, publicSet, type KeyPair } from './testing/relying-party.ts';

let bank: ProviderBank;
let authority: Certified;

/** As a certificate has it, the most general name first. */
const DN = 'C=DE, O=Example, CN=Partner \\, Ltd';

const MACHINE: Partial<NewClient> = {
  profile: 'fapi2',
  authentication: 'tls_client_auth',
  binding: 'mtls',
  grants: ['client_credentials'],
  redirectUris: [],
  roles: ['partner'],
  scopes: ['accounts.read'],
};

before(async () => {
  authority = await certify({ subject: 'CN=Test authority', isAuthority: true });
  const server = await certify({
    subject: 'CN=127.0.0.1',
    issuer: authority,
    names: [{ type: 'ip', value: '127.0.0.1' }],
  });
  bank = await openBank('mtls', {
    tls: {
      cert: server.pem,
      key: server.keyPem,
      ca: authority.pem,
      requestCert: true,
      rejectUnauthorized: false,
    },
  });
});
after(() => bank.close());

async function configure(
  client: Partial<NewClient>,
  certified: Certified | undefined,
  proof: oauth.ClientAuth = oauth.TlsClientAuth(),
): Promise<oauth.Configuration> {
  const registered = await bank.register(client);
  return await configureAs(registered.client.id, certified, proof);
}

async function configureAs(
  id: string,
  certified: Certified | undefined,
  proof: oauth.ClientAuth = oauth.TlsClientAuth(),
): Promise<oauth.Configuration> {
  return await oauth.discovery(new URL(bank.issuer), id, undefined, proof, {
    [oauth.customFetch]: fetchAs(certified, authority) as oauth.CustomFetch,
  });
}

function thumbprint({ certificate }: Certified): string {
  return createHash('sha256').update(Buffer.from(certificate.rawData)).digest('base64url');
}

function boundTo(token: string): unknown {
  return (claimsOf(token)['cnf'] as Record<string, unknown>)['x5t#S256'];
}

test('5.3.2.1-6: a client is known by the name in a certificate of a trusted authority', async () => {
  const names = { type: 'dns', value: 'api.partner.example' } as const;
  const uri = { type: 'url', value: 'https://partner.example/a,b' } as const;
  const mine = await certify({ subject: DN, issuer: authority, names: [names, uri] });
  const subjects = [
    { kind: 'tls_client_auth_subject_dn', value: 'CN=Partner \\, Ltd,O=Example,C=DE' },
    { kind: 'tls_client_auth_san_dns', value: 'API.partner.example' },
    { kind: 'tls_client_auth_san_uri', value: 'https://partner.example/a,b' },
  ] as const;
  for (const certificate of subjects) {
    const config = await configure({ ...MACHINE, certificate }, mine);
    const tokens = await oauth.clientCredentialsGrant(config, { scope: 'accounts.read' });
    assert.equal(boundTo(tokens.access_token), thumbprint(mine), certificate.kind);
  }
});

test('5.3.2.1-6: another name, another authority or no certificate is refused', async () => {
  const certificate = { kind: 'tls_client_auth_san_dns', value: 'api.partner.example' } as const;
  const names = [{ type: 'dns', value: 'api.partner.example' } as const];
  const registered = await bank.register({ ...MACHINE, certificate });
  const strangers = {
    'another name': await certify({
      subject: DN,
      issuer: authority,
      names: [{ type: 'dns', value: 'evil.example' }],
    }),
    'the name as a part of another': await certify({
      subject: 'CN=api.partner.example',
      issuer: authority,
      names: [{ type: 'url', value: 'https://x/, DNS:api.partner.example' }],
    }),
    'its own authority': await certify({ subject: DN, names }),
    'no certificate': undefined,
  };
  for (const [what, stranger] of Object.entries(strangers)) {
    const config = await configureAs(registered.client.id, stranger);
    await assert.rejects(oauth.clientCredentialsGrant(config), { error: 'invalid_client' }, what);
  }
  const right = await certify({ subject: DN, issuer: authority, names });
  const config = await configureAs(registered.client.id, right);
  assert.ok((await oauth.clientCredentialsGrant(config)).access_token);
});

async function keySetOf({ certificate, keys }: Certified): Promise<PublicKeySet> {
  const jwk = await exportJWK(keys.publicKey);
  const x5c = [Buffer.from(certificate.rawData).toString('base64')];
  const read = readPublicKeys({ keys: [{ ...jwk, x5c }] }, { hasCertificates: true });
  assert.ok(read.ok, JSON.stringify(read));
  return read.value;
}

test('5.3.2.1-6: a client is known by the certificate it signed itself', async () => {
  const mine = await certify({ subject: 'CN=self' });
  const registered = await bank.register({
    ...MACHINE,
    authentication: 'self_signed_tls_client_auth',
    keys: await keySetOf(mine),
  });
  const config = await configureAs(registered.client.id, mine);
  const tokens = await oauth.clientCredentialsGrant(config);
  assert.equal(boundTo(tokens.access_token), thumbprint(mine));
  for (const stranger of [await certify({ subject: 'CN=self' }), undefined]) {
    const other = await configureAs(registered.client.id, stranger);
    await assert.rejects(oauth.clientCredentialsGrant(other), { error: 'invalid_client' });
  }
});

test('a certificate of another key is no key of a client', async () => {
  const [one, another] = [await certify({ subject: 'CN=a' }), await certify({ subject: 'CN=b' })];
  const jwk = await exportJWK(one.keys.publicKey);
  const x5c = [Buffer.from(another.certificate.rawData).toString('base64')];
  assert.equal(readPublicKeys({ keys: [{ ...jwk, x5c }] }, { hasCertificates: true }).ok, false);
});

async function signIn(config: oauth.Configuration): Promise<oauth.TokenEndpointResponse> {
  const verifier = oauth.randomPKCECodeVerifier();
  const url = await oauth.buildAuthorizationUrlWithPAR(config, {
    redirect_uri: BACK,
    scope: 'openid offline_access accounts.read',
    prompt: 'consent',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  });
  const landed = await browse(url);
  return await oauth.authorizationCodeGrant(config, landed, { pkceCodeVerifier: verifier });
}

/** As a browser would, over TLS and without a certificate. */
async function browse(start: URL): Promise<URL> {
  const get = fetchAs(undefined, authority);
  const cookies = new Map<string, string>();
  let url = start;
  for (let step = 0; step < 10; step += 1) {
    const cookie = [...cookies].map((pair) => pair.join('=')).join('; ');
    const answer = await get(url.href, { headers: { cookie } });
    for (const text of answer.headers.getSetCookie()) {
      assert.match(text, /; secure/i, 'a cookie goes over TLS only');
      assert.match(text, /; httponly/i, 'no script reads a cookie');
      assert.match(text, /; samesite=lax/i, 'a cookie is not sent by forms of other sites');
      const [name = '', value = ''] = (text.split(';')[0] ?? '').split('=');
      cookies.set(name, value);
    }
    url = new URL(answer.headers.get('location') ?? '', url);
    if (url.origin !== bank.issuer) return url;
  }
  return assert.fail('redirected without end');
}

test("5.3.2.1-5: people's tokens are bound to the certificate, when refreshed too", async () => {
  const key: KeyPair = await newKey();
  const client = {
    profile: 'fapi2',
    authentication: 'private_key_jwt',
    binding: 'mtls',
    keys: await publicSet(key),
  } as const;
  const proof = oauth.PrivateKeyJwt({ key: key.privateKey, kid: 'key-0' });
  const mine = await certify({ subject: 'CN=mine' });
  const registered = await bank.register(client);
  const config = await configureAs(registered.client.id, mine, proof);
  const tokens = await signIn(config);
  assert.equal(boundTo(tokens.access_token), thumbprint(mine));
  const refreshed = await oauth.refreshTokenGrant(config, tokens.refresh_token ?? '');
  assert.equal(boundTo(refreshed.access_token), thumbprint(mine));
  // The refresh token is bound to the client's own key (RFC 8705 §6.3), the token to whatever
  // certificate it was fetched with.
  const renewed = await certify({ subject: 'CN=mine' });
  const later = await oauth.refreshTokenGrant(
    await configureAs(registered.client.id, renewed, proof),
    tokens.refresh_token ?? '',
  );
  assert.equal(boundTo(later.access_token), thumbprint(renewed));
  const without = await configureAs(registered.client.id, undefined, proof);
  await assert.rejects(oauth.refreshTokenGrant(without, tokens.refresh_token ?? ''), {
    error: 'invalid_grant',
  });
});
