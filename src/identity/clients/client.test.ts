import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf, instantOfMs } from '#kernel';
import {
  checkNewClient,
  isClientId,
  isNativeClient,
  type NewClient,
  type OauthClient,
} from './client.ts';
import { providerClientOf } from './metadata.ts';
import { hashOfSecret, isSecretOf, newSecret, writeHashes } from './secret.ts';

const WEB: NewClient = {
  name: 'Web',
  tenant: 'main',
  roles: [],
  profile: 'standard',
  authentication: 'none',
  binding: 'none',
  grants: ['authorization_code', 'refresh_token'],
  scopes: ['openid', 'accounts.read'],
  redirectUris: ['https://client.example/back'],
  logoutUris: [],
  isFirstParty: false,
};

const KEYS = { keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'x', kid: 'a' }] };

const MACHINE: NewClient = {
  ...WEB,
  authentication: 'private_key_jwt',
  keys: KEYS,
  grants: ['client_credentials'],
  scopes: ['accounts.read'],
  redirectUris: [],
  roles: ['partner'],
};

function paramOf(change: Partial<NewClient>, of: NewClient = WEB): string | undefined {
  return checkNewClient({ ...of, ...change })?.refusal.param;
}

test('a client for people and a machine can be registered', () => {
  assert.equal(checkNewClient(WEB), undefined);
  assert.equal(checkNewClient(MACHINE), undefined);
});

test('a machine proves itself by a key or a certificate, never by a secret or a name', () => {
  for (const authentication of ['none', 'client_secret_basic'] as const) {
    const { keys: _, ...rest } = MACHINE;
    assert.equal(paramOf({ authentication }, rest), 'authentication');
  }
});

test('who acts for itself has roles, and nobody else has', () => {
  assert.equal(paramOf({ roles: [] }, MACHINE), 'roles');
  assert.equal(paramOf({ roles: ['teller'] }), 'roles');
  assert.equal(paramOf({ roles: ['partner', 'partner'] }, MACHINE), 'roles');
});

test('only tokens of people are refreshed, and people come back somewhere', () => {
  assert.equal(paramOf({ grants: ['refresh_token'] }), 'grants');
  assert.equal(paramOf({ grants: [] }), 'grants');
  assert.equal(paramOf({ redirectUris: [] }), 'redirectUris');
  assert.equal(paramOf({ redirectUris: WEB.redirectUris }, MACHINE), 'redirectUris');
});

test('a redirect URI that could lead elsewhere is refused', () => {
  const wrong = [
    'http://client.example/back',
    'http://localhost:3000/back',
    'https://*.example/back',
    'https://client.example/back#part',
    'https://client.example@evil.example/',
    'https:\\\\client.example',
    'javascript:alert(1)',
    'data:text/html,x',
    'myapp:/back',
    '/back',
    'https://client.example/ back',
    `https://client.example/${'a'.repeat(1_000)}`,
  ];
  for (const uri of wrong) assert.equal(paramOf({ redirectUris: [uri] }), 'redirectUris', uri);
  for (const uri of wrong) assert.equal(paramOf({ logoutUris: [uri] }), 'logoutUris', uri);
  const right = ['http://127.0.0.1/back', 'http://[::1]:3000/', 'com.example.app:/back'];
  for (const uri of right) assert.equal(paramOf({ redirectUris: [uri] }), undefined, uri);
});

test('a client with addresses on the device of its user is native', () => {
  assert.ok(isNativeClient({ redirectUris: ['http://127.0.0.1/back'] }));
  assert.ok(isNativeClient({ redirectUris: ['com.example.app:/back'] }));
  assert.ok(!isNativeClient({ redirectUris: ['https://client.example/back'] }));
  assert.ok(!isNativeClient({ redirectUris: [] }));
});

test('names, tenants, customers and scopes are bounded', () => {
  const wrong: [string, Partial<NewClient>][] = [
    ['name', { name: ' ' }],
    ['name', { name: 'a'.repeat(101) }],
    ['name', { name: 'a\nb' }],
    ['tenant', { tenant: 'Main' }],
    ['customer', { customer: 'a b' }],
    ['scopes', { scopes: [] }],
    ['scopes', { scopes: ['everything'] }],
    ['scopes', { scopes: ['openid', 'openid'] }],
  ];
  for (const [param, change] of wrong) assert.equal(paramOf(change), param, JSON.stringify(change));
});

test('keys and certificates belong to those who prove themselves by them', () => {
  assert.equal(paramOf({ keys: KEYS }), 'keys');
  const { keys: _, ...rest } = MACHINE;
  assert.equal(paramOf({}, rest), 'keys');
  assert.equal(paramOf({ authentication: 'tls_client_auth' }, rest), 'certificate');
  const certificate = { kind: 'tls_client_auth_san_dns', value: 'a.example' } as const;
  assert.equal(paramOf({ certificate }, MACHINE), 'certificate');
  assert.equal(paramOf({ authentication: 'tls_client_auth', certificate }, rest), undefined);
  assert.equal(paramOf({ binding: 'mtls' }), 'binding');
});

test('an id of a client is one, and nothing else is', () => {
  assert.ok(isClientId('cli_01890000-0000-7000-8000-000000000001'));
  for (const text of ['cli_1', 'usr_01890000-0000-7000-8000-000000000001', '']) {
    assert.ok(!isClientId(text));
  }
});

test('either secret is good while one replaces the other, and no other text is', () => {
  const [one, two] = [newSecret(), newSecret()];
  assert.notEqual(one, two);
  const written = writeHashes([hashOfSecret(one), hashOfSecret(two)]);
  assert.ok(!written.includes(one));
  assert.ok(isSecretOf(written, one) && isSecretOf(written, two));
  const wrong = [newSecret(), '', written, hashOfSecret(one).toString('base64url')];
  for (const secret of wrong) assert.ok(!isSecretOf(written, secret));
  assert.ok(!isSecretOf('-', '') && !isSecretOf('', ''));
});

test('a client of the profile must push its requests and bind its tokens', () => {
  const client: OauthClient = {
    ...WEB,
    id: idOf('cli', '01890000-0000-7000-8000-000000000001'),
    profile: 'fapi2',
    binding: 'dpop',
    isNative: false,
    state: 'active',
    createdAt: instantOfMs(0),
    changedAt: instantOfMs(0),
  };
  const { metadata, isFapi } = providerClientOf(client, []);
  assert.ok(isFapi);
  assert.equal(metadata['require_pushed_authorization_requests'], true);
  assert.equal(metadata['dpop_bound_access_tokens'], true);
  assert.deepEqual(metadata['response_types'], ['code']);
});
