import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { Type } from 'typebox';
import { Fault, manualClock, parseInstant, refuse } from '#kernel';
import type { Instant } from '#kernel';
import type { LightMyRequestResponse } from 'fastify';
import { EdgeRefusal } from '../problems.ts';
import type { Problem } from '../problems.ts';
import { answer, defineOperation } from '../routes.ts';
import type { Outcome, Route } from '../routes.ts';
import * as schema from '../schema.ts';
import { openTestGateway } from '../testing.ts';
import type { Denial } from './denial.ts';
import type { Disclosure } from './disclosure.ts';

const denials: Denial[] = [];
const disclosures: Disclosure[] = [];
let outcome: () => Promise<Outcome>;
let whileNoting: () => Promise<void>;

const read: Route = {
  method: 'GET',
  path: '/customers/{id}',
  permission: 'customers.read',
  operation: defineOperation({
    operationId: 'readCustomer',
    summary: 'Read',
    tags: ['things'],
    schema: {
      params: schema.object({ id: schema.text(20) }),
      query: schema.object({ verbose: Type.Optional(Type.Boolean()) }),
      response: { 200: { description: 'It.', body: Type.Unknown() } },
    },
    disclosure: { target: ({ params }) => params.id },
    handler: () => outcome(),
  }),
};
const write: Route = {
  method: 'POST',
  path: '/customers/{id}',
  permission: 'customers.write',
  operation: defineOperation({
    operationId: 'writeCustomer',
    summary: 'Write',
    tags: ['things'],
    schema: {
      params: schema.object({ id: schema.text(20) }),
      response: { 200: { description: 'It.', body: Type.Unknown() } },
    },
    handler: () => outcome(),
  }),
};

const at = parseInstant('2026-11-21T20:00:00Z') as Instant;
const gateway = await openTestGateway({
  routes: [read, write],
  clock: manualClock(at),
  problemTables: [
    {
      customer_unknown: { status: 404, title: 'No such customer', retryable: false },
      not_permitted: { status: 403, title: 'Not permitted', retryable: false },
    },
  ],
  onDenied: (denial) => denials.push(denial),
  onDisclosed: async (disclosure) => {
    await whileNoting();
    disclosures.push(disclosure);
  },
});
after(() => gateway.close());

beforeEach(() => {
  denials.length = 0;
  disclosures.length = 0;
  outcome = () => Promise.resolve(answer(200, { secret: 'balance' }));
  whileNoting = () => Promise.resolve();
});

function ask(headers: Record<string, string> = {}): Promise<LightMyRequestResponse> {
  const id = { 'x-request-id': 'r-1', 'user-agent': 'curl/8' };
  return gateway.inject({ url: '/customers/c-1?verbose=true', headers: { ...id, ...headers } });
}

const caller = {
  actor: 'local',
  correlationId: 'r-1',
  authentication: 'none',
  roles: [],
  tenant: 'main',
  address: '127.0.0.1',
  userAgent: 'curl/8',
  traceId: undefined,
};

test('a request for another host is a denial, told with its template and no query', async () => {
  assert.equal((await ask({ host: 'evil.example' })).statusCode, 421);
  assert.deepEqual(denials, [
    {
      // Refused before it is known who asks.
      caller: { ...caller, actor: 'nobody', tenant: undefined },
      code: 'host_not_allowed',
      method: 'GET',
      path: '/customers/{id}',
      at,
    },
  ]);
});

test('a foreign page that would change something is told of as a denial', async () => {
  const headers = { origin: 'https://evil.example' };
  await gateway.inject({ method: 'POST', url: '/customers/c-1', headers });
  assert.deepEqual(
    denials.map(({ code, method, path }) => [code, method, path]),
    [['cross_origin', 'POST', '/customers/{id}']],
  );
});

test('a denial at an unknown path keeps the path, bounded and without its query', async () => {
  const headers = { host: 'evil.example' };
  await gateway.inject({ url: '/etc/passwd?card=4111111111111111', headers });
  await gateway.inject({ url: `/${'x'.repeat(3_000)}`, headers });
  assert.equal(denials[0]?.path, '/etc/passwd');
  assert.equal(denials[1]?.path.length, 256);
});

test('a refusal of an operation that says "you may not" is a denial too', async () => {
  const message = 'You may not.';
  outcome = () => Promise.resolve(refuse({ code: 'not_permitted', message }));
  assert.equal((await ask()).statusCode, 403);
  assert.deepEqual(
    denials.map(({ code }) => code),
    ['not_permitted'],
  );
});

test('what is merely wrong, unknown or broken is no denial', async () => {
  outcome = () => Promise.reject(new Error('a bug'));
  await ask();
  await gateway.inject({ url: '/nowhere' });
  await gateway.inject({ method: 'DELETE', url: '/customers/c-1' });
  await gateway.inject({ url: '/customers/c-1?nonsense=1' });
  assert.deepEqual(denials, []);
});

test('the reading of customer data is noted before the answer is sent', async () => {
  const gate = Promise.withResolvers<undefined>();
  whileNoting = async () => {
    await gate.promise;
  };
  const asked = ask();
  let isAnswered = false;
  void asked.then(() => {
    isAnswered = true;
  });
  await new Promise((resolve) => {
    setTimeout(resolve, 50);
  });
  assert.equal(isAnswered, false);
  gate.resolve(undefined);
  assert.equal((await asked).statusCode, 200);
  assert.deepEqual(disclosures, [
    { caller, operationId: 'readCustomer', target: 'c-1', outcome: 'success', reason: undefined },
  ]);
});

test('reading what is not there is noted as well', async () => {
  outcome = () => Promise.resolve(refuse({ code: 'customer_unknown', message: 'No.' }));
  assert.equal((await ask()).statusCode, 404);
  outcome = () => Promise.reject(new EdgeRefusal('field_invalid', 'cursor', { param: 'cursor' }));
  assert.equal((await ask()).statusCode, 400);
  outcome = () => Promise.reject(new Fault('lock_timeout', { retryable: true, message: 'busy' }));
  assert.equal((await ask()).statusCode, 503);
  assert.deepEqual(
    disclosures.map(({ outcome: one, reason }) => [one, reason]),
    [
      ['refused', 'customer_unknown'],
      ['refused', 'field_invalid'],
      ['failed', 'lock_timeout'],
    ],
  );
});

test('what cannot be noted is not disclosed', async () => {
  whileNoting = () =>
    Promise.reject(new Fault('database_unavailable', { retryable: true, message: 'gone' }));
  const response = await ask();
  assert.equal(response.statusCode, 503);
  assert.doesNotMatch(response.body, /balance/);
  outcome = () => Promise.resolve(refuse({ code: 'customer_unknown', message: 'No.' }));
  assert.equal((await ask()).statusCode, 503, 'nor whether there is such a customer');
  outcome = () => Promise.reject(new Error('a bug'));
  assert.equal((await ask()).json<Problem>().code, 'internal_error', 'the bug is the news');
});

test('an operation that discloses nothing is not noted', async () => {
  await gateway.inject({ method: 'POST', url: '/customers/c-1' });
  await gateway.inject({ url: '/healthz' });
  assert.deepEqual(disclosures, []);
});
