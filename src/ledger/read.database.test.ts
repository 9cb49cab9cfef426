import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  DAY_US,
  parseInstant,
  type AccountId,
  type BatchId,
  type Instant,
  type TransferId,
} from '#kernel';
import { testDatabase, type TestDatabase } from '../platform/database/testing.ts';
import type { Account, OpenAccount } from './account.ts';
import { openAccounts } from './open.ts';
import { postBatch } from './post.ts';
import type { Instruction, Side } from './posting/instruction.ts';
import {
  account,
  balanceAt,
  batchTransfers,
  hold,
  listEntries,
  listOpenHolds,
  listTransfers,
  rollUp,
  statement,
  transfer,
  transferByExternalId,
  trialBalance,
  type AccountEntry,
  type EntryQuery,
} from './read.ts';

// One history, drawn with a fixed seed, is posted over sixty days; every answer is compared with
// one computed here from a plain copy of all entries.

const at = (text: string): Instant => {
  const instant = parseInstant(text);
  assert.ok(instant !== undefined, text);
  return instant;
};

const start = at('2026-01-01T09:00:00Z');
const dayAt = (day: number): Instant => (start + day * DAY_US) as Instant;
const end = dayAt(100);

interface Row extends AccountEntry {
  readonly path: string;
  readonly currency: string;
}

let bank: TestDatabase;
let accounts: Account[] = [];
let rows: Row[] = [];
const batches: { id: BatchId; transfers: TransferId[] }[] = [];

function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

before(async () => {
  bank = await testDatabase('ledger reading', { poolSize: 2 });
  const asked: OpenAccount[] = [];
  for (const [index, currency] of ['CZK', 'EUR'].entries()) {
    for (const [path, normalSide] of [
      ['assets:cash', 'debit'],
      [`assets:nostro:${index}`, 'debit'],
      ['liabilities:deposits:a', 'credit'],
      ['liabilities:deposits:b', 'credit'],
      ['liabilities:loans', 'debit'],
    ] as const) {
      asked.push({ path, normalSide, currency });
    }
  }
  const context = { now: start, actor: 'tester', correlationId: 'test' };
  const results = await bank.database.transaction(context, (tx) => openAccounts(tx, asked));
  accounts = results.map((result) => {
    assert.ok(result.ok);
    return result.value;
  });
  await postHistory();
  rows = await readAll();
});

after(async () => {
  await bank.drop();
});

async function postHistory(): Promise<void> {
  const draw = numbers(7);
  const holds: TransferId[] = [];
  for (let day = 0; day < 60; day += 1) {
    const now = (dayAt(day) + draw(1_000)) as Instant;
    const context = { now, actor: 'tester', correlationId: `day-${day}` };
    if (day === 20 || day === 40) await openSegment();
    const instructions = Array.from({ length: 1 + draw(6) }, (_, index) =>
      drawInstruction(draw, now, holds, `${day}-${index}`),
    );
    const { batchId, answers } = await postBatch(bank.database, context, instructions);
    const transfers: TransferId[] = [];
    for (const answer of answers) {
      assert.ok(answer.ok, answer.ok ? '' : answer.refusal.message);
      transfers.push(answer.value.transfer.id);
      if (answer.value.transfer.kind === 'hold') holds.push(answer.value.transfer.id);
    }
    batches.push({ id: batchId, transfers });
  }
}

async function openSegment(): Promise<void> {
  await bank.database.query({ text: 'select ledger.open_segment(now())' });
}

function drawInstruction(
  draw: (below: number) => number,
  now: Instant,
  holds: TransferId[],
  externalId: string,
): Instruction {
  const effectiveAt = (now + (draw(90) - 70) * DAY_US) as Instant;
  const choice = draw(10);
  const holdId = choice === 9 ? holds.shift() : undefined;
  if (holdId !== undefined) return { kind: 'capture', holdId, externalId, effectiveAt };
  const base = draw(2) * 5;
  const debit = accounts[base + draw(5)];
  const credit = accounts[base + draw(5)];
  assert.ok(debit !== undefined && credit !== undefined);
  const amount = BigInt(1 + draw(1_000));
  const legs = [
    { accountId: debit.id, side: 'debit' as const, amount },
    { accountId: credit.id, side: 'credit' as const, amount },
  ];
  return choice < 7
    ? { kind: 'transfer', legs, externalId, effectiveAt, description: `no. ${externalId}` }
    : { kind: 'hold', legs, externalId };
}

async function readAll(): Promise<Row[]> {
  const found: Row[] = [];
  for (const one of accounts) {
    const page = await listEntries(bank.database, one.id, { limit: 1_000, order: 'asc' }, end);
    assert.ok(page !== undefined && page.next === undefined);
    for (const entry of page.entries) {
      found.push({ ...entry, path: one.path, currency: one.currency });
    }
  }
  return found;
}

interface Sums {
  debits: bigint;
  credits: bigint;
}

function sum(entries: readonly Row[]): Sums {
  const sums = { debits: 0n, credits: 0n };
  for (const { side, posted } of entries) {
    if (side === 'debit') sums.debits += posted;
    else sums.credits += posted;
  }
  return sums;
}

function asOf(effectiveAt = Infinity, recordedAt = Infinity): Row[] {
  return rows.filter((row) => row.effectiveAt <= effectiveAt && row.recordedAt <= recordedAt);
}

const signed = (side: Side, { debits, credits }: Sums): bigint =>
  side === 'debit' ? debits - credits : credits - debits;

test('the history is worth testing with', () => {
  assert.ok(rows.length > 300);
  assert.ok(rows.some(({ kind }) => kind === 'capture'));
  assert.ok(rows.some(({ effectiveAt, recordedAt }) => effectiveAt > recordedAt));
});

test('a balance as of two times is the sum of what was known and due then', async () => {
  const days = [-80, -10, 0, 5, 19.5, 20, 41, 59, 60, 79];
  for (const one of accounts) {
    for (const known of [undefined, ...days.map(dayAt)]) {
      for (const due of [undefined, ...days.map(dayAt)]) {
        const query = { effectiveAt: due, recordedAt: known };
        const found = await balanceAt(bank.database, one.id, query, end);
        const mine = asOf(due, known).filter(({ accountId }) => accountId === one.id);
        const visible = asOf(undefined, known).filter(({ accountId }) => accountId === one.id);
        assert.equal(found?.balances.balance, signed(one.normalSide, sum(mine)));
        assert.equal(found?.balances.version, BigInt(visible.length));
        const held = visible.reduce((total, row) => total + row.pending, 0n);
        assert.equal(found.balances.pendingIn + found.balances.pendingOut, held);
      }
    }
  }
});

test('what was known at a time is not changed by later entries of an earlier date', async () => {
  const [one] = accounts;
  assert.ok(one !== undefined);
  const then = { effectiveAt: dayAt(5), recordedAt: dayAt(10) };
  const now = { effectiveAt: dayAt(5) };
  const known = await balanceAt(bank.database, one.id, then, end);
  const corrected = await balanceAt(bank.database, one.id, now, end);
  assert.notEqual(known?.balances.balance, corrected?.balances.balance);
});

test('there is no balance, statement or list of an account that does not exist', async () => {
  const id = 'acc_01900000-0000-7000-8000-000000000000' as AccountId;
  const range = { from: start, to: end, limit: 1 };
  assert.equal(await balanceAt(bank.database, id, {}, end), undefined);
  assert.equal(await statement(bank.database, id, range, end), undefined);
  assert.equal(await listEntries(bank.database, id, { limit: 1 }, end), undefined);
  assert.equal(await listOpenHolds(bank.database, id, { limit: 1 }, end), undefined);
});

async function walk(
  id: AccountId,
  query: Omit<EntryQuery, 'limit'>,
  limit: number,
): Promise<bigint[]> {
  const versions: bigint[] = [];
  let next: bigint | undefined;
  do {
    const page = await listEntries(bank.database, id, { ...query, limit, after: next }, end);
    assert.ok(page !== undefined && page.entries.length <= limit);
    versions.push(...page.entries.map(({ version }) => version));
    next = page.next;
  } while (next !== undefined);
  return versions;
}

test('pages of entries together are all entries once, in either order', async () => {
  for (const { id } of accounts) {
    const versions = rows.filter((row) => row.accountId === id).map(({ version }) => version);
    assert.deepEqual(await walk(id, { order: 'asc' }, 7), versions);
    assert.deepEqual(await walk(id, {}, 7), versions.toReversed());
    assert.deepEqual(await walk(id, { order: 'asc' }, versions.length), versions);
  }
});

test('entries are filtered by time, side, amount, kind and transfer', async () => {
  const [, , one] = accounts;
  assert.ok(one !== undefined);
  const mine = rows.filter((row) => row.accountId === one.id);
  const some = mine[4];
  assert.ok(some !== undefined);
  const size = (row: Row): bigint =>
    row.posted > 0n ? row.posted : row.pending < 0n ? -row.pending : row.pending;
  const filters: [Omit<EntryQuery, 'limit'>, (row: Row) => boolean][] = [
    [{ effectiveFrom: dayAt(3) }, (row) => row.effectiveAt >= dayAt(3)],
    [{ effectiveTo: some.effectiveAt }, (row) => row.effectiveAt <= some.effectiveAt],
    [{ recordedFrom: some.recordedAt }, (row) => row.recordedAt >= some.recordedAt],
    [{ recordedTo: some.recordedAt }, (row) => row.recordedAt <= some.recordedAt],
    [{ side: 'debit' }, (row) => row.side === 'debit'],
    [{ side: 'credit' }, (row) => row.side === 'credit'],
    [{ amountMin: 300n, amountMax: 600n }, (row) => size(row) >= 300n && size(row) <= 600n],
    [{ kind: 'hold' }, (row) => row.kind === 'hold'],
    [{ kind: 'capture', side: 'debit' }, (row) => row.kind === 'capture' && row.side === 'debit'],
    [{ transferId: some.transferId }, (row) => row.transferId === some.transferId],
    [{ recordedFrom: dayAt(90) }, () => false],
    [{ recordedTo: dayAt(-1) }, () => false],
  ];
  for (const [query, isWanted] of filters) {
    const expected = mine.filter(isWanted).map(({ version }) => version);
    assert.deepEqual(await walk(one.id, { ...query, order: 'asc' }, 3), expected);
  }
});

test('a statement leads from the opening to the closing balance, on any page size', async () => {
  for (const one of accounts) {
    for (const [from, to, recordedAt] of [
      [dayAt(0), dayAt(30), undefined],
      [dayAt(-90), dayAt(90), undefined],
      [dayAt(10), dayAt(10), undefined],
      [dayAt(0), dayAt(30), dayAt(25)],
    ] as const) {
      const expected = asOf(to, recordedAt).filter(
        ({ accountId, posted }) => accountId === one.id && posted > 0n,
      );
      const within = expected
        .filter(({ effectiveAt }) => effectiveAt >= from)
        .toSorted((a, b) => a.effectiveAt - b.effectiveAt || Number(a.version - b.version));
      const opening = signed(
        one.normalSide,
        sum(expected.filter(({ effectiveAt }) => effectiveAt < from)),
      );
      let running = opening;
      let query = { from, to, recordedAt, limit: 4 } as Parameters<typeof statement>[2];
      for (let seen = 0; ;) {
        const page = await statement(bank.database, one.id, query, end);
        assert.ok(page !== undefined);
        assert.equal(page.opening, opening);
        assert.equal(page.closing, signed(one.normalSide, sum(expected)));
        assert.deepEqual({ debits: page.debits, credits: page.credits }, sum(within));
        assert.equal(page.lineCount, BigInt(within.length));
        for (const line of page.lines) {
          const wanted = within[seen];
          assert.equal(line.version, wanted?.version);
          running += line.side === one.normalSide ? line.posted : -line.posted;
          assert.equal(line.balanceAfter, running);
          seen += 1;
        }
        if (page.next === undefined) {
          assert.equal(seen, within.length);
          assert.equal(running, page.closing);
          break;
        }
        query = { ...query, version: page.version, after: page.next };
      }
    }
  }
});

test('a trial balance sums every account, and debits equal credits in each currency', async () => {
  for (const [effectiveAt, recordedAt] of [
    [undefined, undefined],
    [dayAt(12), undefined],
    [undefined, dayAt(12)],
    [dayAt(30), dayAt(40)],
  ]) {
    const query = { by: 'account', effectiveAt, recordedAt, limit: 100 } as const;
    const { totals, lines } = await trialBalance(bank.database, query);
    for (const { currency, debits, credits } of totals) {
      assert.equal(debits, credits);
      const all = asOf(effectiveAt, recordedAt).filter((row) => row.currency === currency);
      assert.deepEqual({ debits, credits }, sum(all));
    }
    assert.equal(totals.length, 2);
    for (const line of lines) {
      const mine = asOf(effectiveAt, recordedAt).filter((row) => row.accountId === line.accountId);
      assert.deepEqual({ debits: line.debits, credits: line.credits }, sum(mine));
    }
    const active = asOf(effectiveAt, recordedAt).filter(({ posted }) => posted > 0n);
    assert.equal(lines.length, new Set(active.map(({ accountId }) => accountId)).size);
  }
});

test('a trial balance by path is cut at a depth, filtered by currency, and paged', async () => {
  const lines: string[] = [];
  let place: Parameters<typeof trialBalance>[1]['after'];
  for (;;) {
    const query = { by: 'path', depth: 2, limit: 2, after: place } as const;
    const page = await trialBalance(bank.database, query);
    assert.equal(page.totals.length, 2);
    for (const line of page.lines) lines.push(`${line.currency} ${line.path} ${line.accounts}`);
    place = page.lines.at(-1);
    if (!page.hasMore) break;
  }
  assert.deepEqual(
    lines,
    ['CZK', 'EUR'].flatMap((currency) => [
      `${currency} assets:cash 1`,
      `${currency} assets:nostro 1`,
      `${currency} liabilities:deposits 2`,
      `${currency} liabilities:loans 1`,
    ]),
  );
  const euro = await trialBalance(bank.database, { by: 'path', currency: 'EUR', limit: 100 });
  assert.ok(euro.lines.length === 5 && euro.lines.every(({ currency }) => currency === 'EUR'));
  assert.equal(euro.totals.length, 1);
  const accountPages: unknown[] = [];
  for (place = undefined; ;) {
    const page = await trialBalance(bank.database, { by: 'account', limit: 3, after: place });
    accountPages.push(...page.lines.map(({ accountId }) => accountId));
    const last = page.lines.at(-1);
    if (!page.hasMore || last === undefined) break;
    place = { ...last, accountId: last.accountId?.slice(4) };
  }
  assert.equal(new Set(accountPages).size, accounts.length);
  assert.equal(accountPages.length, accounts.length);
});

test('a node of the chart is the sum of everything below it', async () => {
  for (const recordedAt of [undefined, dayAt(30)]) {
    const query = { depth: 16, recordedAt, limit: 100 };
    const { nodes } = await rollUp(bank.database, query);
    for (const node of nodes) {
      const below = asOf(undefined, recordedAt).filter(
        ({ path, currency }) =>
          currency === node.currency &&
          (node.path === '' || path === node.path || path.startsWith(`${node.path}:`)),
      );
      assert.deepEqual({ debits: node.debits, credits: node.credits }, sum(below), node.path);
    }
    assert.equal(nodes.filter(({ path }) => path === '').length, 2);
  }
  const { nodes } = await rollUp(bank.database, { path: 'liabilities', depth: 1, limit: 100 });
  assert.deepEqual(
    nodes.filter(({ currency }) => currency === 'CZK').map(({ path, accounts: n }) => [path, n]),
    [
      ['liabilities', 3n],
      ['liabilities:deposits', 2n],
      ['liabilities:loans', 1n],
    ],
  );
  assert.equal(nodes.find(({ path }) => path === 'liabilities')?.normalSide, undefined);
  assert.equal(nodes.find(({ path }) => path === 'liabilities:loans')?.normalSide, 'debit');
});

test('the chart is paged without losing a node', async () => {
  const all = await rollUp(bank.database, { depth: 3, limit: 100 });
  const paged: unknown[] = [];
  let place: Parameters<typeof rollUp>[1]['after'];
  for (;;) {
    const page = await rollUp(bank.database, { depth: 3, limit: 3, after: place });
    paged.push(...page.nodes);
    place = page.nodes.at(-1);
    if (!page.hasMore) break;
  }
  assert.deepEqual(paged, all.nodes);
});

test('a batch is read back by its id, in order and in pages', async () => {
  for (const batch of batches) {
    const found: TransferId[] = [];
    let last: TransferId | undefined;
    for (;;) {
      const page = await batchTransfers(bank.database, batch.id, { after: last, limit: 2 });
      found.push(...page.transfers.map(({ id }) => id));
      last = found.at(-1);
      if (!page.hasMore) break;
    }
    assert.deepEqual(found, batch.transfers);
  }
});

test('a transfer is found by id, by external id and in the list of all', async () => {
  const page = await listTransfers(bank.database, { limit: 100 });
  assert.equal(page.hasMore, true);
  const [newest, next] = page.transfers;
  assert.ok(newest?.externalId !== undefined && next !== undefined);
  assert.deepEqual(await transfer(bank.database, newest.id), newest);
  assert.deepEqual(await transferByExternalId(bank.database, newest.externalId), newest);
  const rest = await listTransfers(bank.database, { before: newest.id, limit: 1 });
  assert.equal(rest.transfers[0]?.id, next.id);
  const capture = rows.find(({ kind }) => kind === 'capture');
  assert.ok(capture !== undefined);
  const captured = await transfer(bank.database, capture.transferId);
  const { transfers } = await listTransfers(bank.database, { holdId: captured?.holdId, limit: 5 });
  assert.deepEqual(transfers, [captured]);
});

test('open holds of an account are those neither captured nor past their deadline', async () => {
  const captured = new Set<unknown>();
  for (const row of rows.filter(({ kind }) => kind === 'capture')) {
    captured.add((await transfer(bank.database, row.transferId))?.holdId);
  }
  for (const one of accounts) {
    const expected = rows
      .filter((row) => row.accountId === one.id && row.kind === 'hold')
      .filter((row) => !captured.has(row.transferId))
      .map(({ transferId }) => transferId)
      .toReversed();
    const found: TransferId[] = [];
    let next: bigint | undefined;
    do {
      const page = await listOpenHolds(bank.database, one.id, { limit: 1, after: next }, end);
      assert.ok(page !== undefined);
      found.push(...page.holds.map(({ id }) => id));
      next = page.next;
    } while (next !== undefined);
    assert.deepEqual(found, [...new Set(expected)]);
  }
});

test('a hold reads as expired from the microsecond of its deadline', async () => {
  const [debit, credit] = accounts;
  assert.ok(debit !== undefined && credit !== undefined);
  const expiresAt = dayAt(70);
  const context = { now: dayAt(65), actor: 'tester', correlationId: 'late' };
  const { answers } = await postBatch(bank.database, context, [
    {
      kind: 'hold',
      expiresAt,
      legs: [
        { accountId: debit.id, side: 'debit', amount: 5n },
        { accountId: credit.id, side: 'credit', amount: 5n },
      ],
    },
  ]);
  const [answer] = answers;
  assert.ok(answer?.ok === true);
  const { id } = answer.value.transfer;
  const before = await hold(bank.database, id, (expiresAt - 1) as Instant);
  assert.equal(before?.state, 'open');
  assert.deepEqual(
    before.legs.map(({ held, captured, currency }) => [held, captured, currency]),
    [
      [5n, 0n, 'CZK'],
      [5n, 0n, 'CZK'],
    ],
  );
  assert.equal((await hold(bank.database, id, expiresAt))?.state, 'expired');
  const counted = await account(bank.database, debit.id);
  const due = await account(bank.database, debit.id, expiresAt);
  assert.ok(counted !== undefined && due !== undefined);
  assert.equal(counted.balances.pendingIn - due.balances.pendingIn, 5n);
});
