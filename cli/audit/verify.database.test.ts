import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { openSequencer, searchRecords, SIGNING_KEY, verifierKey } from '#audit';
import { openAccounts } from '#ledger';
import { openSession } from '#platform';
import type { OpenedLog } from './open.ts';
import { testInstallation, type TestInstallation } from '../testing.ts';

const program = path.join(import.meta.dirname, '../main.ts');

let installation: TestInstallation;
let log: OpenedLog;
let env: Record<string, string>;

before(async () => {
  installation = await testInstallation('audit-verify');
  ({ env, log } = installation);
  const asked = { path: 'assets:cash', currency: 'CZK', normalSide: 'debit' } as const;
  await log.database.transaction(log.context(), (tx) => openAccounts(tx, [asked, asked]));
  await openSequencer(log.database, { objects: log.objects }).run(log.context());
});

after(() => installation.close());

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

async function verify(
  args: readonly string[],
  others: Record<string, string> = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [program, 'audit', 'verify', ...args], {
    env: { ...env, ...others },
    stdio: 'pipe',
  });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, output, errors };
}

test('a sound log ends with 0, says so, and has the verification in it', async () => {
  const { code, output, errors } = await verify([]);
  assert.equal(code, 0, errors + output);
  assert.match(output, /The log is sound: all \d+ rules hold \(\d+ records and \d+ changes/);
  assert.match(output, /^ {2}leaf_altered +\d+ leaves +0 {2}every leaf has the hash/m);
  await openSequencer(log.database, { objects: log.objects }).run(log.context());
  const found = await searchRecords(log.database, { action: 'audit.log.verified' }, { limit: 1 });
  assert.equal(found.records.length, 1);
});

test('--json prints one object with every rule', async () => {
  const { code, output } = await verify(['--json']);
  assert.equal(code, 0);
  const report = JSON.parse(output) as { sound: boolean; rules: unknown[]; findings: unknown[] };
  assert.equal(report.sound, true);
  assert.ok(report.rules.length > 40);
  assert.deepEqual(report.findings, []);
});

test('--key trusts that key, and no other', async () => {
  const publicKey = await log.database.keys.publicKey(SIGNING_KEY);
  const [row] = await log.database.query<{ origin: string }>({
    text: 'select l.origin from audit.logs l',
  });
  const own = verifierKey(row?.origin ?? '', publicKey);
  assert.equal((await verify([`--key=${own}`])).code, 0);
  const stranger = verifierKey(row?.origin ?? '', Buffer.alloc(32, 7));
  const { code, output } = await verify([`--key=${stranger}`]);
  assert.equal(code, 1);
  assert.match(output, /WRONG key_unknown: checkpoint \d+: expected a signature of a trusted key/);
  assert.equal((await verify(['--key=nothing'])).code, 2);
});

test('without a folder of keys the database is believed, with a warning', async () => {
  const { code, output } = await verify([], {
    FLORIN_KEYS_DIR: path.join(installation.folder, 'no-keys'),
  });
  assert.equal(code, 0, output);
  assert.match(output, /warning keys_unvouched: log \S+: expected public keys from outside/);
});

test('a log that was tampered with ends with 1, and a database out of reach with 2', async () => {
  const owner = await openSession(log.ownerUrl);
  await owner.query({
    text: `set session_replication_role = replica;
      update ledger.accounts set credit_limit = credit_limit + 1
      where id = (select id from ledger.accounts order by id limit 1)`,
  });
  await owner.close();
  const { code, output } = await verify([]);
  assert.equal(code, 1);
  assert.match(
    output,
    /WRONG change_contradicts_record: account acc_\S+ record aud_\S+: expected /,
  );
  assert.match(output, /THE LOG IS NOT SOUND: 1 of \d+ rules are broken/);
  const nowhere = { FLORIN_DATABASE_URL: 'postgresql://127.0.0.1:1/nothing' };
  assert.equal((await verify([], nowhere)).code, 2);
});
