import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readFieldList } from '#platform';
import { Compile } from 'typebox/compile';
import { openTestGateway, operationOf, type TestGateway } from '../testing.ts';
import { edgeLimiter } from './edge-limiter.ts';
import type { PlanLimiter } from './limiter.ts';
import { planRefusals } from './refusals.ts';
import { planRoutes } from './routes.ts';
import { openLimitBank, type LimitBank } from './testing/bank.ts';

let bank: LimitBank;
let limiter: PlanLimiter;
let gateway: TestGateway;
let url: string;

before(async () => {
  bank = await openLimitBank('plan-routes');
  limiter = bank.limiter();
  const edge = { database: bank.database, clock: bank.log.clock, planLimiter: limiter };
  gateway = await openTestGateway({
    routes: [
      ...planRoutes(edge),
      {
        method: 'GET',
        path: '/v1/act',
        permission: 'things.read',
        operation: operationOf(() => Promise.resolve({ done: true })),
      },
    ],
    problemTables: [planRefusals],
    limiter: edgeLimiter(limiter, { isLimited: ({ customer }) => customer === 'local' }),
  });
  ({ url } = await gateway.listen());
});

after(async () => {
  await gateway.close();
  await bank.close();
});

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

async function send(method: string, path: string, body?: object): Promise<Reply> {
  const reply = await fetch(`${url}${path}`, {
    method,
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await reply.text();
  const parsed = text === '' ? {} : (JSON.parse(text) as Reply['body']);
  return { status: reply.status, headers: reply.headers, body: parsed };
}

const plans = '/v1/access/plans';
const gold = { burst: 500, rate: 100, rate_per: 'second', daily: 50_000, monthly: 1_000_000 };

test('answers have the shape that the routes say', async () => {
  await send('PUT', `${plans}/shaped`, gold);
  const paths: Readonly<Record<string, string>> = {
    [plans]: plans,
    [`${plans}/{plan}`]: `${plans}/shaped`,
    [`${plans}/{plan}/customers`]: `${plans}/shaped/customers`,
    '/v1/access/customers/{customer}/plan': '/v1/access/customers/cus_1/plan',
  };
  const edge = { database: bank.database, clock: bank.log.clock, planLimiter: limiter };
  const reading = planRoutes(edge).filter(({ method }) => method === 'GET');
  assert.equal(reading.length, Object.keys(paths).length);
  for (const { path, operation } of reading) {
    const { status, body } = await send('GET', paths[path] ?? '');
    assert.equal(status, 200, path);
    const shape = operation.schema.response[200]?.body;
    assert.ok(shape !== undefined && Compile(shape).Check(body), path);
  }
});

test('a plan is made, read, changed and removed', async () => {
  const made = await send('PUT', `${plans}/gold`, gold);
  assert.equal(made.status, 201);
  assert.deepEqual(
    [made.body['plan'], made.body['daily'], made.body['weekly'], made.body['time_zone']],
    ['gold', 50_000, null, 'UTC'],
  );
  const changed = await send('PUT', `${plans}/gold`, { ...gold, time_zone: 'Europe/Prague' });
  assert.equal(changed.status, 200);
  assert.equal((await send('GET', `${plans}/gold`)).body['time_zone'], 'Europe/Prague');
  assert.equal((await send('DELETE', `${plans}/gold`)).status, 204);
  const gone = await send('GET', `${plans}/gold`);
  assert.deepEqual([gone.status, gone.body['code']], [404, 'plan_unknown']);
});

test('a plan out of bounds is refused by the name of what is wrong', async () => {
  for (const [member, value] of Object.entries({ burst: 0, rate: 100_001, daily: -1 })) {
    const refused = await send('PUT', `${plans}/bad`, { ...gold, [member]: value });
    assert.deepEqual([refused.status, refused.body['param']], [400, member]);
  }
  const lost = await send('PUT', `${plans}/bad`, { ...gold, time_zone: 'Europe/Atlantis' });
  assert.deepEqual([lost.status, lost.body['code']], [422, 'time_zone_unknown']);
  const standard = await send('DELETE', `${plans}/standard`);
  assert.deepEqual([standard.status, standard.body['code']], [409, 'plan_is_default']);
});

test('a customer is put under a plan, shows its use, and is released', async () => {
  const path = `/v1/access/customers/${encodeURIComponent('https://idp.example/x#sub/7')}/plan`;
  await send('PUT', `${plans}/silver`, { ...gold, burst: 7 });
  assert.equal((await send('GET', path)).body['is_default'], true);
  assert.equal((await send('PUT', path, { plan: 'silver' })).status, 200);
  assert.equal((await send('PUT', path, { plan: 'nothing' })).status, 404);
  const { body } = await send('GET', path);
  assert.equal(body['customer'], 'https://idp.example/x#sub/7');
  assert.equal(body['is_default'], false);
  const usage = body['usage'] as Record<string, unknown>[];
  assert.deepEqual(usage[0], { policy: 'burst', limit: 7, used: 0, left: 7, ends_at: null });
  const listed = await send('GET', `${plans}/silver/customers?limit=1`);
  assert.deepEqual(listed.body['data'], [{ customer: 'https://idp.example/x#sub/7' }]);
  assert.equal((await send('DELETE', `${plans}/silver`)).status, 409);
  assert.equal((await send('DELETE', path)).status, 200);
  assert.equal((await send('DELETE', `${plans}/silver`)).status, 204);
});

test('the customers of a plan come page by page', async () => {
  await send('PUT', `${plans}/paged`, gold);
  for (const customer of ['cus_c', 'cus_a', 'cus_b']) {
    await send('PUT', `/v1/access/customers/${customer}/plan`, { plan: 'paged' });
  }
  const first = await send('GET', `${plans}/paged/customers?limit=2`);
  assert.deepEqual(first.body['data'], [{ customer: 'cus_a' }, { customer: 'cus_b' }]);
  assert.equal(first.body['has_more'], true);
  const cursor = String(first.body['next_cursor']);
  const second = await send('GET', `${plans}/paged/customers?limit=2&cursor=${cursor}`);
  assert.deepEqual(second.body['data'], [{ customer: 'cus_c' }]);
  assert.equal(second.body['next_cursor'], null);
  const foreign = await send('GET', `${plans}/paged/customers?cursor=nonsense`);
  assert.deepEqual([foreign.status, foreign.body['param']], [400, 'cursor']);
});

test('every answer to a known caller says what is left, and one too many is refused', async () => {
  const path = '/v1/access/customers/local/plan';
  await send('PUT', `${plans}/small`, { burst: 30, rate: 1, rate_per: 'hour' });
  await send('PUT', path, { plan: 'small' });
  const first = await send('GET', '/v1/act');
  assert.equal(first.status, 200);
  assert.ok(readFieldList(first.headers.get('ratelimit') ?? '') !== undefined);
  assert.equal(first.headers.get('ratelimit-policy'), '"burst";q=30;w=108000');
  const replies = await Promise.all(Array.from({ length: 40 }, () => send('GET', '/v1/act')));
  const refused = replies.filter(({ status }) => status === 429);
  assert.ok(refused.length >= 10);
  for (const { headers, body } of refused) {
    assert.equal(headers.get('content-type'), 'application/problem+json; charset=utf-8');
    assert.equal(body['type'], 'https://iana.org/assignments/http-problem-types#quota-exceeded');
    assert.deepEqual(body['violated-policies'], ['burst']);
    assert.equal(body['code'], 'quota_exceeded');
    assert.match(headers.get('retry-after') ?? '', /^[1-9]\d*$/);
    assert.ok(readFieldList(headers.get('ratelimit') ?? '') !== undefined);
  }
});
