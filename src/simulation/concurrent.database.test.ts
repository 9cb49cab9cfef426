// Several processes with many clients each post to one ledger at once, on a few hot accounts, while
// accounts freeze and periods close. Afterwards the database is judged row by row.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { uuidOf, type AccountId, type Instant } from '#kernel';
import { changeAccount, closePeriod, openAccounts, withLedger } from '#ledger';
import { systemClock, type TransactionContext } from '#platform';
import { testDatabase, type TestDatabase } from '../platform/database/testing.ts';
import { killAll, startWorker } from './processes/crew.ts';
import { readRecord, type LedgerRecord } from './record-store.ts';
import { assertLawful, assertSound } from './record.ts';
import type { Outcome, Report } from './processes/report.ts';

const seed = Number(process.env['FLORIN_SIMULATION_SEED'] ?? randomInt(2 ** 32));
const LISTS_PER_CLIENT = Number(process.env['FLORIN_SIMULATION_LISTS'] ?? 60);
const WORKERS = 3;
const CLIENTS = 6;

const clock = systemClock();
let bank: TestDatabase;
let accounts: AccountId[];
let reports: Report[] = [];
let record: LedgerRecord;

/** The versions of an account between which it was frozen. */
const freezes: { accountId: AccountId; from: bigint; to: bigint }[] = [];
/** Closes of periods, and when each was acknowledged. */
const closes: { closedBefore: Instant; endedMs: number }[] = [];

const wallMs = (): number => performance.timeOrigin + performance.now();

function context(): TransactionContext {
  return { now: clock.now(), actor: 'controller', correlationId: 'simulation' };
}

async function versionAfter(accountId: AccountId, state: 'open' | 'frozen'): Promise<bigint> {
  const result = await withLedger(bank.database, context(), (tx) =>
    changeAccount(tx, { accountId, state }),
  );
  assert.ok(result.ok, 'an account can be frozen and thawed');
  return result.value.balances.version;
}

/** Freezes accounts and closes periods, again and again, until told to stop. */
async function disturb(signal: AbortSignal): Promise<void> {
  for (let turn = 1; !signal.aborted; turn += 1) {
    const accountId = accounts[turn % accounts.length] ?? assert.fail();
    const from = await versionAfter(accountId, 'frozen');
    await sleep(15);
    freezes.push({ accountId, from, to: await versionAfter(accountId, 'open') });
    const given = context();
    const result = await bank.database.transaction(given, (tx) =>
      closePeriod(tx, { closedBefore: (given.now - 20_000) as Instant }),
    );
    if (result.ok)
      closes.push({ closedBefore: (given.now - 20_000) as Instant, endedMs: wallMs() });
    await sleep(40);
  }
}

before(async () => {
  bank = await testDatabase('simulation concurrent', { poolSize: 4 });
  const common = { currency: 'CZK', normalSide: 'credit' } as const;
  const opened = await bank.database.transaction(context(), (tx) =>
    openAccounts(tx, [
      { ...common, path: 'world' },
      { ...common, path: 'hot:a', floor: 0n },
      { ...common, path: 'hot:b', floor: 0n, ceiling: 300n },
      { ...common, path: 'hot:c', floor: -50n, creditLimit: 20n },
      { ...common, path: 'hot:d', normalSide: 'debit', floor: 0n, ceiling: 200n },
    ]),
  );
  accounts = opened.map((result) => (result.ok ? result.value.id : assert.fail()));
});

after(async () => {
  killAll();
  await bank.drop();
});

test('processes post at once, through transactions and posters, and all get answers', async (t) => {
  const workers = Array.from({ length: WORKERS }, (_, number) =>
    startWorker({
      url: bank.url,
      name: `worker-${number}`,
      seed: seed + number,
      accounts,
      clients: CLIENTS,
      listsPerClient: LISTS_PER_CLIENT,
      isPipelined: number > 0,
      sharedCount: 300,
    }),
  );
  const stop = new AbortController();
  const disturbing = disturb(stop.signal);
  const codes = await Promise.all(workers.map((worker) => worker.ended));
  stop.abort();
  await disturbing;
  assert.deepEqual(
    codes,
    workers.map(() => 0),
    `every worker ends well; seed ${seed}`,
  );
  reports = workers.flatMap((worker) => [...worker.reports.values()]);
  assert.equal(reports.length, WORKERS * CLIENTS * LISTS_PER_CLIENT);
  record = await readRecord(bank.database);
  const codesCounted = Map.groupBy(outcomes(), ({ outcome }) =>
    outcome.ok ? (outcome.isReplay ? 'replay' : outcome.kind) : outcome.code,
  );
  const counts = [...codesCounted].map(([code, all]) => `${code} ${all.length}`).join(', ');
  t.diagnostic(`seed ${seed}: ${freezes.length} freezes, ${closes.length} closes, ${counts}`);
});

function outcomes(): { report: Report; outcome: Outcome; externalId: string }[] {
  return reports.flatMap((report) =>
    report.instructions.map((instruction, place) => ({
      report,
      outcome: report.outcomes?.[place] ?? assert.fail('each instruction is answered'),
      externalId: instruction.externalId ?? assert.fail('each instruction has an external id'),
    })),
  );
}

test('the books are sound', async () => {
  await assertSound(bank.url);
});

test('money is conserved, no limit was crossed on the way, and one order explains it all', () => {
  assertLawful(record);
});

test('each external id was done once, and everything acknowledged is there', () => {
  const byExternalId = new Map<string, string>();
  for (const { id, external_id } of record.transfers.values()) {
    if (external_id === null) continue;
    assert.ok(!byExternalId.has(external_id), `${external_id} is there once`);
    byExternalId.set(external_id, id);
  }
  const first = new Set<string>();
  for (const { outcome, externalId } of outcomes()) {
    if (!outcome.ok) continue;
    assert.equal(uuidOf(outcome.id), byExternalId.get(externalId), externalId);
    if (outcome.isReplay) continue;
    assert.ok(!first.has(externalId), `${externalId} was new to one asker only`);
    first.add(externalId);
  }
  const answered = new Set(
    outcomes().flatMap(({ outcome, externalId }) => (outcome.ok ? [externalId] : [])),
  );
  assert.deepEqual(
    [...byExternalId.keys()].filter((id) => !answered.has(id)),
    [],
  );
  assert.equal(first.size, byExternalId.size);
});

test('what was answered before another was asked comes before it on every account', () => {
  const times = new Map<string, { startedMs: number; endedMs: number }>();
  for (const { outcome, report } of outcomes()) {
    if (!outcome.ok || outcome.isReplay) continue;
    const { startedMs, endedMs = Infinity } = report;
    times.set(uuidOf(outcome.id), { startedMs, endedMs });
  }
  for (const entries of Map.groupBy(record.entries, (entry) => entry.account_id).values()) {
    let latestStartMs = 0;
    for (const { transfer_id, account_id, version } of entries) {
      const time = times.get(transfer_id);
      if (time === undefined) continue;
      const name = `version ${version} of ${account_id} was answered before one below it was asked`;
      assert.ok(time.endedMs >= latestStartMs, name);
      latestStartMs = Math.max(latestStartMs, time.startedMs);
    }
  }
});

test('a frozen account moved by nothing but holds that ended', () => {
  assert.ok(freezes.length > 0);
  for (const { accountId, from, to } of freezes) {
    const during = record.entries.filter(
      ({ account_id, version }) =>
        account_id === uuidOf(accountId) && version > from && version <= to,
    );
    for (const { transfer_id } of during) {
      const kind = record.transfers.get(transfer_id)?.kind ?? '';
      assert.ok(['void', 'expiry'].includes(kind), `${kind} on a frozen account`);
    }
  }
});

test('after a period was closed nothing more was posted into it', () => {
  assert.ok(closes.length > 0);
  for (const { outcome, report } of outcomes()) {
    if (!outcome.ok || outcome.isReplay) continue;
    const transfer = record.transfers.get(uuidOf(outcome.id));
    assert.ok(transfer !== undefined);
    if (!['transfer', 'capture', 'reversal'].includes(transfer.kind)) continue;
    const close = closes.findLast(({ endedMs }) => endedMs < report.startedMs);
    if (close === undefined) continue;
    const name = `${transfer.kind} ${transfer.id}`;
    assert.ok(transfer.effective_at_us >= BigInt(close.closedBefore), name);
  }
});
