import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createGateway, type Gateway } from '#gateway';
import type { AccountId } from '#kernel';
import { openLogger, openMetrics } from '#platform';
import { limits, unlocked } from '../../gateway/testing.ts';
import { bankAccountRefusals } from '../refusals.ts';
import { openAccountsBank, product, type AccountsBank } from '../testing/bank.ts';
import { statementRefusals } from './refusals.ts';
import { statementRoutes } from './routes.ts';

let bank: AccountsBank;
let gateway: Gateway;
let url: string;
let id: AccountId;

before(async () => {
  bank = await openAccountsBank('statements http');
  await bank.addProducts(product());
  ({ id } = await bank.openOne());
  for (let amount = 1n; amount <= 30n; amount += 1n) await bank.pay(id, amount);
  gateway = await createGateway({
    about: { title: 'Test', version: '1.0.0', description: 'Statements under test.' },
    routes: statementRoutes(bank),
    problemTables: [statementRefusals, bankAccountRefusals],
    checks: [],
    logger: openLogger({ level: 'error' }),
    metrics: openMetrics({ isProcessMeasured: false }),
    host: '127.0.0.1',
    port: 0,
    limits,
    access: unlocked,
    clock: bank.clock,
    isAnswerChecked: true,
  });
  ({ url } = await gateway.listen());
});
after(async () => {
  await gateway.close();
  await bank.drop();
});

const ask = async (more: string, accept?: string): Promise<Response> =>
  await fetch(`${url}/v1/accounts/${id}/statement?from=2026-01-01&to=2026-12-31${more}`, {
    headers: accept === undefined ? {} : { accept },
  });

test('a statement is JSON unless something else is asked for', async () => {
  const response = await ask('');
  assert.equal(response.headers.get('content-type'), 'application/json; charset=utf-8');
  const body = (await response.json()) as { closing_balance: string; entries: unknown[] };
  assert.equal(body.closing_balance, '465');
  assert.equal(body.entries.length, 30);
});

test('the form is that of the query, or of the Accept header', async () => {
  const wanted = [
    ['&format=csv', undefined, 'text/csv', 'row,value_date,'],
    ['', 'text/html, text/csv;q=0.5', 'text/csv', 'row,value_date,'],
    ['', 'application/pdf', 'application/pdf', '%PDF-1.7'],
    ['&format=camt.053', 'text/csv', 'application/xml', '<?xml version="1.0" encoding="UTF-8"?>'],
  ] as const;
  for (const [query, accept, mediaType, beginning] of wanted) {
    const response = await ask(query, accept);
    assert.equal(response.status, 200);
    assert.ok(response.headers.get('content-type')?.startsWith(mediaType), mediaType);
    assert.match(String(response.headers.get('content-disposition')), /statement-[0-9a-f]{32}\./);
    assert.ok((await response.text()).startsWith(beginning), mediaType);
  }
});

test('a period without entries, an unknown account and an unknown form are answered', async () => {
  const none = await fetch(`${url}/v1/accounts/${id}/statement?from=2020-01-01&to=2020-12-31`);
  const body = (await none.json()) as { opening_balance: string; entries: unknown[] };
  assert.deepEqual([body.opening_balance, body.entries], ['0', []]);
  const book = await fetch(
    `${url}/v1/accounts/${bank.cash}/statement?from=2026-01-01&to=2026-02-01`,
  );
  assert.equal(book.status, 404);
  assert.equal((await ask('&format=mt940')).status, 400);
});
