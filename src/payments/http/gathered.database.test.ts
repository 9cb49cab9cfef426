import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openAccountsBank, product, type AccountsBank } from '../../accounts/testing/bank.ts';
import { selectDecisions } from '../../fraud/testing/screening.ts';
import { payment as transferOf } from '../../ledger/testing/bank.ts';
import { limits as limitTable, type Config } from '#config';
import { Fault, idOf, SECOND_US, type AccountId, type Currency, type Uuid } from '#kernel';
import { openPoster } from '#ledger';
import { openMetrics, type Database } from '#platform';
import { openTestScreening, type TestScreening } from '../testing/screened.ts';
import { openPaymentPoster, type PaymentRequest } from './gathered.ts';

const EUR = 'EUR' as Currency;
const limits = Object.fromEntries(
  Object.entries(limitTable).map(([name, { value }]) => [name, value]),
) as unknown as Config['limits'];

let bank: AccountsBank;
let cash: AccountId;
let screening: TestScreening;

before(async () => {
  bank = await openAccountsBank('payments gathered');
  await bank.addProducts(product({ code: 'euro', currency: EUR }));
  cash = await bank.open({ path: 'assets:cash', currency: EUR, normalSide: 'debit' });
  screening = openTestScreening(bank.database, bank.clock);
});

after(async () => {
  await bank.checkBooks();
  await bank.drop();
});

async function customer(): Promise<AccountId> {
  const { id } = await bank.openOne({ product: 'euro' });
  await bank.post(transferOf(cash, id, 1_000n));
  return id;
}

function openEdge(database: Database = bank.database, accountsKnownMax?: number) {
  return openPaymentPoster({
    database,
    accountsKnownMax,
    clock: bank.clock,
    metrics: openMetrics({ isProcessMeasured: false }),
    // What comes while one is under way is made together.
    limits: { ...limits, groupCommitInFlightMax: 1, groupCommitPatienceMs: 60_000 },
    poster: openPoster(database, { inFlightMax: 2, accountsMax: 100 }),
    screener: screening.screener,
  });
}

function requestOf(accountId: AccountId, externalId: string): PaymentRequest {
  const number = { iban: 'DE89370400440532013000' };
  const party = { name: 'Ada Example', ...number };
  return {
    asked: [
      {
        accountId,
        amount: 100n,
        currency: EUR,
        externalId,
        endToEndId: undefined,
        remittance: undefined,
        payee: { number, rail: 'sct_inst', party },
      },
    ],
    caller: { actor: 'tester', correlationId: externalId, tenant: 'main' },
    claim: undefined,
    present: (results) => ({ status: results.every(({ ok }) => ok) ? 201 : 422 }),
  };
}

/** The decisions of an account: how many of its payments each saw, and whether one came of it. */
async function seenBy(accountId: AccountId): Promise<readonly (readonly [number, boolean])[]> {
  const rows = await bank.database.query<{ id: Uuid }>({
    text: 'select id from fraud.decisions where account_id = $1',
    values: [accountId.slice(4)],
  });
  const decisions = await selectDecisions(
    bank.database,
    rows.map(({ id }) => idOf('dec', id)),
  );
  return decisions
    .map(({ features, subject }) => [features[4] ?? NaN, subject !== undefined] as const)
    .toSorted(([one], [other]) => one - other);
}

async function payments(accountId: AccountId): Promise<number> {
  const rows = await bank.database.query({
    text: 'select id from payments.payments where account_id = $1',
    values: [accountId.slice(4)],
  });
  return rows.length;
}

test('of payments that cannot be made together each is judged once', async () => {
  const [one, other] = [await customer(), await customer()];
  const { states } = screening.screener;
  const edge = openEdge();
  const unpresentable = (): never => {
    throw new TypeError('nobody can be told of it');
  };
  const made = [
    edge.make(requestOf(one, 'first')),
    edge.make(requestOf(one, 'second')),
    edge.make({ ...requestOf(other, 'third'), present: unpresentable }),
    edge.make(requestOf(one, 'fourth')),
  ];
  const ends = (await Promise.allSettled(made)).map(({ status }) => status);
  assert.deepEqual(ends, ['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  assert.deepEqual(await seenBy(one), [
    [1, true],
    [2, true],
    [3, true],
  ]);
  assert.deepEqual(await seenBy(other), []);
  assert.equal(states.counts().pending, 3);
  assert.deepEqual([await payments(one), await payments(other)], [3, 0]);
});

test('a payment of which nobody knows whether it was made goes on counting', async () => {
  const accountId = await customer();
  const { screener } = screening;
  const { database } = bank;
  const edge = openEdge({
    ...database,
    query: (query) => database.query(query),
    within: (tenant) => database.within(tenant),
    keys: database.keys,
    async transaction(context, run) {
      await database.transaction(context, run);
      throw new Fault('commit_unknown', { retryable: false });
    },
  });
  const unknown = edge.make(requestOf(accountId, 'unknown'));
  await assert.rejects(unknown, { code: 'commit_unknown' });
  bank.clock.advance(SECOND_US);
  const pending = screener.counts().pending;
  // Asked again it is the same payment, and is not judged again.
  const whole = openEdge();
  await whole.make(requestOf(accountId, 'unknown'));
  assert.equal(screener.counts().pending, pending);
  await whole.make(requestOf(accountId, 'next'));
  assert.deepEqual(await seenBy(accountId), [
    [1, true],
    [2, true],
  ]);
  assert.equal(await payments(accountId), 2);
});

test('an account is no stranger for being one of more than are remembered', async () => {
  const accounts = [await customer(), await customer(), await customer()];
  const edge = openEdge(bank.database, 1);
  const [one, other, third] = accounts.map((id, place) => requestOf(id, `remembered-${place}`));
  assert.ok(one !== undefined && other !== undefined && third !== undefined);
  const made = [await edge.make(one), await edge.make(other)];
  const asked = [...requestOf(accounts[0] as AccountId, 'again').asked, ...third.asked];
  made.push(await edge.make({ ...third, asked }));
  assert.deepEqual(made, Array(3).fill({ status: 201 }));
});
