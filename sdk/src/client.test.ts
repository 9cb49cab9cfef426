import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { createClient, FlorinProblem, FlorinUnreachable, fixedToken, items } from './index.ts';
import { delayBefore, retryAfterMsOf, defaultRetries } from './retry.ts';

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

type Respond = (seen: Seen, response: ServerResponse, count: number) => void;

async function bank(t: TestContext, respond: Respond) {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      seen.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
      respond(seen.at(-1) as Seen, response, seen.length);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const client = createClient({
    baseUrl: `http://127.0.0.1:${port}`,
    credentials: fixedToken('secret-token'),
    retries: { firstDelayMs: 1, delayMsMax: 2 },
  });
  return { client, seen };
}

function json(response: ServerResponse, status: number, body: object, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

function problem(status: number, code: string, retryable: boolean) {
  const about = { type: `urn:florin:problem:${code}`, title: 'No', detail: 'No.', instance: 'i' };
  return { ...about, status, code, request_id: 'r-1', retryable };
}

const transfer = {
  body: { debit_account_id: 'acc_1', credit_account_id: 'acc_2', amount: '1', currency: 'CZK' },
} as const;

test('a call carries path, query, body, token and a key of its own', async (t) => {
  const { client, seen } = await bank(t, (_, response) => json(response, 200, { id: 'x' }));
  await client.readAccount({ path: { id: 'acc?#%' } });
  await client.listTransfers({ query: { limit: 3 } });
  await client.postTransfer(transfer);
  await client.postTransfer(transfer, { idempotencyKey: 'mine' });
  const [read, list, first, second] = seen as [Seen, Seen, Seen, Seen];
  assert.match(String(read.url), /^\/v1\/ledger\/accounts\/acc%3F%23%25$/);
  assert.equal(list.url, '/v1/ledger/transfers?limit=3');
  assert.equal(read.headers['idempotency-key'], undefined);
  assert.equal(read.headers.authorization, 'Bearer secret-token');
  assert.match(String(first.headers['idempotency-key']), /^"[0-9a-f-]{36}"$/);
  assert.equal(second.headers['idempotency-key'], '"mine"');
  assert.deepEqual(JSON.parse(first.body), transfer.body);
});

test('a value of the path cannot lead to another operation', async (t) => {
  const { client, seen } = await bank(t, (_, response) => json(response, 200, {}));
  for (const id of ['..', '.', 'a/../..', '']) {
    await assert.rejects(client.readAccount({ path: { id } }), TypeError);
  }
  assert.equal(seen.length, 0);
});

test('a change that had no answer is sent again under the same key', async (t) => {
  const { client, seen } = await bank(t, (_, response, count) => {
    if (count < 3) response.destroy();
    else json(response, 201, { id: 'trf_1' }, { 'idempotent-replayed': 'true' });
  });
  const answer = await client.$call('postTransfer', transfer);
  assert.equal(answer.status, 201);
  assert.equal(answer.isReplayed, true);
  assert.equal(new Set(seen.map(({ headers }) => headers['idempotency-key'])).size, 1);
  assert.equal(seen.length, 3);
});

test('a refusal is a typed problem and is not sent again', async (t) => {
  const { client, seen } = await bank(t, (_, response) => {
    json(response, 422, problem(422, 'insufficient_funds', false));
  });
  await assert.rejects(client.postTransfer(transfer), (error) => {
    assert.ok(error instanceof FlorinProblem);
    assert.equal(error.code, 'insufficient_funds');
    assert.equal(error.status, 422);
    return true;
  });
  assert.equal(seen.length, 1);
});

test('a wait that the bank asks for is kept, and a long one is left to the caller', async (t) => {
  const { client, seen } = await bank(t, (_, response, count) => {
    const refused = problem(429, 'quota_exceeded', true);
    if (count === 1) json(response, 429, refused, { 'retry-after': '1' });
    else json(response, 429, refused, { 'retry-after': '3600' });
  });
  const startedMs = performance.now();
  await assert.rejects(client.listTransfers(), (error) => {
    assert.ok(error instanceof FlorinProblem);
    assert.equal(error.retryAfterMs, 3_600_000);
    return true;
  });
  assert.ok(performance.now() - startedMs >= 1_000);
  assert.equal(seen.length, 2);
});

test('an answer of somebody in between is told apart from the bank', async (t) => {
  const { client, seen } = await bank(t, (_, response) => {
    response.writeHead(502).end('<html>');
  });
  await assert.rejects(client.listTransfers(), { code: 'not_a_problem_document', status: 502 });
  assert.equal(seen.length, defaultRetries.attempts);
});

test('a caller that gives up is told its own reason at once', async (t) => {
  const { client } = await bank(t, () => undefined);
  const reason = new Error('enough');
  const ending = new AbortController();
  setTimeout(() => ending.abort(reason), 20);
  await assert.rejects(client.listTransfers({}, { signal: ending.signal }), reason);
});

test('nobody there is said to be nobody there', async () => {
  const client = createClient({ baseUrl: 'http://127.0.0.1:9', retries: { attempts: 1 } });
  await assert.rejects(client.listTransfers(), FlorinUnreachable);
});

test('a list is read to its end, page by page', async (t) => {
  const { client, seen } = await bank(t, ({ url = '' }, response) => {
    const cursor = new URL(url, 'http://x').searchParams.get('cursor');
    const next = cursor === null ? 'a' : cursor === 'a' ? 'b' : null;
    json(response, 200, {
      data: [{ id: `${cursor}` }],
      has_more: next !== null,
      next_cursor: next,
    });
  });
  const ids: string[] = [];
  const list = items((next) => client.listTransfers({ query: { limit: 1, ...next } }));
  for await (const found of list) ids.push(found.id);
  assert.deepEqual(ids, ['null', 'a', 'b']);
  assert.equal(seen.length, 3);
});

test('waits grow, are spread at random, and never come before the bank said', () => {
  const unreachable = new FlorinUnreachable('x');
  const at = (attempt: number, random: number) =>
    delayBefore(unreachable, attempt, { ...defaultRetries, attempts: 20 }, () => random);
  assert.equal(at(1, 1), 200);
  assert.equal(at(3, 0.5), 400);
  assert.equal(at(12, 1), 5_000);
  const asked = new FlorinProblem(problem(503, 'overloaded', true), 2_000);
  assert.equal(
    delayBefore(asked, 1, defaultRetries, () => 0),
    2_000,
  );
  assert.equal(delayBefore(new Error('a bug'), 1, defaultRetries), undefined);
  assert.equal(delayBefore(unreachable, 4, defaultRetries), undefined);
});

test('Retry-After is seconds or a date', () => {
  assert.equal(retryAfterMsOf('2', 0), 2_000);
  assert.equal(retryAfterMsOf('Thu, 01 Jan 1970 00:00:05 GMT', 2_000), 3_000);
  assert.equal(retryAfterMsOf('Thu, 01 Jan 1970 00:00:05 GMT', 9_000), 0);
  assert.equal(retryAfterMsOf('soon', 0), undefined);
  assert.equal(retryAfterMsOf(null, 0), undefined);
});
