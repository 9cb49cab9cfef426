import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { Type } from 'typebox';
import type { Problem } from '../problems.ts';
import { answer, defineOperation } from '../routes.ts';
import type { Route } from '../routes.ts';
import * as schema from '../schema.ts';
import { limits, openTestGateway } from '../testing.ts';

const permission = 'things.all';
const described: Route = {
  method: 'GET',
  path: '/v1/described',
  permission,
  operation: defineOperation({
    operationId: 'describe',
    summary: 'Describe',
    tags: ['things'],
    schema: {
      headers: schema.object({
        'x-tone': schema.choice(['low', 'high']),
        'x-count': Type.Integer({ minimum: 1, maximum: 9, default: 1 }),
      }),
      response: {
        200: {
          description: 'Them.',
          body: schema.object({ tone: Type.String(), count: Type.Integer() }),
        },
      },
    },
    handler: ({ headers }) =>
      Promise.resolve(answer(200, { tone: headers['x-tone'], count: headers['x-count'] })),
  }),
};

let stopped: unknown;
const slow: Route = {
  method: 'GET',
  path: '/v1/slow',
  permission,
  operation: defineOperation({
    operationId: 'dawdle',
    summary: 'Dawdle',
    tags: ['things'],
    schema: { response: { 200: { description: 'At last.', body: Type.Unknown() } } },
    async handler({ signal }) {
      await sleep(30_000, undefined, { signal }).catch(() => {
        stopped = signal.reason;
      });
      return answer(200, {});
    },
  }),
};

const gateway = await openTestGateway({ routes: [described], act: () => Promise.resolve({}) });
const hasty = await openTestGateway({
  routes: [slow],
  limits: { ...limits, httpDeadlineMs: 200 },
});
const { url } = await gateway.listen();
const { url: hastyUrl } = await hasty.listen();
after(async () => {
  await gateway.close();
  await hasty.close();
});

async function problemOf(response: Response): Promise<Problem> {
  assert.equal(response.headers.get('content-type'), 'application/problem+json; charset=utf-8');
  return (await response.json()) as Problem;
}

test('a compressed body is refused unread, however small it looks', async () => {
  const bomb = Buffer.alloc(9_000_000, ' ');
  const compressed = {
    gzip: gzipSync(bomb),
    deflate: deflateSync(bomb),
    br: brotliCompressSync(bomb),
    zstd: zstdCompressSync(bomb),
    'gzip, gzip': gzipSync(gzipSync(bomb)),
    unheard: Buffer.from('x'),
  };
  for (const [encoding, body] of Object.entries(compressed)) {
    const response = await fetch(`${url}/v1/act`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-encoding': encoding },
      body: new Uint8Array(body.subarray(0, 5_000)),
    });
    const problem = await problemOf(response);
    assert.deepEqual([problem.status, problem.param], [415, 'content-encoding'], encoding);
    // RFC 9110 §12.5.3: what would have been accepted.
    assert.equal(response.headers.get('accept-encoding'), 'identity');
  }
});

test('headers that an operation names are checked like the rest of the request', async () => {
  const ask = (headers: Record<string, string>) => fetch(`${url}/v1/described`, { headers });
  const good = await ask({ 'X-Tone': 'low', 'x-count': '3', 'x-other': 'anything' });
  assert.deepEqual(await good.json(), { tone: 'low', count: 3 });
  assert.deepEqual(await (await ask({ 'x-tone': 'high' })).json(), { tone: 'high', count: 1 });
  const bad: [Record<string, string>, string, string][] = [
    [{}, 'field_missing', 'x-tone'],
    [{ 'x-tone': 'shrill' }, 'field_invalid', 'x-tone'],
    [{ 'x-tone': 'low', 'x-count': 'x' }, 'field_invalid', 'x-count'],
    [{ 'x-tone': 'low', 'x-count': '10' }, 'field_invalid', 'x-count'],
  ];
  for (const [headers, code, param] of bad) {
    const problem = await problemOf(await ask(headers));
    assert.deepEqual([problem.status, problem.code, problem.param], [400, code, param]);
  }
});

test('the document tells of the headers that matter to an operation', async () => {
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as {
    paths: Record<string, { get: { parameters: { name: string; in: string }[] } }>;
  };
  const found = document.paths['/v1/described']?.get.parameters ?? [];
  const headers = found.filter((one) => one.in === 'header').map(({ name }) => name);
  assert.deepEqual(headers, ['x-tone', 'x-count']);
});

test('a request that takes too long is answered at its deadline, and its work is told', async () => {
  const response = await fetch(`${hastyUrl}/v1/slow`);
  const problem = await problemOf(response);
  assert.deepEqual([problem.status, problem.code], [503, 'deadline_exceeded']);
  assert.equal(problem.retryable, true);
  assert.equal(response.headers.get('retry-after'), '1');
  assert.ok(stopped instanceof Error);
});
