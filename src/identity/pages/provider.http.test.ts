import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import * as oauth from 'openid-client';
import { openLogger, systemClock, totpAt } from '#platform';
import { registerClient } from '../clients/register.ts';
import { personAccounts } from '../people/accounts.ts';
import { ensureAdministratorInvitation } from '../people/invitation.ts';
import { disablePerson, enablePerson, setRoles } from '../people/people.ts';
import { isPersonId, type PersonId } from '../people/person.ts';
import { openProvider } from '../provider/open.ts';
import { listSessions, revokeAllOf, revokeSession, startSession } from '../sessions/sessions.ts';
import { secretOn } from '../testing/pages.ts';
import { testPeople, GOOD_PASSWORD, type TestPeople } from '../testing/people.ts';
import { openPages } from './pages.ts';

const BACK = 'https://client.example/back';
const clock = systemClock();

let people: TestPeople;
let issuer: string;
let config: oauth.Configuration;
let administrator: PersonId;
let secret: Buffer;
let close: () => void;

before(async () => {
  people = await testPeople('pages_provider');
  const { database } = people;
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  close = () => {
    server.closeAllConnections();
    server.close();
  };
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const logger = openLogger({ level: 'silent' });
  const accounts = personAccounts;
  const provider = await openProvider({
    database,
    clock,
    logger,
    issuer,
    accounts,
    onGranted: startSession,
  });
  const pages = openPages({
    database,
    clock,
    site: { name: 'Test Bank', origin: issuer },
    provider,
    addressOf: ({ socket }) => socket.remoteAddress,
    onFailed: (error) => assert.fail(String(error)),
    passwordCost: { costLog2: 10, blockSize: 8, parallelism: 1 },
  });
  server.on('request', (request, response) => {
    void (async () => {
      if (!(await pages.handle(request, response))) await provider.handle(request, response);
    })();
  });
  const registered = await database.transaction(now(), (tx) =>
    registerClient(tx, {
      name: 'The application',
      tenant: 'main',
      roles: [],
      profile: 'standard',
      authentication: 'none',
      binding: 'none',
      grants: ['authorization_code', 'refresh_token'],
      scopes: ['openid', 'offline_access', 'accounts.read'],
      redirectUris: [BACK],
      logoutUris: [],
      isFirstParty: false,
    }),
  );
  assert.ok(registered.ok, JSON.stringify(registered));
  config = await oauth.discovery(
    new URL(issuer),
    registered.value.client.id,
    undefined,
    oauth.None(),
    // oxlint-disable-next-line typescript/no-deprecated -- The server of a test has no certificate.
    { execute: [oauth.allowInsecureRequests] },
  );
});

after(async () => {
  close();
  await people.close();
});

function now() {
  return { now: clock.now(), actor: 'test', correlationId: 'test' };
}

/** Cookies by path, redirects by hand: what a browser does, until it would leave the bank. */
class Person {
  readonly #cookies = new Map<string, { readonly value: string; readonly path: string }>();
  #url = new URL('http://localhost');
  page = '';

  async go(to: URL | string, init: RequestInit = {}): Promise<URL> {
    this.#url = new URL(to, this.#url);
    if (this.#url.origin !== issuer) return this.#url;
    const { pathname } = this.#url;
    const sent = [...this.#cookies].filter(([, { path }]) => pathname.startsWith(path));
    const response = await fetch(this.#url, {
      ...init,
      redirect: 'manual',
      headers: {
        cookie: sent.map(([name, { value }]) => `${name.split(' ')[0]}=${value}`).join('; '),
      },
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      const path = /path=([^;]*)/i.exec(line)?.[1] ?? '/';
      if (value === '') this.#cookies.delete(`${name} ${path}`);
      else this.#cookies.set(`${name} ${path}`, { value, path });
    }
    const location = response.headers.get('location');
    if (location !== null) return await this.go(location);
    this.page = await response.text();
    return this.#url;
  }

  async submit(step: string, fields: Readonly<Record<string, string>> = {}): Promise<URL> {
    assert.ok(this.page.includes(`value="${step}"`), this.page);
    const token = /name="token" value="([^"]+)"/.exec(this.page)?.[1] ?? '';
    const body = new URLSearchParams({ token, step, ...fields });
    return await this.go(this.#url.pathname, { method: 'POST', body });
  }
}

function code(ms = clock.now() / 1_000): string {
  return totpAt(secret, ms);
}

test('the first administrator comes in by the printed code', async () => {
  const first = await ensureAdministratorInvitation(people.database, now());
  assert.ok(first !== undefined);
  const person = new Person();
  await person.go(`${issuer}${first.path}?code=${first.code}`);
  assert.ok(person.page.includes(first.code));
  await person.submit('invitation', { code: first.code });
  await person.submit('person', {
    login: 'root',
    name: 'The Administrator',
    email: '',
    password: GOOD_PASSWORD,
    again: GOOD_PASSWORD,
  });
  secret = secretOn(person.page);
  await person.submit('totp', { code: code() });
  assert.match(person.page, /Everything is set up/);
  const [row] = await people.database.query<{ id: string }>({
    text: `select 'usr_' || p.id as id from identity.people p where p.status = 'active'`,
  });
  const id = row?.id ?? '';
  assert.ok(isPersonId(id));
  administrator = id;
});

interface SignedIn {
  readonly tokens: oauth.TokenEndpointResponse;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly person: Person;
}

async function signIn(parameters: Readonly<Record<string, string>> = {}): Promise<SignedIn> {
  const verifier = oauth.randomPKCECodeVerifier();
  const url = oauth.buildAuthorizationUrl(config, {
    redirect_uri: BACK,
    scope: 'openid offline_access accounts.read',
    prompt: 'consent',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...parameters,
  });
  const person = new Person();
  await person.go(url);
  await person.submit('password', { login: 'root', password: GOOD_PASSWORD });
  assert.match(person.page, /Second factor/);
  // Sign-ins of this test follow each other faster than codes do.
  await people.database.query({ text: 'update identity.totp_factors set last_step = 0' });
  await person.submit('code', { code: code() });
  assert.match(person.page, /Allow access/);
  assert.match(person.page, /The Administrator/);
  const back = await person.submit('allow');
  assert.equal(`${back.origin}${back.pathname}`, BACK);
  const tokens = await oauth.authorizationCodeGrant(config, back, {
    pkceCodeVerifier: verifier,
    idTokenExpected: true,
  });
  const [, payload = ''] = tokens.access_token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as SignedIn['claims'];
  return { tokens, claims, person };
}

/** Tokens tell their time in seconds: those of the second of an end are taken for earlier ones. */
async function nextSecond(): Promise<void> {
  await sleep(1_100);
}

async function canRefresh({ tokens }: SignedIn): Promise<boolean> {
  try {
    await oauth.refreshTokenGrant(config, tokens.refresh_token ?? '');
    return true;
  } catch (error) {
    if (error instanceof oauth.ResponseBodyError) return false;
    throw error;
  }
}

test('through the pages a client gets a token that says who it is for, and by what proofs', async () => {
  const { claims } = await signIn({ acr_values: 'urn:florin:factors:2' });
  const { sub, tenant, roles, amr, acr, scope } = claims;
  assert.deepEqual(
    { sub, tenant, roles, amr, acr },
    {
      sub: administrator,
      tenant: 'main',
      roles: ['administrator'],
      amr: ['pwd', 'otp', 'mfa'],
      acr: 'urn:florin:factors:2',
    },
  );
  assert.ok(String(scope).includes('accounts.read'));
});

test('a sign-in is a session that is listed, and ends at once with its refresh token', async () => {
  const signedIn = await signIn();
  const { keys } = people.database;
  const find = async () => {
    const sessions = await listSessions(people.database, keys, administrator);
    return sessions.find(({ session }) => session === signedIn.claims['sid']);
  };
  const session = await find();
  assert.equal(session?.factors, 2);
  assert.equal(session.authentication, 'pwd+otp+mfa');
  assert.deepEqual(session.origin?.address, '127.0.0.1');
  assert.equal(session.revokedAt, undefined);
  assert.equal(await canRefresh(signedIn), true);
  const again = await signIn();
  await people.database.transaction(now(), (tx) => revokeSession(tx, session.session));
  assert.notEqual((await find())?.revokedAt, undefined);
  assert.equal(await canRefresh(signedIn), false);
  assert.equal(await canRefresh(again), again.claims['sid'] !== session.session);
});

test('everything of a person ends at once: tokens, sessions, and the browser’s own', async () => {
  const signedIn = await signIn();
  await people.database.transaction(now(), (tx) => revokeAllOf(tx, administrator));
  assert.equal(await canRefresh(signedIn), false);
  const url = oauth.buildAuthorizationUrl(config, {
    redirect_uri: BACK,
    scope: 'openid',
    code_challenge: await oauth.calculatePKCECodeChallenge(oauth.randomPKCECodeVerifier()),
    code_challenge_method: 'S256',
  });
  await signedIn.person.go(url);
  assert.match(signedIn.person.page, /Login name/);
});

test('a disabled person refreshes nothing, and new roles are in the next token', async () => {
  await nextSecond();
  const { id } = await people.person('second.root', ['administrator']);
  const signedIn = await signIn();
  await people.database.transaction(now(), (tx) =>
    setRoles(tx, { person: administrator, roles: ['auditor'] }),
  );
  await nextSecond();
  const renewed = await signIn();
  assert.deepEqual(renewed.claims['roles'], ['auditor']);
  await people.database.transaction(now(), (tx) => disablePerson(tx, administrator));
  assert.equal(await canRefresh(signedIn), false);
  assert.equal(await canRefresh(renewed), false);
  await people.database.transaction(now(), (tx) => enablePerson(tx, administrator));
  assert.equal(await canRefresh(renewed), false);
  assert.notEqual(id, administrator);
});

test('whoever says no gives the client nothing', async () => {
  const url = oauth.buildAuthorizationUrl(config, {
    redirect_uri: BACK,
    scope: 'openid',
    code_challenge: await oauth.calculatePKCECodeChallenge(oauth.randomPKCECodeVerifier()),
    code_challenge_method: 'S256',
  });
  const person = new Person();
  await person.go(url);
  const back = await person.submit('cancel');
  assert.equal(back.searchParams.get('error'), 'access_denied');
  assert.equal(back.searchParams.get('code'), null);
});
