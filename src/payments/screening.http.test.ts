import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { limits as limitTable, type Config } from '#config';
import { createGateway, openIdempotency, type Gateway } from '#gateway';
import {
  openRegistry,
  openScreener,
  paymentFeatures,
  putListEntries,
  type Registry,
  type Screener,
} from '#fraud';
import type { AccountId, Currency } from '#kernel';
import { openPoster, refusals } from '#ledger';
import { openLogger, openMetrics } from '#platform';
import { openAccountsBank, product, type AccountsBank } from '../accounts/testing/bank.ts';
import { openNames, putPolicy } from '../fraud/testing/screening.ts';
import { unlocked } from '../gateway/testing.ts';
import { payment as transferOf } from '../ledger/testing/bank.ts';
import { openPaymentPoster } from './http/gathered.ts';
import { paymentRefusals } from './refusals.ts';
import { paymentsRoutes } from './routes.ts';

const limits = Object.fromEntries(
  Object.entries(limitTable).map(([name, { value }]) => [name, value]),
) as unknown as Config['limits'];
const EUR = 'EUR' as Currency;
const abroad = { name: 'Ada Example', iban: 'DE89370400440532013000' };
const blocked = { name: 'Bob Example', iban: 'DE02120300000000202051' };

let bank: AccountsBank;
let gateway: Gateway;
let registry: Registry;
let screener: Screener;
let payer: AccountId;

before(async () => {
  bank = await openAccountsBank('payments_screened_http');
  const { database, clock } = bank;
  await bank.addProducts(product({ code: 'euro', currency: EUR }));
  const opened = await bank.openOne({ product: 'euro' });
  const cash = await bank.open({ path: 'assets:cash', currency: EUR, normalSide: 'debit' });
  await bank.post(transferOf(cash, opened.id, 100_000n));
  payer = opened.id;
  const metrics = openMetrics({ isProcessMeasured: false });
  const logger = openLogger({ level: 'error' });
  registry = openRegistry({ database, logger, metrics, features: paymentFeatures });
  screener = openScreener({ database, clock, logger, metrics, registry });
  const poster = openPoster(database, { inFlightMax: 2, accountsMax: 1_000 });
  const payments = openPaymentPoster({ database, clock, metrics, limits, poster, screener });
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
  const names = await openNames(database.keys, 'main');
  const value = names.nameOf('counterparty', blocked.iban);
  await database.transaction({ ...bank.context(), tenant: 'main' }, async (tx) => {
    assert.ok((await putListEntries(tx, 'block', [{ kind: 'payee', value }])).ok);
    assert.ok((await putListEntries(tx, 'block', [{ kind: 'counterparty', value }])).ok);
  });
});

after(async () => {
  await gateway.close();
  await bank.checkBooks();
  await bank.drop();
});

interface Body {
  readonly id: string;
  readonly status: string;
  readonly reason?: string;
  readonly iso_status: string;
  readonly code: string;
  readonly results: readonly { readonly status: string; readonly payment?: Body }[];
}

let keys = 0;

async function post(url: string, body: object, key?: string) {
  keys += 1;
  const reply = await gateway.inject({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json', 'idempotency-key': `"${key ?? `s-${keys}`}"` },
    payload: JSON.stringify(body),
  });
  return { status: reply.statusCode, text: reply.payload, body: JSON.parse(reply.payload) as Body };
}

const asked = (creditor: object, amount: string, part: object = {}): object => {
  return { debtor_account_id: payer, creditor, amount, currency: 'EUR', ...part };
};

const pay = (creditor: object, amount: string, part: object = {}) =>
  post('/v1/payments', asked(creditor, amount, part));

async function decisions() {
  return await bank.database.query<{
    readonly outcome: string;
    readonly mode: string;
    readonly subject: string | null;
    readonly keys: Readonly<Record<string, string>>;
  }>({
    text: `select d.outcome, d.mode, d.subject, d.keys
      from fraud.decisions d join fraud.batches b on b.id = d.batch order by b.ordinal, d.id`,
  });
}

test('a payment that is declined is answered with its state and reason, and nothing of why', async () => {
  const balance = await bank.balance(payer);
  const made = await pay(blocked, '10');
  const { status, reason, iso_status: iso, id } = made.body;
  assert.deepEqual([made.status, status, reason, iso], [201, 'declined', 'FRAD', 'RJCT']);
  assert.ok(!/list|block|rule|score/.test(made.text), made.text);
  assert.deepEqual(await bank.balance(payer), balance);
  const [decision] = await decisions();
  assert.deepEqual([decision?.outcome, `pay_${decision?.subject}`], ['decline', id]);
});

test('a decision names account, owner, product, other side and address, those outside by HMAC', async () => {
  await pay(abroad, '10');
  const named = (await decisions()).at(-1)?.keys ?? {};
  const kinds = ['account', 'payer', 'channel', 'currency', 'product'];
  assert.deepEqual(
    kinds.map((kind) => named[kind]),
    [payer, payer, 'credit_out', 'EUR', 'euro'],
  );
  assert.match(named['customer'] ?? '', /^cus_/);
  for (const kind of ['payee', 'counterparty', 'device']) {
    assert.match(named[kind] ?? '', /^hmac_[0-9a-f]{32}$/, kind);
  }
});

test('a request that comes again, and an external id that comes again, are judged once', async () => {
  const before = (await decisions()).length;
  const body = asked(blocked, '11', { external_id: 'again-and-again' });
  const replies = [
    await post('/v1/payments', body, 'one key'),
    await post('/v1/payments', body, 'one key'),
    await post('/v1/payments', body),
  ];
  assert.equal(new Set(replies.map((reply) => `${reply.status} ${reply.body.id}`)).size, 1);
  assert.equal((await decisions()).length, before + 1);
});

test('requests at once with one external id make one declined payment', async () => {
  const body = asked(blocked, '12', { external_id: 'at-once' });
  const replies = await Promise.all(Array.from({ length: 12 }, () => post('/v1/payments', body)));
  const answers = new Set(replies.map((reply) => `${reply.status} ${reply.body.status}`));
  assert.deepEqual([...answers], ['201 declined']);
  assert.equal(new Set(replies.map((reply) => reply.body.id)).size, 1);
});

test('of many single requests at once and of a list each has its own outcome', async () => {
  const creditors = Array.from({ length: 40 }, (_, index) => (index % 4 === 0 ? blocked : abroad));
  const replies = await Promise.all(creditors.map((creditor) => pay(creditor, '1')));
  const expected = creditors.map((each) => (each === blocked ? 'declined' : 'accepted'));
  assert.deepEqual(
    replies.map((reply) => reply.body.status),
    expected,
  );
  const list = creditors.map((creditor) => asked(creditor, '1'));
  const { body } = await post('/v1/payments/batch', list);
  assert.deepEqual(
    body.results.map(({ payment }) => payment?.status),
    expected,
  );
  const made = [...replies.map((reply) => reply.body), ...body.results.map((each) => each.payment)];
  const outcomes = new Map((await decisions()).map(({ subject, outcome }) => [subject, outcome]));
  for (const [index, payment] of made.entries()) {
    const outcome = creditors[index % creditors.length] === blocked ? 'decline' : 'approve';
    assert.equal(outcomes.get(payment?.id.slice(4) ?? ''), outcome);
  }
});

test('an account that is none of the bank’s is refused and leaves no decision', async () => {
  const before = (await decisions()).length;
  const nobody = 'acc_01980a3e-4c00-7000-8000-000000000009';
  const { body } = await pay({ account_id: nobody }, '1');
  assert.equal(body.code, 'payment_account_unknown');
  assert.equal((await decisions()).length, before);
});

test('a product that is not screened is paid from, once the process has heard of it', async () => {
  const before = (await decisions()).length;
  const policy = {
    product: 'euro',
    isScreened: false,
    onFailure: 'open',
    deadlineUs: 1_000,
  } as const;
  await bank.database.transaction({ ...bank.context(), tenant: 'main' }, (tx) =>
    putPolicy(tx, policy),
  );
  await registry.refresh();
  assert.equal((await pay(blocked, '1')).body.status, 'accepted');
  assert.equal((await decisions()).length, before);
});

test('what was judged is in the state once, however often its batch was decided again', async () => {
  const { events } = screener.states.of('main').features.counts();
  assert.equal(events, (await decisions()).length);
});
