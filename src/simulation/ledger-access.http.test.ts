// The ledger behind its doors, as in production: whoever has a token acts on what they were granted
// and on nothing else, staff act on all of their tenant, and some things only two people do.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { loadConfig } from '#config';
import {
  accessRefusals,
  approvalRoutes,
  grantRoutes,
  openApprovals,
  openIdempotency,
  type Approvals,
  type Route,
} from '#gateway';
import { mintLocalToken } from '#identity';
import { ledgerRoutes, openAccountsBehind, refusals } from '#ledger';
import { openLogger, openMetrics } from '#platform';
import type { TestLog } from '../audit/testing/log.ts';
import { openTestEdge, type Reply, type TestEdge } from '../gateway/access/access-testing.ts';
import { openLedgerEdge } from '../group-commit.ts';

type Json = Readonly<Record<string, unknown>>;

const { limits } = loadConfig({});
const metrics = openMetrics({ isProcessMeasured: false });
const logger = openLogger({ level: 'error' });

let edge: TestEdge;
let approvals: Approvals;
/** Every operation of the ledger. */
let served: readonly string[];
let till: string;
let alice: string;
let bob: string;
let paid: string;
let held: string;
let batch: string;

function routesOf(log: TestLog): readonly Route[] {
  const { database, clock } = log;
  approvals = openApprovals({ database, clock, logger, limits });
  const ofLedger = ledgerRoutes(openLedgerEdge({ database, clock, metrics, limits }));
  served = ofLedger.map(({ operation }) => operation.operationId);
  return [...ofLedger, ...grantRoutes(log), ...approvalRoutes({ database, clock, approvals })];
}

before(async () => {
  edge = await openTestEdge('ledger access', {
    routes: routesOf,
    access: {
      accountsBehind: (uses, tenant) => openAccountsBehind(edge.log.database)(uses, tenant),
    },
    gateway: ({ database }) => ({
      approvals,
      idempotency: openIdempotency({ database, logger, metrics, limits }),
      problemTables: [refusals, accessRefusals],
      isAnswerChecked: true,
    }),
  });
  till = await open('main', 'assets:cash', 'debit');
  alice = await open('main', 'liabilities:alice', 'credit');
  bob = await open('main', 'liabilities:bob', 'credit');
  paid = idOf(await post('teller', '', pay(till, alice, '9000000')));
  held = idOf(await post('teller', '', { ...pay(alice, bob, '300'), kind: 'hold' }));
  batch = String((await post('teller', '/batch', [pay(till, alice, '700')], 200)).body['batch_id']);
  const limited = { currency: 'CZK', transfer_max: '5000', day_max: '8000' };
  await grant('usr_alice', alice, ['read', 'debit'], limited);
  await grant('usr_bob', bob, ['read']);
  await grant('usr_mallory', bob, ['read', 'credit', 'debit', 'manage']);
});

after(async () => {
  await edge.close();
});

const claims: Readonly<Record<string, Json>> = {
  teller: { sub: 'usr_teller' },
  approver: { sub: 'usr_approver', roles: ['approver'], sid: 'approver' },
  operator: { sub: 'usr_operator', roles: ['operator'] },
  administrator: { sub: 'usr_root', roles: ['administrator'] },
  foreigner: { sub: 'usr_foreign', tenant: 'other' },
  alice: { sub: 'usr_alice', roles: ['customer'] },
  bob: { sub: 'usr_bob', roles: ['customer'] },
  mallory: { sub: 'usr_mallory', roles: ['customer'] },
  partner: { sub: 'usr_partner', roles: ['partner'] },
};

async function ask(who: string, method: string, path: string, body?: unknown): Promise<Reply> {
  return await edge.ask(method, path, await edge.token(claims[who] ?? {}), body);
}

const ledger = (who: string, method: string, path: string, body?: unknown): Promise<Reply> =>
  ask(who, method, `/v1/ledger${path}`, body);

/** The status, with the code of a problem. */
function told({ status, body }: Reply): string {
  const { code } = body;
  return typeof code === 'string' ? `${status} ${code}` : String(status);
}
const idOf = ({ body }: Reply): string => String(body['id']);

async function post(who: string, path: string, body: unknown, status = 201): Promise<Reply> {
  const reply = await ledger(who, 'POST', `/transfers${path}`, body);
  assert.equal(reply.status, status, JSON.stringify(reply.body));
  return reply;
}

async function open(tenant: string, path: string, side: string): Promise<string> {
  const body = {
    path,
    currency: 'CZK',
    normal_side: side,
    ...(side === 'credit' && { floor: '0' }),
  };
  const token = await edge.token({ sub: 'usr_teller', tenant });
  const reply = await edge.ask('POST', '/v1/ledger/accounts', token, body);
  assert.equal(reply.status, 201, JSON.stringify(reply.body));
  return idOf(reply);
}

function pay(debit: string, credit: string, amount: string): Json {
  return { debit_account_id: debit, credit_account_id: credit, amount, currency: 'CZK' };
}

async function grant(who: string, account: string, acts: readonly string[], more: Json = {}) {
  const object = { object_kind: 'account', object_id: account, acts };
  const body = { grantee_kind: 'subject', grantee: who, ...object, ...more };
  const reply = await ask('administrator', 'POST', '/v1/access/grants', body);
  assert.equal(reply.status, 201, JSON.stringify(reply.body));
}

async function balanceOf(account: string, tenant = 'main'): Promise<string> {
  const token = await edge.token({ sub: 'usr_teller', tenant });
  const reply = await edge.ask('GET', `/v1/ledger/accounts/${account}/balance`, token);
  return String(reply.body['balance']);
}

const period = 'from=2020-01-01&to=2099-01-01';

/** Every operation about objects, with a request about those of Alice. */
function aboutAlice(): Readonly<
  Record<string, readonly [method: string, path: string, body?: unknown]>
> {
  const some = { amount: '1', currency: 'CZK' };
  return {
    readAccount: ['GET', `/accounts/${alice}`],
    changeAccount: ['PATCH', `/accounts/${alice}`, { name: 'Mine' }],
    readBalance: ['GET', `/accounts/${alice}/balance`],
    listEntries: ['GET', `/accounts/${alice}/entries`],
    readStatement: ['GET', `/accounts/${alice}/statement?${period}`],
    listHolds: ['GET', `/accounts/${alice}/holds`],
    postTransfer: ['POST', '/transfers', pay(alice, bob, '1')],
    readTransfer: ['GET', `/transfers/${paid}`],
    captureHold: ['POST', `/transfers/${held}/capture`, some],
    increaseHold: ['POST', `/transfers/${held}/increase`, some],
    voidHold: ['POST', `/transfers/${held}/void`, {}],
    reverseTransfer: ['POST', `/transfers/${paid}/reverse`, some],
    readHold: ['GET', `/holds/${held}`],
    postBatch: ['POST', '/transfers/batch', [pay(bob, alice, '1'), pay(alice, bob, '1')]],
  };
}

/** What is about all there is, and not for customers. */
const ofAll: Readonly<Record<string, readonly [method: string, path: string, body?: unknown]>> = {
  openAccount: ['POST', '/accounts', { path: 'a', currency: 'CZK', normal_side: 'debit' }],
  openAccounts: ['POST', '/accounts/batch', []],
  listAccounts: ['GET', '/accounts'],
  listTransfers: ['GET', '/transfers'],
  readBatch: ['GET', '/batches/bat_01980a3e-4c00-7000-8000-000000000001'],
  reverseBatch: ['POST', '/batches/bat_01980a3e-4c00-7000-8000-000000000001/reverse', {}],
  readTrialBalance: ['GET', '/trial-balance'],
  readChart: ['GET', '/chart'],
  closePeriod: ['POST', '/period-closes', { closed_before: '2020-01-01' }],
  listPeriodCloses: ['GET', '/period-closes'],
  listCurrencies: ['GET', '/currencies'],
};

test('no operation does anything to the account of another customer', async () => {
  const tried = { ...aboutAlice(), ...ofAll };
  assert.deepEqual(Object.keys(tried).toSorted(), served.toSorted());
  const before_ = await balanceOf(alice);
  for (const [name, [method, path, body]] of Object.entries(aboutAlice())) {
    // Of the hold she is the other side, and may see it.
    const expected = name === 'readHold' ? '200' : '403 object_forbidden';
    assert.equal(told(await ledger('mallory', method, path, body)), expected, name);
    assert.equal(told(await ledger('partner', method, path, body)), '403 object_forbidden', name);
  }
  assert.equal(await balanceOf(alice), before_);
});

test('what is about all there is, is not for customers', async () => {
  for (const [name, [method, path, body]] of Object.entries(ofAll)) {
    assert.equal(told(await ledger('alice', method, path, body)), '403 forbidden', name);
  }
});

test('what does not exist is refused as what belongs to others', async () => {
  const none = '01980a3e-4c00-7000-8000-0000000000ff';
  const bodyOf = async (path: string): Promise<Json> => {
    const { code, detail } = (await ledger('mallory', 'GET', path)).body;
    return { code, detail };
  };
  assert.deepEqual(await bodyOf(`/accounts/acc_${none}`), await bodyOf(`/accounts/${alice}`));
  assert.deepEqual(await bodyOf(`/transfers/trf_${none}`), await bodyOf(`/transfers/${paid}`));
});

test('a customer reads what is granted, and nothing of what others have', async () => {
  for (const path of ['', '/balance', '/entries', '/holds', `/statement?${period}`]) {
    const reply = await ledger('alice', 'GET', `/accounts/${alice}${path}`);
    assert.equal(reply.status, 200, path);
  }
  for (const path of [`/transfers/${paid}`, `/holds/${held}`]) {
    const reply = await ledger('alice', 'GET', path);
    assert.equal(reply.status, 200, path);
    assert.doesNotMatch(JSON.stringify(reply.body), /"balances?"|"version"/);
  }
  const whole = await ledger('teller', 'GET', `/transfers/${paid}`);
  assert.match(JSON.stringify(whole.body), /"version":.*"balances"/);
});

test('a customer pays from a granted account within its limits, and is told no balances', async () => {
  const refused = async (amount: string, path = ''): Promise<string> =>
    told(await ledger('alice', 'POST', `/transfers${path}`, pay(alice, bob, amount)));
  assert.equal(await refused('5001'), '403 object_forbidden');
  // Neither what was only tried nor what was refused counts for the day.
  for (let count = 0; count < 3; count += 1) {
    assert.equal(await refused('5000', '?dry_run=true'), '200');
    const nowhere = pay(alice, 'acc_01980a3e-4c00-7000-8000-0000000000ff', '5000');
    assert.equal(
      told(await ledger('alice', 'POST', '/transfers', nowhere)),
      '422 account_not_found',
    );
  }
  const reply = await post('alice', '', pay(alice, bob, '5000'));
  assert.doesNotMatch(JSON.stringify(reply.body), /"balances"|"version"/);
  assert.equal(await refused('3001'), '403 object_forbidden');
  const many = [pay(alice, bob, '1000'), pay(alice, bob, '2000')];
  const listed = await post('alice', '/batch', many, 200);
  assert.doesNotMatch(JSON.stringify(listed.body), /"balances"|"version"/);
  assert.equal(await refused('1'), '403 object_forbidden');
});

test('nobody finds out by conditions or by refusals what is on the account of another', async () => {
  const legs = [
    { account_id: bob, side: 'debit', amount: '1', currency: 'CZK' },
    { account_id: alice, side: 'credit', amount: '1', currency: 'CZK' },
  ];
  const asking = [legs[0], { ...legs[1], conditions: { available_at_least: '1000000' } }];
  const asked = await ledger('mallory', 'POST', '/transfers?dry_run=true', { legs: asking });
  assert.equal(told(asked), '403 object_forbidden');
  const part = [
    { ...legs[0], amount: '9' },
    { ...legs[1], amount: '9', up_to: true },
  ];
  const limited = await ledger('mallory', 'POST', '/transfers?dry_run=true', { legs: part });
  assert.equal(told(limited), '403 object_forbidden');
  const poor = await ledger('mallory', 'POST', '/transfers', pay(bob, alice, '9000000'));
  assert.equal(told(poor), '422 insufficient_available');
  assert.doesNotMatch(String(poor.body['detail']), /[0-9]/);
});

test('who may debit every account of a hold captures it, gives it back, and reverses', async () => {
  await grant('usr_partner', alice, ['debit'], { currency: 'CZK', transfer_max: '400' });
  const hold = async (): Promise<string> =>
    idOf(await post('partner', '', { ...pay(alice, bob, '300'), kind: 'hold' }));
  const some = { amount: '100', currency: 'CZK' };
  const first = await hold();
  const at = `/transfers/${first}`;
  assert.equal(
    told(await ledger('partner', 'POST', `${at}/capture`, some)),
    '403 object_forbidden',
  );
  assert.equal(told(await ledger('partner', 'POST', `${at}/void`)), '403 object_forbidden');
  await grant('usr_partner', bob, ['debit']);
  assert.equal(told(await ledger('partner', 'POST', `${at}/capture`, some)), '201');
  assert.equal(told(await ledger('partner', 'POST', `${at}/increase`, some)), '201');
  // The mandate has a limit, so the amount must be said.
  assert.equal(told(await ledger('partner', 'POST', `${at}/capture`)), '403 object_forbidden');
  assert.equal(told(await ledger('partner', 'POST', `${at}/void`)), '201');
  const moved = idOf(await post('partner', '', pay(alice, bob, '100')));
  const reply = await ledger('partner', 'POST', `/transfers/${moved}/reverse`, some);
  assert.equal(told(reply), '202');
});

test('staff need no grant, within their tenant', async () => {
  for (const [name, [method, path, body]] of Object.entries(aboutAlice())) {
    if (name === 'reverseTransfer') continue;
    const reply = await ledger('teller', method, path, body);
    assert.ok(reply.status < 300, `${name} ${JSON.stringify(reply.body)}`);
    const foreign = told(await ledger('foreigner', method, path, body));
    assert.match(foreign, /^(404 .*unknown|422 .*not_found|404 .*not_found|200)$/, name);
    // The items of a batch are answered one by one.
    assert.ok(foreign !== '200' || name === 'postBatch', name);
  }
  const foreign = await ledger('foreigner', 'POST', '/transfers/batch', [pay(alice, bob, '1')]);
  assert.equal(foreign.body['accepted'], 0);
});

/** A teller and an approver of a tenant with money that was moved. */
async function twoPeople(tenant: string) {
  const teller = await edge.token({ sub: `usr_maker_${tenant}`, tenant });
  const second = { sub: `usr_second_${tenant}`, roles: ['approver'], sid: `second-${tenant}` };
  const approver = await edge.token({ ...second, tenant });
  const [from, to] = [
    await open(tenant, 'assets:cash', 'debit'),
    await open(tenant, 'liabilities:x', 'credit'),
  ];
  const moved = await edge.ask('POST', '/v1/ledger/transfers', teller, pay(from, to, '1000'));
  assert.equal(moved.status, 201, JSON.stringify(moved.body));
  return { teller, approver, from, to, id: idOf(moved), tenant };
}

for (const tenant of ['main', 'other']) {
  test(`a reversal by a teller of ${tenant} waits for an approver, and is done once`, async () => {
    const { teller, approver, to, id } = await twoPeople(tenant);
    const path = `/v1/ledger/transfers/${id}/reverse`;
    const proposed = await edge.ask('POST', path, teller, {});
    assert.equal(proposed.status, 202, JSON.stringify(proposed.body));
    assert.equal(proposed.body['summary'], `A reversal of ${id}.`);
    assert.equal(await balanceOf(to, tenant), '1000');
    const approve = `/v1/approvals/${idOf(proposed)}/approve`;
    assert.equal((await edge.ask('POST', approve, teller)).status, 403);
    const replies = await Promise.all([1, 2, 3].map(() => edge.ask('POST', approve, approver)));
    assert.ok(replies.every(({ status }) => status === 200));
    const { body } = await edge.ask('GET', `/v1/approvals/${idOf(proposed)}`, approver);
    assert.deepEqual(
      [body['state'], body['answer_status']],
      ['executed', 201],
      String(body['answer']),
    );
    assert.equal(await balanceOf(to, tenant), '0');
    const found = await edge.ask('GET', `/v1/ledger/transfers?reverses_id=${id}`, teller);
    const reversals = found.body['data'] as readonly Json[];
    assert.equal(reversals.length, 1);
  });
}

test('other requests of one person that two must make wait as well', async () => {
  const large = pay(till, alice, '10000001');
  const cases: readonly [who: string, method: string, path: string, body: unknown][] = [
    ['teller', 'POST', '/transfers', large],
    ['teller', 'POST', '/transfers', { ...large, kind: 'hold' }],
    ['teller', 'POST', '/transfers/batch', [pay(till, alice, '1'), large]],
    ['teller', 'POST', '/transfers/batch', [{ kind: 'reverse', transfer_id: paid }]],
    ['teller', 'POST', `/transfers/${held}/increase`, { amount: '10000001', currency: 'CZK' }],
    ['teller', 'POST', `/batches/${batch}/reverse`, {}],
    ['teller', 'PATCH', `/accounts/${alice}`, { credit_limit: '5' }],
    ['operator', 'POST', '/period-closes', { closed_before: '2020-01-01' }],
  ];
  const before_ = await balanceOf(alice);
  for (const [who, method, path, body] of cases) {
    const reply = await ledger(who, method, path, body);
    assert.equal(reply.status, 202, `${method} ${path} ${JSON.stringify(reply.body)}`);
    const approve = `/v1/approvals/${idOf(reply)}/reject`;
    assert.equal((await ask('approver', 'POST', approve)).status, 200);
  }
  assert.equal(await balanceOf(alice), before_);
  const dry = await ledger('teller', 'POST', '/transfers?dry_run=true', large);
  assert.equal(dry.status, 200, JSON.stringify(dry.body));
  assert.equal((await post('teller', '', pay(till, alice, '10000000'))).status, 201);
});

test('whoever has the machine reverses alone', async () => {
  const { log } = edge;
  const request = { name: 'root', tenant: 'main', roles: ['teller'], minutes: 5 } as const;
  const token = await log.database.transaction(log.context(), (tx) => mintLocalToken(tx, request));
  const id = idOf(await post('teller', '', pay(till, alice, '100')));
  const reply = await edge.ask('POST', `/v1/ledger/transfers/${id}/reverse`, token, {});
  assert.equal(reply.status, 201, JSON.stringify(reply.body));
});

test('a large payment of a customer uses up the day once, when it is made', async () => {
  const rich = await open('main', 'liabilities:rich', 'credit');
  await post('teller', '', pay(till, rich, '9000000'));
  await post('teller', '', pay(till, rich, '9000000'));
  const limited = { currency: 'CZK', day_max: '15000000' };
  await grant('usr_alice', rich, ['debit'], limited);
  const waiting = await post('alice', '', pay(rich, bob, '12000000'), 202);
  const dropped = await post('alice', '', pay(rich, bob, '13000000'), 202);
  const decide = (id: string, verdict: string): Promise<Reply> =>
    ask('approver', 'POST', `/v1/approvals/${id}/${verdict}`);
  assert.equal((await decide(idOf(dropped), 'reject')).status, 200);
  const { body } = await decide(idOf(waiting), 'approve');
  assert.equal(body['answer_status'], 201, String(body['answer']));
  assert.doesNotMatch(String(body['answer']), /balances/);
  const more = await ledger('alice', 'POST', '/transfers', pay(rich, bob, '3000001'));
  assert.equal(told(more), '403 object_forbidden');
  await post('alice', '', pay(rich, bob, '3000000'));
});
