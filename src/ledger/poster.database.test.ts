import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { SECOND_US, type AccountId, type Instant } from '#kernel';
import type { Database, Query, TransactionContext } from '#platform';
import { changeAccount } from './change.ts';
import { closePeriod } from './close-period.ts';
import { postBatch } from './post.ts';
import { openPoster, type Poster } from './poster.ts';
import { codeOf, credit, debit } from './posting/examples.ts';
import type { Instruction } from './posting/instruction.ts';
import { cashAccount, depositAccount, openBank, payment, type Bank } from './testing/bank.ts';

let bank: Bank;
let cash: AccountId;

before(async () => {
  bank = await openBank('ledger poster', { poolSize: 12 });
  cash = await bank.open(cashAccount);
});
after(async () => {
  await bank.checkBooks();
  await bank.drop();
});

const options = { inFlightMax: 4, accountsMax: 1_000 };

/** Called before each statement of a transaction, with the correlation id the test gave it. */
type Interposition = (query: Query, correlationId: string) => Promise<void> | void;

/** The same database, where the test can delay a statement or make it fail. */
function interposed(database: Database, interpose: Interposition): Database {
  return {
    ...database,
    query: (query) => database.query(query),
    rehearse: (context, run) => database.rehearse(context, run),
    description: database.description,
    close: () => database.close(),
    transaction: (context, run) =>
      database.transaction(context, (tx) =>
        run({
          now: tx.now,
          actor: tx.actor,
          correlationId: tx.correlationId,
          query: async (query) => {
            await interpose(query, context.correlationId);
            return await tx.query(query);
          },
        }),
      ),
  };
}

const named = (correlationId: string): TransactionContext => {
  return { ...bank.context(), correlationId };
};

async function codesOf(
  poster: Poster,
  instructions: Instruction[],
  correlationId = 'test',
): Promise<string[]> {
  const { answers } = await poster.post(named(correlationId), instructions);
  return answers.map(codeOf);
}

function later(microseconds: number): Instant {
  return (bank.clock.now() + microseconds) as Instant;
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const outcome = await Promise.race([work, sleep(ms, 'late' as const)]);
  assert.notEqual(outcome, 'late', `not done within ${ms} ms`);
  return outcome as T;
}

test('a refusal leaves the account’s latest time as it was', async () => {
  const poster = openPoster(bank.database, options);
  const alice = await bank.open();
  assert.deepEqual(await codesOf(poster, [payment(cash, alice, 10n)]), ['ok']);
  bank.clock.advance(SECOND_US);
  assert.deepEqual(await codesOf(poster, [payment(alice, cash, 11n)]), ['insufficient_available']);
  await bank.checkBooks();
});

test('an up-to leg that found nothing in memory looks again where another process paid in', async () => {
  const poster = openPoster(bank.database, options);
  const [alice, bob] = await bank.openAll([{ ...depositAccount }, { ...depositAccount }]);
  assert.ok(alice !== undefined && bob !== undefined);
  await codesOf(poster, [payment(cash, alice, 10n), payment(alice, cash, 10n)]);
  await codesOf(poster, [payment(cash, bob, 10n)]);
  await bank.post(payment(await bank.open(cashAccount), alice, 10n));
  const legs = [
    debit({ id: alice }, 10n, { upTo: true }),
    debit({ id: bob }, 10n, { upTo: true }),
    credit({ id: cash }, 10n),
  ];
  await codesOf(poster, [{ kind: 'transfer', legs }]);
  assert.equal((await bank.balance(alice)).posted_debits, 20n, 'alice has it, and comes first');
});

test('an external id in two batches under way is posted once, without waiting for a timeout', async () => {
  const slow = interposed(bank.database, async ({ name }, id) => {
    if (name === 'ledger.record_transfers' && id === 'first') await sleep(100);
  });
  const poster = openPoster(slow, options);
  const alice = await bank.open();
  const asked = [payment(cash, alice, 10n, { externalId: 'under-way' })];
  const both = ['first', 'second'].map((id) => codesOf(poster, asked, id));
  assert.deepEqual((await within(2_000, Promise.all(both))).flat().toSorted(), ['ok', 'replay']);
  assert.equal((await bank.balance(alice)).version, 1n);
});

test('a hold that was opened in a batch under way expires in time for the next', async () => {
  const slow = interposed(bank.database, async ({ name }, id) => {
    if (name === 'ledger.record_transfers' && id === 'first') await sleep(50);
  });
  const poster = openPoster(slow, options);
  const alice = await bank.open();
  await codesOf(poster, [payment(cash, alice, 10n)]);
  const expiresAt = later(5);
  const held = codesOf(poster, [payment(alice, cash, 10n, { kind: 'hold', expiresAt })], 'first');
  bank.clock.set(expiresAt);
  assert.deepEqual(await codesOf(poster, [payment(alice, cash, 10n)]), ['ok']);
  assert.deepEqual(await held, ['ok']);
});

test('what a failed batch had decided is never built upon', async () => {
  const [read, store, fail] = [1, 2, 3].map(() => Promise.withResolvers<void>());
  assert.ok(read !== undefined && store !== undefined && fail !== undefined);
  const poster = openPoster(
    interposed(bank.database, async ({ name }, id) => {
      if (name === 'ledger.lock_books' && id === 'first') await read.promise;
      if (name === 'ledger.record_balances' && id === 'first') await store.promise;
      if (name === 'ledger.lock_books' && id === 'second') throw new TypeError('injected');
      if (name === 'ledger.record_transfers' && id === 'third') {
        await fail.promise;
        throw new TypeError('injected');
      }
    }),
    options,
  );
  const alice = await bank.open();
  const bob = await bank.open();
  const outcome = (id: string, account: AccountId, amount: bigint): Promise<string> =>
    codesOf(poster, [payment(cash, account, amount)], id).then(String, (error) => error.message);
  const first = outcome('first', alice, 1n);
  const second = outcome('second', bob, 1n);
  assert.equal(await second, 'injected');
  const third = outcome('third', alice, 100n);
  await sleep(50);
  read.resolve();
  await sleep(50);
  await bank.post(payment(cash, alice, 7n));
  store.resolve();
  await first;
  fail.resolve();
  await third;
  await bank.checkBooks();
});

test('a period is closed while batches are under way', async () => {
  let closing: Promise<unknown> | undefined;
  const slow = interposed(bank.database, async ({ name }, id) => {
    if (name !== 'ledger.lock_books' || id !== 'first') return;
    await sleep(50);
    closing = bank.database.transaction(bank.context(), (tx) =>
      closePeriod(tx, { closedBefore: later(-SECOND_US) }),
    );
    await sleep(50);
  });
  const poster = openPoster(slow, options);
  const alice = await bank.open();
  const both = ['first', 'second'].map((id) => codesOf(poster, [payment(cash, alice, 1n)], id));
  assert.deepEqual((await within(2_000, Promise.all(both))).flat(), ['ok', 'ok']);
  await within(1_000, closing ?? Promise.reject(new Error('not begun')));
});
void changeAccount;
void postBatch;
