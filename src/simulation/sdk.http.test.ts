// The bank as a program sees it that was written against the typed client: the whole bank, with its
// doors, over real sockets.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import {
  createClient,
  fixedToken,
  FlorinProblem,
  items,
  type Client,
} from '../../sdk/src/index.ts';
import { openWholeBank, tokenOf, type WholeBank } from './edge/whole-bank.ts';

let bank: WholeBank;
let client: Client;

before(async () => {
  bank = await openWholeBank('sdk');
  const token = await tokenOf(bank, ['teller', 'operator']);
  client = createClient({ baseUrl: bank.url, credentials: fixedToken(token) });
});
after(() => bank.close());

async function open(name: string, side: 'debit' | 'credit' = 'credit'): Promise<string> {
  const path = `sdk:${name}`;
  const { id } = await client.openAccount({
    body: { external_id: randomUUID(), path, currency: 'CZK', normal_side: side },
  });
  return id;
}

async function problemOf(asked: Promise<unknown>): Promise<FlorinProblem> {
  const error = await asked.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof FlorinProblem, String(error));
  return error;
}

test('accounts are opened, money is moved, and balances say so', async () => {
  const [cash, current] = [await open('cash', 'debit'), await open('current')];
  const posted = await client.postTransfer({
    body: { debit_account_id: cash, credit_account_id: current, amount: '12500', currency: 'CZK' },
  });
  const account = await client.readAccount({ path: { id: current } });
  assert.equal(account.balances.balance, '12500');
  const transfer = await client.readTransfer({ path: { id: posted.id } });
  assert.equal(transfer.id, posted.id);
});

test('a change that is repeated under its key is made once, and says that it is a replay', async () => {
  const [cash, current] = [await open('cash', 'debit'), await open('current')];
  const input = {
    body: { debit_account_id: cash, credit_account_id: current, amount: '100', currency: 'CZK' },
  };
  const idempotencyKey = randomUUID();
  const first = await client.$call('postTransfer', input, { idempotencyKey });
  const again = await client.$call('postTransfer', input, { idempotencyKey });
  assert.deepEqual([first.isReplayed, again.isReplayed], [false, true]);
  assert.deepEqual(again.body, first.body);
  const { balances } = await client.readAccount({ path: { id: current } });
  assert.equal(balances.balance, '100');
});

test('a no is a problem with its stable code, its parameter and the id of the request', async () => {
  const unknown = await problemOf(client.readAccount({ path: { id: `acc_${randomUUID()}` } }));
  assert.equal(unknown.status, 404);
  assert.equal(unknown.code, 'account_unknown');
  const current = await open('current');
  const same = await problemOf(
    client.postTransfer({
      body: {
        debit_account_id: current,
        credit_account_id: await open('floor', 'debit'),
        amount: '-1',
        currency: 'CZK',
      },
    }),
  );
  assert.deepEqual([same.status, same.code], [400, 'field_invalid']);
});

test('a list is read to its end, page by page', async () => {
  const [cash, current] = [await open('cash', 'debit'), await open('paged')];
  const body = [1, 2, 3, 4, 5].map((amount) => ({
    kind: 'transfer' as const,
    debit_account_id: cash,
    credit_account_id: current,
    amount: String(amount),
    currency: 'CZK',
  }));
  const answered = await client.postBatch({ body });
  assert.ok('accepted' in answered);
  assert.equal(answered.accepted, 5);
  const amounts: string[] = [];
  const list = items((next) =>
    client.listEntries({ path: { id: current }, query: { limit: 2, ...next } }),
  );
  for await (const entry of list) amounts.push(entry.amount);
  assert.deepEqual(amounts.toSorted(), ['1', '2', '3', '4', '5']);
});

test('a caller without a token, and one without the right, are told apart', async () => {
  const anyone = createClient({ baseUrl: bank.url });
  assert.equal((await problemOf(anyone.listAccounts())).code, 'unauthenticated');
  const auditor = await tokenOf(bank, ['auditor']);
  const reader = createClient({ baseUrl: bank.url, credentials: fixedToken(auditor) });
  const input = { body: { path: 'sdk:x', currency: 'CZK', normal_side: 'credit' as const } };
  assert.equal((await problemOf(reader.openAccount(input))).code, 'forbidden');
});
