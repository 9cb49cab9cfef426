// The real bank of the published data set: what the import promises, shown on it. The import under
// test is the command itself, on a database of its own that survives what is done to the command.

import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { loadConfig } from '#config';
import { assert as require, formatDate } from '#kernel';
import { accountByExternalId, balanceAt, trialBalance, verify } from '#ledger';
import { openDatabase, openSession, systemClock, type Database } from '#platform';
import { importBank } from '../cli/berka/import.ts';
import { planHistory, signedAmount, type Plan } from '../cli/berka/plan.ts';
import { readBank, type BankFiles } from '../cli/berka/read.ts';
import { silentProgress } from '../cli/progress.ts';
import { testDatabase } from '../src/platform/database/testing.ts';

const root = path.dirname(import.meta.dirname);
const shared = process.env['FLORIN_SHARED_DATA'] ?? path.join(root, '../shared/data');
const directory = path.join(shared, 'berka');
const clock = systemClock();

/** What the bank's files hold, and what is known to be true of them. */
const facts = {
  transactions: 49_102,
  transfers: 51_395,
  accounts: 4_523,
  records: 23_392,
  sentence:
    '46,997 of the 46,997 rows up to 1994-03-30 agree with the printed balance ' +
    '(44,966 as published, 2,031 with a rounding entry of 0.10), in 1,229 accounts.',
};

let dataFolder: string;
let opened: Awaited<ReturnType<typeof openDatabase>>;
let files: BankFiles;
let plan: Plan;

before(async () => {
  assert.ok(existsSync(path.join(directory, 'trans.asc')), `the data set is missing: ${directory}`);
  const read = await readBank(directory);
  assert.ok(read.ok, 'the data set is readable');
  files = read.value;
  plan = planHistory(files.transactions);
  dataFolder = await mkdtemp(path.join(os.tmpdir(), `florin-test-${process.pid}-berka-`));
  await chmod(dataFolder, 0o711);
  opened = await openDatabase(loadConfig(environment()).database);
});

after(async () => {
  await opened?.close();
  if (dataFolder !== undefined) await rm(dataFolder, { recursive: true, force: true });
});

function environment(): Record<string, string | undefined> {
  return { ...process.env, FLORIN_DATA_DIR: dataFolder, FLORIN_DATABASE_URL: '' };
}

function startImport(): ChildProcess {
  const command = [path.join(root, 'cli/main.ts'), 'import', 'berka', directory, '--json'];
  return spawn(process.execPath, command, {
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

interface Report {
  readonly outcome: string;
  readonly sentence: string;
  readonly records: Record<string, number>;
  readonly compared: Record<string, number | string>;
  readonly cut_day: Record<string, number | string>;
  readonly roundings: Record<string, number | string>;
  readonly overdrawn: Record<string, number>;
  readonly differences: unknown[];
  readonly refusals: unknown[];
  readonly waiting: number;
  readonly added: Record<string, number>;
  readonly existing: Record<string, number>;
}

async function finishImport(): Promise<{ report: Report; progress: string }> {
  const child = startImport();
  require(child.stdout !== null && child.stderr !== null, 'the output is piped');
  const exit = once(child, 'exit');
  const [output, progress] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await exit) as [number | null];
  assert.equal(code, 0, progress);
  return { report: JSON.parse(output) as Report, progress };
}

async function transferCount(database: Database): Promise<number> {
  const rows = await database.query<{ count: bigint }>({
    text: `select count(*) as count from ledger.transfers`,
  });
  return Number(rows[0]?.count ?? 0n);
}

test('the order found within each day is the one that was computed from the data set', async () => {
  const packed = await readFile(path.join(directory, 'trans_chain.csv.gz'));
  const [, ...lines] = gunzipSync(packed).toString('utf8').trimEnd().split('\n');
  assert.equal(lines.length, facts.transactions);
  const published = lines.map((line) => line.trimEnd().split(','));
  const chained = published.filter((cells) => cells[7] === '1').map((cells) => cells.slice(0, 7));
  const unchained = published.filter((cells) => cells[7] === '0').map((cells) => cells[3] ?? '');

  const sequence = new Map<number, number>();
  const ours = plan.rows
    .toSorted((a, b) => a.transaction.account_id - b.transaction.account_id)
    .map(({ transaction, rounding }) => {
      const { account_id, date, trans_id, balance } = transaction;
      const seq = (sequence.get(account_id) ?? 0) + 1;
      sequence.set(account_id, seq);
      const amounts = [signedAmount(transaction), balance, rounding];
      return [account_id, seq, formatDate(date), trans_id, ...amounts].map(String);
    });
  assert.deepEqual(ours, chained);
  const setAside = plan.setAside.map(({ trans_id }) => String(trans_id));
  assert.deepEqual(setAside.toSorted(), unchained.toSorted());
});

test('killed half-way and started again, an import ends as one that never was killed', async () => {
  const killed = startImport();
  const exit = once(killed, 'exit');
  const deadlineMs = performance.now() + 60_000;
  while ((await transferCount(opened.database)) < 15_000) {
    assert.ok(performance.now() < deadlineMs && killed.exitCode === null, 'the import goes on');
    await sleep(20);
  }
  killed.kill('SIGKILL');
  await exit;
  const half = await transferCount(opened.database);
  assert.ok(half < facts.transfers, 'the import was killed before its end');

  const { report, progress } = await finishImport();
  assert.equal(report.outcome, 'complete');
  assert.equal(report.sentence, facts.sentence);
  assert.equal((report.existing['transfers'] ?? 0) + (report.added['transfers'] ?? 0), 51_395);
  // The killed command may have had one more batch under way than was counted.
  assert.ok((report.existing['transfers'] ?? 0) >= half);
  assert.match(progress, /Posting: 49,070 rows in /);

  const whole = await testDatabase('berka whole');
  try {
    const imported = await importBank({
      database: whole.database,
      clock,
      directory,
      files,
      startedMs: performance.now(),
      source: 'berka',
      progress: silentProgress,
    });
    assert.ok(imported.ok && imported.value.outcome === 'complete');
    assert.equal(imported.value.added.transfers, facts.transfers);

    assert.equal(await booksDigest(opened.database), await booksDigest(whole.database));
  } finally {
    await whole.drop();
  }
});

/** Everything in the books but what is new with each import: ids and recorded times. */
async function booksDigest(database: Database): Promise<string> {
  const rows = await database.query<{ digest: string }>({
    text: `select md5(string_agg(line, E'\\n' order by line)) as digest from (
      select concat_ws('|', t.external_id, t.description, t.metadata, t.effective_at, e.leg,
        a.external_id, a.path, a.credit_limit, e.version, e.is_debit, e.posted, e.posted_debits,
        e.posted_credits) as line
      from ledger.entries e
      join ledger.transfers t on t.id = e.transfer_id
      join ledger.accounts a on a.id = e.account_id
      union all
      select concat_ws('|', a.external_id, a.metadata, b.version, b.posted_debits, b.posted_credits)
      from ledger.balances b join ledger.accounts a on a.id = b.account_id) as lines`,
  });
  const digest = rows[0]?.digest;
  assert.ok(digest !== undefined);
  return digest;
}

test('importing again changes nothing, and the report says what it must', async () => {
  const { report } = await finishImport();
  assert.deepEqual(report.added, { records: 0, accounts: 0, transfers: 0 });
  const { records, accounts, transfers } = facts;
  assert.deepEqual(report.existing, { records, accounts, transfers });
  assert.equal(await transferCount(opened.database), facts.transfers);
  assert.equal(report.sentence, facts.sentence);
  assert.deepEqual(report.compared, {
    rows: 46_997,
    agreeing: 46_997,
    as_published: 44_966,
    rounded: 2_031,
    until: '1994-03-30',
    accounts: 1_229,
  });
  assert.deepEqual(report.cut_day, {
    rows: 2_105,
    agreeing: 2_073,
    as_published: 1_779,
    rounded: 294,
    date: '1994-03-31',
    set_aside: 32,
    set_aside_accounts: 28,
  });
  assert.deepEqual(report.roundings, {
    rows: 2_325,
    raised: 922,
    raised_by: '9220',
    lowered: 1_403,
    lowered_by: '14030',
  });
  assert.deepEqual(report.overdrawn, { accounts: 26, rows: 93 });
  assert.deepEqual([report.differences, report.refusals, report.waiting], [[], [], 0]);
  assert.deepEqual(report.records, {
    districts: 77,
    clients: 5_369,
    accounts: 4_500,
    ownerships: 5_369,
    permanent_orders: 6_471,
    loans: 682,
    cards: 892,
    transactions: 49_102,
  });
});

test('the books balance and pass an independent verification', async () => {
  const { totals } = await trialBalance(opened.database, { by: 'account', limit: 1 });
  assert.equal(totals.length, 1);
  assert.equal(totals[0]?.currency, 'CZK');
  assert.ok(totals[0].debits > 0n);
  assert.equal(totals[0].debits, totals[0].credits);
  const verification = await verify({
    open: () => openSession(opened.ownerUrl),
    connections: 2,
    findingsPerRuleMax: 5,
  });
  assert.deepEqual(verification.findings, []);
  assert.ok(verification.isSound);
});

test('at the end of a day each balance is the last one printed for it', async () => {
  const lastOfDay = new Map<string, { account: number; day: number; balance: bigint }>();
  for (const { transaction } of plan.rows) {
    const { account_id: account, date: day, balance } = transaction;
    lastOfDay.set(`${account} ${day}`, { account, day, balance });
  }
  const days = [...lastOfDay.values()];
  const everyOther = Math.ceil(days.length / 400);
  for (const { account, day, balance } of days.filter((_, index) => index % everyOther === 0)) {
    const ledgerAccount = await accountByExternalId(opened.database, `berka:account:${account}`);
    assert.ok(ledgerAccount !== undefined);
    const effectiveAt = day as typeof plan.lastDay;
    const found = await balanceAt(opened.database, ledgerAccount.id, { effectiveAt }, clock.now());
    assert.equal(found?.balances.balance, balance, `account ${account} on ${day}`);
  }
});

test('accounts have the limits that their history needs, and no others', async () => {
  const rows = await opened.database.query<{ overdrawn: bigint; limited: bigint; below: bigint }>({
    text: `select count(*) filter (where credit_limit > 0) as overdrawn,
        count(*) filter (where floor = 0) as limited,
        count(*) filter (where b.posted_credits - b.posted_debits < -credit_limit) as below
      from ledger.accounts a join ledger.balances b on b.account_id = a.id
      where path like 'liabilities:deposits:%'`,
  });
  assert.deepEqual(rows, [{ overdrawn: 26n, limited: 4_500n, below: 0n }]);
});
