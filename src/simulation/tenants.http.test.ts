// Two tenants on one server and one database try to reach each other's books by every operation of
// the ledger: to each, what the other has does not exist.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { loadConfig } from '#config';
import { createGateway, type Gateway } from '#gateway';
import { expireHolds, ledgerRoutes, refusals, verify } from '#ledger';
import type { Instant } from '#kernel';
import { openLogger, openMetrics, openSession, systemClock } from '#platform';
import { unlocked } from '../gateway/testing.ts';
import { openLedgerEdge } from '../group-commit.ts';
import { testDatabase, type TestDatabase } from '../platform/database/testing.ts';

type Tenant = 'main' | 'other';
type Json = Readonly<Record<string, unknown>>;

let stored: TestDatabase;
let gateway: Gateway;
/** What the first tenant has. */
let till: string;
let deposit: string;
let hold: string;
let batch: string;
let transfer: string;

before(async () => {
  stored = await testDatabase('tenants_http');
  const { database } = stored;
  const clock = systemClock();
  const { limits } = loadConfig({});
  const metrics = openMetrics({ isProcessMeasured: false });
  gateway = await createGateway({
    about: { title: 'Test', version: '1.0.0', description: 'A bank of two tenants.' },
    routes: ledgerRoutes(openLedgerEdge({ database, clock, metrics, limits })),
    problemTables: [refusals],
    checks: [],
    logger: openLogger({ level: 'error' }),
    metrics,
    host: '127.0.0.1',
    port: 0,
    limits,
    isAnswerChecked: true,
    access: {
      ...unlocked,
      identify: async (presented) => ({
        ...(await unlocked.identify(presented)),
        tenant: String(presented.headers['x-tenant']),
      }),
    },
  });
  till = await open('main', 'till');
  deposit = await open('main', 'deposit');
  transfer = String((await post('main', pay(till, deposit, 'first')))['id']);
  hold = String((await post('main', { ...pay(till, deposit, 'held'), kind: 'hold' }))['id']);
  const { body } = await ask('main', 'POST', '/transfers/batch', [pay(till, deposit, 'listed')]);
  batch = String(body['batch_id']);
});

after(async () => {
  await gateway.close();
  await stored.drop();
});

async function ask(
  tenant: Tenant,
  method: 'GET' | 'POST' | 'PATCH',
  path: string,
  payload?: object,
): Promise<{ status: number; body: Json; text: string }> {
  const reply = await gateway.inject({
    method,
    url: `/v1/ledger${path}`,
    headers: { 'x-tenant': tenant },
    ...(payload === undefined ? {} : { payload }),
  });
  const text = reply.payload;
  return { status: reply.statusCode, body: JSON.parse(text) as Json, text };
}

async function open(tenant: Tenant, name: string): Promise<string> {
  const asked = { external_id: name, path: 'assets:cash', currency: 'CZK', normal_side: 'debit' };
  const { status, body, text } = await ask(tenant, 'POST', '/accounts', asked);
  assert.equal(status, 201, text);
  return String(body['id']);
}

function pay(debit: string, credit: string, name: string): Json {
  const accounts = { debit_account_id: debit, credit_account_id: credit };
  return { ...accounts, amount: '10', currency: 'CZK', external_id: name };
}

async function post(tenant: Tenant, asked: Json): Promise<Json> {
  const { status, body, text } = await ask(tenant, 'POST', '/transfers', asked);
  assert.equal(status, 201, text);
  return body;
}

test('nothing of another tenant can be read by its id', async () => {
  const paths = [
    `/accounts/${till}`,
    `/accounts/${till}/balance`,
    `/accounts/${till}/entries`,
    `/accounts/${till}/holds`,
    `/accounts/${till}/statement?from=2020-01-01&to=2099-01-01`,
    `/transfers/${transfer}`,
    `/holds/${hold}`,
    `/batches/${batch}`,
  ];
  for (const path of paths) {
    assert.equal((await ask('main', 'GET', path)).status, 200, path);
    const { status, text } = await ask('other', 'GET', path);
    assert.equal(status, 404, text);
  }
});

test('no list or report shows anything of another tenant', async () => {
  const lists = [
    '/accounts',
    '/accounts?external_id=till',
    '/transfers',
    '/transfers?external_id=first',
    `/transfers?hold_id=${hold}`,
    '/trial-balance',
    '/chart?depth=3',
    '/period-closes',
  ];
  for (const path of lists) {
    const { status, body, text } = await ask('other', 'GET', path);
    assert.equal(status, 200, path);
    assert.deepEqual(body['data'], [], text);
  }
});

test('nothing of another tenant can be changed, debited, held, captured or reversed', async () => {
  const own = await open('other', 'own');
  const tries: readonly ['POST' | 'PATCH', string, object][] = [
    ['PATCH', `/accounts/${till}`, { state: 'closed' }],
    ['POST', '/transfers', pay(till, own, 'steal')],
    ['POST', '/transfers', pay(own, till, 'push')],
    ['POST', '/transfers', { ...pay(till, own, 'block'), kind: 'hold' }],
    ['POST', '/transfers?dry_run=true', pay(till, own, 'peek')],
    ['POST', `/transfers/${hold}/capture`, {}],
    ['POST', `/transfers/${hold}/capture`, { amount: '1', currency: 'EUR' }],
    ['POST', `/transfers/${hold}/increase`, { amount: '1', currency: 'CZK' }],
    ['POST', `/transfers/${hold}/void`, {}],
    ['POST', `/transfers/${transfer}/reverse`, {}],
    ['POST', `/batches/${batch}/reverse`, {}],
  ];
  const before = await ask('main', 'GET', '/trial-balance?by=account');
  for (const [method, path, asked] of tries) {
    // The accounts are in the poster's memory, as their owner posts to them all the time.
    const kept = await ask('main', 'POST', '/transfers?dry_run=true', pay(till, deposit, 'warm'));
    assert.equal(kept.status, 200);
    const { status, body, text } = await ask('other', method, path, asked);
    assert.ok(status === 404 || status === 422, text);
    assert.match(String(body['code']), /unknown|not_found/, text);
  }
  assert.equal((await ask('main', 'GET', '/trial-balance?by=account')).text, before.text);
});

test('the same external id of two tenants names two things', async () => {
  const mine = await open('other', 'till');
  assert.notEqual(mine, till);
  const partner = await open('other', 'deposit');
  const both = await Promise.all([
    post('main', pay(till, deposit, 'at once')),
    post('other', pay(mine, partner, 'at once')),
  ]);
  assert.notEqual(both[0]['id'], both[1]['id']);
  const own = await post('other', pay(mine, partner, 'first'));
  assert.notEqual(own['id'], transfer);
});

test("the bank's own jobs end each tenant's holds in its own books", async () => {
  const pair = [
    await open('other', 'till at dusk'),
    await open('other', 'deposit at dusk'),
  ] as const;
  const held = { ...pay(...pair, 'dusk'), kind: 'hold', expires_at: '2099-01-01T00:00:00Z' };
  const { id } = await post('other', held);
  const now = (Date.parse('2099-01-01T01:00:00Z') * 1_000) as Instant;
  const context = { now, actor: 'florin', correlationId: 'expire-holds' };
  assert.equal(await expireHolds(stored.database, context), 1);
  const { body } = await ask('other', 'GET', `/transfers?hold_id=${String(id)}`);
  const kinds = (body['data'] as Json[]).map(({ kind }) => kind);
  assert.deepEqual(kinds, ['expiry']);
});

test('verify finds the books of all tenants sound, with a period that only one has closed', async () => {
  const closed = { closed_before: '2020-06-01T00:00:00Z' };
  assert.equal((await ask('main', 'POST', '/period-closes', closed)).status, 201);
  const [one, two] = [await open('other', 'late till'), await open('other', 'late deposit')];
  await post('other', { ...pay(one, two, 'late'), effective_at: '2020-05-01T00:00:00Z' });
  const { findings } = await verify({
    open: () => openSession(stored.url),
    connections: 1,
    findingsPerRuleMax: 20,
  });
  assert.deepEqual(findings, []);
});
