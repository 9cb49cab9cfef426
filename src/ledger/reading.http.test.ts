import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import {
  accounts,
  at,
  openPair,
  openTestBank,
  pay,
  told,
  transfers,
  type TestBank,
} from './testing/http-bank.ts';

let bank: TestBank;
before(async () => {
  bank = await openTestBank('ledger reading routes');
});
after(async () => {
  await bank.close();
});

test('a balance is read now, by value date, and as it was known', async () => {
  bank.clock.set(at('2026-03-10T10:00:00Z'));
  const [till, deposit] = await openPair(bank, '1000');
  bank.clock.set(at('2026-03-12T10:00:00Z'));
  await pay(bank, [till, deposit, '7'], { effective_at: '2026-03-09' });
  const read = async (query: string): Promise<string> => {
    const { body } = await bank.get(`${accounts}/${deposit}/balance?${query}`);
    return body.balance;
  };
  assert.equal(await read(''), '1007');
  assert.equal(await read('effective_at=2026-03-08'), '0');
  assert.equal(await read('effective_at=2026-03-09'), '7');
  assert.equal(await read('effective_at=2026-03-10'), '1007');
  assert.equal(await read('effective_at=2026-03-10T09:59:59Z'), '7');
  assert.equal(await read('recorded_at=2026-03-11'), '1000');
  assert.equal(await read('recorded_at=2026-03-12'), '1007');
  assert.equal(await read('recorded_at=2026-03-11&effective_at=2026-03-09'), '0');
  assert.equal(await read('recorded_at=1700-01-01'), '0');
});

test('entries are listed with the running balance, filtered and paged', async () => {
  bank.clock.set(at('2026-03-14T10:00:00Z'));
  const [till, deposit] = await openPair(bank, '1000');
  for (const amount of ['1', '2', '3'])
    await pay(bank, [deposit, till, amount], { description: 'd' });
  const { body } = await bank.get(`${accounts}/${deposit}/entries`);
  assert.deepEqual(
    body.data.map((one) => [one.version, one.amount, one.side, one.balances.balance]),
    [
      [4, '3', 'debit', '994'],
      [3, '2', 'debit', '997'],
      [2, '1', 'debit', '999'],
      [1, '1000', 'credit', '1000'],
    ],
  );
  assert.equal(body.data[0].description, 'd');
  const first = await bank.get(`${accounts}/${deposit}/entries?order=asc&limit=2`);
  assert.deepEqual(first.body.data, body.data.toReversed().slice(0, 2));
  const { next_cursor: cursor } = first.body;
  const next = await bank.get(`${accounts}/${deposit}/entries?order=asc&cursor=${cursor}`);
  assert.deepEqual(next.body.data, body.data.toReversed().slice(2));
  assert.equal(next.body.next_cursor, null);
  const some = await bank.get(
    `${accounts}/${deposit}/entries?side=debit&min_amount=2&max_amount=2&recorded_from=2026-03-14`,
  );
  assert.deepEqual(some.body.data, [body.data[1]]);
  const none = await bank.get(`${accounts}/${deposit}/entries?effective_to=2026-03-13`);
  assert.deepEqual(none.body, { data: [], has_more: false, next_cursor: null });
  const other = `${accounts}/${till}/entries?cursor=${cursor}`;
  assert.equal(told(await bank.get(other)), '400 field_invalid cursor');
});

test('a statement leads from the opening to the closing balance', async () => {
  bank.clock.set(at('2026-03-20T10:00:00Z'));
  const [till, deposit] = await openPair(bank, '1000');
  await pay(bank, [deposit, till, '10'], { effective_at: '2026-03-01T23:59:59.999999Z' });
  await pay(bank, [till, deposit, '5'], { effective_at: '2026-03-02' });
  await pay(bank, [deposit, till, '3'], { effective_at: '2026-03-31T23:59:59Z' });
  const url = `${accounts}/${deposit}/statement?from=2026-03-02&to=2026-03-31`;
  const { body } = await bank.get(url);
  assert.deepEqual(
    [body.opening_balance, body.closing_balance, body.turnover, body.line_count],
    ['-10', '992', { debits: '3', credits: '1005' }, 3],
  );
  assert.deepEqual(
    body.data.map((line) => [line.amount, line.balance_after]),
    [
      ['5', '-5'],
      ['1000', '995'],
      ['3', '992'],
    ],
  );
  const page = await bank.get(`${url}&limit=2`);
  await pay(bank, [till, deposit, '100'], { effective_at: '2026-03-30' });
  const rest = await bank.get(`${url}&cursor=${page.body.next_cursor}`);
  assert.equal(rest.body.closing_balance, '992', 'the second page tells of the same moment');
  assert.deepEqual([...page.body.data, ...rest.body.data], body.data);
  const odd = await bank.get(`${accounts}/${deposit}/statement?from=2026-03-02&to=2026-03-01`);
  assert.equal(told(odd), '400 field_invalid from');
});

test('the trial balance is zero in every currency, and the chart sums each subtree', async () => {
  const { body } = await bank.get('/v1/ledger/trial-balance?by=account');
  assert.equal(body.is_balanced, true);
  assert.ok(body.data.length > 4);
  for (const { debits, credits, difference } of body.totals) {
    assert.equal(debits, credits);
    assert.equal(difference, '0');
  }
  const dated = await bank.get('/v1/ledger/trial-balance?depth=1&effective_at=2026-03-10&limit=1');
  assert.equal(dated.body.is_balanced, true);
  assert.equal(dated.body.has_more, true);
  const { next_cursor: cursor } = dated.body;
  const more = await bank.get(
    `/v1/ledger/trial-balance?depth=1&effective_at=2026-03-10&cursor=${cursor}`,
  );
  assert.notDeepEqual(more.body.data[0], dated.body.data[0]);
  const root = await bank.get('/v1/ledger/chart?depth=0');
  assert.ok(root.body.data.every((node) => node.debits === node.credits));
  const { body: chart } = await bank.get('/v1/ledger/chart?path=liabilities&depth=1');
  assert.deepEqual(
    chart.data.map((node) => [node.path, node.level, node.normal_side]),
    [
      ['liabilities', 1, 'credit'],
      ['liabilities:deposits', 2, 'credit'],
    ],
  );
});

test('nothing is posted into a closed period', async () => {
  bank.clock.set(at('2026-04-02T10:00:00Z'));
  const [till, deposit] = await openPair(bank, '1000');
  const url = '/v1/ledger/period-closes';
  const early = await bank.post(url, { closed_before: '2026-05-01' });
  assert.equal(told(early), '422 period_not_over closed_before');
  const closed = await bank.post(url, { closed_before: '2026-04-01' });
  assert.equal(closed.status, 201, closed.text);
  assert.equal(closed.body.closed_before, '2026-04-01T00:00:00.000Z');
  assert.equal((await bank.post(url, { closed_before: '2026-04-01' })).status, 200);
  const earlier = await bank.post(url, { closed_before: '2026-03-01' });
  assert.equal(told(earlier), '422 period_already_closed closed_before');
  const late = await bank.post(transfers, {
    debit_account_id: till,
    credit_account_id: deposit,
    amount: '1',
    currency: 'CZK',
    effective_at: '2026-03-31',
  });
  assert.equal(late.body.code, 'period_closed');
  const { body } = await bank.get(url);
  assert.deepEqual(body.data, [closed.body]);
});

test('currencies are those of ISO 4217 with their minor units', async () => {
  const { body } = await bank.get('/v1/ledger/currencies');
  const byCode = new Map(body.data.map((one) => [one.code, one]));
  assert.deepEqual(byCode.get('CZK'), {
    code: 'CZK',
    number: '203',
    minor_units: 2,
    is_usable: true,
  });
  assert.equal(byCode.get('XAU')?.is_usable, false);
});

test('every answer has the shape that the reference page promises', async () => {
  const [till, deposit] = await openPair(bank);
  const { id } = await pay(bank, [deposit, till, '5'], { kind: 'hold', metadata: { a: 'b' } });
  const { body: batch } = await bank.post(`${transfers}/batch`, [
    { debit_account_id: till, credit_account_id: deposit, amount: '1', currency: 'CZK' },
    { debit_account_id: till, credit_account_id: deposit, amount: '1', currency: 'EUR' },
  ]);
  const urls: [path: string, url: string][] = [
    ['/v1/ledger/accounts', '?limit=100'],
    ['/v1/ledger/accounts/{id}', `/v1/ledger/accounts/${deposit}`],
    ['/v1/ledger/accounts/{id}/balance', `/v1/ledger/accounts/${deposit}/balance`],
    ['/v1/ledger/accounts/{id}/entries', `/v1/ledger/accounts/${deposit}/entries`],
    [
      '/v1/ledger/accounts/{id}/statement',
      `/v1/ledger/accounts/${deposit}/statement?from=2026-01-01&to=2026-12-31`,
    ],
    ['/v1/ledger/accounts/{id}/holds', `/v1/ledger/accounts/${deposit}/holds`],
    ['/v1/ledger/transfers', '?limit=100'],
    ['/v1/ledger/transfers/{id}', `/v1/ledger/transfers/${id}`],
    ['/v1/ledger/holds/{id}', `/v1/ledger/holds/${id}`],
    ['/v1/ledger/batches/{id}', `/v1/ledger/batches/${batch.batch_id}`],
    ['/v1/ledger/trial-balance', ''],
    ['/v1/ledger/chart', '?depth=16'],
    ['/v1/ledger/period-closes', ''],
    ['/v1/ledger/currencies', ''],
  ];
  for (const [path, url] of urls) {
    const reply = await bank.get(url.startsWith('/') ? url : `${path}${url}`);
    assert.equal(reply.status, 200, reply.text);
    assertShape(path, 'get', reply.body);
  }
  assertShape('/v1/ledger/transfers/batch', 'post', batch);
});

interface Document {
  readonly paths: Record<string, Record<string, { readonly responses: Record<string, Media> }>>;
  readonly components: { readonly schemas: Record<string, unknown> };
}

interface Media {
  readonly content: Record<string, { readonly schema: unknown }>;
}

function assertShape(path: string, method: string, body: unknown): void {
  const { paths, components } = bank.document as Document;
  const media = paths[path]?.[method]?.responses['200']?.content['application/json'];
  const check = Compile(resolved(media?.schema, components.schemas) as TSchema);
  const errors = check.Check(body) ? [] : check.Errors(body);
  assert.deepEqual(errors.slice(0, 3), [], path);
}

/** The schema with every reference replaced by what it refers to. */
function resolved(node: unknown, schemas: Record<string, unknown>): unknown {
  if (Array.isArray(node)) return node.map((one) => resolved(one, schemas));
  if (typeof node !== 'object' || node === null) return node;
  if ('$ref' in node) return resolved(schemas[String(node.$ref).split('/').at(-1) ?? ''], schemas);
  return Object.fromEntries(
    Object.entries(node).map(([name, child]) => [name, resolved(child, schemas)]),
  );
}
