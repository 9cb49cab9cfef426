import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Fault } from '#kernel';
import { testDatabase } from '../../platform/database/testing.ts';
import type { TestDatabase } from '../../platform/database/testing.ts';
import {
  bearer,
  claimsAt,
  newKey,
  openAuthority,
  secondsOf,
  sign,
  START,
  toldBy,
} from '../testing/tokens.ts';
import type { Claims, TestKey } from '../testing/tokens.ts';
import type { Authenticator } from './authenticator.ts';
import { externalIssuer } from './external-issuer.ts';
import { readIssuers } from './issuer-settings.ts';

let bank: TestDatabase;
let server: Server;
let issuer: string;
/** What the issuer publishes and answers; a test changes it. */
const published: { keys: TestKey[]; discovered: string | undefined; status: number } = {
  keys: [],
  discovered: undefined,
  status: 200,
};
let requests = 0;

before(async () => {
  bank = await testDatabase('external issuers');
  server = createServer((request, response) => {
    requests += 1;
    const isDiscovery = request.url?.endsWith('/.well-known/openid-configuration') === true;
    const document = isDiscovery
      ? { issuer: published.discovered ?? issuer, jwks_uri: `${issuer}/keys` }
      : { keys: published.keys.map(({ jwk }) => jwk) };
    response.writeHead(published.status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(document));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(async () => {
  server.closeAllConnections();
  server.close();
  await bank.drop();
});

async function fetchDocument(url: string): Promise<unknown> {
  const response = await fetch(url);
  if (response.ok) return await response.json();
  throw new Fault('unreachable', { retryable: true });
}

async function open(members: object, keysCoolDownMs = 60_000): Promise<Authenticator> {
  const [settings] = await readIssuers(JSON.stringify([{ issuer, ...members }]));
  assert.ok(settings !== undefined);
  const issuers = [externalIssuer({ settings, fetchDocument, keysCoolDownMs })];
  return (await openAuthority(bank.database, { issuers })).authenticator;
}

const cognito = {
  kind: 'cognito',
  clients: ['app-1', 'robot-1'],
  rs256: 'accepted',
  roles: { 'bank-tellers': ['teller'], 'bank-auditors': 'auditor' },
  client_roles: { 'robot-1': ['partner'] },
  scope_prefix: 'florin/',
  factors: 2,
};

/** An access token as Amazon Cognito makes it for a person. */
function cognitoClaims(changes: Claims = {}): Claims {
  const iat = secondsOf(START);
  return {
    sub: 'b3b9f2a4-0000-4000-8000-000000000001',
    iss: issuer,
    client_id: 'app-1',
    token_use: 'access',
    scope: 'openid florin/accounts.read',
    'cognito:groups': ['bank-tellers', 'other'],
    origin_jti: 'origin-1',
    event_id: 'e',
    version: 2,
    username: 'somebody',
    jti: 'j',
    auth_time: iat,
    iat,
    exp: iat + 3_600,
    ...changes,
  };
}

const untyped = { typ: undefined };

test('an access token of Amazon Cognito makes a person of the groups it names', async () => {
  const key = await newKey('c1', 'RS256');
  published.keys = [key];
  const authenticator = await open(cognito);
  const token = await sign(key, cognitoClaims(), untyped);
  const identified = await authenticator.identify(bearer(token));
  assert.ok(identified.ok);
  assert.deepEqual(identified.value, {
    subject: `${issuer}#b3b9f2a4-0000-4000-8000-000000000001`,
    kind: 'person',
    tenant: 'main',
    roles: ['teller'],
    scopes: new Set(['accounts.read']),
    authentication: 'external',
    factors: 2,
    authenticatedAt: START,
    clientId: 'app-1',
    customer: `${issuer}#b3b9f2a4-0000-4000-8000-000000000001`,
    session: `${issuer}#origin-1`,
  });
});

test('a client of Cognito that acts for itself has the roles that were given to it', async () => {
  const key = await newKey('c1', 'RS256');
  published.keys = [key];
  const authenticator = await open(cognito);
  const claims = cognitoClaims({
    sub: 'robot-1',
    client_id: 'robot-1',
    'cognito:groups': undefined,
    scope: 'florin/payments.write',
  });
  const identified = await authenticator.identify(bearer(await sign(key, claims, untyped)));
  assert.ok(identified.ok);
  const { kind, roles, scopes } = identified.value;
  assert.deepEqual([kind, roles, scopes], ['client', ['partner'], new Set(['payments.write'])]);
});

test('an id token of Cognito, or a token of another client of the pool, proves nothing', async () => {
  const key = await newKey('c1', 'RS256');
  published.keys = [key];
  const authenticator = await open(cognito);
  for (const claims of [
    { token_use: 'id', aud: 'app-1' },
    { token_use: undefined },
    { client_id: 'app-2' },
    { client_id: undefined },
    { iss: `${issuer}/x` },
    { exp: secondsOf(START) - 60 },
  ]) {
    const token = await sign(key, cognitoClaims(claims), untyped);
    assert.match(
      await toldBy(authenticator, bearer(token)),
      /^token_invalid/,
      JSON.stringify(claims),
    );
  }
});

test('RS256 is taken only from an issuer of which the operator said so', async () => {
  const key = await newKey('c1', 'RS256');
  published.keys = [key];
  const { rs256: _, ...strict } = cognito;
  const token = await sign(key, cognitoClaims(), untyped);
  assert.match(await toldBy(await open(strict), bearer(token)), /^token_invalid/);
});

const oidc = {
  audience: 'https://bank.test/',
  roles: { staff: ['teller'] },
  customer_claim: 'customer_no',
};

function oidcClaims(changes: Claims = {}): Claims {
  const { tenant: _, roles: __, ...claims } = claimsAt(START, { iss: issuer, groups: ['staff'] });
  return { ...claims, sub: 'alice', client_id: 'web', customer_no: 'cus_7', ...changes };
}

test('any other issuer must name our audience and say that it is an access token', async () => {
  const key = await newKey('o1', 'PS256');
  published.keys = [key];
  const authenticator = await open(oidc);
  const identified = await authenticator.identify(bearer(await sign(key, oidcClaims())));
  assert.ok(identified.ok);
  const { subject, roles, customer, factors, session } = identified.value;
  assert.deepEqual(
    [subject, roles, customer, factors, session],
    [`${issuer}#alice`, ['teller'], 'cus_7', 2, `${issuer}#grant-1`],
  );
  const cases: readonly [claims: Claims, header: Claims][] = [
    [{ aud: 'https://other.test/' }, {}],
    [{ aud: undefined }, {}],
    [{}, { typ: 'JWT' }],
    [{}, untyped],
  ];
  for (const [claims, header] of cases) {
    const token = await sign(key, oidcClaims(claims), header);
    assert.match(await toldBy(authenticator, bearer(token)), /^token_invalid/);
  }
});

test('a group that nobody mapped gives no role, whatever it is called', async () => {
  const key = await newKey('o1');
  published.keys = [key];
  const authenticator = await open(oidc);
  const groups = ['administrator', 'toString', '__proto__', 'Staff'];
  const identified = await authenticator.identify(bearer(await sign(key, oidcClaims({ groups }))));
  assert.deepEqual(identified.ok && identified.value.roles, []);
});

test('an issuer cannot speak for another, nor for our own people', async () => {
  const key = await newKey('o1');
  published.keys = [key];
  const authenticator = await open(oidc);
  const claims = oidcClaims({ sub: 'usr_1', roles: ['administrator'], tenant: 'other' });
  const identified = await authenticator.identify(bearer(await sign(key, claims)));
  assert.ok(identified.ok);
  assert.equal(identified.value.subject, `${issuer}#usr_1`);
  assert.equal(identified.value.tenant, 'main');
  assert.deepEqual(identified.value.roles, ['teller']);
  const foreign = await sign(key, oidcClaims({ iss: 'https://bank.test' }));
  assert.match(await toldBy(authenticator, bearer(foreign)), /^token_invalid/);
});

test('keys are read once, and for names that do not exist once in a while', async () => {
  const key = await newKey('o1');
  published.keys = [key];
  const authenticator = await open(oidc);
  requests = 0;
  const made = await Promise.all(
    Array.from({ length: 20 }, (_, index) => sign(key, oidcClaims({ jti: String(index) }))),
  );
  const answers = await Promise.all(made.map((token) => toldBy(authenticator, bearer(token))));
  assert.ok(answers.every((answer) => answer === `${issuer}#alice`));
  const afterFirst = requests;
  assert.equal(afterFirst, 2);
  for (let index = 0; index < 20; index += 1) {
    const token = await sign(await newKey(`made-up-${index}`, 'EdDSA'), oidcClaims());
    assert.match(await toldBy(authenticator, bearer(token)), /^token_invalid/);
  }
  assert.equal(requests, afterFirst);
});

test('a new key of the issuer is found without a restart', async () => {
  const [old, next] = [await newKey('o1'), await newKey('o2')];
  published.keys = [old];
  const authenticator = await open(oidc, 0);
  assert.equal(
    await toldBy(authenticator, bearer(await sign(old, oidcClaims()))),
    `${issuer}#alice`,
  );
  published.keys = [old, next];
  assert.equal(
    await toldBy(authenticator, bearer(await sign(next, oidcClaims()))),
    `${issuer}#alice`,
  );
});

test('while the keys of an issuer cannot be read it is not known who asks', async () => {
  const key = await newKey('o1');
  published.keys = [key];
  published.status = 500;
  const authenticator = await open(oidc, 0);
  const token = bearer(await sign(key, oidcClaims()));
  await assert.rejects(authenticator.identify(token), (error: unknown) => {
    return error instanceof Fault && error.retryable && error.code === 'issuer_unreachable';
  });
  published.status = 200;
  assert.equal(await toldBy(authenticator, token), `${issuer}#alice`);
  published.status = 500;
  assert.equal(await toldBy(authenticator, token), `${issuer}#alice`);
  published.status = 200;
});

test('a discovery document of another issuer is not followed', async () => {
  const key = await newKey('o1');
  published.keys = [key];
  published.discovered = 'https://other.test';
  const authenticator = await open(oidc);
  await assert.rejects(authenticator.identify(bearer(await sign(key, oidcClaims()))));
  published.discovered = undefined;
});

test('the list of issuers is read strictly, from the setting or from a file', async () => {
  const good = { issuer: 'https://idp.test', audience: 'x' };
  const folder = await mkdtemp(path.join(tmpdir(), 'florin-issuers-'));
  const file = path.join(folder, 'issuers.json');
  await writeFile(file, JSON.stringify([good]));
  assert.equal((await readIssuers(file))[0]?.issuer, 'https://idp.test');
  assert.deepEqual(await readIssuers(undefined), []);
  const bad: readonly [text: string, sentence: RegExp][] = [
    ['/nowhere/issuers.json', /cannot be read/],
    ['[', /is not JSON/],
    ['[7]', /JSON object/],
    [JSON.stringify([{ ...good, isuer: 'x' }]), /"isuer" that is not known/],
    [JSON.stringify([{ ...good, issuer: 'http://idp.test' }]), /https/],
    [JSON.stringify([{ ...good, issuer: 'https://idp.test/' }]), /without a slash/],
    [JSON.stringify([{ ...good, keys_url: 'http://idp.test/keys' }]), /keys_url/],
    [JSON.stringify([{ issuer: 'https://idp.test' }]), /audience/],
    [JSON.stringify([{ issuer: 'https://idp.test', kind: 'cognito' }]), /clients/],
    [JSON.stringify([{ ...good, roles: { staff: ['boss'] } }]), /not one of/],
    [JSON.stringify([{ ...good, roles: { staff: 7 } }]), /lists of roles/],
    [JSON.stringify([{ ...good, factors: 3 }]), /factors/],
    [JSON.stringify([{ ...good, kind: 'saml' }]), /kind/],
    [JSON.stringify([good, good]), /twice/],
  ];
  for (const [text, sentence] of bad) {
    await assert.rejects(readIssuers(text), sentence, text);
  }
});
