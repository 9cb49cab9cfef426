import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { parseDate, type Instant } from '#kernel';
import { accountByExternalId, balanceAt, changeAccount, trialBalance } from '#ledger';
import { systemClock } from '#platform';
import { testDatabase, type TestDatabase } from '../../src/platform/database/testing.ts';
import { silentProgress, type Progress } from '../progress.ts';
import { importBank } from './import.ts';
import { readBank } from './read.ts';
import { formatReport, reportJson } from './report.ts';
import { loadSampleBank, sampleBankDirectory } from './sample.ts';
import type { ImportReport } from './tally.ts';

const clock = systemClock();
let bank: TestDatabase;
let folder: string;

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'florin-sample-test-'));
});

beforeEach(async () => {
  await bank?.drop();
  bank = await testDatabase('import');
});

after(async () => {
  await bank?.drop();
  await rm(folder, { recursive: true, force: true });
});

/** The sample with some text of its transactions replaced. */
async function changedSample(replace: readonly (readonly [RegExp, string])[]): Promise<string> {
  const directory = await mkdtemp(path.join(folder, 'bank-'));
  await cp(sampleBankDirectory, directory, { recursive: true });
  const file = path.join(directory, 'trans.asc');
  let text = await readFile(file, 'utf8');
  for (const [pattern, substitute] of replace) {
    assert.match(text, pattern);
    text = text.replace(pattern, substitute);
  }
  await writeFile(file, text);
  return directory;
}

interface Options {
  readonly batchSize?: number;
  readonly isStopped?: () => boolean;
  readonly progress?: Progress;
}

async function importFrom(directory: string, options: Options = {}): Promise<ImportReport> {
  const read = await readBank(directory);
  assert.ok(read.ok, 'the files are readable');
  const startedMs = performance.now();
  const imported = await importBank({
    database: bank.database,
    clock,
    directory,
    files: read.value,
    startedMs,
    source: 'sample',
    progress: silentProgress,
    ...options,
  });
  assert.ok(imported.ok, imported.ok ? '' : imported.refusal.message);
  return imported.value;
}

async function customer(accountId: number) {
  const found = await accountByExternalId(bank.database, `sample:account:${accountId}`);
  assert.ok(found !== undefined, `account ${accountId} is in the ledger`);
  return found;
}

test('the sample bank is loaded and every row agrees with the printed balance', async () => {
  const report = await loadSampleBank(bank.database, clock);
  assert.equal(report.outcome, 'complete');
  assert.equal(report.compared.agreeing, 435);
  assert.equal(report.compared.rounded, 4);
  assert.equal(report.cutDay, undefined);
  assert.deepEqual(report.overdrawn, { accounts: 1, rows: 25 });
  assert.deepEqual(report.added, { transfers: 439, accounts: 26, records: 61 });
  assert.match(formatReport(report), /435 of the 435 rows up to 2025-06-30 agree with the printed/);
  const { totals } = await trialBalance(bank.database, { by: 'account', limit: 1 });
  assert.equal(totals.length, 1);
  assert.equal(totals[0]?.currency, 'CZK');
  assert.equal(totals[0].debits, totals[0].credits);
  const parsed = JSON.parse(reportJson(report)) as { roundings: { raised_by: string } };
  assert.equal(parsed.roundings.raised_by, '20');
});

test('clearing accounts are at zero, and what passed them can be seen', async () => {
  await loadSampleBank(bank.database, clock);
  const household = await accountByExternalId(
    bank.database,
    'sample:liabilities:clearing:household',
  );
  assert.equal(household?.balances.balance, 0n);
  assert.equal(household?.balances.postedDebits, 8_863_000n);
});

test('loading the sample again changes nothing', async () => {
  await loadSampleBank(bank.database, clock);
  const again = await loadSampleBank(bank.database, clock);
  assert.deepEqual(again.added, { transfers: 0, accounts: 0, records: 0 });
  assert.equal(again.compared.agreeing, 435);
  assert.match(formatReport(again), /Nothing changed: everything had been imported before/);
});

test('the import makes customers, their accounts and orders too, each once', async () => {
  const report = await loadSampleBank(bank.database, clock);
  const { customers, bankAccounts, standingOrders } = report.holdings;
  assert.ok(customers.added > 0 && bankAccounts.added > 0 && standingOrders.added > 0);
  const again = await loadSampleBank(bank.database, clock);
  assert.deepEqual(again.holdings, {
    customers: { added: 0, existing: customers.added },
    bankAccounts: { added: 0, existing: bankAccounts.added },
    standingOrders: { added: 0, existing: standingOrders.added },
  });
  const [facts] = await bank.database.query({
    text: `select (select count(*) from accounts.bank_accounts) as accounts,
        (select count(*) from payments.standing_orders o where o.status = 'suspended') as orders,
        (select count(*) from accounts.customers) as customers,
        (select count(*) from payments.payments) as payments`,
  });
  assert.deepEqual(facts, {
    accounts: BigInt(bankAccounts.added),
    orders: BigInt(standingOrders.added),
    customers: BigInt(customers.added),
    payments: 0n,
  });
  const last = await loadSampleBank(bank.database, clock);
  assert.match(formatReport(last), /0 customers, 0 bank accounts and 0 standing orders added/);
});

test('an import stopped half-way goes on where it was', async () => {
  let batches = 0;
  const isStopped = (): boolean => (batches += 1) > 3;
  const part = await importFrom(sampleBankDirectory, { batchSize: 50, isStopped });
  assert.equal(part.outcome, 'stopped');
  assert.equal(part.compared.rows, 435);
  assert.ok(part.compared.agreeing > 100 && part.compared.agreeing < 200);
  assert.equal(part.waiting, 435 - part.compared.agreeing);
  const rest = await importFrom(sampleBankDirectory);
  assert.equal(rest.outcome, 'complete');
  assert.equal(rest.compared.agreeing, 435);
  assert.equal(rest.existing.transfers, part.added.transfers);
  assert.equal(rest.existing.transfers + rest.added.transfers, 439);
});

test('balances can be asked for at the dates of the history', async () => {
  await loadSampleBank(bank.database, clock);
  const { id } = await customer(129);
  const at = async (date: string): Promise<bigint | undefined> => {
    const effectiveAt = parseDate(date) as Instant;
    return (await balanceAt(bank.database, id, { effectiveAt }, clock.now()))?.balances.balance;
  };
  assert.equal(await at('2025-01-24'), -150_000n);
  assert.equal(await at('2025-01-31'), -174_860n);
});

test('a difference that no rounding explains is reported for its account', async () => {
  // Account 150 printed 2,100.00 after its first deposit of as much.
  const directory = await changedSample([
    [/("VKLAD";2100\.00;)2100\.00/, '$12100.50'],
    [/(\n\d+;150;250105;"VYDAJ";"VYBER";)400\.00/, '$1500.00'],
  ]);
  const report = await importFrom(directory);
  assert.equal(report.outcome, 'differences');
  const [difference, ...others] = report.differences;
  assert.deepEqual(others, []);
  assert.equal(difference?.account, 150);
  assert.equal(difference?.firstDate, '2025-01-02');
  assert.equal(difference?.printed, 210_050n);
  assert.equal(difference?.booked, 210_000n);
  assert.equal(report.compared.agreeing, 435 - (difference?.rows ?? 0));
  assert.match(
    formatReport(report),
    /account 150: \d+ rows differ, first transaction 1278 of 2025/,
  );
});

for (const batchSize of [1, 40]) {
  test(`a refused row makes only its account wait, in batches of ${batchSize}`, async () => {
    await checkRefusal(batchSize);
  });
}

async function checkRefusal(batchSize: number): Promise<void> {
  await importFrom(sampleBankDirectory, { isStopped: () => true });
  const { id } = await customer(150);
  const context = { now: clock.now(), actor: 'test', correlationId: 'test' };
  await bank.database.transaction(context, async (tx) => {
    const frozen = await changeAccount(tx, { accountId: id, state: 'debits_frozen' });
    assert.ok(frozen.ok);
  });
  const report = await importFrom(sampleBankDirectory, { batchSize });
  assert.equal(report.outcome, 'differences');
  assert.deepEqual(
    report.refusals.map(({ account, code, date }) => [account, code, date]),
    [[150, 'account_frozen', '2025-01-05']],
  );
  assert.equal(report.compared.agreeing + report.waiting + 1, 435);
  assert.equal((await customer(150)).balances.version, 1n);

  await bank.database.transaction(context, async (tx) => {
    const opened = await changeAccount(tx, { accountId: id, state: 'open' });
    assert.ok(opened.ok);
  });
  const finished = await importFrom(sampleBankDirectory);
  assert.equal(finished.outcome, 'complete');
  assert.equal(finished.compared.agreeing, 435);
}

test('the rows of a cut last day that cannot chain are kept apart', async () => {
  // The interest of the last day is missing for one account, so its fee does not follow.
  const file = await readFile(path.join(sampleBankDirectory, 'trans.asc'), 'utf8');
  const line = /\n\d+;150;250630;"PRIJEM";"";[^\n]*/.exec(file)?.[0] ?? '';
  const directory = await changedSample([[new RegExp(line.replaceAll('.', '\\.')), '']]);
  const report = await importFrom(directory);
  assert.equal(report.outcome, 'complete');
  assert.equal(report.compared.until, '2025-06-29');
  assert.equal(report.compared.agreeing, report.compared.rows);
  assert.equal(report.cutDay?.setAsideAccounts, 1);
  assert.equal(report.cutDay.agreeing + report.cutDay.setAside, report.cutDay.rows);
  assert.match(formatReport(report), /The file is cut within 2025-06-30/);
});

test('another bank under the same name is refused before anything is posted', async () => {
  await importFrom(sampleBankDirectory);
  const directory = await changedSample([]);
  const file = path.join(directory, 'card.asc');
  await writeFile(file, (await readFile(file, 'utf8')).replace('classic', 'gold'));
  const read = await readBank(directory);
  assert.ok(read.ok);
  const refused = await importBank({
    database: bank.database,
    clock,
    directory,
    files: read.value,
    startedMs: performance.now(),
    source: 'sample',
    progress: silentProgress,
  });
  assert.ok(!refused.ok);
  assert.equal(refused.refusal.code, 'reference_differs');
  assert.match(refused.refusal.message, /its cards are not the ones in these files/);
});

test('a folder that is missing or incomplete is named in one sentence', async () => {
  const missing = await readBank(path.join(folder, 'nowhere'));
  assert.ok(!missing.ok);
  assert.match(
    missing.refusal.message,
    /^There is no folder .*nowhere; it should hold account\.asc/,
  );
  const directory = await changedSample([]);
  await rm(path.join(directory, 'loan.asc'));
  await rm(path.join(directory, 'card.asc'));
  const incomplete = await readBank(directory);
  assert.ok(!incomplete.ok);
  assert.match(incomplete.refusal.message, /is incomplete: card\.asc, loan\.asc are missing\.$/);
});
