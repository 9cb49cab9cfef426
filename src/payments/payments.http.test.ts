import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { limits as limitTable, type Config } from '#config';
import { createGateway, openIdempotency, type Gateway } from '#gateway';
import type { Currency } from '#kernel';
import { openPoster, refusals } from '#ledger';
import { openLogger, openMetrics, openStream } from '#platform';
import { unlocked } from '../gateway/testing.ts';
import { payment as transferOf } from '../ledger/testing/bank.ts';
import { openAccountsBank, product, type AccountsBank } from '../accounts/testing/bank.ts';
import { openPaymentPoster } from './http/gathered.ts';
import { paymentRefusals } from './refusals.ts';
import { paymentsRoutes } from './routes.ts';
import { statusSubscription } from './status/statuses.ts';

const limits = Object.fromEntries(
  Object.entries(limitTable).map(([name, { value }]) => [name, value]),
) as unknown as Config['limits'];
const EUR = 'EUR' as Currency;

let bank: AccountsBank;
let gateway: Gateway;
let payer: string;
let payee: { readonly id: string; readonly iban: string };
let inner: string;

before(async () => {
  bank = await openAccountsBank('payments_http');
  const { database, clock } = bank;
  await bank.addProducts(product({ code: 'euro', currency: EUR }));
  const [first, second] = [
    await bank.openOne({ product: 'euro' }),
    await bank.openOne({ product: 'euro' }),
  ];
  const cash = await bank.open({ path: 'assets:cash', currency: EUR, normalSide: 'debit' });
  await bank.post(transferOf(cash, first.id, 100_000n));
  payer = first.id;
  payee = { id: second.id, iban: second.iban ?? '' };
  inner = cash;
  const metrics = openMetrics({ isProcessMeasured: false });
  const logger = openLogger({ level: 'error' });
  const poster = openPoster(database, { inFlightMax: 2, accountsMax: 1_000 });
  const payments = openPaymentPoster({
    database,
    clock,
    metrics,
    limits,
    poster,
    screener: undefined,
  });
  gateway = await createGateway({
    about: { title: 'Test', version: '1.0.0', description: 'Payments under test.' },
    routes: paymentsRoutes({ database, clock, payments }),
    problemTables: [refusals, paymentRefusals],
    checks: [],
    logger,
    metrics,
    host: '127.0.0.1',
    access: unlocked,
    idempotency: openIdempotency({ database, logger, metrics, limits }),
    port: 0,
    limits,
    isAnswerChecked: true,
  });
});

after(async () => {
  await gateway.close();
  await bank.checkBooks();
  await bank.drop();
});

let keys = 0;

async function ask(method: 'GET' | 'POST', url: string, body?: object, key?: string) {
  keys += 1;
  const reply = await gateway.inject({
    method,
    url,
    headers: { 'content-type': 'application/json', 'idempotency-key': `"${key ?? `k-${keys}`}"` },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });
  return { status: reply.statusCode, body: JSON.parse(reply.payload) as Body };
}

interface Body {
  readonly id: string;
  readonly status: string;
  readonly iso_status: string;
  readonly kind: string;
  readonly code: string;
  readonly param?: string;
  readonly counter_account_id?: string;
  readonly party?: { readonly iban: string };
  readonly history: readonly { readonly status: string }[];
  readonly data: readonly Body[];
  readonly has_more: boolean;
  readonly next_cursor: string | null;
  readonly results: readonly { readonly status: string; readonly refusal?: Body }[];
}

function body(creditor: object, amount: string, part: object = {}): object {
  return { debtor_account_id: payer, creditor, amount, currency: 'EUR', ...part };
}

const pay = (creditor: object, amount: string, part: object = {}) =>
  ask('POST', '/v1/payments', body(creditor, amount, part));

const abroad = { name: 'Ada Example', iban: 'DE89370400440532013000' };

test('a payee of the bank is paid at once, by account or by IBAN', async () => {
  const byId = await pay({ account_id: payee.id }, '10');
  assert.deepEqual([byId.status, byId.body.status, byId.body.kind], [201, 'settled', 'book']);
  const byIban = await pay({ iban: payee.iban }, '10');
  assert.deepEqual([byIban.body.status, byIban.body.counter_account_id], ['settled', payee.id]);
});

test('a payee of another bank is paid over the rail of its number', async () => {
  const { status, body: made } = await pay(abroad, '10', { end_to_end_id: 'invoice-1' });
  assert.deepEqual([status, made.status, made.iso_status], [201, 'accepted', 'ACTC']);
  assert.equal(made.party?.iban, abroad.iban);
  const read = await ask('GET', `/v1/payments/${made.id}`);
  assert.deepEqual(
    read.body.history.map((change) => change.status),
    ['accepted'],
  );
});

test('what cannot be paid is refused with a code', async () => {
  const told = async (creditor: object, amount: string, part: object = {}): Promise<string> => {
    const reply = await pay(creditor, amount, part);
    return `${reply.status} ${reply.body.code} ${reply.body.param ?? '-'}`;
  };
  assert.deepEqual(
    [
      await told({ account_id: payee.id }, '100001'),
      await told({ account_id: payer }, '1'),
      await told({ account_id: inner }, '1'),
      await told({ account_id: payee.id }, '1', { currency: 'CZK' }),
      await told({ iban: 'DE89370400440532013001' }, '1'),
      await told({ name: 'Nobody' }, '1'),
      await told({ routing_number: '123456789', account_number: '1' }, '1'),
    ],
    [
      '422 insufficient_available -',
      '422 payment_account_same creditor',
      '422 payment_account_unknown -',
      '422 currency_mismatch -',
      '400 field_invalid creditor.iban',
      '400 field_invalid creditor',
      '400 field_invalid creditor.routing_number',
    ],
  );
});

test('a request that comes again under its key is answered the same and pays once', async () => {
  const asked = body({ account_id: payee.id }, '7');
  const replies = [
    await ask('POST', '/v1/payments', asked, 'same'),
    await ask('POST', '/v1/payments', asked, 'same'),
  ];
  assert.equal(replies[0]?.body.id, replies[1]?.body.id);
});

test('many single requests at once are each answered for themselves', async () => {
  const amounts = Array.from({ length: 60 }, (_, index) => (index % 3 === 0 ? '900000' : '1'));
  const replies = await Promise.all(amounts.map((amount) => pay({ account_id: payee.id }, amount)));
  assert.deepEqual(
    replies.map(({ status }) => status),
    amounts.map((amount) => (amount === '1' ? 201 : 422)),
  );
  const ids = replies.filter(({ status }) => status === 201).map((reply) => reply.body.id);
  assert.equal(new Set(ids).size, 40);
});

test('a list is answered one by one', async () => {
  const list = [body({ account_id: payee.id }, '1'), body({ account_id: payee.id }, '999999')];
  const reply = await ask('POST', '/v1/payments/batch', list);
  const told = reply.body.results.map((each) => [each.status, each.refusal?.code]);
  assert.deepEqual(told, [
    ['made', undefined],
    ['refused', 'insufficient_available'],
  ]);
});

test('a status is read from the projection, and a cancelled payment shows there', async () => {
  const stream = openStream({
    database: bank.database,
    clock: bank.clock,
    logger: openLogger({ level: 'error' }),
  });
  try {
    await stream.consume(statusSubscription);
    const { id } = (await pay(abroad, '10')).body;
    assert.equal((await ask('POST', `/v1/payments/${id}/cancel`, {})).status, 200);
    await stream.settle();
    const told = await ask('GET', `/v1/payments/${id}/status`);
    assert.deepEqual([told.body.status, told.body.iso_status], ['cancelled', 'CANC']);
    const again = await ask('POST', `/v1/payments/${id}/recall`, {});
    assert.equal(`${again.status} ${again.body.code}`, '409 payment_change_not_legal');
  } finally {
    await stream.stop();
  }
});

test('payments are listed newest first, all of them and those of an account', async () => {
  const first = await ask('GET', '/v1/payments?limit=2&kind=credit_out');
  assert.deepEqual([first.body.data.length, first.body.has_more], [2, false]);
  const page = await ask('GET', `/v1/accounts/${payee.id}/payments?limit=3`);
  assert.deepEqual([page.body.data.length, page.body.has_more], [3, true]);
  const cursor = String(page.body.next_cursor);
  const next = await ask('GET', `/v1/accounts/${payee.id}/payments?limit=3&cursor=${cursor}`);
  const ids = [...page.body.data, ...next.body.data].map(({ id }) => id);
  assert.deepEqual(ids, ids.toSorted().toReversed());
  assert.equal(new Set(ids).size, 6);
});

test('a payment of the bank is reversed', async () => {
  const { id } = (await pay({ account_id: payee.id }, '5')).body;
  const reversed = await ask('POST', `/v1/payments/${id}/reverse`, { reason: 'DUPL' });
  assert.deepEqual([reversed.status, reversed.body.status], [200, 'reversed']);
  const flawed = await ask('POST', `/v1/payments/${id}/return`, { reason: 'XXXX' });
  assert.equal(flawed.body.code, 'payment_change_not_legal');
});
