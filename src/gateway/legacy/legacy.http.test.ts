import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { limits as limitTable } from '#config';
import { searchRecords } from '#audit';
import { openLogger, openMetrics, measureOutbound } from '#platform';
import type { Metrics, TransactionContext } from '#platform';
import type { Principal } from '#identity';
import type { Instant } from '#kernel';
import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { testLog } from '../../audit/testing/log.ts';
import type { TestLog } from '../../audit/testing/log.ts';
import { EdgeRefusal, openProblemBook } from '../problems.ts';
import { bindLegacy } from './bind.ts';
import { selectDifferences } from './difference-store.ts';
import { openLegacy } from './legacy.ts';
import type { Legacy, LegacyLimits } from './legacy.ts';
import type { LegacyRule } from './rule.ts';
import { selectRules } from './rule-store.ts';
import { addRule, changeRule, removeRule } from './rules.ts';
import type { RuleTerms } from './rules.ts';

const limits: LegacyLimits = {
  ...(Object.fromEntries(
    Object.entries(limitTable).map(([name, { value }]) => [name, value]),
  ) as unknown as LegacyLimits),
  legacyTimeoutMs: 1_500,
  legacyDifferencesKeptMax: 3,
  httpBodyBytesMax: 10_000,
};
const book = openProblemBook([]);

let log: TestLog;
let legacy: Legacy;
let metrics: Metrics;
let edge: FastifyInstance;
let url = '';
/** What the other core does, and what it was asked. */
let other: (request: IncomingMessage, response: ServerResponse) => void;
const asked: { method: string; url: string; headers: IncomingMessage['headers'] }[] = [];
let here: () => unknown;

const principal = {
  subject: 'usr_1',
  kind: 'person',
  tenant: 'main',
  roles: ['customer'],
  scopes: undefined,
  authentication: 'password',
  factors: 1,
  authenticatedAt: 0 as Instant,
  clientId: undefined,
  customer: 'usr_1',
  session: undefined,
} as const satisfies Principal;

const core = createServer((request, response) => {
  const { method = '', url: target = '', headers } = request;
  asked.push({ method, url: target, headers });
  other(request, response);
});

before(async () => {
  log = await testLog('legacy');
  await new Promise<void>((resolve) => {
    core.listen(0, '127.0.0.1', resolve);
  });
  const origin = `http://127.0.0.1:${(core.address() as AddressInfo).port}`;
  metrics = openMetrics({ isProcessMeasured: false });
  const { database, clock } = log;
  const logger = openLogger({ level: 'warn', write: () => undefined });
  const measure = measureOutbound(metrics);
  legacy = await openLegacy({ database, clock, logger, metrics, measure, limits, url: origin });
  edge = Fastify({ logger: false, forceCloseConnections: true });
  edge.decorateRequest('principal', undefined);
  edge.addHook('onRequest', (request, _reply, done) => {
    if (request.headers.authorization !== undefined) request.principal = principal;
    done();
  });
  bindLegacy(edge, { legacy, book });
  edge.setErrorHandler((error, request, reply) => {
    const problem = book.ofError(error, request.id);
    reply.code(problem.status).send(problem);
  });
  edge.route({ method: ['GET', 'POST'], url: '/v1/things/:id', handler: () => here() });
  edge.get('/v1/access/legacy/rules', () => ({ answered: 'here' }));
  await edge.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${(edge.server.address() as AddressInfo).port}`;
});

after(async () => {
  await edge.close();
  await legacy.close();
  core.close();
  core.closeAllConnections();
  await log.close();
});

const terms: RuleTerms = {
  position: 1,
  method: undefined,
  path: '/v1/things/*',
  tenant: undefined,
  percent: 100,
  mode: 'legacy',
  ignored: [],
};

function context(): TransactionContext {
  return { now: log.clock.now(), actor: 'cli:test', correlationId: 'r-0' };
}

async function add(changes: Partial<RuleTerms> = {}): Promise<LegacyRule> {
  const added = await log.database.transaction(context(), (tx) =>
    addRule(tx, { ...terms, ...changes }, { rulesMax: 5 }),
  );
  assert.ok(added.ok, JSON.stringify(added));
  await legacy.refresh();
  return added.value;
}

beforeEach(async () => {
  for (const { id } of await selectRules(log.database)) {
    await log.database.transaction(context(), (tx) => removeRule(tx, id));
  }
  await legacy.refresh();
  asked.length = 0;
  other = (request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/json').end('{"answered":"there"}');
  };
  here = () => ({ answered: 'here' });
});

const caller = { authorization: 'Bearer token' };

async function ask(path = '/v1/things/1', init: RequestInit & { readonly duplex?: 'half' } = {}) {
  const headers = { ...caller, ...(init.headers as Record<string, string> | undefined) };
  const answer = await fetch(`${url}${path}`, { ...init, headers });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text };
}

test('without a rule nothing goes to the other core', async () => {
  assert.equal((await ask()).text, '{"answered":"here"}');
  assert.deepEqual(asked, []);
});

test('a route is moved over and back without a restart, with a record of each change', async () => {
  const rule = await add();
  const there = await ask('/v1/things/1?limit=5');
  assert.equal(there.text, '{"answered":"there"}');
  assert.equal(there.headers.get('florin-answered-by'), 'legacy');
  assert.equal(asked[0]?.url, '/v1/things/1?limit=5');
  assert.equal(asked[0]?.headers['florin-subject'], 'usr_1');
  assert.equal(asked[0]?.headers.authorization, undefined);
  assert.match(String(asked[0]?.headers['traceparent']), /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
  const changed = await log.database.transaction(context(), (tx) =>
    changeRule(tx, rule.id, { mode: 'here', revision: 1 }),
  );
  assert.ok(changed.ok);
  await legacy.refresh();
  assert.equal((await ask()).text, '{"answered":"here"}');
  await log.sequence();
  const filter = { action: 'gateway.legacy_rule.change', target: rule.id };
  const { records } = await searchRecords(log.database, filter, { limit: 10 });
  assert.equal(records.length, 1);
  const told = JSON.stringify(records[0]?.record);
  assert.match(told, /"after":\{[^}]*"mode":"here"/);
  assert.match(told, /"before":\{[^}]*"mode":"legacy"/);
});

test('nobody unknown is passed on, and the rules themselves are always at hand', async () => {
  await add({ path: '/*' });
  const anonymous = await fetch(`${url}/v1/things/1`);
  assert.equal(await anonymous.text(), '{"answered":"here"}');
  assert.equal((await ask('/v1/access/legacy/rules')).text, '{"answered":"here"}');
  assert.deepEqual(asked, []);
});

test('bodies are passed on both ways as they are', async () => {
  await add();
  other = (request, response) => {
    response.statusCode = 201;
    response.setHeader('content-type', 'application/octet-stream');
    request.pipe(response);
  };
  const body = Buffer.from(Array.from({ length: 9_000 }, (_, at) => at % 256));
  const answer = await fetch(`${url}/v1/things/1`, { method: 'POST', headers: caller, body });
  assert.equal(answer.status, 201);
  assert.deepEqual(Buffer.from(await answer.arrayBuffer()), body);
});

test('a body that is too large is refused, announced or not', async () => {
  await add();
  const large = Buffer.alloc(20_000);
  const announced = await ask('/v1/things/1', { method: 'POST', body: large });
  assert.equal(announced.status, 413);
  assert.deepEqual(asked, []);
  const body = new ReadableStream({
    pull(controller) {
      controller.enqueue(large);
      controller.close();
    },
  });
  const streamed = await ask('/v1/things/1', {
    method: 'POST',
    body,
    duplex: 'half',
  });
  assert.equal(streamed.status, 413);
});

test('answers without a body, and failures of the other core, are answers', async () => {
  await add();
  other = (_request, response) => response.writeHead(204).end();
  assert.equal((await ask()).status, 204);
  other = (_request, response) => response.writeHead(500).end('broken');
  const broken = await ask();
  assert.deepEqual([broken.status, broken.text], [500, 'broken']);
});

test('a read that is not answered can be repeated, a change may have been done', async () => {
  await add();
  other = () => undefined;
  const read = await ask();
  assert.equal(read.status, 503);
  assert.equal((JSON.parse(read.text) as { code: string }).code, 'legacy_unavailable');
  const write = await ask('/v1/things/1', { method: 'POST', body: 'x' });
  assert.equal(write.status, 503);
  assert.equal((JSON.parse(write.text) as { code: string }).code, 'commit_unknown');
});

/** Of several stored in one moment none is the newest, so they are told apart by their rule. */
async function samplesOf({ id }: LegacyRule) {
  await legacy.comparer.drain();
  const samples = await selectDifferences(log.database, { limit: 100 });
  return samples.filter(({ ruleId }) => ruleId === id);
}

const names = (value: unknown): string =>
  (value as readonly { place: string }[]).map(({ place }) => place).join();

test('a shadow answers from here, and keeps in which places the other differed', async () => {
  const rule = await add({ mode: 'shadow', answeredBy: 'here', ignored: ['/at'] });
  here = () => ({ balance: '100', at: 1 });
  other = (_request, response) => {
    response.setHeader('content-type', 'application/json').end('{"balance":"90","at":2}');
  };
  const answer = await ask('/v1/things/1?q=novak');
  assert.equal(answer.text, '{"balance":"100","at":1}');
  assert.equal(answer.headers.get('florin-answered-by'), null);
  const [sample] = await samplesOf(rule);
  assert.ok(sample !== undefined);
  assert.equal(sample.path, '/v1/things/1');
  assert.deepEqual(sample.findings, [{ place: '/balance', kind: 'value' }]);
  assert.ok(!sample.wrappedValues.includes('/balance'));
  const values = await log.keys.unwrap(sample.wrappedValues, `legacy-difference:${sample.id}`);
  assert.deepEqual(JSON.parse(values.toString()), [
    { place: '/balance', here: '"100"', there: '"90"' },
  ]);
  const report = await metrics.report();
  assert.match(report, /florin_legacy_compared_total\{outcome="different"\} 1/);
});

test('a shadow whose answers are alike stores nothing', async () => {
  const rule = await add({ mode: 'shadow', answeredBy: 'here' });
  here = () => ({ answered: 'there' });
  await ask();
  assert.deepEqual(await samplesOf(rule), []);
  assert.match(await metrics.report(), /florin_legacy_compared_total\{outcome="same"\} 1/);
});

test('a shadow can be answered by the other core, before anybody trusts ours', async () => {
  const rule = await add({ mode: 'shadow' });
  other = (_request, response) => {
    response.writeHead(404, { 'content-type': 'application/json' }).end('{"answered":"there"}');
  };
  const answer = await ask();
  assert.equal(answer.status, 404);
  assert.equal(answer.text, '{"answered":"there"}');
  const [sample] = await samplesOf(rule);
  assert.equal(names(sample?.findings), 'status,/answered');
  other = (request) => request.socket.destroy();
  const gone = await ask();
  assert.equal(gone.status, 503);
  assert.equal((JSON.parse(gone.text) as { code: string }).code, 'legacy_unavailable');
});

test('who is answered from here never waits for the other core, nor fails with it', async () => {
  await add({ mode: 'shadow', answeredBy: 'here' });
  const gate = Promise.withResolvers<undefined>();
  other = (_request, response) => {
    void gate.promise.then(() => response.end('{}'));
  };
  assert.equal((await ask()).text, '{"answered":"here"}');
  gate.resolve(undefined);
  other = (request) => request.socket.destroy();
  assert.equal((await ask()).text, '{"answered":"here"}');
});

test('a change is done by one core only, also in a shadow', async () => {
  const rule = await add({ mode: 'shadow', answeredBy: 'here' });
  const post = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } };
  assert.equal((await ask('/v1/things/1', post)).text, '{"answered":"here"}');
  assert.deepEqual(asked, []);
  await log.database.transaction(context(), (tx) =>
    changeRule(tx, rule.id, { answeredBy: 'legacy' }),
  );
  await legacy.refresh();
  here = () => {
    throw new EdgeRefusal('internal_error', 'it must not be done here too');
  };
  assert.equal((await ask('/v1/things/1', post)).text, '{"answered":"there"}');
});

test('only the newest samples are kept', async () => {
  await add({ mode: 'shadow', answeredBy: 'here' });
  for (let count = 0; count < 5; count += 1) {
    await ask();
    await legacy.comparer.drain();
  }
  await legacy.sweep();
  assert.equal((await selectDifferences(log.database, { limit: 100 })).length, 3);
  assert.equal(await legacy.sweep(), 0);
});

test('rules that make no sense, or meet one that is there, are refused', async () => {
  const rule = await add();
  const refusal = async (changes: Partial<RuleTerms>): Promise<string> => {
    const added = await log.database.transaction(context(), (tx) =>
      addRule(tx, { ...terms, position: 2, ...changes }, { rulesMax: 2 }),
    );
    return added.ok ? 'added' : `${added.refusal.code} ${added.refusal.param ?? ''}`;
  };
  assert.equal(await refusal({ position: 1 }), 'legacy_position_taken position');
  for (const path of ['', 'v1', '/v1/**', '/v1/*/x', '/v1/{ID}', '/v1/a b', '/v1/(.*)']) {
    assert.equal(await refusal({ path }), 'legacy_rule_invalid path', path);
  }
  assert.equal(await refusal({ percent: 0 }), 'legacy_rule_invalid percent');
  assert.equal(await refusal({ answeredBy: 'here' }), 'legacy_rule_invalid answered_by');
  assert.equal(await refusal({ ignored: ['data'] }), 'legacy_rule_invalid ignored');
  assert.equal(await refusal({}), 'added');
  assert.equal(await refusal({ position: 3 }), 'legacy_rules_full ');
  const change = (id: LegacyRule['id'], revision: number) =>
    log.database.transaction(context(), (tx) => changeRule(tx, id, { revision, position: 2 }));
  const stale = await change(rule.id, 7);
  assert.equal(stale.ok ? '' : stale.refusal.code, 'legacy_rule_changed');
  const taken = await change(rule.id, 1);
  assert.equal(taken.ok ? '' : taken.refusal.code, 'legacy_position_taken');
});

test('without the address of another core everything is answered here', async () => {
  await add();
  const { database, clock } = log;
  const unknown = openMetrics({ isProcessMeasured: false });
  const lines: string[] = [];
  const alone = await openLegacy({
    database,
    clock,
    logger: openLogger({ level: 'warn', write: (line) => lines.push(line) }),
    metrics: unknown,
    measure: measureOutbound(unknown),
    limits,
    url: undefined,
  });
  await alone.refresh();
  assert.equal(alone.covers('GET', '/v1/things/1'), false);
  assert.equal(lines.length, 1, 'it is said once');
  await alone.close();
});
