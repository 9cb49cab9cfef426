// Owns judging what a crowd, a file and a misbehaving rail left after crashes: each payment exactly
// once and in the state that is true at the rail, every account with what was paid, the books of
// rails with what the payments say, and no transfer that nobody asked for.

import assert from 'node:assert/strict';
import type { Queryable } from '#platform';
import type { Batch } from './batch.ts';
import type { Asked, Crowd } from './crowd.ts';
import type { Founded } from './found.ts';
import {
  readBalances,
  readBooks,
  readMovements,
  readPayments,
  readTransit,
  readUnposted,
  type PaymentRow,
} from './left-store.ts';

export interface Played {
  readonly founded: Founded;
  readonly crowd: Crowd;
  readonly batch: Batch;
  readonly railUrl: string;
}

/** What became of a payment at the rail, by our name for it and by theirs. */
interface Truth {
  readonly transactionId: string;
  readonly direction: 'sent' | 'received';
  readonly status: string;
  readonly original: { readonly endToEndId: string };
}

/** Money in transit is what the suspense accounts say, at any moment. */
export async function assertTransit(q: Queryable): Promise<void> {
  for (const { rail, currency, transit, open } of await readTransit(q)) {
    assert.equal(transit, open, `in transit over ${rail} in ${currency}`);
  }
}

/** Answers how many payments are in which state. */
export async function assertPaid(q: Queryable, played: Played): Promise<Record<string, number>> {
  const payments = await readPayments(q);
  const truths = await readTruths(played.railUrl);
  assertAskedOnce(payments, played, truths);
  assertEntriesOnce(payments, played, await readUnposted(q));
  assertTold(payments);
  assertBalances(await readBalances(q), played, truths);
  await assertBooks(q, payments);
  await assertMovements(q, played);
  await assertTransit(q);
  const states = Map.groupBy(payments, ({ kind, status }) => `${kind} ${status}`);
  return Object.fromEntries([...states].map(([state, { length }]) => [state, length]));
}

/** Whether the rail has said all that it has to say. */
export async function isHeard(q: Queryable, railUrl: string): Promise<boolean> {
  const truths = await readTruths(railUrl);
  const payments = await readPayments(q);
  const own = new Map(payments.map(({ transaction_id: id, status }) => [id, status]));
  return [...truths.values()].every((each) => own.get(each.transactionId) === each.status);
}

/** By the end-to-end id. */
async function readTruths(railUrl: string): Promise<ReadonlyMap<string, Truth>> {
  const response = await fetch(`${railUrl}/payments`);
  const { payments, unreadable } = (await response.json()) as {
    payments: readonly Truth[];
    unreadable: number;
  };
  assert.equal(unreadable, 0, 'the rail could read all that it was sent');
  const truths = new Map(payments.map((each) => [each.original.endToEndId, each]));
  assert.equal(truths.size, payments.length, 'no payment was carried out twice');
  return truths;
}

/** What was asked for is there once, as it was asked for, in its true state; nothing else is. */
function assertAskedOnce(
  payments: readonly PaymentRow[],
  { crowd }: Played,
  truths: ReadonlyMap<string, Truth>,
): void {
  const found = payments.filter(({ origin }) => origin === null);
  const byName = Map.groupBy(found, ({ end_to_end_id: name }) => name);
  const asked: readonly (Asked & { readonly id?: string })[] = [
    ...crowd.answered,
    ...crowd.incoming,
  ];
  for (const { kind, endToEndId, account, amount, id } of asked) {
    const [row, ...more] = byName.get(endToEndId) ?? [];
    assert.equal(more.length, 0, `${endToEndId} was made more than once`);
    const is = row && [row.kind, row.account_id, row.amount, row.status];
    const truth = kind === 'book' ? 'settled' : truths.get(endToEndId)?.status;
    assert.deepEqual(is, [kind, account, amount, truth], `${endToEndId} as it is`);
    if (id !== undefined) assert.equal(row?.id, id, `${endToEndId} as it was answered`);
    if (kind !== 'book') {
      assert.equal(row?.transaction_id, truths.get(endToEndId)?.transactionId, endToEndId);
    }
  }
  assert.equal(found.length, asked.length, 'nobody paid who did not mean to');
  const carried = asked.filter(({ kind }) => kind !== 'book');
  assert.equal(truths.size, carried.length, 'the rail carried what was asked for');
}

/** Each entry of the file is one payment, or was sent back. */
function assertEntriesOnce(
  payments: readonly PaymentRow[],
  { batch }: Played,
  unposted: Awaited<ReturnType<typeof readUnposted>>,
): void {
  const rows = payments.filter(({ origin }) => origin !== null);
  const byEntry = new Map(rows.map((row) => [row.origin_entry, row]));
  assert.equal(byEntry.size, rows.length, 'no entry is two payments');
  const sentBack = new Map(unposted.map(({ entry, reason }) => [Number(entry), reason]));
  assert.equal(sentBack.size, unposted.length, 'no entry is sent back twice');
  for (const [index, { account, amount }] of batch.entries.entries()) {
    const row = byEntry.get(index);
    if (account === undefined) {
      assert.equal(sentBack.get(index), 'R03', `entry ${index} is sent back`);
      assert.equal(row, undefined, `entry ${index} is no payment`);
      continue;
    }
    assert.ok(!sentBack.has(index), `entry ${index} is not sent back`);
    const is = row && [row.kind, row.status, row.account_id, row.amount];
    assert.deepEqual(is, ['credit_in', 'settled', account, amount], `entry ${index}`);
  }
  assert.equal(rows.length + unposted.length, batch.entries.length, 'every entry is somewhere');
}

/** The projection of states says what the payments say. */
function assertTold(payments: readonly PaymentRow[]): void {
  for (const { id, status, version, told, told_version: toldVersion } of payments) {
    assert.deepEqual([told, toldVersion], [status, version], `what is told of ${id}`);
  }
}

/** Every account has what was paid, by those who paid and by the rail. */
function assertBalances(
  balances: ReadonlyMap<string, bigint>,
  { founded, crowd, batch }: Played,
  truths: ReadonlyMap<string, Truth>,
): void {
  const expected = new Map<string, bigint>();
  const add = (account: string, amount: bigint): void => {
    expected.set(account, (expected.get(account) ?? 0n) + amount);
  };
  for (const { id } of founded.euros) add(id, founded.openingBalance);
  for (const { id } of founded.dollars) add(id, 0n);
  for (const { endToEndId, account, counter, amount } of crowd.answered) {
    if (counter !== undefined) add(counter, amount);
    const isGone = counter !== undefined || truths.get(endToEndId)?.status === 'settled';
    if (isGone) add(account, -amount);
  }
  for (const { endToEndId, account, amount } of crowd.incoming) {
    if (truths.get(endToEndId)?.status === 'settled') add(account, amount);
  }
  for (const { account, amount } of batch.entries) if (account !== undefined) add(account, amount);
  assert.deepEqual(balances, expected, 'the balances of customers');
}

/** Each book of each rail holds what payments say in their states. */
async function assertBooks(q: Queryable, payments: readonly PaymentRow[]): Promise<void> {
  for (const { rail, currency, book, balance } of await readBooks(q)) {
    const sumOf = (kind: string, ...states: string[]): bigint =>
      payments
        .filter((each) => each.rail === rail && each.currency === currency && each.kind === kind)
        .filter(({ status }) => states.includes(status))
        .reduce((sum, { amount }) => sum + amount, 0n);
    const settled = ['settled', 'recall_requested'];
    const expected: Readonly<Record<string, bigint>> = {
      transit: sumOf('credit_out', 'accepted', 'submitted', 'unknown'),
      nostro: sumOf('credit_out', ...settled) - sumOf('credit_in', ...settled),
      incoming: 0n,
      claims: 0n,
    };
    assert.equal(balance, expected[book], `${book} of ${rail} in ${currency}`);
  }
}

/** No money moved but by a payment, and by each as often as its states say. */
async function assertMovements(q: Queryable, { founded }: Played): Promise<void> {
  const row = await readMovements(q);
  assert.deepEqual(row, {
    transfers: row?.transfers,
    explained: (row?.transfers ?? 0n) - BigInt(founded.transfers),
    missing: 0n,
    out_of_balance: 0n,
  });
}
