import assert from 'node:assert/strict';
import { Agent, createServer, request as ask } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openMetrics } from '#platform';
import { openProblemBook } from '../problems.ts';
import type { Problem } from '../problems.ts';
import { securityHeaders } from './headers.ts';
import { attachShedder, openShedder } from './shedder.ts';
import type { ShedderLimits } from './shedder.ts';

const closing: (() => void)[] = [];
after(() => {
  for (const close of closing) close();
});

const limits: ShedderLimits = {
  shedLatencyMaxMs: 500,
  // Longer than any: what is refused here is refused for those that run.
  shedTurnMaxMs: 60_000,
  shedInFlightMin: 2,
  shedInFlightMax: 4,
  shedPauseMs: 20,
  shedHeldMax: 1_000,
  shedRetryAfterS: 1,
};

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

async function open(work: () => Promise<void>) {
  const metrics = openMetrics({ isProcessMeasured: false });
  const shedder = openShedder({
    limits,
    book: openProblemBook([]),
    metrics,
    requestIdOf: (request) => String(request.headers['x-request-id'] ?? 'r-1'),
    headers: securityHeaders({ isTlsOnly: false }),
  });
  let begun = 0;
  const server = createServer((_request, response) => {
    begun += 1;
    void work().then(() => response.end('done'));
  });
  attachShedder(server, shedder);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const agent = new Agent({ keepAlive: true });
  closing.push(() => {
    agent.destroy();
    shedder.close();
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const send = (path = '/', method = 'GET'): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const asked = ask({ port, path, method, agent, host: '127.0.0.1' }, (answer) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
        answer.on('end', () => {
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text });
        });
      });
      asked.on('error', reject);
      asked.end(method === 'POST' ? 'body' : undefined);
    });
  /** So many requests at once, all of which are at work. */
  const sendTogether = async (count: number): Promise<{ answers: Promise<Answer[]> }> => {
    const before = begun;
    const answers = Promise.all(Array.from({ length: count }, () => send()));
    for (let tries = 0; begun < before + count; tries += 1) {
      assert.ok(tries < 1_000, `${begun - before} of ${count} requests began`);
      await sleep(10);
    }
    return { answers };
  };
  return { send, sendTogether, metrics };
}

test('more than may run at once are refused early, with a problem document', async () => {
  const gate = Promise.withResolvers<undefined>();
  const { send, sendTogether, metrics } = await open(async () => {
    await gate.promise;
  });
  const running = await sendTogether(4);
  const refused = await Promise.all([send(), send('/x', 'POST'), send('/y')]);
  for (const { status, headers, text } of refused) {
    assert.equal(status, 503);
    assert.equal(headers['retry-after'], '1');
    assert.equal(headers['content-type'], 'application/problem+json; charset=utf-8');
    assert.equal(headers['x-content-type-options'], 'nosniff');
    const problem = JSON.parse(text) as Problem;
    assert.equal(problem.code, 'overloaded');
    assert.equal(problem.request_id, headers['x-request-id']);
    assert.equal(problem.retryable, true);
  }
  gate.resolve(undefined);
  for (const { status } of await running.answers) assert.equal(status, 200);
  assert.equal((await send()).status, 200);
  const report = await metrics.report();
  assert.match(report, /florin_http_requests_shed_total\{reason="in_flight"\} 3/);
});

test('who asks whether the server is well is never refused', async () => {
  const gate = Promise.withResolvers<undefined>();
  const { send, sendTogether } = await open(async () => {
    await gate.promise;
  });
  const running = await sendTogether(4);
  const health = Promise.all(['/healthz', '/readyz', '/metrics'].map((path) => send(path)));
  assert.equal((await send('/healthz/x')).status, 503);
  gate.resolve(undefined);
  for (const { status } of [...(await health), ...(await running.answers)]) {
    assert.equal(status, 200);
  }
});
