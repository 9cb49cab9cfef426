// The provider's tokens as the bank itself reads them: what it issues is understood, and what it
// ended is refused, whoever presents it.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { replaceSigningKeys, publicJwks } from '../signing-keys/rotate.ts';
import { openAuthenticator, type Authenticator } from '../tokens/authenticator.ts';
import { checkFreshness } from '../tokens/freshness.ts';
import { ownIssuer } from '../tokens/own-issuer.ts';
import { endGrant } from './grants.ts';
import { disableClient } from '../clients/register.ts';
import { clock, contextNow, openBank, SUBJECT, type ProviderBank } from './testing/bank.ts';
import {
  assertion,
  authorize,
  BACK,
  claimsOf,
  fapiClient,
  newKey,
  post,
  proof,
  type KeyPair,
  type RelyingParty,
} from './testing/relying-party.ts';

let bank: ProviderBank;
let authenticator: Authenticator;

before(async () => {
  bank = await openBank('authenticated');
  authenticator = open();
});
after(() => bank.close());

/** As a process that has just begun, with nothing remembered. */
function open(): Authenticator {
  const { issuer, database } = bank;
  const publicKeys = () => publicJwks(database, clock.now());
  return openAuthenticator({
    issuers: [ownIssuer({ issuer, publicKeys })],
    clock,
    limits: { tokensKeptMax: 100, tokenClockSkewMaxMs: 10_000, tokenProofAgeMaxMs: 60_000 },
    checkFreshness: async (question) => {
      const [answer] = await checkFreshness(database, [question]);
      return answer ?? assert.fail('each question has an answer');
    },
  });
}

interface Bound {
  readonly party: RelyingParty;
  readonly token: string;
  readonly key: KeyPair;
}

/** A token of a person, bound to a key. */
async function obtain(): Promise<Bound> {
  const party = await fapiClient(bank);
  const { landed, verifier } = await authorize(party);
  const key = await newKey();
  const url = `${bank.issuer}/identity/token`;
  const { body } = await post(
    url,
    {
      ...(await assertion(bank, party)),
      grant_type: 'authorization_code',
      code: landed.url.searchParams.get('code') ?? '',
      redirect_uri: BACK,
      code_verifier: verifier,
    },
    { dpop: await proof(key, url) },
  );
  return { party, token: String(body['access_token']), key };
}

async function present(
  { token, key }: Pick<Bound, 'token' | 'key'>,
  given: { readonly scheme?: string; readonly jti?: string; readonly by?: Authenticator } = {},
): ReturnType<Authenticator['identify']> {
  const url = `${bank.issuer}/v1/accounts`;
  const ath = createHash('sha256').update(token).digest('base64url');
  const jti = given.jti ?? crypto.randomUUID();
  const dpop = await proof(key, url, { htm: 'GET', ath, jti });
  const authorization = `${given.scheme ?? 'DPoP'} ${token}`;
  const headers = given.scheme === 'Bearer' ? { authorization } : { authorization, dpop };
  const by = given.by ?? authenticator;
  return await by.identify({ method: 'GET', url, headers, certificate: undefined });
}

test('a token of a person is understood', async () => {
  const bound = await obtain();
  const known = await present(bound);
  assert.ok(known.ok, JSON.stringify(known));
  const { subject, kind, tenant, roles, scopes, factors, clientId, customer, session } =
    known.value;
  assert.deepEqual(
    { subject, kind, tenant, roles, scopes, factors, clientId, customer, session },
    {
      subject: SUBJECT,
      kind: 'person',
      tenant: 'main',
      roles: ['customer'],
      scopes: new Set(['accounts.read']),
      factors: 2,
      clientId: bound.party.id,
      customer: 'cus_1',
      session: claimsOf(bound.token)['sid'],
    },
  );
});

test('a stolen token is refused: without its key, with another, as a bearer token', async () => {
  const bound = await obtain();
  assert.equal((await present({ ...bound, key: await newKey() })).ok, false);
  assert.equal((await present(bound, { scheme: 'Bearer' })).ok, false);
  const jti = crypto.randomUUID();
  assert.ok((await present(bound, { jti })).ok);
  assert.equal((await present(bound, { jti })).ok, false, 'nor is its proof good twice');
});

test('a token is refused from the moment its session was ended', async () => {
  const bound = await obtain();
  assert.ok((await present(bound)).ok);
  const session = String(claimsOf(bound.token)['sid']);
  await bank.database.transaction(contextNow(), (tx) => endGrant(tx, session));
  assert.equal((await present(bound)).ok, false);
});

test("people's tokens are refused from the moment their client was disabled", async () => {
  const bound = await obtain();
  await bank.database.transaction(contextNow(), (tx) => disableClient(tx, bound.party.id));
  assert.equal((await present(bound)).ok, false);
});

test('a token of a key that was withdrawn is refused by whoever reads the keys again', async () => {
  const bound = await obtain();
  await replaceSigningKeys(bank.database, contextNow());
  assert.equal((await present(bound, { by: open() })).ok, false);
});
