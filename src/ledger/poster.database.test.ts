import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault, SECOND_US, type AccountId, type Instant, type TransferId } from '#kernel';
import {
  defaultPostgresOptions,
  openPostgres,
  type Database,
  type Query,
  type TransactionContext,
} from '#platform';
import { changeAccount } from './change.ts';
import { closePeriod } from './close-period.ts';
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
    keys: database.keys,
    close: () => database.close(),
    transaction: (context, run) =>
      database.transaction(context, (tx) =>
        run({
          now: tx.now,
          actor: tx.actor,
          correlationId: tx.correlationId,
          keys: tx.keys,
          onRolledBack: (undo) => tx.onRolledBack(undo),
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

test('an up-to leg that found nothing in memory finds what another process paid in', async () => {
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

test('an external id in two batches under way is posted once, without a timeout', async () => {
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
    if (name === 'ledger.record_balances' && id === 'first') await sleep(50);
  });
  const poster = openPoster(slow, options);
  const alice = await bank.open();
  await codesOf(poster, [payment(cash, alice, 10n)]);
  const expiresAt = later(5);
  const held = codesOf(poster, [payment(alice, cash, 10n, { kind: 'hold', expiresAt })], 'first');
  bank.clock.set(expiresAt);
  assert.deepEqual(await codesOf(poster, [payment(alice, cash, 10n)]), ['ok']);
  // The other waits for it to commit, lets it expire and is decided then.
  assert.deepEqual(await held, ['ok']);
  assert.equal((await bank.balance(alice)).pending_debits, 0n);
});

test('what a failed batch had decided is never built upon', async () => {
  const gates = new Map<string, PromiseWithResolvers<void>>(
    ['first ledger.record_transfers', 'second ledger.read_books'].map((place) => [
      place,
      Promise.withResolvers<void>(),
    ]),
  );
  const poster = openPoster(
    interposed(bank.database, async ({ name }, id) => {
      const place = `${id} ${name}`;
      const gate = gates.get(place);
      await gate?.promise;
      if (gates.delete(place) && id === 'first') throw new TypeError('injected');
    }),
    options,
  );
  const alice = await bank.open();
  const bob = await bank.open();
  const till = await bank.open(cashAccount);
  const pay = (id: string, from: AccountId, to: AccountId, amount: bigint): Promise<string[]> =>
    codesOf(poster, [payment(from, to, amount)], id);
  const release = async (place: string): Promise<void> => {
    gates.get(place)?.resolve();
    await sleep(40);
  };
  // The second decides only after the first, decided before it, has failed.
  const first = pay('first', cash, bob, 1n);
  const second = pay('second', till, alice, 10n);
  await sleep(40);
  await release('first ledger.record_transfers');
  await release('second ledger.read_books');
  await bank.post(payment(till, alice, 1_000n));
  assert.deepEqual(await pay('third', till, alice, 100n), ['ok']);
  assert.deepEqual((await Promise.all([first, second])).flat(), ['ok', 'ok']);
  assert.equal((await bank.balance(alice)).posted_credits, 1_110n);
  await bank.checkBooks();
});

test('a batch that fails before it was decided leaves the others in their line', async () => {
  const poster = openPoster(bank.database, options);
  const alice = await bank.open();
  const holdId = 'trf_01900000-0000-7000-8000-000000000000' as TransferId;
  const pay = (): Promise<string[]> => codesOf(poster, [payment(cash, alice, 1n)]);
  const doubtful = (): Promise<string[]> => codesOf(poster, [{ kind: 'void', holdId }]);
  const answers = await Promise.all([pay(), doubtful(), pay(), doubtful(), pay(), pay()]);
  assert.deepEqual(answers.flat(), ['ok', 'hold_not_found', 'ok', 'hold_not_found', 'ok', 'ok']);
  assert.equal(poster.redecided, 2);
});

test('a period is closed while batches are under way', async () => {
  let closing: Promise<unknown> | undefined;
  const slow = interposed(bank.database, async ({ name }, id) => {
    if (name !== 'ledger.read_books' || id !== 'first') return;
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

test('a refusal never rests on an account that another process has paid into', async () => {
  const poster = openPoster(bank.database, options);
  const alice = await bank.open();
  await codesOf(poster, [payment(cash, alice, 10n), payment(alice, cash, 10n)]);
  await bank.post(payment(await bank.open(cashAccount), alice, 10n));
  assert.deepEqual(await codesOf(poster, [payment(alice, cash, 10n)]), ['ok']);
  assert.equal(poster.redecided, 1);
});

test('an acceptance never rests on an account that another process has emptied', async () => {
  const poster = openPoster(bank.database, options);
  const alice = await bank.open();
  await codesOf(poster, [payment(cash, alice, 10n)]);
  await bank.post(payment(alice, await bank.open(cashAccount), 10n));
  assert.deepEqual(await codesOf(poster, [payment(alice, cash, 10n)]), ['insufficient_available']);
});

test('a change of an account’s limits or state counts from the next batch on', async () => {
  const poster = openPoster(bank.database, options);
  const alice = await bank.open();
  const change = (part: Parameters<typeof changeAccount>[1]): Promise<unknown> =>
    bank.database.transaction(bank.context(), (tx) => changeAccount(tx, part));
  const take = (): Promise<string[]> => codesOf(poster, [payment(alice, cash, 10n)]);
  await codesOf(poster, [payment(cash, alice, 10n)]);
  assert.deepEqual(await take(), ['ok']);
  assert.deepEqual(await take(), ['insufficient_available']);
  await change({ accountId: alice, creditLimit: 10n });
  assert.deepEqual(await take(), ['ok']);
  await change({ accountId: alice, creditLimit: 20n, state: 'debits_frozen' });
  assert.deepEqual(await take(), ['account_frozen']);
  await change({ accountId: alice, state: 'open' });
  assert.deepEqual(await take(), ['ok']);
  await codesOf(poster, [payment(cash, alice, 20n)]);
  await change({ accountId: alice, state: 'closed' });
  assert.deepEqual(await take(), ['account_closed']);
});

test('an account opened since is found', async () => {
  const poster = openPoster(bank.database, options);
  const unknown = (await bank.open()).replace(/....$/, 'ffff') as AccountId;
  assert.deepEqual(await codesOf(poster, [payment(cash, unknown, 1n)]), ['account_not_found']);
  assert.deepEqual(await codesOf(poster, [payment(cash, await bank.open(), 1n)]), ['ok']);
});

test('a batch that reverses goes the plain way, and the next batch sees what it did', async () => {
  const poster = openPoster(bank.database, options);
  const alice = await bank.open();
  const { answers } = await poster.post(bank.context(), [payment(cash, alice, 10n)]);
  assert.ok(answers[0]?.ok);
  const reverse: Instruction = { kind: 'reverse', transferId: answers[0].value.transfer.id };
  assert.deepEqual(await codesOf(poster, [reverse]), ['ok']);
  assert.deepEqual(await codesOf(poster, [payment(alice, cash, 1n)]), ['insufficient_available']);
  assert.deepEqual(await codesOf(poster, [reverse]), ['already_reversed']);
});

test('a hold is opened, increased and captured through the poster, and never twice', async () => {
  const poster = openPoster(bank.database, options);
  const alice = await bank.open();
  await codesOf(poster, [payment(cash, alice, 30n)]);
  const held = await poster.post(bank.context(), [payment(alice, cash, 10n, { kind: 'hold' })]);
  assert.ok(held.answers[0]?.ok);
  const holdId = held.answers[0].value.transfer.id;
  const take: Instruction = { kind: 'capture', holdId, amount: 8n };
  const more: Instruction = { kind: 'increase', holdId, amount: 5n };
  const both = await Promise.all([codesOf(poster, [take]), codesOf(poster, [take])]);
  assert.deepEqual(both.flat().toSorted(), ['capture_exceeds_hold', 'ok']);
  assert.deepEqual(await codesOf(poster, [more, take]), ['ok', 'capture_exceeds_hold']);
  const ends = [
    { kind: 'void', holdId },
    { kind: 'capture', holdId },
  ] as const;
  const ended = await Promise.all(ends.map((instruction) => codesOf(poster, [instruction])));
  const codes = ended.flat().toSorted();
  assert.ok(codes.includes('ok') && codes[0]?.startsWith('hold_'), String(codes));
});

test('a list is answered in its mode, an empty one with nothing', async () => {
  const poster = openPoster(bank.database, options);
  const alice = await bank.open();
  const list = [payment(cash, alice, 1n), payment(alice, cash, 5n), payment(cash, alice, 1n)];
  const inMode = async (mode: 'stop' | 'atomic'): Promise<string[]> => {
    const { answers } = await poster.post(bank.context(), list, { mode });
    return answers.map(codeOf);
  };
  const no = 'insufficient_available';
  assert.deepEqual(await inMode('stop'), ['ok', no, 'not_attempted']);
  assert.deepEqual(await inMode('atomic'), [
    'linked_transfer_failed',
    no,
    'linked_transfer_failed',
  ]);
  assert.deepEqual(await codesOf(poster, []), []);
  assert.equal((await bank.balance(alice)).version, 1n);
});

test('an error of the database reaches its caller alone, and the line goes on', async () => {
  let broken = '';
  const poster = openPoster(
    interposed(bank.database, ({ name }, id) => {
      if (id === broken && name === 'ledger.record_transfers') throw new TypeError('injected');
    }),
    options,
  );
  const alice = await bank.open();
  for (broken of ['1', '3', '0']) {
    const outcomes = await Promise.allSettled(
      ['0', '1', '2', '3', '4'].map((id) => codesOf(poster, [payment(cash, alice, 1n)], id)),
    );
    const failed = outcomes.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []));
    assert.deepEqual(failed, [Number(broken)]);
  }
  assert.equal((await bank.balance(alice)).version, 12n);
});

test('a commit whose answer was lost is reported as such, and a retry settles it', async () => {
  let isLosing = true;
  const losing: Database = {
    ...interposed(bank.database, () => undefined),
    transaction: async (context, run) => {
      const value = await bank.database.transaction(context, run);
      if (context.correlationId !== 'lost' || !isLosing) return value;
      throw new Fault('commit_unknown', { retryable: false });
    },
  };
  const poster = openPoster(losing, options);
  const alice = await bank.open();
  const asked = payment(cash, alice, 5n, { externalId: 'lost' });
  const lost = poster.post(named('lost'), [asked]);
  const others = [1, 2, 3].map(() => codesOf(poster, [payment(cash, alice, 1n)]));
  await assert.rejects(lost, { code: 'commit_unknown' });
  assert.deepEqual((await Promise.all(others)).flat(), ['ok', 'ok', 'ok']);
  isLosing = false;
  assert.deepEqual(await codesOf(poster, [asked], 'lost'), ['replay']);
  assert.equal((await bank.balance(alice)).posted_credits, 8n);
});

test('sessions ended while batches are under way lose and double nothing', async () => {
  const poster = openPoster(bank.database, options);
  const alice = await bank.open();
  const asked = Array.from({ length: 24 }, (_, index) =>
    payment(cash, alice, 1n, { externalId: `ended-${index}` }),
  );
  const outcomes = Promise.allSettled(asked.map((one) => codesOf(poster, [one])));
  for (let times = 0; times < 3; times += 1) {
    await sleep(15);
    await bank.asOwner(`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`);
  }
  await outcomes;
  for (const one of asked) {
    const [code] = await codesOf(poster, [one]);
    assert.ok(code === 'ok' || code === 'replay', code);
  }
  assert.equal((await bank.balance(alice)).posted_credits, 24n);
});

test('more batches than connections all go through', async () => {
  for (const poolSize of [1, 3]) {
    const pool = await anotherProcess(poolSize);
    const poster = openPoster(pool, options);
    const alice = await bank.open();
    const batches = Array.from({ length: 12 }, () => codesOf(poster, [payment(cash, alice, 1n)]));
    assert.deepEqual(
      (await within(5_000, Promise.all(batches))).flat(),
      Array<string>(12).fill('ok'),
    );
    assert.equal(poster.redecided, 0);
    await pool.close();
  }
});

function anotherProcess(poolSize: number): Promise<Database> {
  const { url } = bank;
  return openPostgres({ ...defaultPostgresOptions, url, poolSize, isUnsafeServerAllowed: true });
}
