import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '#kernel';
import type { Problem } from '../problems.ts';
import { exchange, limits, openTestGateway } from '../testing.ts';

let outcome: () => Promise<object | string> = () => Promise.resolve({});
const gateway = await openTestGateway({ act: () => outcome() });
const { port, url } = await gateway.listen();
after(() => gateway.close());

/** The head of a request as its client wrote it, with the lines given. */
function request(line: string, headers: readonly string[] = [], body = ''): string {
  return [line, 'Host: localhost', ...headers, '', body].join('\r\n');
}

/** The answers of one connection, each as its status and its problem's code if it is one. */
function told(text: string): string[] {
  return text.split(/(?=HTTP\/1\.1 \d{3} )/).map((answer) => {
    const [head = '', body = ''] = answer.split('\r\n\r\n', 2);
    const status = head.slice(9, 12);
    if (!/content-type: application\/problem\+json/i.test(head)) return status;
    const problem = JSON.parse(body) as Problem;
    assert.equal(String(problem.status), status);
    assert.match(head, new RegExp(`x-request-id: ${problem.request_id}`, 'i'));
    assert.match(head, new RegExp(`content-length: ${Buffer.byteLength(body)}\\b`, 'i'));
    return `${status} ${problem.code}`;
  });
}

async function ask(text: string | Buffer): Promise<string[]> {
  return told(await exchange(port, text));
}

const chunked = ['Content-Type: application/json', 'Transfer-Encoding: chunked'];
const json = 'Content-Type: application/json';

test('what is not HTTP is refused with a problem document and the connection closed', async () => {
  const cases: readonly (string | Buffer)[] = [
    'GARBAGE\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    'GET /\u0001 HTTP/1.1\r\nHost: localhost\r\n\r\n',
    request('GET / HTTP/1.1', ['Bad Header: x']),
    request('GET / HTTP/1.1', ['X-Y: a\u0000b']),
    request('POST /v1/things HTTP/1.1', [json, 'Content-Length: -1']),
    request('POST /v1/things HTTP/1.1', [json, 'Content-Length: 1', 'Content-Length: 2'], '{'),
    request('POST /v1/things HTTP/1.1', [...chunked, 'Content-Length: 5'], '0\r\n\r\n'),
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]),
  ];
  for (const text of cases) {
    const answers = await ask(text);
    assert.deepEqual(answers, ['400 malformed_request'], JSON.stringify(text));
  }
});

test('a request without a Host header is refused, one of HTTP/1.0 is not', async () => {
  const close = 'Connection: close\r\n\r\n';
  assert.deepEqual(await ask(`GET /healthz HTTP/1.1\r\n${close}`), ['400 malformed_request']);
  assert.deepEqual(await ask(`GET /healthz HTTP/1.0\r\n${close}`), ['200']);
});

test('headers without end are refused', async () => {
  const long = `X-Long: ${'x'.repeat(20_000)}`;
  assert.deepEqual(await ask(request('GET / HTTP/1.1', [long])), ['431 headers_too_large']);
  const path = `GET /${'x'.repeat(20_000)} HTTP/1.1`;
  assert.deepEqual(await ask(request(path)), ['431 headers_too_large']);
});

test('methods nobody expects are refused with a problem document', async () => {
  const close = ['Connection: close'];
  for (const method of ['TRACE', 'PROPFIND', 'PURGE', 'OPTIONS']) {
    const [answer] = await ask(request(`${method} /healthz HTTP/1.1`, close));
    assert.equal(answer, '405 method_not_allowed', method);
  }
  assert.deepEqual(await ask(request('CONNECT evil.example:443 HTTP/1.1')), [
    '405 method_not_allowed',
  ]);
  assert.deepEqual(await ask(request('BREW /healthz HTTP/1.1')), ['400 malformed_request']);
  const wish = ['Connection: Upgrade, close', 'Upgrade: websocket'];
  assert.deepEqual(await ask(request('GET /nothing HTTP/1.1', wish)), ['404 path_not_found']);
});

test('an expectation other than 100-continue is refused', async () => {
  const strange = request('POST /v1/things HTTP/1.1', [json, 'Expect: a-miracle'], '');
  assert.deepEqual(await ask(strange), ['417 expectation_failed']);
  const body = '{"name":"a"}';
  const length = `Content-Length: ${body.length}`;
  const headers = [json, length, 'Expect: 100-continue', 'Connection: close'];
  const answers = await ask(request('POST /v1/things HTTP/1.1', headers, body));
  assert.deepEqual(answers, ['100', '201']);
});

test('a body that breaks off in the middle of its chunks is refused', async () => {
  const broken = request('POST /v1/things HTTP/1.1', chunked, '5\r\n{"nam\r\nZZ\r\n');
  assert.deepEqual(await ask(broken), ['400 malformed_request']);
});

test('a client that goes away in the middle of its body harms nobody', async () => {
  const socket = connect(port, '127.0.0.1');
  socket.write(request('POST /v1/things HTTP/1.1', [json, 'Content-Length: 100'], '{"name"'));
  await sleep(30);
  socket.destroy();
  await sleep(30);
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
});

test('a body beyond the limit is refused before it is read, however it is sent', async () => {
  const head = request('POST /v1/things HTTP/1.1', [json, 'Content-Length: 20000000'], '{');
  const announced = exchange(port, head, 100);
  const large = `{"name":"${'x'.repeat(5_000_000)}"}`;
  const response = await fetch(`${url}/v1/things`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: large,
  });
  assert.equal(response.status, 413);
  assert.equal(((await response.json()) as Problem).code, 'body_too_large');
  const piece = `10000\r\n${'x'.repeat(65_536)}\r\n`;
  const endless = request('POST /v1/things HTTP/1.1', chunked, `${piece.repeat(20)}0\r\n\r\n`);
  assert.deepEqual(await ask(endless), ['413 body_too_large']);
  await announced;
});

test('garbage after a request never takes the place of its answer', async () => {
  let finish: (answer: object) => void = () => undefined;
  outcome = () =>
    new Promise((resolve) => {
      finish = resolve;
    });
  const both = `${request('POST /v1/act HTTP/1.1', ['Content-Length: 0'])}GARBAGE\r\n\r\n`;
  const answers = exchange(port, both, 300);
  await sleep(50);
  finish({ done: true });
  const text = await answers;
  assert.ok(text === '' || told(text)[0] === '200', text);
});

test('requests sent in one go are answered in order', async () => {
  const one = request('GET /healthz HTTP/1.1');
  const last = request('GET /nothing HTTP/1.1', ['Connection: close']);
  assert.deepEqual(await ask(`${one}${one}${last}`), ['200', '200', '404 path_not_found']);
});

test('a request that never ends is refused in time', async () => {
  const impatient = await openTestGateway({
    limits: { ...limits, httpRequestTimeoutMs: 300, httpHeadersTimeoutMs: 200 },
  });
  const { port: other } = await impatient.listen();
  const slow = request('POST /v1/things HTTP/1.1', [json, 'Content-Length: 9'], '{');
  const [head, body] = await Promise.all([
    exchange(other, 'GET /healthz HTTP/1.1\r\nHost: loc', 6_000),
    exchange(other, slow, 6_000),
  ]);
  assert.deepEqual([told(head), told(body)], [['408 request_timeout'], ['408 request_timeout']]);
  await impatient.close();
});

test('a port in use ends in one clear sentence', async () => {
  const second = await openTestGateway({ port });
  await assert.rejects(second.listen(), (error) => {
    assert.ok(error instanceof Fault);
    assert.equal(
      error.message,
      `Port ${port} of 127.0.0.1 is in use by another program: stop it, or set FLORIN_PORT.`,
    );
    return true;
  });
  await second.close();
});

test('an address that others can reach is refused in one clear sentence without TLS', async () => {
  for (const host of ['0.0.0.0', '::', '192.168.1.5', 'example.com']) {
    const open = await openTestGateway({ host });
    await assert.rejects(
      open.listen(),
      /listens on .* only with a certificate .* or behind proxies/,
    );
    await open.close();
  }
});

test('closing finishes what runs, refuses what comes, and waits for no idle client', async () => {
  let finish: (answer: object) => void = () => undefined;
  const began = Promise.withResolvers<undefined>();
  const closing = await openTestGateway({
    act: () =>
      new Promise((resolve) => {
        finish = resolve;
        began.resolve(undefined);
      }),
  });
  const { port: other, url: address } = await closing.listen();
  assert.equal((await fetch(`${address}/healthz`)).status, 200, 'leaves an idle connection');
  const post = request('POST /v1/act HTTP/1.1', ['Content-Length: 0']);
  // A second connection, on which half a request was sent that is finished during the closing.
  const socket = connect(other, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => undefined);
  await new Promise((resolve) => {
    socket.once('connect', resolve);
  });
  socket.write(post.slice(0, 30));
  // What was sent before it has been read when it begins.
  const running = exchange(other, post);
  await began.promise;
  const started = performance.now();
  const closed = closing.close();
  socket.write(post.slice(30));
  while (chunks.length === 0 && performance.now() - started < 5_000) await sleep(5);
  assert.deepEqual(told(Buffer.concat(chunks).toString()), ['503 shutting_down']);
  finish({ done: true });
  assert.deepEqual(told(await running), ['200']);
  await closed;
  assert.ok(performance.now() - started < 5_000);
  await assert.rejects(fetch(`${address}/healthz`));
});

test('closing gives up on what never ends at the deadline', async () => {
  const reached = Promise.withResolvers<void>();
  const stuck = await openTestGateway({
    act: () => {
      reached.resolve();
      return new Promise(() => undefined);
    },
    limits: { ...limits, httpShutdownMs: 100 },
  });
  const { port: other } = await stuck.listen();
  const running = exchange(other, request('POST /v1/act HTTP/1.1', ['Content-Length: 0']));
  await reached.promise;
  const started = performance.now();
  await stuck.close();
  assert.ok(performance.now() - started < 5_000);
  assert.equal(await running, '');
});

test('closing waits for no connection on which nothing was ever asked', async () => {
  const other = await openTestGateway();
  const socket = connect((await other.listen()).port, '127.0.0.1');
  await new Promise((resolve) => {
    socket.once('connect', resolve);
  });
  await sleep(50);
  const startedMs = performance.now();
  await other.close();
  assert.ok(performance.now() - startedMs < 3_000);
  socket.destroy();
});
