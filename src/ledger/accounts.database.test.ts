import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseInstant, type AccountId, type Instant } from '#kernel';
import type { Transaction } from '#platform';
import { testDatabase, type TestDatabase } from '../platform/database/testing.ts';
import { changeAccount } from './change.ts';
import { closePeriod, periodCloses } from './close-period.ts';
import { openAccounts } from './open.ts';
import { post, postBatch, withLedger } from './post.ts';
import { account, accountByExternalId, listAccounts } from './read.ts';
import type { Account, ChangeAccount, OpenAccount } from './account.ts';

const at = (text: string): Instant => {
  const instant = parseInstant(text);
  assert.ok(instant !== undefined, text);
  return instant;
};

const start = at('2026-03-01T10:00:00Z');
const context = { now: start, actor: 'tester', correlationId: 'test' };
let bank: TestDatabase;

before(async () => {
  bank = await testDatabase('ledger accounts');
});
after(async () => {
  await bank.drop();
});

function inTransaction<T>(run: (tx: Transaction) => Promise<T>, now = start): Promise<T> {
  return bank.database.transaction({ ...context, now }, run);
}

const cash: OpenAccount = { path: 'assets:cash', currency: 'CZK', normalSide: 'debit' };
const deposit: OpenAccount = {
  path: 'liabilities:deposits',
  currency: 'CZK',
  normalSide: 'credit',
  floor: 0n,
};

async function open(asked: OpenAccount): Promise<Account> {
  const [result] = await inTransaction((tx) => openAccounts(tx, [asked]));
  assert.ok(result?.ok === true);
  return result.value;
}

async function change(asked: ChangeAccount, now = start): Promise<Account | string> {
  const result = await inTransaction((tx) => changeAccount(tx, asked), now);
  return result.ok ? result.value : result.refusal.code;
}

async function pay(from: AccountId, to: AccountId, amount: bigint, kind?: 'hold'): Promise<void> {
  const { answers } = await postBatch(bank.database, context, [
    {
      kind: kind ?? 'transfer',
      legs: [
        { accountId: from, side: 'debit', amount },
        { accountId: to, side: 'credit', amount },
      ],
    },
  ]);
  assert.ok(answers[0]?.ok === true);
}

test('openAccounts answers in order, and a refused account leaves nothing behind', async () => {
  const asked: OpenAccount[] = [
    { ...cash, externalId: 'order-1', metadata: { branch: 'Praha "1"' }, name: 'Pokladna ✓' },
    { ...cash, externalId: 'order-2', currency: 'XAU' },
    { ...cash, externalId: 'order-3', floor: 5n, ceiling: 4n },
    { ...cash, externalId: 'order-4', floor: -5n, ceiling: 4n, creditLimit: 2n },
    { ...cash, externalId: 'order-5', floor: 1n },
    { ...cash, externalId: 'order-6', ceiling: -1n },
    cash,
    cash,
  ];
  const results = await inTransaction((tx) => openAccounts(tx, asked));
  assert.deepEqual(
    results.map((result) => (result.ok ? 'opened' : result.refusal.code)),
    [
      'opened',
      'account_currency_unknown',
      'account_limits_crossed',
      'opened',
      'account_limit_below_balance',
      'account_limit_below_balance',
      'opened',
      'opened',
    ],
  );
  const first = await accountByExternalId(bank.database, 'order-1');
  assert.deepEqual(first, results[0]?.ok === true ? results[0].value : undefined);
  assert.equal(first?.name, 'Pokladna ✓');
  assert.deepEqual(first?.metadata, { branch: 'Praha "1"' });
  assert.equal(await accountByExternalId(bank.database, 'order-2'), undefined);
  assert.equal(await accountByExternalId(bank.database, 'order-3'), undefined);
});

test('openAccounts gives one account for one external id, also within a list', async () => {
  const asked = { ...deposit, externalId: 'same', creditLimit: 100n, metadata: { a: '1', b: '2' } };
  const again = { ...asked, metadata: { b: '2', a: '1' } };
  const [one, two] = await inTransaction((tx) => openAccounts(tx, [asked, again]));
  const three = await open(again);
  assert.ok(one?.ok === true && two?.ok === true);
  assert.equal(one.value.id, two.value.id);
  assert.deepEqual(three, one.value);
});

test('openAccounts refuses a known external id with other content and says what', async () => {
  await open({ ...deposit, externalId: 'named' });
  const differences: [Partial<OpenAccount>, string][] = [
    [{ path: 'liabilities:savings' }, 'path'],
    [{ currency: 'EUR' }, 'currency'],
    [{ normalSide: 'debit' }, 'normal_side'],
    [{ name: 'other' }, 'name'],
    [{ floor: null }, 'floor'],
    [{ ceiling: 10n }, 'ceiling'],
    [{ creditLimit: 1n }, 'credit_limit'],
    [{ metadata: { a: '1' } }, 'metadata'],
  ];
  const asked = differences.map(([part]) => ({ ...deposit, externalId: 'named', ...part }));
  const results = await inTransaction((tx) => openAccounts(tx, asked));
  for (const [index, result] of results.entries()) {
    assert.ok(!result.ok);
    assert.equal(result.refusal.code, 'account_exists_with_different_content');
    assert.equal(result.refusal.param, differences[index]?.[1]);
  }
});

test('openAccounts replays an account that was changed since it was opened', async () => {
  const asked = { ...deposit, externalId: 'changed' };
  const { id } = await open(asked);
  await change({ accountId: id, name: 'Renamed', creditLimit: 500n });
  const replayed = await open(asked);
  assert.equal(replayed.id, id);
  assert.equal(replayed.name, 'Renamed');
});

test('two transactions that open the same external ids at once open each once', async () => {
  const ids = Array.from({ length: 40 }, (_, index) => `race-${index}`);
  const asked = ids.map((externalId) => ({ ...deposit, externalId }));
  const answers = await Promise.all(
    [asked, asked.toReversed(), asked, asked.toReversed()].map((list) =>
      inTransaction((tx) => openAccounts(tx, list)),
    ),
  );
  const opened = answers.flat().map((result) => (result.ok ? result.value.id : ''));
  assert.equal(new Set(opened).size, ids.length);
});

test('changeAccount changes what is named, keeps the rest and counts the change', async () => {
  const before = await open({ ...deposit, metadata: { a: '1' }, name: 'Old' });
  const later = at('2026-03-02T00:00:00Z');
  const after = await change({ accountId: before.id, name: 'New', metadata: null }, later);
  assert.deepEqual(after, { ...before, name: 'New', metadata: undefined, changedAt: later });
  assert.deepEqual(await account(bank.database, before.id), after);
  assert.deepEqual(await change({ accountId: before.id, name: 'New' }), after);
  const [row] = await bank.database.query<{ revision: bigint }>({
    text: 'select revision from ledger.balances where account_id = $1',
    values: [before.id.slice(4)],
  });
  assert.equal(row?.revision, 1n, 'a change that changes nothing is not counted');
});

test('changeAccount refuses limits that the balance is beyond already', async () => {
  const till = await open(cash);
  const { id } = await open({ ...deposit, creditLimit: 50n });
  await pay(till.id, id, 100n);
  await pay(id, till.id, 30n, 'hold');
  const refused = (part: Partial<ChangeAccount>) => change({ accountId: id, ...part });
  assert.equal(await refused({ floor: 121n }), 'account_limit_below_balance');
  assert.equal(await refused({ ceiling: 99n }), 'account_limit_below_balance');
  assert.equal(await refused({ floor: 10n, ceiling: 9n }), 'account_limits_crossed');
  const tight = await refused({ floor: 120n, ceiling: 120n });
  assert.ok(typeof tight === 'object');
  assert.equal(tight.balances.available, 0n);
  assert.equal(await refused({ creditLimit: 49n }), 'account_limit_below_balance');
  assert.ok(typeof (await refused({ floor: null, creditLimit: 0n })) === 'object');
});

test('an account closes only when it is empty, and a closed one never changes again', async () => {
  const till = await open(cash);
  const { id } = await open(deposit);
  await pay(till.id, id, 100n);
  assert.equal(await change({ accountId: id, state: 'closed' }), 'account_not_empty');
  await pay(id, till.id, 100n);
  await pay(till.id, id, 1n, 'hold');
  assert.equal(await change({ accountId: id, state: 'closed' }), 'account_not_empty');
  const other = await open(deposit);
  const closed = await change({ accountId: other.id, state: 'closed' });
  assert.ok(typeof closed === 'object');
  assert.equal(closed.state, 'closed');
  assert.deepEqual(await change({ accountId: other.id, state: 'closed' }), closed);
  assert.equal(await change({ accountId: other.id, state: 'open' }), 'account_closed_for_good');
  assert.equal(await change({ accountId: other.id, name: 'x' }), 'account_closed_for_good');
});

test('changeAccount refuses an account that does not exist', async () => {
  const accountId = 'acc_01900000-0000-7000-8000-000000000000' as AccountId;
  assert.equal(await change({ accountId, name: 'x' }), 'account_unknown');
});

test('a hold past its deadline no longer counts, whether or not it was swept', async () => {
  const till = await open(cash);
  const { id } = await open(deposit);
  await pay(till.id, id, 100n);
  const expiresAt = at('2026-03-01T11:00:00Z');
  await postBatch(bank.database, context, [
    {
      kind: 'hold',
      expiresAt,
      legs: [
        { accountId: id, side: 'debit', amount: 40n },
        { accountId: till.id, side: 'credit', amount: 40n },
      ],
    },
  ]);
  const early = await account(bank.database, id, (expiresAt - 1) as Instant);
  assert.equal(early?.balances.available, 60n);
  const due = await account(bank.database, id, expiresAt);
  assert.equal(due?.balances.available, 100n);
  assert.equal(due?.balances.pendingOut, 0n);
  await withLedger(bank.database, { ...context, now: expiresAt }, async () => undefined);
});

test('listAccounts walks a subtree of the chart in order, page by page', async () => {
  const paths = ['zoo', 'zoo:a', 'zoo:a:x', 'zoo-b', 'zoo:b', 'zoology', 'zoo:B', 'zoo:a'];
  for (const path of paths) await open({ ...cash, path });
  const walk = async (path: string, limit: number): Promise<string[]> => {
    const found: string[] = [];
    let after: { path: string; id: AccountId } | undefined;
    for (;;) {
      const page = await listAccounts(bank.database, { path, limit, after });
      found.push(...page.accounts.map((one) => one.path));
      after = page.accounts.at(-1);
      if (!page.hasMore) return found;
    }
  };
  const expected = ['zoo', 'zoo:B', 'zoo:a', 'zoo:a', 'zoo:a:x', 'zoo:b'];
  assert.deepEqual(await walk('zoo', 100), expected);
  assert.deepEqual(await walk('zoo', 1), expected);
  assert.deepEqual(await walk('zoo:a', 2), ['zoo:a', 'zoo:a', 'zoo:a:x']);
  assert.deepEqual(await walk('zo', 2), []);
  const { accounts } = await listAccounts(bank.database, {
    path: 'zoo',
    limit: 10,
    currency: 'EUR',
  });
  assert.deepEqual(accounts, []);
});

test('a period is closed once, in order, and never before it has ended', async () => {
  const close = async (text: string): Promise<unknown> => {
    const result = await inTransaction((tx) => closePeriod(tx, { closedBefore: at(text) }));
    return result.ok ? result.value.isReplay : result.refusal.code;
  };
  assert.equal(await close('2026-03-02T00:00:00Z'), 'period_not_over');
  assert.equal(await close('2026-02-01T00:00:00Z'), false);
  assert.equal(await close('2026-02-01T00:00:00Z'), true);
  assert.equal(await close('2026-01-01T00:00:00Z'), 'period_already_closed');
  assert.equal(await close('2026-03-01T00:00:00Z'), false);
  const closes = await periodCloses(bank.database);
  assert.deepEqual(
    closes.map(({ closedBefore }) => closedBefore),
    [at('2026-03-01T00:00:00Z'), at('2026-02-01T00:00:00Z')],
  );
  assert.equal(closes[0]?.actor, 'tester');
});

test('closing a period waits for postings under way, and those after it see it', async () => {
  const till = await open(cash);
  const { id } = await open(deposit);
  const effectiveAt = at('2026-03-01T09:00:00Z');
  const legs = [
    { accountId: till.id, side: 'debit', amount: 1n },
    { accountId: id, side: 'credit', amount: 1n },
  ] as const;
  const order: string[] = [];
  const closing = Promise.withResolvers<unknown>();
  await inTransaction(async (tx) => {
    const [answer] = await post(tx, [{ kind: 'transfer', legs, effectiveAt }]);
    assert.ok(answer?.ok === true);
    const closedBefore = at('2026-03-01T09:30:00Z');
    const run = inTransaction((other) => closePeriod(other, { closedBefore }));
    closing.resolve(run.then(() => order.push('closed')));
    await sleep(100);
    order.push('posted');
  });
  await closing.promise;
  assert.deepEqual(order, ['posted', 'closed']);
  const { answers } = await postBatch(bank.database, context, [
    { kind: 'transfer', legs, effectiveAt },
  ]);
  assert.ok(answers[0]?.ok === false);
  assert.equal(answers[0].refusal.code, 'period_closed');
});

test('the same object asked for twice opens two accounts with their own answers', async () => {
  const asked = { path: 'assets:twice', currency: 'CZK', normalSide: 'debit' } as const;
  const answers = await inTransaction((tx) => openAccounts(tx, [asked, asked]));
  const ids = answers.map((answer) => (answer.ok ? answer.value.id : answer.refusal.code));
  assert.equal(new Set(ids).size, 2);
});
