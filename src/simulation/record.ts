// Owns judging what a simulation left in the database: money is conserved, versions have no gap, no
// limit was ever crossed on the way, holds kept their deadlines, and one order explains everything.

import assert from 'node:assert/strict';
import { verifyLog } from '#audit';
import { verify } from '#ledger';
import { openSession, type Objects } from '#platform';
import { reconcileSources } from '../sources.ts';
import type { AccountRow, EntryRow, LedgerRecord } from './record-store.ts';

/** The ledger's own verification of its books finds no fault. */
export async function assertSound(url: string): Promise<void> {
  const verification = await verify({
    open: () => openSession(url),
    connections: 2,
    findingsPerRuleMax: 5,
  });
  if (verification.isSound) return;
  const found = verification.findings.map((finding) => JSON.stringify(finding, bigintsAsText));
  throw new Error(['the books are not sound:', ...found].join('\n'));
}

/**
 * The audit log is whole and complete: no gap, no duplicate, every checkpoint one of a single
 * growing tree, no change without its record and no record without its change.
 */
export async function assertRecorded(url: string, objects?: Objects): Promise<void> {
  const verification = await verifyLog({
    open: () => openSession(url),
    connections: 2,
    findingsPerRuleMax: 5,
    sources: reconcileSources,
    objects,
  });
  if (verification.isSound) return;
  const found = verification.findings.map((finding) => JSON.stringify(finding, bigintsAsText));
  throw new Error(['the audit log is not sound:', ...found].join('\n'));
}

function bigintsAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

/** Every property below, of a ledger whose accounts' limits never changed. */
export function assertLawful(record: LedgerRecord): void {
  const byAccount = Map.groupBy(record.entries, (entry) => entry.account_id);
  for (const account of record.accounts) {
    const entries = byAccount.get(account.id) ?? [];
    assertCounted(account, entries);
    assertLimits(account, entries, record);
  }
  assertConserved(record);
  assertDeadlines(record);
  assertOneOrder(record, byAccount);
}

interface Counted {
  readonly posted_debits: bigint;
  readonly posted_credits: bigint;
  readonly pending_debits: bigint;
  readonly pending_credits: bigint;
}

const nothing: Counted = {
  posted_debits: 0n,
  posted_credits: 0n,
  pending_debits: 0n,
  pending_credits: 0n,
};

function textOfCounted(counted: Counted): string {
  const { posted_debits, posted_credits, pending_debits, pending_credits } = counted;
  return [posted_debits, posted_credits, pending_debits, pending_credits].join(' ');
}

/**
 * Each entry's counters are the ones before plus its own amounts; the balance is the last entry's.
 */
function assertCounted(account: AccountRow, entries: readonly EntryRow[]): void {
  let running = nothing;
  for (const [place, entry] of entries.entries()) {
    assert.equal(entry.version, BigInt(place + 1), `versions of ${account.id} have no gap`);
    running = entry.is_debit
      ? {
          ...running,
          posted_debits: running.posted_debits + entry.posted,
          pending_debits: running.pending_debits + entry.pending,
        }
      : {
          ...running,
          posted_credits: running.posted_credits + entry.posted,
          pending_credits: running.pending_credits + entry.pending,
        };
    const name = `counters of ${account.id} at version ${entry.version}`;
    assert.equal(textOfCounted(entry), textOfCounted(running), name);
  }
  assert.equal(textOfCounted(account), textOfCounted(running), `balance of ${account.id}`);
  assert.equal(account.version, BigInt(entries.length), `version of ${account.id}`);
}

function availableOf(account: AccountRow, counted: Counted): bigint {
  const sign = account.normal_side === 'debit' ? 1n : -1n;
  const balance = sign * (counted.posted_debits - counted.posted_credits);
  const out = account.normal_side === 'debit' ? counted.pending_credits : counted.pending_debits;
  return balance - out + account.credit_limit - (account.floor ?? 0n);
}

function expectedOf(account: AccountRow, counted: Counted): bigint {
  const sign = account.normal_side === 'debit' ? 1n : -1n;
  const balance = sign * (counted.posted_debits - counted.posted_credits);
  return (
    balance + (account.normal_side === 'debit' ? counted.pending_debits : counted.pending_credits)
  );
}

/** After every transfer that the limits have a say in, they hold as far as it strained them. */
function assertLimits(
  account: AccountRow,
  entries: readonly EntryRow[],
  { transfers }: LedgerRecord,
): void {
  let before = nothing;
  for (const [place, entry] of entries.entries()) {
    // A transfer's entries on one account follow one another; the state after the last one counts.
    if (entries[place + 1]?.transfer_id === entry.transfer_id) continue;
    const kind = transfers.get(entry.transfer_id)?.kind;
    assert.ok(kind !== undefined, `entry ${entry.version} of ${account.id} has its transfer`);
    const isLimited = ['transfer', 'hold', 'increase', 'reversal'].includes(kind);
    const name = `${account.id} at version ${entry.version} (${kind})`;
    const available = availableOf(account, entry);
    if (isLimited && account.floor !== null && available < availableOf(account, before)) {
      assert.ok(available >= 0n, `${name} has ${available} available`);
    }
    const expected = expectedOf(account, entry);
    if (isLimited && account.ceiling !== null && expected > expectedOf(account, before)) {
      assert.ok(expected <= account.ceiling, `${name} expects ${expected}`);
    }
    before = entry;
  }
}

function assertConserved({ accounts }: LedgerRecord): void {
  const sum = (pick: (account: AccountRow) => bigint): bigint =>
    accounts.reduce((total, account) => total + pick(account), 0n);
  assert.equal(
    sum((account) => account.posted_debits - account.posted_credits),
    0n,
    'posted debits equal posted credits',
  );
  assert.equal(
    sum((account) => account.pending_debits - account.pending_credits),
    0n,
    'held debits equal held credits',
  );
}

/**
 * Nothing was done with a hold at or after its deadline but its one expiry, at that very moment.
 */
function assertDeadlines({ transfers }: LedgerRecord): void {
  const expiries = new Map<string, number>();
  for (const transfer of transfers.values()) {
    const hold = transfers.get(transfer.hold_id ?? '');
    const deadline = hold?.expires_at_us ?? null;
    if (hold === undefined || deadline === null) continue;
    if (transfer.kind === 'expiry') {
      assert.equal(transfer.effective_at_us, deadline, `expiry of ${hold.id}`);
      expiries.set(hold.id, (expiries.get(hold.id) ?? 0) + 1);
    } else {
      const name = `${transfer.kind} ${transfer.id} comes before the deadline of its hold`;
      assert.ok(transfer.recorded_at_us < deadline, name);
    }
  }
  for (const [hold, count] of expiries) assert.equal(count, 1, `${hold} expires once`);
}

/**
 * The orders in which transfers touched each account agree with one order of all transfers: without
 * it no serial execution could have had these results. Kahn's algorithm finds it or a cycle.
 */
function assertOneOrder(
  { transfers }: LedgerRecord,
  byAccount: ReadonlyMap<string, readonly EntryRow[]>,
): void {
  const after = new Map<string, Set<string>>();
  const waiting = new Map<string, number>();
  for (const entries of byAccount.values()) {
    for (const [place, { transfer_id: id }] of entries.entries()) {
      const next = entries[place + 1]?.transfer_id;
      if (next === undefined || next === id) continue;
      const followers = after.get(id) ?? new Set();
      after.set(id, followers);
      if (followers.has(next)) continue;
      followers.add(next);
      waiting.set(next, (waiting.get(next) ?? 0) + 1);
    }
  }
  const ready = [...transfers.keys()].filter((id) => !waiting.has(id));
  let ordered = 0;
  for (let id = ready.pop(); id !== undefined; id = ready.pop()) {
    ordered += 1;
    for (const next of after.get(id) ?? []) {
      const left = (waiting.get(next) ?? 0) - 1;
      waiting.set(next, left);
      if (left === 0) ready.push(next);
    }
  }
  assert.equal(ordered, transfers.size, 'one order of all transfers explains every account');
}
