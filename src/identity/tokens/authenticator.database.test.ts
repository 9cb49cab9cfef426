import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { searchRecords } from '#audit';
import { MINUTE_US, SECOND_US } from '#kernel';
import { testLog } from '../../audit/testing/log.ts';
import type { TestLog } from '../../audit/testing/log.ts';
import { openAuthenticator } from './authenticator.ts';
import { checkFreshness, sweepCredentials } from './freshness.ts';
import { localIssuer, mintLocalToken } from './local-token.ts';
import { openProofNonces } from './proof-nonce.ts';
import {
  BANK,
  bearer,
  boundTo,
  dpop,
  limits,
  newKey,
  openAuthority,
  prove,
  secondsOf,
  sign,
  claimsAt,
  START,
  toldBy,
} from '../testing/tokens.ts';
import type { Claims } from '../testing/tokens.ts';

let bank: TestLog;
before(async () => {
  bank = await testLog('authenticator');
});
after(async () => {
  await bank.close();
});

const context = { now: START, actor: 'tester', correlationId: 'req-test' };

test('a token of our provider makes the principal it describes', async () => {
  const { authenticator, token } = await openAuthority(bank.database);
  const identified = await authenticator.identify(bearer(await token({ customer: 'cus_1' })));
  assert.ok(identified.ok);
  assert.deepEqual(identified.value, {
    subject: 'usr_1',
    kind: 'person',
    tenant: 'main',
    roles: ['teller'],
    scopes: new Set(['accounts.read', 'payments.write']),
    authentication: 'pwd+otp',
    factors: 2,
    authenticatedAt: START - 60 * SECOND_US,
    clientId: 'cli_web',
    customer: 'cus_1',
    session: 'grant-1',
  });
});

test('a client that acts for itself is its own customer and counts as two factors', async () => {
  const { authenticator, token } = await openAuthority(bank.database);
  const claims = { sub: 'cli_a', client_id: 'cli_a', sid: 'cc:cli_a', amr: undefined };
  const identified = await authenticator.identify(bearer(await token(claims)));
  assert.ok(identified.ok);
  const { kind, customer, factors, authentication } = identified.value;
  assert.deepEqual(
    [kind, customer, factors, authentication],
    ['client', 'cli_a', 2, 'client_credentials'],
  );
});

test('a role that we do not know is not given', async () => {
  const { authenticator, token } = await openAuthority(bank.database);
  const identified = await authenticator.identify(
    bearer(await token({ roles: ['owner', 'auditor', 'toString'] })),
  );
  assert.deepEqual(identified.ok && identified.value.roles, ['auditor']);
});

test('without a token, or with something else in its place, nobody asks', async () => {
  const { told, token } = await openAuthority(bank.database);
  const good = await token();
  const cases: readonly [authorization: string | string[] | undefined, code: string][] = [
    [undefined, 'unauthenticated'],
    ['', 'unauthenticated'],
    ['Basic YTpi', 'unauthenticated'],
    [good, 'unauthenticated'],
    [`Bearer ${good} ${good}`, 'unauthenticated'],
    [`Bearer ${good}, Bearer ${good}`, 'unauthenticated'],
    [[`Bearer ${good}`, `Bearer ${good}`], 'token_invalid'],
    ['Bearer nonsense', 'token_invalid'],
    [`Bearer ${'a'.repeat(9_000)}`, 'token_invalid'],
    [`Bearer ${good.slice(0, -4)}AAAA`, 'token_invalid'],
  ];
  for (const [authorization, code] of cases) {
    const answer = await told(bearer('', { headers: { authorization } }));
    assert.equal(answer.split(':')[0], code, String(authorization).slice(0, 40));
  }
  assert.equal(await told(bearer('', { headers: { authorization: `bearer  ${good}` } })), 'usr_1');
});

test('a token is refused before its time, after its time, and from the future', async () => {
  const { clock, token, told } = await openAuthority(bank.database);
  const iat = secondsOf(START);
  const cases: readonly [claims: Claims, answer: RegExp][] = [
    [{ exp: iat - 11 }, /expired/],
    [{ exp: iat - 9 }, /^usr_1$/],
    [{ nbf: iat + 11 }, /not yet valid/],
    [{ nbf: iat + 9 }, /^usr_1$/],
    [{ iat: iat + 11, nbf: iat }, /issued in the future/],
    [{ iat: iat + 9 }, /^usr_1$/],
  ];
  for (const [claims, answer] of cases)
    assert.match(await told(bearer(await token(claims))), answer);
  const kept = await token();
  assert.equal(await told(bearer(kept)), 'usr_1');
  clock.advance(5 * MINUTE_US + 9 * SECOND_US);
  assert.equal(await told(bearer(kept)), 'usr_1');
  clock.advance(SECOND_US);
  assert.match(await told(bearer(kept)), /expired/);
});

test('a token for another audience, of another issuer or of another kind proves nothing', async () => {
  const { key, clock, token, told } = await openAuthority(bank.database);
  const refused = /^token_invalid/;
  for (const claims of [
    { aud: BANK },
    { aud: 'https://other.test/' },
    { aud: undefined },
    { iss: 'https://other.test' },
    { iss: `${BANK}/` },
    { iss: 'florin:local' },
    { sub: undefined },
    { sub: 'local:root' },
    { sub: 'https://other.test#1' },
    { sid: undefined },
    { tenant: undefined },
    { roles: 7 },
    { exp: undefined },
    { iat: '1' },
    { cnf: { kid: 'x' } },
    { cnf: { jkt: 'short' } },
    { cnf: 'x' },
  ]) {
    assert.match(await told(bearer(await token(claims))), refused, JSON.stringify(claims));
  }
  for (const header of [{ typ: 'JWT' }, { typ: undefined }, { kid: undefined }, { kid: 'k2' }]) {
    const text = await sign(key, claimsAt(clock.now()), header);
    assert.match(await told(bearer(text)), refused, JSON.stringify(header));
  }
  assert.equal(await told(bearer(await token({ aud: ['x', `${BANK}/`] }))), 'usr_1');
});

test('a token signed by a stranger, or by an algorithm we do not take, proves nothing', async () => {
  const { key, clock, published, told } = await openAuthority(bank.database);
  const claims = claimsAt(clock.now());
  const stranger = await newKey('k1');
  assert.match(await told(bearer(await sign(stranger, claims))), /^token_invalid/);
  const weak = await newKey('k2', 'RS256');
  published.push(weak.jwk);
  assert.match(await told(bearer(await sign(weak, claims))), /^token_invalid/);
  assert.equal(await told(bearer(await sign(key, claims))), 'usr_1');
});

test('a bound token is worth nothing without its key', async () => {
  const { clock, token, told } = await openAuthority(bank.database);
  const [own, thief] = [await newKey('a'), await newKey('b')];
  const now = clock.now();
  const bound = await token(boundTo(own));
  assert.equal(await told(dpop(bound, await prove(own, { token: bound, now }))), 'usr_1');
  assert.match(await told(bearer(bound)), /^token_invalid: .*bound to a key/);
  assert.match(
    await told(dpop(bound, await prove(thief, { token: bound, now }))),
    /^proof_invalid/,
  );
  const unbound = await token();
  assert.match(
    await told(dpop(unbound, await prove(own, { token: unbound, now }))),
    /^token_invalid: .*not bound/,
  );
});

test('a proof must be for this request, this token and this moment (RFC 9449 §4.3)', async () => {
  const { clock, token, told } = await openAuthority(bank.database);
  const key = await newKey('a');
  const now = clock.now();
  const bound = await token(boundTo(key));
  const iat = secondsOf(now);
  const { jwk } = await newKey('x');
  const cases: readonly [claims: Claims, header: Claims, answer: RegExp][] = [
    [{ htm: 'POST' }, {}, /htm/],
    [{ htm: 'get' }, {}, /htm/],
    [{ htu: `${BANK}/v1/other` }, {}, /htu/],
    [{ htu: 'https://evil.test/v1/things' }, {}, /htu/],
    [{ htu: 7 }, {}, /htu/],
    [{ htu: 'HTTPS://BANK.test:443/v1/things?x=1#y' }, {}, /^usr_1$/],
    [{ ath: undefined }, {}, /ath/],
    [{ ath: 'AAAA' }, {}, /ath/],
    [{ jti: undefined }, {}, /jti/],
    [{ jti: 'x'.repeat(256) }, {}, /jti/],
    [{ iat: iat - 61 }, {}, /too long ago/],
    [{ iat: iat + 11 }, {}, /future/],
    [{ iat: iat + 10 }, {}, /^usr_1$/],
    [{ iat: undefined }, {}, /when it was made/],
    [{}, { typ: 'JWT' }, /type/],
    [{}, { jwk: undefined }, /no key/],
    [{}, { jwk }, /not the one the access token is bound to/],
  ];
  for (const [claims, header, answer] of cases) {
    const proof = await prove(key, { token: bound, now, claims, header });
    assert.match(await told(dpop(bound, proof)), answer, JSON.stringify([claims, header]));
  }
  const [one, other] = [
    await prove(key, { token: bound, now }),
    await prove(key, { token: bound, now }),
  ];
  assert.match(await told(dpop(bound, [one, other])), /one DPoP proof/);
  assert.match(await told(dpop(bound, `${one}, ${other}`)), /one DPoP proof/);
  assert.match(await told(dpop(bound, `${one.slice(0, -4)}AAAA`)), /not signed by its key/);
});

test('of many requests with one proof, on several connections, one is let in', async () => {
  const [here, there] = [await openAuthority(bank.database), await openAuthority(bank.database)];
  there.published.splice(0, 1, here.key.jwk);
  const key = await newKey('a');
  const bound = await here.token(boundTo(key));
  const proof = await prove(key, { token: bound, now: START });
  const tries = Array.from({ length: 20 }, (_, index) =>
    (index % 2 === 0 ? here : there).told(dpop(bound, proof)),
  );
  const answers = await Promise.all(tries);
  assert.equal(answers.filter((answer) => answer === 'usr_1').length, 1);
  assert.equal(answers.filter((answer) => answer.startsWith('proof_invalid')).length, 19);
});

test('of questions that share a statement with one proof, the first is told that it is new', async () => {
  const proof = { proof: randomBytes(32), expiresAt: START };
  const question = { subject: 'usr_1', session: 'g', issuedAt: START };
  const other = { ...question, proof: undefined };
  const asked = [other, { ...question, proof }, { ...question, proof: { ...proof } }, other];
  const first = await checkFreshness(bank.database, asked);
  assert.deepEqual(first, ['fresh', 'fresh', 'proof used before', 'fresh']);
  const again = await checkFreshness(bank.database, asked);
  assert.deepEqual(again, ['fresh', 'proof used before', 'proof used before', 'fresh']);
});

test('proofs may be asked to hold a nonce of ours, which every process takes', async () => {
  const nonces = await openProofNonces(bank.database.keys);
  const { clock, token, authenticator, told } = await openAuthority(bank.database, { nonces });
  const key = await newKey('a');
  const bound = await token(boundTo(key));
  const send = async (nonce: unknown): Promise<string> => {
    const proof = await prove(key, { token: bound, now: clock.now(), claims: { nonce } });
    return await told(dpop(bound, proof));
  };
  const first = await authenticator.identify(
    dpop(bound, await prove(key, { token: bound, now: clock.now() })),
  );
  assert.ok(!first.ok && first.refusal.code === 'proof_nonce_required');
  const { nonce } = first.refusal;
  assert.equal(await send(nonce), 'usr_1');
  const elsewhere = await openProofNonces(bank.database.keys);
  assert.equal(nonce, elsewhere.current(clock.now()));
  clock.advance(2 * MINUTE_US);
  assert.equal(await send(nonce), 'usr_1');
  clock.advance(2 * MINUTE_US);
  assert.match(await send(nonce), /^proof_nonce_required/);
  assert.match(await send('made up'), /^proof_nonce_required/);
});

test('a token bound to a certificate needs the connection of that certificate (RFC 8705 §3)', async () => {
  const { token, told } = await openAuthority(bank.database);
  const certificate = randomBytes(600);
  const thumbprint = createHash('sha256').update(certificate).digest('base64url');
  const bound = await token({ cnf: { 'x5t#S256': thumbprint } });
  assert.equal(await told(bearer(bound, { certificate })), 'usr_1');
  assert.match(await told(bearer(bound)), /certificate/);
  assert.match(await told(bearer(bound, { certificate: randomBytes(600) })), /certificate/);
});

test('a revoked session is refused with the next request, and no other', async () => {
  const { token, told } = await openAuthority(bank.database);
  const [one, other] = [await token({ sid: 's-1' }), await token({ sid: 's-2' })];
  assert.equal(await told(bearer(one)), 'usr_1');
  await bank.database.query({
    text: `insert into identity.revoked_sessions (session, revoked_at, expires_at)
      values ('s-1', '2026-11-22T10:00:00Z', '2026-11-23T10:00:00Z')`,
  });
  assert.match(await told(bearer(one)), /revoked/);
  assert.equal(await told(bearer(other)), 'usr_1');
});

test('tokens issued before their subject was revoked are refused, later ones are not', async () => {
  const { clock, token, told } = await openAuthority(bank.database);
  const old = await token({ sub: 'usr_9' });
  assert.equal(await told(bearer(old)), 'usr_9');
  clock.advance(SECOND_US);
  await bank.database.query({
    text: `insert into identity.revoked_subjects (subject, before)
      values ('usr_9', '2026-11-22T10:00:01Z')`,
  });
  assert.match(await told(bearer(old)), /revoked/);
  assert.equal(await told(bearer(await token({ sub: 'usr_9' }))), 'usr_9');
  assert.equal(await told(bearer(await token())), 'usr_1');
});

test('a key that is published anew is found, one that is taken back ends its tokens', async () => {
  const { key, clock, published, readings, told } = await openAuthority(bank.database);
  const old = await sign(key, claimsAt(clock.now()));
  const startedMs = performance.now();
  assert.equal(await told(bearer(old)), 'usr_1');
  const next = await newKey('k2', 'PS256');
  published.push(next.jwk);
  const newer = await sign(next, claimsAt(clock.now()));
  // Unknown names are looked up once a second at most.
  for (let count = 0; count < 50; count += 1) await told(bearer(newer));
  const seconds = (performance.now() - startedMs) / 1_000;
  assert.ok(readings.count <= 2 + seconds, `${readings.count} readings in ${seconds} s`);
  await new Promise((resolve) => setTimeout(resolve, 1_050));
  assert.equal(await told(bearer(newer)), 'usr_1');
  assert.equal(await told(bearer(old)), 'usr_1');
  published.shift();
  await new Promise((resolve) => setTimeout(resolve, 1_050));
  await told(bearer(await sign(await newKey('k3'), claimsAt(clock.now()))));
  assert.match(await told(bearer(old)), /^token_invalid/);
});

test('a local token is short, recorded, and of this installation only', async () => {
  const { database } = bank;
  const request = { name: 'root', tenant: 'main', roles: ['teller'], minutes: 15 } as const;
  const token = await database.transaction(context, (tx) => mintLocalToken(tx, request));
  const { clock } = await openAuthority(database);
  const authenticator = openAuthenticator({
    issuers: [localIssuer(database.keys)],
    clock,
    checkFreshness: async (question) =>
      (await checkFreshness(database, [question]))[0] ?? 'revoked',
    limits,
  });
  const identified = await authenticator.identify(bearer(token));
  assert.ok(identified.ok);
  const { subject, kind, roles, factors, scopes } = identified.value;
  assert.deepEqual(
    { subject, kind, roles, factors, scopes },
    { subject: 'local:root', kind: 'local', roles: ['teller'], factors: 2, scopes: undefined },
  );
  clock.advance(16 * MINUTE_US);
  assert.match(await toldBy(authenticator, bearer(token)), /expired/);
  await bank.sequence();
  const { records } = await searchRecords(database, { target: subject }, { limit: 10 });
  const [issued] = records;
  assert.equal(issued?.record.action, 'identity.local_token.issue');
  assert.ok(!JSON.stringify(records).includes(token.slice(-40)));
  await assert.rejects(
    database.transaction(context, (tx) => mintLocalToken(tx, { ...request, minutes: 61 })),
  );
});

test('used proofs and revoked sessions go when they can come up no more', async () => {
  const { database } = bank;
  const count = async (): Promise<unknown> =>
    await database.query({
      text: `select (select count(*) from identity.used_proofs) as proofs,
        (select count(*) from identity.revoked_sessions) as sessions`,
    });
  const expiresAt = START;
  const question = { subject: 'usr_1', session: 'g', issuedAt: START };
  await checkFreshness(database, [{ ...question, proof: { proof: randomBytes(32), expiresAt } }]);
  const before_ = await count();
  const early = { ...context, now: (START - SECOND_US) as typeof START };
  await sweepCredentials(database, early);
  assert.deepEqual(await count(), before_);
  const late = { ...context, now: (START + 900_000 * MINUTE_US) as typeof START };
  await sweepCredentials(database, late);
  assert.deepEqual(await count(), [{ proofs: 0n, sessions: 0n }]);
});
