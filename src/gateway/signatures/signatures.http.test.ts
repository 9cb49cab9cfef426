import assert from 'node:assert/strict';
import { createPublicKey, createSecretKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { Principal } from '#identity';
import { SECOND_US } from '#kernel';
import type { Instant } from '#kernel';
import { isInnerList, readFieldDictionary, systemClock } from '#platform';
import type { TransactionContext } from '#platform';
import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { testDatabase, type TestDatabase } from '../../platform/database/testing.ts';
import { openProblemBook } from '../problems.ts';
import { signBytes, verifyBytes } from './algorithms.ts';
import { signatureBase } from './base.ts';
import { bindSignatures } from './bind.ts';
import type { SignableRequest } from './components.ts';
import { assertContentDigest, bytesOf, contentDigest } from './digest.ts';
import { addSignatureKey, removeSignatureKey } from './keys.ts';
import type { NewSignatureKey } from './keys.ts';
import { selectKeys } from './key-store.ts';
import { signMessage } from './sign.ts';
import { openSignatures } from './signatures.ts';
import type { Signatures } from './signatures.ts';

const ISSUER = 'https://bank.example';
const clock = systemClock();
let database: TestDatabase;
let signatures: Signatures;
let server: FastifyInstance;
const pair = generateKeyPairSync('ed25519');
const secret = randomBytes(32);

before(async () => {
  database = await testDatabase('signatures');
  const limits = { signatureAgeMaxS: 300 };
  signatures = await openSignatures({ database: database.database, clock, limits });
  server = Fastify({ logger: false });
  server.decorateRequest('principal', undefined);
  server.addHook('onRequest', (request, _reply, done) => {
    const subject = request.headers['x-subject'];
    if (typeof subject === 'string') request.principal = principalOf(subject);
    done();
  });
  bindSignatures(server, { signatures, issuer: () => ISSUER });
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const field = request.headers['content-digest'];
    if (typeof field === 'string') assertContentDigest(field, body);
    done(null, body);
  });
  const book = openProblemBook([]);
  server.setErrorHandler((error, request, reply) => {
    const problem = book.ofError(error, request.id);
    reply.code(problem.status).send(problem);
  });
  server.post('/v1/payments', (request, reply) => {
    reply
      .code(201)
      .type('application/json')
      .send(`{"echo":${JSON.stringify(request.body)}}`);
  });
  await server.ready();
});
after(async () => {
  await server.close();
  await database.drop();
});

function principalOf(subject: string): Principal {
  return {
    subject,
    kind: 'client',
    tenant: 'main',
    roles: ['partner'],
    scopes: undefined,
    authentication: 'private_key_jwt',
    factors: 2,
    authenticatedAt: 0 as Instant,
    clientId: subject,
    customer: subject,
    session: undefined,
  };
}

function context(): TransactionContext {
  return { now: clock.now(), actor: 'cli:test', correlationId: 'r-0' };
}

const partnerKey: NewSignatureKey = {
  keyId: 'partner-1',
  owner: 'cli_1',
  algorithm: 'ed25519',
  key: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  isRequired: true,
};

async function add(changes: Partial<NewSignatureKey> = {}): Promise<string> {
  const added = await database.database.transaction(context(), (tx) =>
    addSignatureKey(tx, { ...partnerKey, ...changes }, { keysMax: 3 }),
  );
  await signatures.refresh();
  return added.ok ? 'added' : added.refusal.code;
}

const body = '{"amount":"100"}';

function messageOf(subject: string): SignableRequest {
  return {
    method: 'POST',
    scheme: 'https',
    authority: 'bank.example',
    target: '/v1/payments?dry_run=false',
    headers: {
      'x-subject': subject,
      'content-type': 'application/json',
      'content-digest': contentDigest(body),
    },
  };
}

async function send(
  subject: string,
  changes: {
    readonly keyId?: string;
    readonly sign?: (base: Buffer) => Buffer;
    readonly payload?: string;
    readonly more?: Record<string, string>;
  } = {},
) {
  const message = messageOf(subject);
  const signed =
    changes.keyId === undefined
      ? {}
      : await signMessage(message, {
          label: 'sig1',
          covered: ['@method', '@target-uri', 'content-digest'],
          keyId: changes.keyId,
          createdS: Math.floor(clock.now() / SECOND_US),
          sign: changes.sign ?? ((base) => signBytes('ed25519', pair.privateKey, base)),
        });
  const headers = { ...message.headers, ...signed, ...changes.more } as Record<string, string>;
  const payload = changes.payload ?? body;
  const answer = await server.inject({ method: 'POST', url: message.target, headers, payload });
  const problem = answer.statusCode >= 400 ? answer.json<{ code: string }>().code : undefined;
  return { answer, told: problem ?? 'taken', request: { ...message, headers } };
}

test('a partner without a key signs nothing, and one whose key says so must', async () => {
  assert.equal((await send('cli_1')).told, 'taken');
  assert.equal(await add(), 'added');
  assert.equal((await send('cli_1')).told, 'signature_missing');
  assert.equal((await send('cli_1', { keyId: 'partner-1' })).told, 'taken');
  assert.equal((await send('cli_2')).told, 'taken', 'others are not concerned');
});

test('another body than the signed one is refused, though the signature is right', async () => {
  const changed = await send('cli_1', { keyId: 'partner-1', payload: '{"amount":"999"}' });
  assert.equal(changed.told, 'digest_mismatch');
});

test("one partner's key does not sign for another, nor does a secret of another kind", async () => {
  assert.equal(await add({ keyId: 'partner-2', owner: 'cli_2', isRequired: false }), 'added');
  assert.equal((await send('cli_2', { keyId: 'partner-1' })).told, 'signature_invalid');
  assert.equal((await send('cli_2')).told, 'taken', 'a key that may be used need not be');
  assert.equal((await send('cli_1', { keyId: 'partner-2' })).told, 'signature_invalid');
});

test('a secret that both know is kept wrapped, and verifies', async () => {
  const key = secret.toString('base64');
  const shared = { keyId: 'shared', owner: 'cli_3', algorithm: 'hmac-sha256', key } as const;
  assert.equal(await add(shared), 'added');
  const stored = (await selectKeys(database.database)).find(({ keyId }) => keyId === 'shared');
  assert.ok(stored !== undefined && !stored.bytes.includes(secret));
  const sign = (base: Buffer): Buffer => signBytes('hmac-sha256', createSecretKey(secret), base);
  assert.equal((await send('cli_3', { keyId: 'shared', sign })).told, 'taken');
  assert.equal((await send('cli_3', { keyId: 'shared' })).told, 'signature_invalid');
});

test('keys that cannot be used, or come twice, are refused; a private key always', async () => {
  const pem = (type: 'pkcs8'): string => pair.privateKey.export({ type, format: 'pem' }).toString();
  const other = { keyId: 'other' };
  assert.equal(await add(other), 'signature_keys_full');
  assert.equal(await add({ ...other, key: pem('pkcs8') }), 'signature_key_invalid');
  assert.equal(await add({ ...other, algorithm: 'rsa-pss-sha512' }), 'signature_key_invalid');
  assert.equal(await add({ ...other, key: 'text' }), 'signature_key_invalid');
  assert.equal(await add({ algorithm: 'hmac-sha256', key: 'AAAA' }), 'signature_key_invalid');
});

test('a key that was taken back verifies nothing', async () => {
  const remove = () =>
    database.database.transaction(context(), (tx) => removeSignatureKey(tx, 'shared'));
  assert.equal((await remove()).ok, true);
  assert.equal((await remove()).ok, false);
  await signatures.refresh();
  assert.equal((await send('cli_3')).told, 'taken', 'and asks for nothing');
  assert.equal(await add({ keyId: 'partner-1' }), 'signature_key_taken');
});

test('whoever asks for it gets a signed answer to its own request, by a key that is published', async () => {
  const accept = { 'accept-signature': 'florin=("@status" "content-digest")' };
  const { answer, request } = await send('cli_1', { keyId: 'partner-1', more: accept });
  const headers = Object.fromEntries(
    Object.entries(answer.headers).map(([name, value]) => [name, String(value)]),
  );
  assertContentDigest(String(headers['content-digest']), answer.payload);
  const input = readFieldDictionary(String(headers['signature-input']))?.get('florin');
  const given = readFieldDictionary(String(headers['signature']))?.get('florin');
  assert.ok(input !== undefined && isInnerList(input) && given !== undefined);
  const { keys } = JSON.parse(signatures.directory) as { keys: (JsonWebKey & { kid: string })[] };
  const published = keys.find(({ kid }) => kid === input[1].get('keyid'));
  assert.ok(published !== undefined);
  const key = createPublicKey({ key: published, format: 'jwk' });
  const base = signatureBase({ status: answer.statusCode, headers, request }, input);
  const signature = bytesOf(given[0]) ?? Buffer.alloc(0);
  assert.equal(verifyBytes({ algorithm: 'ed25519', key }, base, signature), true);
  const other = signatureBase({ status: 200, headers, request }, input);
  assert.equal(verifyBytes({ algorithm: 'ed25519', key }, other, signature), false);
  const names = input[0].map(([name]) => String(name));
  assert.ok(names.includes('signature'), 'it covers the signature it answers');
  assert.equal((await send('cli_2')).answer.headers['signature'], undefined);
});
