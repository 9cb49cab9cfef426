// A bank for the tests of posting: a database of its own, a clock that the test sets, and the
// questions that tests ask of the stored books without going through the ledger's own reading.

import assert from 'node:assert/strict';
import { manualClock, parseInstant, uuidOf, type AccountId, type Instant } from '#kernel';
import { openSession, type Database, type TransactionContext } from '#platform';
import { testDatabase, type TestDatabaseOptions } from '../../platform/database/testing.ts';
import type { OpenAccount } from '../account.ts';
import { openAccounts } from '../open.ts';
import { postBatch } from '../post.ts';
import { codeOf, credit, debit, textOf } from '../posting/examples.ts';
import type { Instruction } from '../posting/instruction.ts';
import type { StoredTransfer } from '../posting/transfer.ts';
import { verify } from '../verify/verify.ts';

export const start = parseInstant('2026-03-01T10:00:00.123456Z') as Instant;

export const cashAccount: OpenAccount = {
  path: 'assets:cash',
  currency: 'CZK',
  normalSide: 'debit',
};
/** A customer's account, which may not be overdrawn. */
export const depositAccount: OpenAccount = {
  path: 'liabilities:deposits',
  currency: 'CZK',
  normalSide: 'credit',
  floor: 0n,
};

export interface StoredBalance {
  readonly version: bigint;
  readonly posted_debits: bigint;
  readonly posted_credits: bigint;
  readonly pending_debits: bigint;
  readonly pending_credits: bigint;
  readonly changed_at_us: bigint;
}

export type Bank = Awaited<ReturnType<typeof openBank>>;

export async function openBank(name: string, options: TestDatabaseOptions = {}) {
  const test = await testDatabase(name, options);
  const { database, url } = test;
  const clock = manualClock(start);
  const context = (now = clock.now()): TransactionContext => {
    return { now, actor: 'tester', correlationId: 'test' };
  };

  async function openAll(asked: readonly OpenAccount[]): Promise<AccountId[]> {
    const opened = await database.transaction(context(), (tx) => openAccounts(tx, asked));
    return opened.map((result) => {
      assert.ok(result.ok, textOf(result));
      return result.value.id;
    });
  }

  async function open(asked: OpenAccount = depositAccount): Promise<AccountId> {
    const [id] = await openAll([asked]);
    assert.ok(id !== undefined);
    return id;
  }

  /** As one batch, answered as 'ok', 'replay' or the refusal's code. */
  async function codes(...instructions: Instruction[]): Promise<string[]> {
    const { answers } = await postBatch(database, context(), instructions);
    return answers.map(codeOf);
  }

  async function code(instruction: Instruction): Promise<string> {
    return (await codes(instruction))[0] ?? '';
  }

  /** One instruction that must be accepted. */
  async function post(instruction: Instruction): Promise<StoredTransfer> {
    const { answers } = await postBatch(database, context(), [instruction]);
    assert.ok(answers[0]?.ok === true, textOf(answers[0]));
    return answers[0].value.transfer as StoredTransfer;
  }

  return {
    ...questionsOf(database, url),
    database,
    clock,
    context,
    open,
    openAll,
    code,
    codes,
    post,
    url,
    drop: () => test.drop(),
  };
}

function questionsOf(database: Database, url: string) {
  async function balance(id: AccountId): Promise<StoredBalance> {
    const [row] = await database.query<StoredBalance>({
      text: `select version, posted_debits, posted_credits, pending_debits, pending_credits,
          changed_at_us
        from ledger.balances where account_id = $1`,
      values: [uuidOf(id)],
    });
    assert.ok(row !== undefined);
    return row;
  }

  /** How many rows each table of the ledger has, holds with their states. */
  async function census(): Promise<Record<string, string>> {
    const [row] = await database.query<Record<string, string>>({
      text: `select (select count(*) from ledger.transfers)::text as transfers,
        (select count(*) from ledger.entries)::text as entries,
        (select string_agg(h.id || ' ' || h.state || ' ' || h.captured::text, ', ' order by h.id)
          from ledger.holds h) as holds,
        (select md5(string_agg(b::text, ' ' order by b.account_id)) from ledger.balances b)
          as balances`,
    });
    return row ?? {};
  }

  /** Recomputes everything from the entries: the books must be without any error. */
  async function checkBooks(): Promise<void> {
    const verification = await verify({
      open: () => openSession(url),
      connections: 2,
      findingsPerRuleMax: 3,
    });
    assert.deepEqual(verification.findings, []);
  }

  async function asOwner<Row = unknown>(text: string): Promise<Row[]> {
    const session = await openSession(url);
    try {
      return await session.query<Row>({ text });
    } finally {
      await session.close();
    }
  }

  return { balance, census, checkBooks, asOwner };
}

/** From one account to another: the first is debited. */
export function payment(
  from: AccountId,
  to: AccountId,
  amount: bigint,
  rest: Partial<Instruction> = {},
): Instruction {
  const legs = [debit({ id: from }, amount), credit({ id: to }, amount)];
  return { kind: 'transfer', legs, ...rest } as Instruction;
}
