import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openLogger } from '#platform';
import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { EdgeRefusal } from '../problems.ts';
import { bindAccessLog } from './access-log.ts';
import type { AccessLogging } from './access-log.ts';
import { openCors } from './cors.ts';
import { bindHeaders } from './headers.ts';

const opened: FastifyInstance[] = [];
after(async () => {
  for (const server of opened) await server.close();
});

interface Edge {
  /** Resolves when a request that never ends has begun. */
  readonly neverBegun: Promise<void>;
  readonly url: string;
  readonly port: number;
  readonly lines: Record<string, unknown>[];
}

async function open(changes: {
  readonly isTlsOnly?: boolean;
  readonly origins?: readonly string[];
  readonly logging?: AccessLogging;
}): Promise<Edge> {
  const lines: Record<string, unknown>[] = [];
  const server = Fastify({ logger: false, forceCloseConnections: true });
  opened.push(server);
  bindHeaders(server, { isTlsOnly: changes.isTlsOnly === true });
  bindAccessLog(server, {
    logger: openLogger({
      level: 'info',
      write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
    }),
    logging: changes.logging ?? 'all',
    addressOf: (request) => request.socket.remoteAddress,
  });
  const cors = openCors(changes.origins ?? []);
  server.addHook('onRequest', (request, reply, done) => {
    if (!cors.answer(request, reply)) done();
  });
  server.setErrorHandler((error, _request, reply) => {
    reply.code(error instanceof EdgeRefusal ? 403 : 500).send({});
  });
  server.get('/accounts/:id', { config: { template: '/accounts/{id}' } }, () => ({ ok: true }));
  server.get('/own', (_request, reply) => {
    reply.header('content-security-policy', "default-src 'self'").send('page');
  });
  const never = Promise.withResolvers<void>();
  server.get('/never', () => {
    never.resolve();
    return new Promise(() => undefined);
  });
  await server.listen({ host: '127.0.0.1', port: 0 });
  const { port } = server.server.address() as AddressInfo;
  return { neverBegun: never.promise, url: `http://127.0.0.1:${port}`, port, lines };
}

async function settled(edge: Edge, count: number): Promise<void> {
  for (let tries = 0; edge.lines.length < count && tries < 200; tries += 1) await sleep(10);
  assert.equal(edge.lines.length, count);
}

test('every answer has the security headers, whatever it answers', async () => {
  const { url } = await open({});
  for (const path of ['/accounts/a-1', '/nowhere']) {
    const { headers } = await fetch(`${url}${path}`);
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.equal(headers.get('referrer-policy'), 'no-referrer');
    assert.equal(headers.get('x-frame-options'), 'DENY');
    assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'/);
    assert.equal(headers.get('strict-transport-security'), null, 'it was asked without TLS');
    assert.equal(headers.get('server'), null);
    assert.equal(headers.get('x-powered-by'), null);
  }
});

test('a server that is reached over TLS says that it is never to be reached without', async () => {
  const { url } = await open({ isTlsOnly: true });
  const { headers } = await fetch(`${url}/accounts/a-1`);
  assert.match(headers.get('strict-transport-security') ?? '', /^max-age=\d{8}/);
});

test('a page keeps the policy it sets itself', async () => {
  const { url } = await open({});
  const { headers } = await fetch(`${url}/own`);
  assert.equal(headers.get('content-security-policy'), "default-src 'self'");
});

const question = { 'access-control-request-method': 'POST' };

test('no web page may use the API unless its origin was named', async () => {
  const { url } = await open({});
  const origin = 'https://app.example';
  const answer = await fetch(`${url}/accounts/a-1`, { headers: { origin } });
  assert.equal(answer.headers.get('access-control-allow-origin'), null);
  const asked = await fetch(`${url}/accounts/a-1`, {
    method: 'OPTIONS',
    headers: { origin, ...question },
  });
  assert.equal(asked.status, 403);
  assert.equal(asked.headers.get('access-control-allow-origin'), null);
});

test('a page of a named origin may ask, is told what it may send, and no other', async () => {
  const { url } = await open({ origins: ['https://app.example'] });
  const ask = (origin: string, method: string, more = {}) =>
    fetch(`${url}/accounts/a-1`, { method, headers: { origin, ...more } });
  const before = await ask('https://app.example', 'OPTIONS', question);
  assert.equal(before.status, 204);
  assert.equal(before.headers.get('access-control-allow-origin'), 'https://app.example');
  assert.match(before.headers.get('access-control-allow-headers') ?? '', /idempotency-key/);
  assert.equal(before.headers.get('access-control-allow-credentials'), null);
  const answer = await ask('https://app.example', 'GET');
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('access-control-expose-headers') ?? '', /ratelimit/);
  assert.equal(answer.headers.get('vary'), 'Origin');
  const others = ['https://app.example.evil.example', 'http://app.example', 'null'];
  for (const origin of others) {
    assert.equal((await ask(origin, 'OPTIONS', question)).status, 403, origin);
    const plain = await ask(origin, 'GET');
    assert.equal(plain.headers.get('access-control-allow-origin'), null, origin);
  }
});

test('a request leaves one line, without its query, its ids or its address', async () => {
  const edge = await open({});
  const headers = {
    authorization: 'Bearer eyJhbGciOi',
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  };
  await fetch(`${edge.url}/accounts/acc_77?name=Novak`, { headers });
  await settled(edge, 1);
  const [line] = edge.lines;
  assert.equal(line?.['route'], '/accounts/{id}');
  assert.equal(line?.['status'], 200);
  assert.equal(line?.['network'], '127.0.0.0/24');
  assert.equal(line?.['trace_id'], '4bf92f3577b34da6a3ce929d0e0e4736');
  const text = JSON.stringify(line);
  for (const secret of ['acc_77', 'Novak', 'eyJ', '127.0.0.1']) {
    assert.ok(!text.includes(secret), secret);
  }
});

test('a path that is unknown is not written down', async () => {
  const edge = await open({});
  await fetch(`${edge.url}/people/jan.novak`);
  await settled(edge, 1);
  assert.equal(edge.lines[0]?.['route'], 'none');
  assert.ok(!JSON.stringify(edge.lines).includes('novak'));
});

test('a client that leaves before its answer is a line too', async () => {
  const edge = await open({});
  const socket = connect(edge.port, '127.0.0.1');
  socket.write('GET /never HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await edge.neverBegun;
  socket.destroy();
  await settled(edge, 1);
  assert.equal(edge.lines[0]?.['status'], 'aborted');
});

test('only failures are written where the operator wants no more', async () => {
  const edge = await open({ logging: 'failures' });
  await fetch(`${edge.url}/accounts/a-1`);
  await fetch(`${edge.url}/nowhere`);
  await settled(edge, 1);
  assert.equal(edge.lines[0]?.['status'], 404);
});
