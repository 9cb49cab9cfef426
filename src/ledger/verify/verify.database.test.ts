import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DAY_US, HOUR_US, parseInstant, uuidOf, type AccountId, type Instant } from '#kernel';
import { openSession, type Query, type Session } from '#platform';
import { testDatabase, type TestDatabase } from '../../platform/database/testing.ts';
import type { OpenAccount } from '../account.ts';
import { changeAccount } from '../change.ts';
import { closePeriod } from '../close-period.ts';
import { expireHolds } from '../expire.ts';
import { openAccounts } from '../open.ts';
import { postBatch } from '../post.ts';
import type { Instruction, Leg } from '../posting/instruction.ts';
import type { StoredTransfer } from '../posting/transfer.ts';
import { rules, type RuleName } from './finding.ts';
import { tamperings } from './tampering-testing.ts';
import { verify, type Verification } from './verify.ts';

const start = parseInstant('2026-03-01T10:00:00Z') as Instant;
let now = start;
let bank: TestDatabase;
let cash: AccountId;
let alice: AccountId;
let bob: AccountId;
let euro: AccountId;
let euroBob: AccountId;
let closed: AccountId;

const context = (): { now: Instant; actor: string; correlationId: string } => {
  now = (now + 1_000) as Instant;
  return { now, actor: 'tester', correlationId: 'test' };
};

const debit = (accountId: AccountId, amount: bigint, rest: Partial<Leg> = {}): Leg => {
  return { accountId, side: 'debit', amount, ...rest };
};
const credit = (accountId: AccountId, amount: bigint, rest: Partial<Leg> = {}): Leg => {
  return { accountId, side: 'credit', amount, ...rest };
};

async function post(instruction: Instruction): Promise<StoredTransfer> {
  const { answers } = await postBatch(bank.database, context(), [instruction]);
  const [answer] = answers;
  assert.ok(answer?.ok === true, answer?.ok === false ? answer.refusal.message : 'no answer');
  return answer.value.transfer as StoredTransfer;
}

const move = (legs: Leg[]): Promise<StoredTransfer> => post({ kind: 'transfer', legs });

async function openAll(asked: OpenAccount[]): Promise<AccountId[]> {
  const answers = await bank.database.transaction(context(), (tx) => openAccounts(tx, asked));
  return answers.map((answer) => {
    assert.ok(answer.ok, answer.ok ? '' : answer.refusal.message);
    return answer.value.id;
  });
}

async function asOwner(statements: string): Promise<void> {
  const session = await openSession(bank.url);
  try {
    await session.query({ text: statements });
  } finally {
    await session.close();
  }
}

// A history with every kind of transfer, over two segments, with a close in the middle.
before(async () => {
  bank = await testDatabase('ledger verify');
  const deposit = { path: 'liabilities:deposits', currency: 'CZK', normalSide: 'credit' } as const;
  const limited = { ...deposit, floor: 0n, creditLimit: 500n };
  const inEuro = { path: 'assets:nostro:eur', currency: 'EUR', normalSide: 'debit' } as const;
  const ids = await openAll([
    { path: 'assets:cash', currency: 'CZK', normalSide: 'debit' },
    limited,
    { ...deposit, floor: 0n, ceiling: 1_000_000n },
    inEuro,
    { ...inEuro, path: 'liabilities:euro', normalSide: 'credit' },
    { ...deposit, floor: 0n },
  ]);
  [cash, alice, bob, euro, euroBob, closed] = ids as [
    AccountId,
    AccountId,
    AccountId,
    AccountId,
    AccountId,
    AccountId,
  ];
  await move([debit(cash, 100_000n), credit(alice, 60_000n), credit(bob, 40_000n)]);
  const wrong = await move([debit(alice, 700n), credit(bob, 700n)]);
  await post({ kind: 'reverse', transferId: wrong.id, amount: 300n });
  await post({ kind: 'reverse', transferId: wrong.id });
  await move([
    debit(closed, 10n, { upTo: true }),
    debit(alice, 100_000n, { upTo: true }),
    { accountId: cash, side: 'credit', amount: 'remaining' },
  ]);
  await move([debit(cash, 9_000n), credit(alice, 9_000n)]);
  await bank.database.transaction(context(), (tx) => closePeriod(tx, { closedBefore: start }));
  await asOwner('select ledger.open_segment(now())');
  await post({
    kind: 'transfer',
    exchange: { from: 'CZK', to: 'EUR', rate: '0.04' },
    legs: [debit(bob, 2_500n), credit(cash, 2_500n), debit(euro, 100n), credit(euroBob, 100n)],
  });
  await useHolds();
  await move([debit(cash, 5n), credit(closed, 5n)]);
  await move([debit(closed, 5n), credit(cash, 5n)]);
  const change = { accountId: closed, state: 'closed' } as const;
  const result = await bank.database.transaction(context(), (tx) => changeAccount(tx, change));
  assert.ok(result.ok);
});

async function useHolds(): Promise<void> {
  const legs = [debit(alice, 1_000n), credit(bob, 1_000n)];
  const expiresAt = (now + HOUR_US) as Instant;
  const parts = await post({ kind: 'hold', legs, expiresAt: (now + DAY_US) as Instant });
  await post({ kind: 'capture', holdId: parts.id, amount: 400n });
  await post({
    kind: 'increase',
    holdId: parts.id,
    amount: 50n,
    expiresAt: (now + 2 * DAY_US) as Instant,
  });
  const whole = await post({ kind: 'hold', legs });
  const captured = await post({ kind: 'capture', holdId: whole.id });
  await post({ kind: 'reverse', transferId: captured.id, amount: 100n });
  const final = await post({ kind: 'hold', legs });
  await post({ kind: 'capture', holdId: final.id, amount: 1n, final: true });
  const voided = await post({ kind: 'hold', legs });
  await post({ kind: 'void', holdId: voided.id });
  await post({ kind: 'hold', legs, expiresAt });
  now = (expiresAt + HOUR_US) as Instant;
  assert.equal(await expireHolds(bank.database, context()), 1);
}

after(async () => {
  await bank.drop();
});

function check(open: () => Promise<Session>, connections = 1): Promise<Verification> {
  return verify({ open, connections, findingsPerRuleMax: 20 });
}

// Everything a tampering hand does is rolled back afterwards: the checks run inside its
// transaction.
async function checkAfter(tampering: string): Promise<Verification> {
  const session = await openSession(bank.url);
  try {
    await session.query({ text: 'begin isolation level repeatable read' });
    await session.query({ text: `set local session_replication_role = replica; ${tampering}` });
    const inside: Session = {
      query: <Row>(query: Query) =>
        query.text.startsWith('begin ') ? Promise.resolve([]) : session.query<Row>(query),
      close: () => Promise.resolve(),
    };
    return await check(() => Promise.resolve(inside));
  } finally {
    await session.close();
  }
}

test('verify finds an untouched ledger sound, over several connections', async () => {
  const verification = await check(() => openSession(bank.url), 3);
  assert.deepEqual(verification.findings, []);
  assert.equal(verification.isSound, true);
  assert.equal(verification.counts.accounts, 6n);
  assert.equal(verification.counts.holds, 5n);
  assert.equal(verification.counts.segments, 2n);
  assert.ok(verification.rules.every(({ breaches }) => breaches === 0n));
});

for (const { what, statements, broken, says } of tamperings) {
  test(`verify finds ${what}`, async () => {
    const names = { alice, bob, cash, euro, closed };
    const text = statements.replaceAll(
      /(?<!:):(alice|bob|cash|euro|closed)\b/g,
      (_, name: string) => {
        return `'${uuidOf(names[name as keyof typeof names])}'::uuid`;
      },
    );
    const verification = await checkAfter(text);
    const found = new Set(verification.findings.map(({ rule }) => rule));
    const listed = verification.findings
      .map(({ rule, place, expected, found: is }) => `${rule}: ${place}: ${expected}; ${is}`)
      .join('\n');
    assert.deepEqual([...found].toSorted(), broken.toSorted(), listed);
    assert.equal(verification.isSound, false);
    if (says !== undefined) assert.match(listed, says);
  });
}

test('verify reports an account beyond its limits as a warning', async () => {
  const verification = await checkAfter(
    `update ledger.accounts set floor = 1000000 where id = '${uuidOf(bob)}';
    update ledger.accounts set ceiling = 1 where id = '${uuidOf(alice)}'`,
  );
  assert.equal(verification.isSound, true);
  assert.deepEqual(
    verification.findings.map(({ rule, severity }) => `${rule} ${severity}`),
    ['limits_kept warning', 'limits_kept warning'],
  );
});

test('verify counts every breach and lists no more than asked for', async () => {
  const session = await openSession(bank.url);
  await session.query({ text: 'begin; set local session_replication_role = replica' });
  await session.query({ text: 'update ledger.balances set version = version + 1' });
  const inside: Session = {
    query: <Row>(query: Query) =>
      query.text.startsWith('begin ') ? Promise.resolve([]) : session.query<Row>(query),
    close: () => session.close(),
  };
  const open = (): Promise<Session> => Promise.resolve(inside);
  const verification = await verify({ open, connections: 1, findingsPerRuleMax: 2 });
  assert.equal(verification.findings.length, 2);
  const outcome = verification.rules.find(({ rule }) => rule === 'balance_version');
  assert.equal(outcome?.breaches, 6n);
});

test('verify is right while the ledger is being posted to', async () => {
  const isDone = { value: false };
  const postOn = async (): Promise<void> => {
    for (let count = 0; !isDone.value; count += 1) {
      const amount = BigInt(count + 1);
      const legs = [debit(cash, amount), credit(bob, amount)];
      await postBatch(bank.database, context(), Array(50).fill({ kind: 'transfer', legs }));
    }
  };
  const posting = Promise.all([postOn(), postOn()]);
  for (let round = 0; round < 3; round += 1) {
    const verification = await check(() => openSession(bank.url), 2);
    assert.deepEqual(verification.findings, []);
  }
  isDone.value = true;
  await posting;
});

test('every rule of verify has a history that breaks it', () => {
  const covered = new Set(tamperings.flatMap(({ broken }) => broken));
  const untested = (Object.keys(rules) as RuleName[]).filter((rule) => !covered.has(rule));
  assert.deepEqual(untested, ['limits_kept']);
});
