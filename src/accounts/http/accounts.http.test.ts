import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { limits as limitTable } from '#config';
import { createGateway, type Access, type Gateway } from '#gateway';
import type { Principal } from '#identity';
import { instantOfMs, type AccountId, type Instant } from '#kernel';
import { openLogger, openMetrics } from '#platform';
import { unlocked } from '../../gateway/testing.ts';
import { runInterest } from '../interest/job.ts';
import { bankAccountRefusals } from '../refusals.ts';
import { accountsRoutes } from '../routes.ts';
import { day, openAccountsBank, type AccountsBank } from '../testing/bank.ts';

let bank: AccountsBank;
let gateway: Gateway;
/** Who asks next: somebody at the machine unless a test says otherwise. */
let principal: Principal | undefined;

const limits = Object.fromEntries(
  Object.entries(limitTable).map(([name, { value }]) => [name, value]),
) as never;

const access: Access = {
  ...unlocked,
  identify: async (presented) => principal ?? (await unlocked.identify(presented)),
};

before(async () => {
  bank = await openAccountsBank('accounts http');
  const { database, clock } = bank;
  const ownNumbering = { scheme: 'iban', country: 'CZ', bankCode: '2999' } as const;
  gateway = await createGateway({
    about: { title: 'Test', version: '1.0.0', description: 'Accounts under test.' },
    routes: accountsRoutes({ database, clock, ownNumbering }),
    problemTables: [bankAccountRefusals],
    checks: [],
    logger: openLogger({ level: 'error' }),
    metrics: openMetrics({ isProcessMeasured: false }),
    host: '127.0.0.1',
    access,
    port: 0,
    limits,
    isAnswerChecked: true,
  });
});

after(async () => {
  await gateway.close();
  await bank.drop();
});

interface Reply {
  readonly status: number;
  readonly body: Record<string, unknown> & {
    readonly id: string;
    readonly code: string;
    readonly data: readonly Record<string, unknown>[];
  };
}

async function ask(
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  url: string,
  body?: unknown,
): Promise<Reply> {
  const payload = body === undefined ? {} : { payload: JSON.stringify(body) };
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };
  const reply = await gateway.inject({ method, url, headers, ...payload });
  return { status: reply.statusCode, body: JSON.parse(reply.payload) as Reply['body'] };
}

const terms = {
  overdraft_max: '100000',
  interest: {
    day_count: 'ACT/365',
    booking: 'monthly',
    method: 'portion',
    credit: [{ from: '0', rate: '0.0365' }],
    debit: [],
  },
};
const version = {
  effective_from: '2026-01-01',
  kind: 'current',
  currency: 'CZK',
  name: 'Current account',
  terms,
};

async function makeProduct(code: string): Promise<void> {
  const made = await ask('POST', `/v1/products/${code}/versions`, version);
  assert.equal(made.status, 201, JSON.stringify(made.body));
}

test('a product is made, given another version, listed and read', async () => {
  await makeProduct('first');
  const later = { ...version, effective_from: '2026-06-01', name: 'Better account' };
  const added = await ask('POST', '/v1/products/first/versions', later);
  assert.equal(added.body['version'], 2);
  const again = await ask('POST', '/v1/products/first/versions', later);
  assert.equal(`${again.status} ${again.body.code}`, '422 product_date_passed');
  const other = { ...later, effective_from: '2026-07-01', kind: 'savings' };
  const fixed = await ask('POST', '/v1/products/first/versions', other);
  assert.equal(fixed.body.code, 'product_identity_fixed');
  const tiers = { ...terms.interest, credit: [{ from: '5', rate: '0.1' }] };
  const odd = { ...version, terms: { interest: tiers } };
  const invalid = await ask('POST', '/v1/products/odd/versions', odd);
  assert.equal(invalid.body.code, 'product_terms_invalid');
  const list = await ask('GET', '/v1/products');
  assert.equal(list.body.data[0]?.['version'], 2);
  const read = await ask('GET', '/v1/products/first');
  assert.deepEqual(
    read.body.data.map(({ name }) => name),
    ['Current account', 'Better account'],
  );
  assert.equal((await ask('GET', '/v1/products/none')).status, 404);
});

async function open(part: Record<string, unknown> = {}): Promise<Reply> {
  const [customer] = await bank.customers(1);
  const owners = [{ customer, role: 'owner' }];
  return await ask('POST', '/v1/accounts', { product: 'current', owners, ...part });
}

test('an account is opened with a number by the settings, read, listed and opened once', async () => {
  await makeProduct('current');
  const opened = await open({ external_id: 'a-1' });
  assert.equal(opened.status, 201, JSON.stringify(opened.body));
  assert.match(String(opened.body['iban']), /^CZ[0-9]{2}2999/);
  const read = await ask('GET', `/v1/accounts/${opened.body.id}`);
  const { balance, available, ...rest } = read.body;
  assert.deepEqual([balance, available], ['0', '0']);
  assert.deepEqual(rest, opened.body);
  assert.equal((await open({ external_id: 'a-1' })).status, 200);
  const refused = await open({ product: 'none' });
  assert.equal(`${refused.status} ${refused.body.code}`, '404 product_unknown');
  const list = await ask('GET', '/v1/accounts?external_id=a-1');
  assert.deepEqual(list.body.data, [opened.body]);
  const unknown = await ask('GET', '/v1/accounts/acc_019ca8d7-2d7b-726b-ad31-941ccf500000');
  assert.equal(`${unknown.status} ${unknown.body.code}`, '404 bank_account_unknown');
});

test('many accounts are opened with a result each, and are listed in pages', async () => {
  const [customer] = await bank.customers(1);
  const owners = [{ customer, role: 'owner' }];
  const asked = { product: 'current', owners };
  const made = await ask('POST', '/v1/accounts/batch', [asked, { ...asked, product: 'x' }, asked]);
  assert.deepEqual([made.body['accepted'], made.body['refused']], [2, 1]);
  const first = await ask('GET', `/v1/accounts?customer=${customer}&limit=1`);
  assert.equal(first.body['has_more'], true);
  const cursor = encodeURIComponent(String(first.body['next_cursor']));
  const second = await ask('GET', `/v1/accounts?customer=${customer}&limit=1&cursor=${cursor}`);
  assert.equal(second.body['has_more'], false);
  assert.notEqual(second.body.data[0]?.['id'], first.body.data[0]?.['id']);
});

function customerPrincipal(customer: string): Principal {
  return {
    subject: 'usr_1',
    kind: 'person',
    tenant: 'main',
    roles: ['customer'],
    scopes: undefined,
    authentication: 'password',
    factors: 1,
    authenticatedAt: instantOfMs(0),
    clientId: undefined,
    customer,
    session: undefined,
  };
}

test('a customer lists the accounts it holds and no others', async () => {
  const opened = await open();
  const [holder] = opened.body['owners'] as { customer: string }[];
  principal = customerPrincipal(holder?.customer ?? '');
  try {
    const own = await ask('GET', '/v1/accounts');
    assert.deepEqual(own.body.data, [opened.body]);
    const [other] = await bank.customers(1);
    assert.deepEqual((await ask('GET', `/v1/accounts?customer=${other}`)).body.data, []);
    principal = customerPrincipal('usr_1');
    assert.deepEqual((await ask('GET', '/v1/accounts')).body.data, []);
  } finally {
    principal = undefined;
  }
});

test('an account is blocked, unblocked and given an overdraft', async () => {
  const { id } = (await open()).body;
  const at = `/v1/accounts/${id}`;
  const block = { status: 'blocked', reason: 'court order' };
  const blocked = await ask('POST', `${at}/status`, block);
  assert.equal(blocked.body['status_reason'], 'court order');
  assert.equal((await ask('POST', `${at}/status`, block)).status, 409);
  const active = { status: 'active', reason: 'order lifted' };
  assert.equal((await ask('POST', `${at}/status`, active)).body['status'], 'active');
  const overdraft = await ask('PUT', `${at}/overdraft`, { overdraft: '500' });
  assert.equal(overdraft.body['overdraft'], '500');
  const read = await ask('GET', at);
  assert.equal(read.body['available'], '500');
  const over = await ask('PUT', `${at}/overdraft`, { overdraft: '100001' });
  assert.equal(over.body.code, 'overdraft_exceeded');
});

test('holders are added and ended', async () => {
  const opened = await open();
  const at = `/v1/accounts/${opened.body.id}/holders`;
  const [customer] = await bank.customers(1);
  const body = { customer, role: 'authorised', acts: ['read'], day_max: '100' };
  const added = await ask('POST', at, body);
  assert.equal((added.body['owners'] as unknown[]).length, 2);
  assert.equal((await ask('POST', at, body)).body.code, 'holder_exists');
  const odd = await ask('POST', at, { ...body, role: 'owner' });
  assert.equal(`${odd.status} ${odd.body.code}`, '400 field_invalid');
  const ended = await ask('DELETE', `${at}/${customer}`);
  assert.deepEqual(ended.body, opened.body);
  assert.equal((await ask('DELETE', `${at}/${customer}`)).body.code, 'holder_unknown');
});

test('what an account earned is read, booked, listed and settled on closing', async () => {
  bank.clock.set(day('2026-04-01'));
  const { id } = (await open()).body;
  const target = (await open()).body.id;
  await bank.pay(id as AccountId, 1_000_000n);
  bank.clock.set((day('2026-05-11') + 1) as Instant);
  await runInterest(bank.database, bank.context());
  const interest = await ask('GET', `/v1/accounts/${id}/interest`);
  assert.deepEqual(interest.body, {
    accrued_through: '2026-05-10',
    credit: '1003',
    debit: '0',
    due_through: '2026-04-30',
  });
  const booked = await ask('GET', `/v1/accounts/${id}/bookings`);
  assert.deepEqual(
    booked.body.data.map(({ amount, period_end: end }) => [amount, end]),
    [['3000', '2026-04-30']],
  );
  const closing = `/v1/accounts/${id}/closing`;
  const empty = await ask('POST', closing, { reason: 'moving' });
  assert.equal(empty.body.code, 'bank_account_not_empty');
  const closed = await ask('POST', closing, { reason: 'moving', payout_account_id: target });
  assert.equal(closed.body['status'], 'closed', JSON.stringify(closed.body));
  assert.equal((await ask('GET', `/v1/accounts/${target}`)).body['balance'], '1004003');
});
