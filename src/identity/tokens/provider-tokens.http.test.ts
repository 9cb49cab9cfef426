import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import * as oauth from 'openid-client';
import { systemClock } from '#platform';
import { FapiBank } from '../provider/testing/fapi-bank.ts';
import { authorize, exchange } from '../provider/testing/relying-party.ts';
import { publicJwks, rotateSigningKeys } from '../signing-keys/rotate.ts';
import { contextNow, SUBJECT } from '../provider/testing/bank.ts';
import { limits } from '../testing/tokens.ts';
import { openAuthenticator } from './authenticator.ts';
import type { Authenticator } from './authenticator.ts';
import { checkFreshness } from './freshness.ts';
import { ownIssuer } from './own-issuer.ts';

let fapi: FapiBank;
let authenticator: Authenticator;
let resource: URL;
let close: () => void;

// A protected resource that answers who asks.
before(async () => {
  fapi = await FapiBank.open('provider tokens');
  const { database, issuer } = fapi.bank;
  const clock = systemClock();
  authenticator = openAuthenticator({
    issuers: [ownIssuer({ issuer, publicKeys: () => publicJwks(database, clock.now()) })],
    clock,
    limits,
    checkFreshness: async (question) =>
      (await checkFreshness(database, [question]))[0] ?? 'revoked',
  });
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  resource = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/me`);
  close = () => {
    server.closeAllConnections();
    server.close();
  };
});
after(async () => {
  close();
  await fapi.bank.close();
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = '', headers } = request;
  const presented = { method, url: resource.href, headers, certificate: undefined };
  const identified = await authenticator.identify(presented);
  response.writeHead(identified.ok ? 200 : 401, { 'content-type': 'application/json' });
  const { ok } = identified;
  const scopes = ok ? [...(identified.value.scopes ?? [])] : [];
  response.end(JSON.stringify(ok ? { ...identified.value, scopes } : identified.refusal));
}

async function ask(token: string, party = fapi.machine): Promise<Record<string, unknown>> {
  const reply = await oauth.fetchProtectedResource(
    party.config,
    token,
    resource,
    'GET',
    undefined,
    undefined,
    { DPoP: party.dpop },
  );
  return (await reply.json()) as Record<string, unknown>;
}

async function machineToken(): Promise<string> {
  const { config, dpop } = fapi.machine;
  const scope = { scope: 'accounts.read' };
  return (await oauth.clientCredentialsGrant(config, scope, { DPoP: dpop })).access_token;
}

test('a token of our provider for a machine is taken with its proof, and not without', async () => {
  const token = await machineToken();
  const { subject, kind, roles, scopes, factors, authentication, session } = await ask(token);
  const { id } = fapi.machine;
  assert.deepEqual(
    { subject, kind, roles, scopes, factors, authentication, session },
    {
      subject: id,
      kind: 'client',
      roles: ['partner'],
      scopes: ['accounts.read'],
      factors: 2,
      authentication: 'private_key_jwt',
      session: `cc:${id}`,
    },
  );
  const stolen = await fetch(resource, { headers: { authorization: `Bearer ${token}` } });
  assert.equal(stolen.status, 401);
});

test('a token of our provider for a person says what the person proved', async () => {
  const { party } = fapi;
  const tokens = await exchange(party, await authorize(party));
  const { subject, kind, roles, factors, customer, clientId } = await ask(
    tokens.access_token,
    party,
  );
  assert.deepEqual(
    { subject, kind, roles, factors, customer, clientId },
    {
      subject: SUBJECT,
      kind: 'person',
      roles: ['customer'],
      factors: 2,
      customer: 'cus_1',
      clientId: party.id,
    },
  );
});

test('after its signing key was exchanged, tokens of the old and of the new key are taken', async () => {
  const old = await machineToken();
  assert.equal((await ask(old))['subject'], fapi.machine.id);
  await rotateSigningKeys(fapi.bank.database, contextNow());
  assert.equal((await ask(old))['subject'], fapi.machine.id);
  assert.equal((await ask(await machineToken()))['subject'], fapi.machine.id);
});
