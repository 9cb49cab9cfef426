import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import * as oauth from 'openid-client';
import { leavesInOrder } from '../../audit/testing/leaves.ts';
import { disableClient } from '../clients/register.ts';
import { account, contextNow, openBank, SUBJECT, type ProviderBank } from './testing/bank.ts';
import { Browser, type Landed } from './testing/browser.ts';
import { isProviderPath } from './open.ts';
import { endGrant, sweepArtifacts } from './grants.ts';
import {
  assertion,
  authorize,
  BACK,
  claimsOf,
  fapiClient,
  newKey,
  overPlainHttp,
  post,
  proof,
  publicSet,
  type Answer,
} from './testing/relying-party.ts';
import type { NewClient } from '../clients/client.ts';

let bank: ProviderBank;
/** Another process of the same bank, as far as the provider can tell. */
let other: ProviderBank;

before(async () => {
  bank = await openBank('provider');
  other = await openBank('provider', { beside: bank });
});
after(async () => {
  await other.close();
  await bank.close();
});
beforeEach(() => {
  Object.assign(bank.person, { subject: SUBJECT, factors: 2, answer: 'consent' });
  bank.people.set(SUBJECT, account(SUBJECT));
});

interface Party {
  readonly id: string;
  readonly config: oauth.Configuration;
}

async function publicClient(client: Partial<NewClient> = {}): Promise<Party> {
  const { client: registered, secret } = await bank.register(client);
  const how = secret === undefined ? oauth.None() : oauth.ClientSecretBasic(secret);
  const config = await oauth.discovery(new URL(bank.issuer), registered.id, undefined, how, {
    execute: [overPlainHttp],
  });
  return { id: registered.id, config };
}

interface SignedIn {
  readonly landed: Landed;
  readonly verifier: string;
  readonly browser: Browser;
}

async function signIn(
  { config }: Party,
  parameters: Readonly<Record<string, string>> = {},
  browser = new Browser(),
): Promise<SignedIn> {
  const verifier = oauth.randomPKCECodeVerifier();
  const url = oauth.buildAuthorizationUrl(config, {
    redirect_uri: BACK,
    scope: 'openid offline_access accounts.read',
    prompt: 'consent',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...parameters,
  });
  return { landed: await browser.go(url), verifier, browser };
}

async function redeem(
  { config }: Party,
  { landed, verifier }: SignedIn,
): Promise<oauth.TokenEndpointResponse & oauth.TokenEndpointResponseHelpers> {
  return await oauth.authorizationCodeGrant(config, landed.url, { pkceCodeVerifier: verifier });
}

async function isActive({ config }: Party, token: string): Promise<boolean> {
  return (await oauth.tokenIntrospection(config, token)).active;
}

const NO = { error: 'invalid_grant' } as const;

test('a token says who it is for, what for, and how they were recognised', async () => {
  const party = await publicClient();
  const tokens = await redeem(party, await signIn(party));
  const claims = claimsOf(tokens.access_token);
  const header = JSON.parse(
    Buffer.from(tokens.access_token.split('.')[0] ?? '', 'base64url').toString(),
  ) as Record<string, unknown>;
  assert.equal(header['typ'], 'at+jwt');
  const { iat, exp, jti, sid, auth_time: authTime, ...rest } = claims;
  assert.equal(Number(exp) - Number(iat), 300);
  assert.ok(Number(authTime) <= Number(iat));
  for (const text of [jti, sid]) assert.match(String(text), /^[\w-]{20,}$/);
  assert.deepEqual(rest, {
    acr: 'urn:florin:factors:2',
    amr: ['pwd', 'otp'],
    aud: `${bank.issuer}/`,
    client_id: party.id,
    customer: 'cus_1',
    iss: bank.issuer,
    roles: ['customer'],
    scope: 'accounts.read',
    sub: SUBJECT,
    tenant: 'main',
  });
});

test('a machine gets a token for itself, with its own roles', async () => {
  const key = await newKey();
  const { client } = await bank.register({
    authentication: 'private_key_jwt',
    keys: await publicSet(key),
    grants: ['client_credentials'],
    redirectUris: [],
    roles: ['partner'],
    customer: 'cus_9',
    scopes: ['accounts.read'],
  });
  const { body } = await post(`${bank.issuer}/identity/token`, {
    ...(await assertion(bank, { id: client.id, key })),
    grant_type: 'client_credentials',
    scope: 'accounts.read',
  });
  const claims = claimsOf(String(body['access_token']));
  assert.equal(claims['sub'], client.id);
  assert.equal(claims['sid'], `cc:${client.id}`);
  assert.deepEqual([claims['roles'], claims['customer']], [['partner'], 'cus_9']);
  const token = String(body['access_token']);
  const ask = async (endpoint: string): Promise<Answer> =>
    await post(`${bank.issuer}/identity/${endpoint}`, {
      ...(await assertion(bank, { id: client.id, key })),
      token,
    });
  assert.equal((await ask('introspect')).body['active'], true);
  assert.equal((await ask('revoke')).status, 200);
  assert.equal((await ask('introspect')).body['active'], false);
});

test('PKCE is asked of every client', async () => {
  const party = await publicClient();
  const url = oauth.buildAuthorizationUrl(party.config, { redirect_uri: BACK, scope: 'openid' });
  const landed = await new Browser().go(url);
  assert.equal(landed.url.searchParams.get('error'), 'invalid_request');
});

test('an unbound refresh token is replaced, and using the old one ends the session', async () => {
  const party = await publicClient();
  const first = await redeem(party, await signIn(party));
  const second = await oauth.refreshTokenGrant(party.config, first.refresh_token ?? '');
  assert.notEqual(second.refresh_token, first.refresh_token);
  assert.ok(await isActive(party, second.access_token));
  await assert.rejects(oauth.refreshTokenGrant(party.config, first.refresh_token ?? ''), NO);
  await assert.rejects(oauth.refreshTokenGrant(party.config, second.refresh_token ?? ''), NO);
  assert.equal(await isActive(party, second.access_token), false);
});

test('of many who redeem a code at once, on two processes, one gets tokens, and keeps none', async () => {
  const party = await fapiClient(bank);
  const authorized = await authorize(party);
  const dpop = await newKey();
  const ask = async (index: number): Promise<Answer> =>
    await post(
      `${(index % 2 === 0 ? bank : other).url}/identity/token`,
      {
        ...(await assertion(bank, party)),
        grant_type: 'authorization_code',
        code: authorized.landed.url.searchParams.get('code') ?? '',
        redirect_uri: BACK,
        code_verifier: authorized.verifier,
      },
      { dpop: await proof(dpop, `${bank.issuer}/identity/token`) },
    );
  // Those who are told to come back, as on a busy machine some may be, come back.
  const insist = async (index: number): Promise<Answer> => {
    const answer = await ask(index);
    return answer.status === 503 ? await insist(index) : answer;
  };
  const answers = await Promise.all(Array.from({ length: 8 }, (_, index) => insist(index)));
  const good = answers.filter(({ status }) => status === 200);
  assert.ok(good.length <= 1, `${good.length} got tokens`);
  for (const { status, body } of answers) {
    if (status !== 200) assert.equal(body['error'], 'invalid_grant');
  }
  for (const { body } of good) {
    assert.equal(await isActive(party, String(body['access_token'])), false);
  }
});

test('of many who use an assertion at once, on two processes, one is known', async () => {
  const party = await fapiClient(bank);
  const form = await assertion(bank, party);
  const ask = (index: number): Promise<Answer> =>
    post(`${(index % 2 === 0 ? bank : other).url}/identity/introspect`, { ...form, token: 'x' });
  const answers = await Promise.all(Array.from({ length: 8 }, (_, index) => ask(index)));
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
});

test('an authorization begun on one process is ended on another', async () => {
  const party = await fapiClient(bank);
  const authorized = await authorize(party);
  const { status } = await post(
    `${other.url}/identity/token`,
    {
      ...(await assertion(bank, party)),
      grant_type: 'authorization_code',
      code: authorized.landed.url.searchParams.get('code') ?? '',
      redirect_uri: BACK,
      code_verifier: authorized.verifier,
    },
    { dpop: await proof(await newKey(), `${bank.issuer}/identity/token`) },
  );
  assert.equal(status, 200);
});

test('revoking a refresh token ends the session and its access tokens (RFC 7009)', async () => {
  const party = await publicClient();
  const tokens = await redeem(party, await signIn(party));
  await oauth.tokenRevocation(party.config, tokens.refresh_token ?? '');
  assert.equal(await isActive(party, tokens.access_token), false);
  await assert.rejects(oauth.refreshTokenGrant(party.config, tokens.refresh_token ?? ''), NO);
});

test('revoking an access token ends its session', async () => {
  const party = await publicClient();
  const tokens = await redeem(party, await signIn(party));
  await oauth.tokenRevocation(party.config, tokens.access_token);
  assert.equal(await isActive(party, tokens.access_token), false);
  await assert.rejects(oauth.refreshTokenGrant(party.config, tokens.refresh_token ?? ''), NO);
});

test('a client can neither end nor look into tokens of another', async () => {
  const [party, stranger] = [await publicClient(), await publicClient()];
  const tokens = await redeem(party, await signIn(party));
  await oauth.tokenRevocation(stranger.config, tokens.access_token);
  await oauth.tokenRevocation(stranger.config, tokens.refresh_token ?? '');
  assert.equal(await isActive(stranger, tokens.access_token), false);
  assert.equal(await isActive(stranger, tokens.refresh_token ?? ''), false);
  assert.ok(await isActive(party, tokens.access_token));
});

test('a forged or altered token is not active', async () => {
  const party = await publicClient();
  const { access_token: token } = await redeem(party, await signIn(party));
  const [header = '', , signature = ''] = token.split('.');
  const more = { ...claimsOf(token), roles: ['administrator'] };
  const payload = Buffer.from(JSON.stringify(more)).toString('base64url');
  assert.equal(await isActive(party, [header, payload, signature].join('.')), false);
});

test('a session that anybody ended in the database is over for the provider', async () => {
  const party = await publicClient();
  const signedIn = await signIn(party);
  const tokens = await redeem(party, signedIn);
  await bank.database.query({
    text: `insert into identity.revoked_sessions values ($1, now(), now() + interval '1 hour')`,
    values: [claimsOf(tokens.access_token)['sid']],
  });
  await assert.rejects(oauth.refreshTokenGrant(party.config, tokens.refresh_token ?? ''), NO);
  const shownBefore = bank.shown.length;
  await signIn(party, { prompt: '' }, signedIn.browser);
  assert.match(bank.shown[shownBefore] ?? '', /^login: no_session/, 'the browser is signed out');
});

test('ending a grant is recorded, ends its tokens, and says nothing of other sessions', async () => {
  const party = await publicClient();
  const [one, two] = [await signIn(party), await signIn(party)];
  const [mine, yours] = [await redeem(party, one), await redeem(party, two)];
  const sid = String(claimsOf(mine.access_token)['sid']);
  await bank.database.transaction(contextNow(), (tx) => endGrant(tx, sid));
  assert.equal(await isActive(party, mine.access_token), false);
  assert.ok(await isActive(party, yours.access_token));
  assert.deepEqual(await actionsAbout(sid), [
    'identity.grant.give',
    'identity.token.issue',
    'identity.grant.end',
  ]);
});

/** The audit records that name a session, in order. */
async function actionsAbout(session: string): Promise<string[]> {
  const lines = await leavesInOrder(bank.database);
  const found = lines.filter((line) => line.includes(session));
  return found.map((line) => (JSON.parse(line) as { action: string }).action);
}

test('a person who may have no tokens gets none, from a refresh token either', async () => {
  const party = await publicClient();
  const signedIn = await signIn(party);
  const tokens = await redeem(party, signedIn);
  bank.people.set(SUBJECT, { ...account(SUBJECT), isActive: false });
  await assert.rejects(oauth.refreshTokenGrant(party.config, tokens.refresh_token ?? ''), NO);
  const shownBefore = bank.shown.length;
  bank.person.answer = 'refuse';
  await signIn(party, {}, signedIn.browser).catch(() => undefined);
  assert.match(bank.shown[shownBefore] ?? '', /^login: .*account_unavailable/);
});

test('what is told of a person is as of the moment a token is issued', async () => {
  const party = await publicClient();
  const tokens = await redeem(party, await signIn(party));
  bank.people.set(SUBJECT, { ...account(SUBJECT), roles: ['partner'] });
  const next = await oauth.refreshTokenGrant(party.config, tokens.refresh_token ?? '');
  assert.deepEqual(claimsOf(next.access_token)['roles'], ['partner']);
});

test('somebody of one tenant gets no token through a client of another', async () => {
  const party = await publicClient({ tenant: 'other' });
  const signedIn = await signIn(party);
  await assert.rejects(redeem(party, signedIn), NO);
});

test('a disabled client is no client, and its tokens are over', async () => {
  const party = await publicClient();
  const witness = await publicClient();
  const tokens = await redeem(party, await signIn(party));
  const sid = claimsOf(tokens.access_token)['sid'];
  await bank.database.transaction(contextNow(), (tx) => disableClient(tx, party.id));
  await assert.rejects(oauth.refreshTokenGrant(party.config, tokens.refresh_token ?? ''), {
    error: 'invalid_client',
  });
  const [ended] = await bank.database.query({
    text: 'select 1 from identity.revoked_sessions where session = $1',
    values: [sid],
  });
  assert.ok(ended);
  assert.ok((await redeem(witness, await signIn(witness))).access_token);
});

test('two factors asked for are two factors proven', async () => {
  const party = await publicClient();
  bank.person.factors = 1;
  const signedIn = await signIn(party);
  assert.equal(
    claimsOf((await redeem(party, signedIn)).access_token)['acr'],
    'urn:florin:factors:1',
  );
  bank.person.factors = 2;
  const shownBefore = bank.shown.length;
  const acr = { acr_values: 'urn:florin:factors:2' };
  const stepped = await signIn(party, acr, signedIn.browser);
  assert.match(bank.shown[shownBefore] ?? '', /^login: second_factor/);
  assert.equal(
    claimsOf((await redeem(party, stepped)).access_token)['acr'],
    'urn:florin:factors:2',
  );
  const again = bank.shown.length;
  await signIn(party, { ...acr, prompt: '' }, stepped.browser);
  assert.deepEqual(bank.shown.slice(again), [], 'nobody is asked twice');
});

test('a client of the bank itself asks nobody for consent', async () => {
  const party = await publicClient({ isFirstParty: true });
  const shownBefore = bank.shown.length;
  const tokens = await redeem(party, await signIn(party, { prompt: '' }));
  assert.deepEqual(bank.shown.slice(shownBefore), ['login: no_session']);
  assert.equal(claimsOf(tokens.access_token)['scope'], 'accounts.read');
});

test('signing out ends the tokens of the browser, after asking', async () => {
  const party = await publicClient({ logoutUris: ['https://client.example/bye'] });
  const absent = await publicClient();
  const { browser, ...signedIn } = await signIn(party, { scope: 'openid accounts.read' });
  const offline = await redeem(absent, await signIn(absent, {}, browser));
  const tokens = await redeem(party, { browser, ...signedIn });
  const url = oauth.buildEndSessionUrl(party.config, {
    id_token_hint: tokens.id_token ?? '',
    post_logout_redirect_uri: 'https://client.example/bye',
    state: 'done',
  });
  const page = await browser.go(url);
  assert.match(page.body, /Sign out\?/);
  assert.ok(await isActive(party, tokens.access_token), 'asking ends nothing');
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
  const action = new URL(/action="([^"]+)"/.exec(page.body)?.[1] ?? '');
  const answer = await fetch(action, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie: browser.cookiesFor(action.pathname) },
    body: new URLSearchParams({ xsrf, logout: 'yes' }),
  });
  assert.equal(answer.status, 303);
  assert.equal(answer.headers.get('location'), 'https://client.example/bye?state=done');
  assert.equal(await isActive(party, tokens.access_token), false);
  assert.ok(await isActive(absent, offline.access_token), 'offline_access outlives the browser');
});

test('a confidential client proves itself by its secret, which is stored nowhere', async () => {
  const party = await publicClient({ authentication: 'client_secret_basic' });
  const tokens = await redeem(party, await signIn(party));
  assert.ok(tokens.access_token);
  const wrong = await oauth.discovery(
    new URL(bank.issuer),
    party.id,
    undefined,
    oauth.ClientSecretBasic('florin_secret_wrong'),
    { execute: [overPlainHttp] },
  );
  await assert.rejects(oauth.refreshTokenGrant(wrong, tokens.refresh_token ?? ''), {
    status: 401,
  });
});

test('nothing that is stored can be presented: no code, token, cookie or parameter', async () => {
  const party = await publicClient();
  const signedIn = await signIn(party, { login_hint: 'anna.secret@example' });
  const code = signedIn.landed.url.searchParams.get('code') ?? '';
  const tokens = await redeem(party, signedIn);
  const cookies = signedIn.browser.cookiesFor('/identity/authorize').split('; ');
  const session = cookies.find((pair) => pair.startsWith('florin_session=')) ?? '';
  const secrets = [code, tokens.refresh_token ?? '', session.slice(15), 'anna.secret'];
  const rows = await bank.database.query<{ row: string }>({
    text: `select encode(convert_to(a::text, 'utf8'), 'base64') as row from identity.artifacts a`,
  });
  assert.ok(rows.length > 3);
  const stored = rows.map(({ row }) => Buffer.from(row, 'base64').toString()).join('\n');
  for (const secret of secrets) {
    assert.ok(secret.length > 8);
    assert.ok(!stored.includes(secret));
    const hash = createHash('sha256').update(secret).digest('hex');
    assert.ok(!stored.includes(hash), 'nor can a hash be looked up without its model');
  }
});

test('a refused request is recorded with its client, and without what it presented', async () => {
  const party = await fapiClient(bank);
  const stranger = await newKey();
  const form = await assertion(bank, party, {}, { signer: stranger.privateKey });
  await post(`${bank.issuer}/identity/par`, { ...form, response_type: 'code' });
  const leaves = await leavesInOrder(bank.database);
  const leaf = JSON.parse(leaves.at(-1) ?? '') as Record<string, unknown>;
  assert.equal(leaf['action'], 'identity.token.refuse');
  assert.deepEqual(
    [leaf['target'], leaf['outcome'], leaf['reason']],
    [party.id, 'denied', 'invalid_client'],
  );
  assert.ok(!leaves.join('').includes(form['client_assertion'] ?? ''));
});

test('what is over is swept away, and what is not stays', async () => {
  const party = await publicClient();
  const tokens = await redeem(party, await signIn(party));
  await bank.database.query({
    text: `update identity.artifacts set expires_at = now() - interval '1 minute'
      where model = 'AuthorizationCode'`,
  });
  assert.ok((await sweepArtifacts(bank.database, contextNow())) > 0);
  const left = await bank.database.query({
    text: `select 1 from identity.artifacts where model = 'AuthorizationCode'`,
  });
  assert.equal(left.length, 0);
  const next = await oauth.refreshTokenGrant(party.config, tokens.refresh_token ?? '');
  assert.ok(next.access_token);
});

test('the provider knows its own paths', () => {
  for (const path of ['/identity/token', '/identity/authorize/abc', '/identity/end-session']) {
    assert.ok(isProviderPath(path), path);
  }
  for (const path of ['/identity/pages/x', '/identity/tokens', '/identity/', '/v1/accounts']) {
    assert.ok(!isProviderPath(path), path);
  }
});

test('a page of another site cannot go on with an interaction: it has no cookie', async () => {
  const response = await fetch(`${bank.issuer}/identity/pages/interaction/abc`);
  assert.equal(response.status, 404);
});

test('while the database does not answer, nor does the provider, and says when to come back', async () => {
  const slow = await openBank('provider_slow', { statementTimeoutMs: 1_500, isFailing: true });
  try {
    const { client } = await slow.register({});
    const ask = (): Promise<Answer> =>
      post(`${slow.issuer}/identity/token`, { grant_type: 'refresh_token', client_id: client.id });
    const answer = await slow.database.transaction(contextNow(), async (tx) => {
      await tx.query({ text: 'lock table identity.clients in access exclusive mode' });
      return await ask();
    });
    assert.equal(answer.status, 503);
    assert.equal(answer.headers.get('retry-after'), '1');
    assert.deepEqual(answer.body['error'], 'temporarily_unavailable');
    assert.equal((await ask()).status, 400);
  } finally {
    await slow.close();
  }
});
