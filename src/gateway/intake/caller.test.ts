import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { manualClock, parseInstant } from '#kernel';
import type { Instant } from '#kernel';
import type { Caller } from '#platform';
import { answer, defineOperation } from '../routes.ts';
import type { Route } from '../routes.ts';
import { exchange, openTestGateway } from '../testing.ts';
import { callerOf, contextOf } from './caller.ts';

let caller: Caller | undefined;
const route: Route = {
  method: 'GET',
  path: '/who',
  permission: 'who.read',
  operation: defineOperation({
    operationId: 'who',
    summary: 'Who',
    tags: ['things'],
    schema: { response: { 200: { description: 'It.' } } },
    handler(request) {
      caller = callerOf(request);
      return Promise.resolve(answer(200, {}));
    },
  }),
};
const gateway = await openTestGateway({ routes: [route] });
const { port } = await gateway.listen();
after(() => gateway.close());

async function ask(headers: Record<string, string>): Promise<Caller> {
  caller = undefined;
  await gateway.inject({ url: '/who', headers });
  assert.ok(caller !== undefined);
  return caller;
}

test('a caller is known by its socket, never by what a header says of its address', async () => {
  const lines = [
    'X-Forwarded-For: 203.0.113.9',
    'Forwarded: for=203.0.113.9',
    'X-Real-IP: 1.1.1.1',
  ];
  const head = ['GET /who HTTP/1.1', 'Host: localhost', 'X-Request-Id: r-1', ...lines];
  await exchange(port, [...head, 'Connection: close', '', ''].join('\r\n'));
  assert.deepEqual(caller, {
    actor: 'local',
    correlationId: 'r-1',
    authentication: 'none',
    roles: [],
    tenant: 'main',
    address: '127.0.0.1',
    userAgent: undefined,
    traceId: undefined,
  });
});

test('an IPv4 peer on an IPv6 socket has its IPv4 address', async () => {
  const addressOf = async (remoteAddress: string): Promise<string | undefined> => {
    await gateway.inject({ url: '/who', remoteAddress });
    return caller?.address;
  };
  assert.equal(await addressOf('::ffff:192.0.2.7'), '192.0.2.7');
  assert.equal(await addressOf('::1'), '::1');
  assert.equal(await addressOf('2001:db8::1'), '2001:db8::1');
});

test('a user agent is bounded and free of control characters', async () => {
  const agentOf = async (text: string): Promise<string | undefined> =>
    (await ask({ 'user-agent': text })).userAgent;
  assert.equal(await agentOf('curl/8.5'), 'curl/8.5');
  assert.equal(await agentOf('a\tb\u007fc\u0085d'), 'abcd');
  assert.equal(await agentOf('x'.repeat(5_000)), 'x'.repeat(256));
  assert.equal(await agentOf('\t'), undefined);
  const halved = await agentOf(`${'x'.repeat(255)}😀`);
  assert.ok(halved?.isWellFormed(), 'no half of a character is left');
});

test('a trace id is that of a valid traceparent, and of no other', async () => {
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  const parent = '00f067aa0ba902b7';
  const valid = [
    `00-${trace}-${parent}-01`,
    `00-${trace}-${parent}-00`,
    `cc-${trace}-${parent}-01-what-a-later-version-adds`,
  ];
  for (const traceparent of valid) assert.equal((await ask({ traceparent })).traceId, trace);
  const invalid = [
    '',
    trace,
    `ff-${trace}-${parent}-01`,
    `00-${trace}-${parent}-01-more`,
    `00-${'0'.repeat(32)}-${parent}-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    `00-${trace.toUpperCase()}-${parent}-01`,
    `00-${trace}-${parent}`,
    `00-${trace}-${parent}-1`,
    ` 00-${trace}-${parent}-01, 00-${trace}-${parent}-01`,
  ];
  for (const traceparent of invalid) {
    assert.equal((await ask({ traceparent })).traceId, undefined, traceparent);
  }
});

test('a context has the time, the offset of the clock, and all that is known of the caller', () => {
  const origin = {
    requestId: 'r-1',
    actor: 'local',
    authentication: 'none',
    roles: [],
    tenant: 'main',
    address: '::1',
    userAgent: 'curl',
    traceId: undefined,
  };
  const now = parseInstant('2026-11-21T20:00:00Z') as Instant;
  const clock = { ...manualClock(now), offsetUs: -1_500 };
  const { requestId, ...rest } = origin;
  const expected = { now, clockOffsetUs: -1_500, correlationId: requestId, ...rest };
  assert.deepEqual(contextOf(clock, origin), expected);
  assert.equal(contextOf(manualClock(now), origin).clockOffsetUs, undefined);
});
