import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { loadConfig } from '#config';
import { ClaimLost, type Claim, type Outcome } from '#gateway';
import type { AccountId } from '#kernel';
import { openAccounts, type Instruction, type LedgerPoster, type Presentation } from '#ledger';
import { openMetrics, openSession, systemClock, type Session } from '#platform';
import { openGroupCommit } from './group-commit.ts';
import { testDatabase, type TestDatabase } from './platform/database/testing.ts';

const clock = systemClock();
let stored: TestDatabase;
let owner: Session;
let poster: LedgerPoster;
let accounts: readonly AccountId[];

before(async () => {
  stored = await testDatabase('group_commit');
  owner = await openSession(stored.url);
  const { database } = stored;
  const { limits } = loadConfig({});
  const metrics = openMetrics({ isProcessMeasured: false });
  poster = openGroupCommit({ database, clock, metrics, limits });
  const context = { now: clock.now(), actor: 'controller', correlationId: 'test' };
  const opened = await database.transaction(context, (tx) =>
    openAccounts(tx, [
      { path: 'assets:cash', currency: 'CZK', normalSide: 'debit' },
      { path: 'liabilities:deposits', currency: 'CZK', normalSide: 'credit' },
    ]),
  );
  accounts = opened.map((result) => {
    assert.ok(result.ok);
    return result.value.id;
  });
});

after(async () => {
  await owner.close();
  await stored.drop();
});

function instruction(name: string): Instruction {
  const [debit, credit] = accounts;
  assert.ok(debit !== undefined && credit !== undefined);
  return {
    kind: 'transfer',
    description: name,
    legs: [
      { accountId: debit, side: 'debit', amount: 1n },
      { accountId: credit, side: 'credit', amount: 1n },
    ],
  };
}

const shown: Presentation = {
  claim: undefined,
  prepare: () => Promise.resolve(),
  present: ({ answers: [answer] }) => ({ status: answer?.ok === true ? 201 : 422 }),
};

function post(name: string, presentation: Presentation, actor = 'usr_1'): Promise<Outcome> {
  return poster.post(instruction(name), { actor, correlationId: name }, presentation);
}

async function actorsOf(prefix: string): Promise<Record<string, string>> {
  const rows = await owner.query<{ description: string; actor: string }>({
    text: 'select description, actor from ledger.transfers where description like $1',
    values: [`${prefix}%`],
  });
  return Object.fromEntries(rows.map(({ description, actor }) => [description, actor]));
}

async function bundles(): Promise<number> {
  const [row] = await owner.query<{ count: number }>({
    text: 'select count(*)::integer as count from audit.bundles',
  });
  return row?.count ?? 0;
}

test('requests of many callers share transactions, and each transfer is its own caller’s', async () => {
  const before = await bundles();
  const names = Array.from({ length: 100 }, (_, number) => `many ${number}`);
  const outcomes = await Promise.all(names.map((name) => post(name, shown, `usr of ${name}`)));
  assert.ok(outcomes.every((outcome) => 'status' in outcome && outcome.status === 201));
  const expected = Object.fromEntries(names.map((name) => [name, `usr of ${name}`]));
  assert.deepEqual(await actorsOf('many'), expected);
  const transactions = (await bundles()) - before;
  assert.ok(transactions < names.length / 5, `${transactions} transactions`);
});

test('a request that another has taken over fails alone; its neighbours are posted', async () => {
  const claim: Claim = {
    key: '00'.repeat(16),
    owner: randomUUID(),
    settle: (outcome) => ({ outcome, answer: { status: 201, headers: {}, body: Buffer.alloc(0) } }),
  };
  const names = Array.from({ length: 20 }, (_, number) => `lost ${number}`);
  const settled = await Promise.allSettled(
    names.map((name, number) => post(name, number === 7 ? { ...shown, claim } : shown)),
  );
  for (const [number, result] of settled.entries()) {
    if (number === 7) assert.ok(result.status === 'rejected' && result.reason instanceof ClaimLost);
    else assert.equal(result.status, 'fulfilled');
  }
  assert.equal(Object.keys(await actorsOf('lost')).length, names.length - 1);
});

test('an answer that cannot be written undoes its own posting, and no other', async () => {
  const present = (): Outcome => {
    throw new Error('a bug');
  };
  const results = await Promise.allSettled([
    post('bug 0', shown),
    post('bug 1', { ...shown, present }),
    post('bug 2', shown),
  ]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.deepEqual(Object.keys(await actorsOf('bug')).toSorted(), ['bug 0', 'bug 2']);
});
