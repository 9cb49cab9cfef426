import assert from 'node:assert/strict';
import { createServer as createPlain } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { createServer as createTls } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '#kernel';
import { openLogger } from '../telemetry/logger.ts';
import { openMetrics } from '../telemetry/metrics.ts';
import { testAuthority } from '../testing/certificates.ts';
import { measureOutbound } from './measure.ts';
import { openOutbound } from './outbound.ts';
import type { OutboundOptions } from './outbound.ts';
import type { Outbound } from './port.ts';

const closing: (() => void)[] = [];
after(() => {
  for (const close of closing) close();
});

async function serve(listener: RequestListener): Promise<{ url: string; server: Server }> {
  const server = createPlain(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, server };
}

function open(options: Partial<OutboundOptions> & { readonly trust?: string }): Outbound {
  const { trust, ...rest } = options;
  const outbound = openOutbound({
    name: 'test',
    timeoutMs: 2_000,
    bytesMax: 10_000,
    trustedOrigins: trust === undefined ? [] : [trust],
    ...rest,
  });
  closing.push(() => outbound.close());
  return outbound;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'none';
  } catch (error) {
    assert.ok(error instanceof Fault, String(error));
    return error.code;
  }
}

test('an answer comes with its status, headers and whole body', async () => {
  const { url } = await serve((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const { method, headers } = request;
      response.setHeader('set-cookie', ['a=1', 'b=2']).statusCode = 201;
      response.end(JSON.stringify({ method, text, encoding: headers['accept-encoding'] }));
    });
  });
  const outbound = open({ trust: url });
  const body = 'what was asked';
  const answer = await outbound.fetch({ url: `${url}/x?y=1`, method: 'POST', body });
  assert.equal(answer.status, 201);
  assert.deepEqual(answer.headers['set-cookie'], ['a=1', 'b=2']);
  assert.deepEqual(JSON.parse(answer.body.toString()), {
    method: 'POST',
    text: body,
    encoding: 'identity',
  });
});

test('a redirect is an answer and is not followed', async () => {
  let asked = 0;
  const { url } = await serve((_request, response) => {
    asked += 1;
    response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end();
  });
  const answer = await open({ trust: url }).fetch({ url });
  assert.equal(answer.status, 302);
  assert.equal(asked, 1);
});

test('an address of our own network is refused, however it is written', async () => {
  const outbound = open({});
  const urls = [
    'https://127.0.0.1/',
    'https://0x7f.1/',
    'https://2130706433/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://169.254.169.254/latest/meta-data',
    'https://localhost/',
    'http://example.com/',
    `https://${'user:word'}@example.com/`,
    'ftp://example.com/',
    'file:///etc/passwd',
    'not a url',
  ];
  for (const url of urls) {
    assert.equal(await codeOf(outbound.fetch({ url })), 'outbound_forbidden', url);
  }
  assert.equal(outbound.state, 'closed', 'the dependency has done nothing wrong');
});

test('a name is judged by the address that is connected to, each time', async () => {
  const answers = [[{ address: '10.0.0.7', family: 4 }], [{ address: 'fd00::1', family: 6 }], []];
  let turn = 0;
  const resolve = () => Promise.resolve(answers[turn++ % answers.length] ?? []);
  const outbound = open({ resolve });
  for (let count = 0; count < answers.length; count += 1) {
    const url = 'https://rebind.example/';
    assert.equal(await codeOf(outbound.fetch({ url })), 'outbound_forbidden');
  }
  assert.equal(turn, answers.length);
});

test('only the origin that the operator named is trusted, not its neighbours', async () => {
  const { url } = await serve((_request, response) => response.end('ok'));
  const other = await serve((_request, response) => response.end('secret'));
  const outbound = open({ trust: url });
  assert.equal((await outbound.fetch({ url: `${url}/any/path` })).status, 200);
  assert.equal(await codeOf(outbound.fetch({ url: other.url })), 'outbound_forbidden');
});

test('what takes too long ends at its time, from head to last byte', async () => {
  const { url } = await serve((request, response) => {
    if (request.url === '/head') return;
    response.write('begun');
  });
  const outbound = open({ trust: url, timeoutMs: 100 });
  assert.equal(await codeOf(outbound.fetch({ url: `${url}/head` })), 'outbound_timeout');
  assert.equal(await codeOf(outbound.fetch({ url: `${url}/body` })), 'outbound_timeout');
});

test('an answer that is too large is cut off', async () => {
  const { url } = await serve((_request, response) => {
    response.end(Buffer.alloc(20_000));
  });
  const outbound = open({ trust: url });
  assert.equal(await codeOf(outbound.fetch({ url })), 'outbound_too_large');
});

test('a caller that gives up is thrown its own reason, and nobody is blamed', async () => {
  const { url } = await serve(() => undefined);
  const outbound = open({ trust: url, breaker: { failuresMin: 1 } });
  const controller = new AbortController();
  const mine = new Error('enough');
  const asked = outbound.fetch({ url, signal: controller.signal });
  setTimeout(() => controller.abort(mine), 50);
  await assert.rejects(asked, mine);
  assert.equal(outbound.state, 'closed');
});

test('a dependency that fails is left alone, then tried, then asked again', async () => {
  let isWell = false;
  let asked = 0;
  const { url } = await serve((_request, response) => {
    asked += 1;
    response.writeHead(isWell ? 200 : 503).end();
  });
  const lines: string[] = [];
  const metrics = openMetrics({ isProcessMeasured: false });
  const outbound = open({
    name: 'sick-one',
    trust: url,
    breaker: { failuresMin: 3, openMs: 1_000 },
    logger: openLogger({ level: 'info', write: (line) => lines.push(line) }),
    measure: measureOutbound(metrics),
  });
  for (let count = 0; count < 3; count += 1) {
    assert.equal((await outbound.fetch({ url })).status, 503);
  }
  assert.equal(outbound.state, 'open');
  assert.equal(await codeOf(outbound.fetch({ url })), 'outbound_open');
  assert.equal(asked, 3, 'nothing is sent while it is left alone');
  isWell = true;
  await sleep(outbound.waitMs() + 100);
  assert.equal((await outbound.fetch({ url })).status, 200);
  assert.equal((await outbound.fetch({ url })).status, 200);
  assert.equal(outbound.state, 'closed');
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { message: string }).message),
    ['a system outside is left alone', 'a system outside answers again'],
  );
  const report = await metrics.report();
  assert.match(report, /florin_outbound_duration_seconds_count\{[^}]*outcome="5xx"[^}]*\} 3/);
  assert.match(report, /florin_outbound_breaker_state\{dependency="sick-one"\} 0/);
});

test('a dependency that cannot be reached at all is left alone too', async () => {
  const { url, server } = await serve(() => undefined);
  server.close();
  const outbound = open({ trust: url, breaker: { failuresMin: 2 } });
  assert.equal(await codeOf(outbound.fetch({ url })), 'outbound_failed');
  assert.equal(await codeOf(outbound.fetch({ url })), 'outbound_failed');
  assert.equal(await codeOf(outbound.fetch({ url })), 'outbound_open');
});

test('a slow dependency takes its share of requests, and no more wait than may', async () => {
  let running = 0;
  let most = 0;
  const { url } = await serve((_request, response) => {
    running += 1;
    most = Math.max(most, running);
    setTimeout(() => {
      running -= 1;
      response.end();
    }, 100);
  });
  const outbound = open({ trust: url, inFlightMax: 2, queuedMax: 3 });
  const codes = await Promise.all(Array.from({ length: 8 }, () => codeOf(outbound.fetch({ url }))));
  assert.equal(most, 2);
  assert.deepEqual(codes.toSorted(), [
    ...Array.from({ length: 5 }, () => 'none'),
    ...Array.from({ length: 3 }, () => 'outbound_busy'),
  ]);
});

test('a stream is passed on as it comes, and holds its place until its end', async () => {
  const { url } = await serve((request, response) => {
    response.write('first ');
    request.pipe(response);
  });
  const outbound = open({ trust: url, inFlightMax: 1, queuedMax: 0 });
  const body = Readable.from([Buffer.from('and '), Buffer.from('last')]);
  const answer = await outbound.stream({ url, method: 'POST', body });
  assert.equal(await codeOf(outbound.fetch({ url })), 'outbound_busy');
  assert.equal(Buffer.concat(await answer.body.toArray()).toString(), 'first and last');
  assert.equal((await outbound.fetch({ url })).status, 200);
});

test('a body that fails, at once or on the way, fails the request and nothing else', async () => {
  const { url } = await serve((request, response) => {
    request.resume().on('end', () => response.end());
  });
  const outbound = open({ trust: url });
  const mine = new Error('mine');
  const early = new Readable({ read: () => undefined });
  early.destroy(mine);
  assert.equal(
    await codeOf(outbound.fetch({ url, method: 'POST', body: early })),
    'outbound_failed',
  );
  const late = new Readable({ read: () => undefined });
  late.push('begun');
  setTimeout(() => late.destroy(mine), 50);
  assert.equal(
    await codeOf(outbound.fetch({ url, method: 'POST', body: late })),
    'outbound_failed',
  );
});

test('a stream may take longer than a request may, but not stand still', async () => {
  const { url } = await serve((request, response) => {
    response.write('.');
    if (request.url === '/stall') return;
    const timer = setInterval(() => response.write('.'), 30);
    setTimeout(() => {
      clearInterval(timer);
      response.end();
    }, 1_500);
  });
  const outbound = open({ trust: url, timeoutMs: 1_000, stallMs: 1_000 });
  const going = await outbound.stream({ url });
  assert.ok((await going.body.toArray()).length > 1);
  const standing = await outbound.stream({ url: `${url}/stall` });
  await assert.rejects(standing.body.toArray());
});

test('a stream that is too large is cut off', async () => {
  const { url } = await serve((_request, response) => {
    response.end(Buffer.alloc(20_000));
  });
  const answer = await open({ trust: url }).stream({ url });
  assert.equal(await codeOf(answer.body.toArray()), 'outbound_too_large');
});

test('an answer that breaks off is a failure, also to whoever reads it as a stream', async () => {
  const { url } = await serve((_request, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('half');
    setTimeout(() => response.destroy(), 30);
  });
  const outbound = open({ trust: url });
  assert.equal(await codeOf(outbound.fetch({ url })), 'outbound_failed');
  const answer = await outbound.stream({ url });
  await assert.rejects(answer.body.toArray());
});

test('a read on a connection that was closed while idle is sent again', async () => {
  let connections = 0;
  const { url, server } = await serve((request, response) => {
    request.resume();
    // The socket is closed just after the answer, while the other side believes it is kept.
    response.end('ok', () => setTimeout(() => request.socket.destroy(), 0));
  });
  server.on('connection', () => (connections += 1));
  server.keepAliveTimeout = 60_000;
  const outbound = open({ trust: url });
  for (let count = 0; count < 20; count += 1) {
    assert.equal((await outbound.fetch({ url })).status, 200);
  }
  assert.ok(connections > 1);
});

test('the other side proves who it is, by the authority that was named', async () => {
  const authority = testAuthority('Test CA');
  const issued = authority.issue({ commonName: 'localhost', hosts: ['localhost'] });
  const options = { key: issued.key, cert: issued.certificate, ca: authority.certificate };
  const server = createTls({ ...options, requestCert: true, rejectUnauthorized: false });
  server.on('request', (request, response) => {
    const peer = (request.socket as TLSSocket).getPeerCertificate();
    response.end(String(peer.subject?.CN ?? 'nobody'));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `https://localhost:${(server.address() as AddressInfo).port}`;
  const resolve = () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
  assert.equal(await codeOf(open({ trust: url, resolve }).fetch({ url })), 'outbound_failed');
  const client = authority.issue({ commonName: 'florin' });
  const tls = { ca: authority.certificate, cert: client.certificate, key: client.key };
  const answer = await open({ trust: url, resolve, tls }).fetch({ url });
  assert.equal(answer.body.toString(), 'florin');
});
