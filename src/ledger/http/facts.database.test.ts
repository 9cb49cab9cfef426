import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { AccountId } from '#kernel';
import type { Query, Queryable } from '#platform';
import { open, openTestBank, type TestBank } from '../testing/http-bank.ts';
import { AccountFactsCache } from './facts.ts';

let bank: TestBank;
let ids: AccountId[];
before(async () => {
  bank = await openTestBank('ledger facts');
  ids = [];
  for (const currency of ['CZK', 'EUR', 'JPY', 'BHD', 'CZK', 'EUR']) {
    ids.push((await open(bank, { currency })) as AccountId);
  }
});
after(async () => {
  await bank.close();
});

function counting(): { queryable: Queryable; asked: number[] } {
  const asked: number[] = [];
  const query = <Row>(one: Query): Promise<Row[]> => {
    asked.push(one.values?.length ?? 0);
    return bank.database.query<Row>(one);
  };
  return { queryable: { query }, asked };
}

test('what many ask for at once is read once', async () => {
  const { queryable, asked } = counting();
  const cache = new AccountFactsCache(queryable);
  await Promise.all(ids.map(async (id) => cache.load([id])));
  assert.equal(asked.length, 1);
  assert.deepEqual(
    ids.map((id) => cache.require(id).currency),
    ['CZK', 'EUR', 'JPY', 'BHD', 'CZK', 'EUR'],
  );
  assert.equal(cache.load(ids), undefined, 'what is known needs no waiting');
});

test('what is known is bounded, and what was forgotten is read again', async () => {
  const { queryable, asked } = counting();
  const cache = new AccountFactsCache(queryable, 2);
  for (const id of ids) await cache.load([id]);
  const known = ids.filter((id) => cache.get(id) !== undefined);
  assert.ok(known.length <= 4);
  await cache.load(ids.slice(0, 1));
  assert.equal(cache.require(ids[0] as AccountId).currency, 'CZK');
  assert.equal(asked.length, ids.length + 1);
});

test('an account that does not exist stays unknown', async () => {
  const cache = new AccountFactsCache(bank.database);
  const id = 'acc_01900000-0000-7000-8000-000000000000' as AccountId;
  await cache.load([id]);
  assert.equal(cache.get(id), undefined);
  assert.throws(() => cache.require(id), /nothing is known/);
});
