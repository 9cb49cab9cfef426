import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { Fault } from '#kernel';
import type { LightMyRequestResponse } from 'fastify';
import type { Problem } from '../problems.ts';
import { limits, openTestGateway } from '../testing.ts';

const id = 'acc_019abcde-1234-7abc-8def-0123456789ab';
let outcome: () => Promise<object | string> = () => Promise.resolve({});
let isDatabaseWell = true;
const gateway = await openTestGateway({
  act: () => outcome(),
  checks: [
    {
      name: 'database',
      check: () => (isDatabaseWell ? Promise.resolve() : Promise.reject(new Error('gone'))),
    },
  ],
});
after(() => gateway.close());

function post(
  url: string,
  payload: string | Buffer,
  headers: Record<string, string> = {},
): Promise<LightMyRequestResponse> {
  const type = { 'content-type': 'application/json' };
  return gateway.inject({ method: 'POST', url, payload, headers: { ...type, ...headers } });
}

function problemOf(response: LightMyRequestResponse): Problem {
  assert.match(String(response.headers['content-type']), /^application\/problem\+json/);
  const problem: Problem = response.json();
  assert.equal(problem.status, response.statusCode);
  assert.equal(problem.request_id, response.headers['x-request-id']);
  assert.equal(problem.type, `urn:florin:problem:${problem.code}`);
  return problem;
}

function told(response: LightMyRequestResponse): string {
  const { status, code, param } = problemOf(response);
  return `${status} ${code} ${param ?? ''}`.trim();
}

test('a request of the right shape reaches its operation and is answered in JSON', async () => {
  const response = await post('/v1/things', '{"name":"first"}');
  assert.equal(response.statusCode, 201);
  assert.equal(response.headers['content-type'], 'application/json; charset=utf-8');
  assert.equal(response.headers['cache-control'], 'no-store');
  assert.deepEqual(response.json(), { name: 'FIRST' });
});

test('parameters and the query string reach the operation typed', async () => {
  const response = await gateway.inject({ url: `/v1/things/${id}?limit=5&verbose=true` });
  assert.deepEqual(response.json(), { params: { id }, query: { limit: 5, verbose: true } });
});

test('an answer without a body has none, and JSON text is sent as it is', async () => {
  const none = await post('/v1/things/either', '{"item":{"kind":"transfer","amount":"1"}}');
  assert.deepEqual([none.statusCode, none.body], [204, '']);
  const many = await post('/v1/things/many', '[{"name":"a"},{"name":"b"}]');
  assert.equal(many.body, '{"count":2}');
});

test('a refusal returned by an operation becomes its problem document', async () => {
  assert.equal(told(await post('/v1/things', '{"name":"taken"}')), '409 name_taken name');
});

test('every kind of bad body is refused with a problem that names the field', async () => {
  const deep = `{"name":${'['.repeat(20)}${']'.repeat(20)}}`;
  const cases: readonly [string | Buffer, string][] = [
    ['', '400 body_required body'],
    ['{', '400 invalid_json body'],
    ['null', '400 field_invalid body'],
    ['{}', '400 field_missing name'],
    ['{"name":7}', '400 field_invalid name'],
    ['{"name":"a","nmae":"b"}', '400 field_unknown nmae'],
    ['{"name":"a","name":"b"}', '400 field_duplicate name'],
    ['{"name":"a","__proto__":{"x":1}}', '400 field_forbidden __proto__'],
    ['{"name":"\\u0000"}', '400 field_unstorable name'],
    [deep, `400 nesting_too_deep name${'[0]'.repeat(15)}`],
    [Buffer.from([0x7b, 0xff, 0x7d]), '400 invalid_utf8 body'],
    [`{"name":"${'x'.repeat(20_000)}"}`, '413 body_too_large body'],
    ['{"name":1e999}', '400 field_invalid name'],
    ['{"name":"a","money":{"amount":"-1","currency":"CZK"}}', '400 field_invalid money.amount'],
    ['{"name":"a","money":{"amount":"0","currency":"CZK"}}', '400 field_invalid money.amount'],
    ['{"name":"a","money":{"amount":"1","currency":"ABC"}}', '400 field_invalid money.currency'],
  ];
  for (const [payload, expected] of cases) {
    assert.equal(told(await post('/v1/things', payload)), expected);
  }
});

test('whatever JSON is sent, the answer is a success or a problem below 500', async () => {
  const name = fc.constantFrom('name', 'side', 'money', 'legs', 'at', 'metadata', 'item', 'kind');
  const leaf = fc.oneof(
    fc.constantFrom<unknown>(null, true, 0, -1, 1e21, '', '0', '-1', 'x', id, '1050', 'CZK'),
    fc.string({ unit: 'binary' }),
    fc.double(),
  );
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      leaf,
      fc.array(tie('value'), { maxLength: 5 }),
      fc.dictionary(fc.oneof(name, fc.string({ maxLength: 5 })), tie('value'), { maxKeys: 5 }),
    ),
  }));
  const urls = ['/v1/things', '/v1/things/many', '/v1/things/either'];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...urls), value, async (url, sent) => {
      const response = await post(url, JSON.stringify(sent) ?? 'null');
      if (response.statusCode >= 300) assert.ok(problemOf(response).status < 500);
    }),
    { numRuns: 300 },
  );
});

test('whatever bytes are sent, the answer is a problem below 500', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      assert.ok(problemOf(await post('/v1/things', Buffer.from(bytes))).status < 500);
    }),
    { numRuns: 200 },
  );
});

test('NDJSON is read where it is accepted, and only there', async () => {
  const headers = { 'content-type': 'application/x-ndjson; charset=utf-8' };
  const many = await post('/v1/things/many', '{"name":"a"}\n\n{"name":"b"}\n', headers);
  assert.deepEqual(many.json(), { count: 2 });
  const wrong = await post('/v1/things/many', '{"name":"a"}\n{"name":5}\n', headers);
  assert.equal(told(wrong), '400 field_invalid [1].name');
  const long = await post('/v1/things/many', '1\n'.repeat(5_001), headers);
  assert.equal(told(long), '400 field_invalid body');
  assert.equal(
    told(await post('/v1/things', '{"name":"a"}', headers)),
    '415 unsupported_media_type content-type',
  );
});

test('a body of another type, without a type, or compressed is refused', async () => {
  const cases: readonly Record<string, string>[] = [
    { 'content-type': 'text/plain' },
    { 'content-type': 'application/x-www-form-urlencoded' },
    { 'content-type': 'application/vnd.api+json' },
    { 'content-type': ';;;' },
  ];
  for (const headers of cases) {
    assert.equal(
      told(await post('/v1/things', '{"name":"a"}', headers)),
      '415 unsupported_media_type content-type',
    );
  }
  const untyped = await gateway.inject({ method: 'POST', url: '/v1/things', payload: 'x' });
  assert.equal(told(untyped), '415 unsupported_media_type content-type');
  const zipped = await post('/v1/things', 'xx', { 'content-encoding': 'gzip' });
  assert.equal(told(zipped), '415 unsupported_media_type content-encoding');
});

test('a body where none is expected is refused, an empty one is not', async () => {
  outcome = () => Promise.resolve({ done: true });
  assert.equal((await gateway.inject({ method: 'POST', url: '/v1/act' })).statusCode, 200);
  assert.equal((await post('/v1/act', '{}')).statusCode, 200);
  assert.equal(told(await post('/v1/act', '{"amount":"1"}')), '400 field_unknown body');
});

test('an unknown path is 404, a wrong method 405 with the methods allowed', async () => {
  assert.equal(told(await gateway.inject({ url: '/v1/nothing' })), '404 path_not_found path');
  assert.equal(told(await post('/v1/nothing', '{}')), '404 path_not_found path');
  const long = await gateway.inject({ url: `/v1/nothing/${'x'.repeat(5_000)}` });
  assert.equal(told(long), '404 path_not_found path');
  const wrong = await gateway.inject({ method: 'DELETE', url: `/v1/things/${id}` });
  assert.equal(told(wrong), '405 method_not_allowed method');
  assert.equal(wrong.headers['allow'], 'GET, HEAD');
  const options = await gateway.inject({ method: 'OPTIONS', url: '/v1/things' });
  assert.equal(told(options), '405 method_not_allowed method');
  assert.equal(options.headers['allow'], 'POST');
  assert.equal(told(await gateway.inject({ method: 'GET', url: '/v1/act' })).slice(0, 3), '405');
});

test('a path of its own is not the id of another route, and knows its own methods only', async () => {
  const shadowed = await gateway.inject({ method: 'GET', url: '/v1/things/many' });
  assert.equal(told(shadowed), '405 method_not_allowed method');
  assert.equal(shadowed.headers['allow'], 'POST');
});

test('a bad parameter, query or path encoding is refused by name', async () => {
  const cases: readonly [string, string][] = [
    ['/v1/things/acc_1', '400 field_invalid id'],
    ['/v1/things/%00', '400 field_invalid id'],
    ['/v1/things/%zz', '400 malformed_url path'],
    [`/v1/things/${id}?limit=1000`, '400 field_invalid limit'],
    [`/v1/things/${id}?limit=1&limit=2`, '400 field_duplicate limit'],
    [`/v1/things/${id}?lmit=1`, '400 field_unknown lmit'],
    [`/v1/things/${id}?cursor=%00`, '400 field_unstorable cursor'],
    [`/v1/things/${id}?effective_at=2026-02-30`, '400 field_invalid effective_at'],
    ['/healthz?x=1', '400 field_unknown x'],
  ];
  for (const [url, expected] of cases) assert.equal(told(await gateway.inject({ url })), expected);
});

test('HEAD answers as GET without a body', async () => {
  const response = await gateway.inject({ method: 'HEAD', url: '/healthz' });
  assert.deepEqual([response.statusCode, response.body], [200, '']);
});

test('a sane request id is kept, any other replaced', async () => {
  const ask = async (given?: string): Promise<string> => {
    const headers = given === undefined ? {} : { 'x-request-id': given };
    return String((await gateway.inject({ url: '/healthz', headers })).headers['x-request-id']);
  };
  assert.equal(await ask('order-42:retry.1'), 'order-42:retry.1');
  for (const given of ['a b', 'x'.repeat(65), '"><script>', '']) {
    assert.notEqual(await ask(given), given);
  }
  assert.notEqual(await ask(), await ask());
});

test('another host is refused, so that no name can be pointed at this server', async () => {
  const ask = async (host: string): Promise<number> =>
    (await gateway.inject({ url: '/healthz', headers: { host } })).statusCode;
  for (const host of ['localhost', 'localhost:9000', '127.0.0.1:8080', '[::1]:8080', 'LOCALHOST']) {
    assert.equal(await ask(host), 200, host);
  }
  for (const host of [
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'a@localhost',
  ]) {
    assert.equal(await ask(host), 421, host);
  }
  const told421 = await gateway.inject({ url: '/healthz', headers: { host: 'evil.example' } });
  assert.equal(told(told421), '421 host_not_allowed host');
});

test('a page of another origin may not change anything, one of this server may', async () => {
  const body = '{"name":"a"}';
  const host = { host: 'localhost:8080' };
  const foreign: Record<string, string>[] = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'http://localhost:3000' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ];
  for (const headers of foreign) {
    const response = await post('/v1/things', body, { ...host, ...headers });
    assert.equal(told(response), '403 cross_origin origin');
    assert.equal(response.headers['access-control-allow-origin'], undefined);
  }
  const own = { ...host, origin: 'http://localhost:8080', 'sec-fetch-site': 'same-origin' };
  assert.equal((await post('/v1/things', body, own)).statusCode, 201);
});

test('a fault is 503 with advice to retry, and is logged without a stack', async () => {
  const message = 'The database cannot be reached at the moment.';
  outcome = () => Promise.reject(new Fault('database_unavailable', { retryable: true, message }));
  const response = await gateway.inject({ method: 'POST', url: '/v1/act' });
  assert.equal(told(response), '503 database_unavailable');
  assert.equal(response.headers['retry-after'], '1');
  assert.equal(problemOf(response).detail, message);
  const line = gateway.lines.find((text) => text.includes('"request not served"')) ?? '';
  assert.match(line, /"route":"\/v1\/act"/);
  assert.doesNotMatch(line, /stack/);
});

test('a bug is 500 and says nothing, but is logged with its stack and request id', async () => {
  const bugs: readonly (() => Promise<object>)[] = [
    () => Promise.reject(new Error('select secret from ledger.accounts')),
    () => Promise.resolve({ amount: 5n }),
    () => {
      throw new TypeError('select secret at once');
    },
  ];
  for (const bug of bugs) {
    outcome = bug;
    const response = await gateway.inject({ method: 'POST', url: '/v1/act' });
    assert.equal(told(response), '500 internal_error');
    assert.doesNotMatch(response.body, /select|bigint|BigInt|stack|\.ts/i);
    const requestId = problemOf(response).request_id;
    const line = gateway.lines.find(
      (text) => text.includes(requestId) && text.includes('request failed'),
    );
    assert.match(line ?? '', /"stack":"/);
  }
});

test('the server is alive always, and ready only while its database answers', async () => {
  isDatabaseWell = false;
  assert.deepEqual((await gateway.inject({ url: '/healthz' })).json(), { status: 'alive' });
  const response = await gateway.inject({ url: '/readyz' });
  assert.equal(told(response), '503 not_ready');
  assert.equal(problemOf(response).detail, 'The database does not answer.');
  isDatabaseWell = true;
  assert.deepEqual((await gateway.inject({ url: '/readyz' })).json(), { status: 'ready' });
});

test('a check that never answers counts as failed', async () => {
  const slow = await openTestGateway({
    checks: [{ name: 'database', check: () => new Promise(() => undefined) }],
    limits: { ...limits, readinessTimeoutMs: 20 },
  });
  assert.equal(told(await slow.inject({ url: '/readyz' })), '503 not_ready');
  await slow.close();
});

test('measurements are by template, never by id or by unknown path', async () => {
  await gateway.inject({ url: `/v1/things/${id}` });
  await gateway.inject({ url: '/v1/made-up' });
  const response = await gateway.inject({ url: '/metrics' });
  assert.match(String(response.headers['content-type']), /^text\/plain/);
  const series = 'florin_http_request_duration_seconds_count';
  assert.match(
    response.body,
    new RegExp(`${series}{method="GET",route="/v1/things/{id}",status="200"}`),
  );
  assert.match(response.body, /route="none",status="404"/);
  assert.doesNotMatch(response.body, /acc_|made-up/);
  assert.match(response.body, /florin_http_requests_in_flight 1/);
});

test('every request leaves a line where that is wanted, without its headers or body', async () => {
  const watched = await openTestGateway({ accessLog: 'all' });
  const headers = { 'content-type': 'application/json', authorization: 'Bearer secret' };
  const payload = '{"name":"quiet"}';
  await watched.inject({ method: 'POST', url: '/v1/things', headers, payload });
  const lines = watched.lines.join('\n');
  await watched.close();
  assert.match(lines, /"message":"request"/);
  assert.match(lines, /"route":"\/v1\/things"/);
  assert.doesNotMatch(lines, /quiet|secret/);
});

test('the root says where to read on, and the page is served from local files', async () => {
  const root: { links: Record<string, string> } = (await gateway.inject({ url: '/' })).json();
  for (const url of Object.values(root.links)) {
    assert.equal((await gateway.inject({ url })).statusCode, 200, url);
  }
  const page = await gateway.inject({ url: '/docs' });
  assert.match(String(page.headers['content-type']), /^text\/html/);
  assert.doesNotMatch(String(page.headers['content-security-policy']), /https?:/);
  const sources = Array.from(page.body.matchAll(/(?:src|href)="([^"]+)"/g), ([, url]) => url);
  assert.ok(sources.length >= 4);
  for (const url of sources) {
    assert.match(String(url), /^\/docs\//, 'nothing is loaded from elsewhere');
    assert.equal((await gateway.inject({ url: String(url) })).statusCode, 200, url);
  }
});

test('a limit on large bodies being processed protects the memory', async () => {
  const small = await openTestGateway({
    limits: { ...limits, httpBodyBytesInFlightMax: 150_000 },
  });
  const long = `{"name":"${'x'.repeat(60_000)}"}`;
  const payload = `[${'{"name":"a"},'.repeat(4_000)}${long}]`;
  assert.ok(payload.length > 100_000);
  const send = (): Promise<LightMyRequestResponse> =>
    small.inject({
      method: 'POST',
      url: '/v1/things/many',
      payload,
      headers: { 'content-type': 'application/json', 'content-length': String(payload.length) },
    });
  const answers = await Promise.all([send(), send()]);
  assert.deepEqual(answers.map(({ statusCode }) => String(statusCode)).toSorted(), ['400', '503']);
  assert.equal((await send()).statusCode, 400, 'what is answered is released');
  await small.close();
});
