import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { defineActions, openSequencer, record, searchRecords, type Leaf } from '#audit';
import { UsageError, type Environment } from '../usage.ts';
import { runConsistency } from './consistency.ts';
import { runExport } from './export.ts';
import type { OpenedLog } from './open.ts';
import { runReceipt } from './receipt.ts';
import { runSearch } from './search.ts';
import { runVerifyFile } from './verify-file.ts';
import { testInstallation, type TestInstallation } from '../testing.ts';

type Run = (args: string[], env: Environment) => Promise<number>;

const program = path.join(import.meta.dirname, '../main.ts');
const actions = defineActions({ 'test.door.open': ['security', 'a door was opened'] });
const NAME = 'Brigitte';

let installation: TestInstallation;
let log: OpenedLog;
let env: Record<string, string>;
/** The ids of the first records, in the order of the log. */
let ids: string[];

before(async () => {
  installation = await testInstallation('reading');
  ({ env, log } = installation);
  const targets = Array.from({ length: 30 }, (_, index) => `door-${index}`);
  ids = await log.database.transaction(log.context(), (tx) =>
    record(
      tx,
      targets.map((target) => ({ action: actions['test.door.open'], target })),
    ),
  );
  await sequence();
});
after(() => installation.close());

async function sequence(): Promise<void> {
  await openSequencer(log.database, { objects: log.objects }).run(log.context());
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

async function florin(...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [program, 'audit', ...args], { env, stdio: 'pipe' });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, output, errors };
}

/** The last record of an action, after everything recorded has its place. */
async function lastOf(action: string): Promise<Leaf> {
  await sequence();
  const [found] = (await searchRecords(log.database, { action }, { limit: 1 })).records;
  return found?.record ?? assert.fail(`nothing recorded ${action}`);
}

test('audit search prints records newest first, a page at a time', async () => {
  const { code, output, errors } = await florin(
    'search',
    '--action',
    'test.',
    '--limit',
    '2',
    '--json',
  );
  assert.equal(code, 0, errors);
  const lines = output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { record: Leaf });
  assert.deepEqual(
    lines.map(({ record: { target } }) => target),
    ['door-29', 'door-28'],
  );
  const after = /--after (\d+)/.exec(errors)?.[1] ?? '';
  const next = await florin('search', '--action', 'test.', '--limit', '1', '--after', after);
  assert.match(next.output, /test\.door\.open {2}success {2}door-27 {2}by cli:/);
});

test('a search is in the log itself, without the words that were looked for', async () => {
  const { code, errors } = await florin('search', '--text', NAME, '--to', '2026-01-01');
  assert.equal(code, 0, errors);
  const read = await lastOf('audit.records.read');
  assert.match(read.actor.id, /^cli:/);
  assert.equal(read.retention, 'security');
  assert.deepEqual(read.after, {
    filter: { to: '2026-01-01T23:59:59.999999Z', words: 1 },
    found: [],
  });
  assert.ok(!JSON.stringify(read).includes(NAME));
});

test('a command that cannot be understood is refused before anything is read', async () => {
  const cases: readonly (readonly [Run, readonly string[]])[] = [
    [runSearch, ['--outcome', 'good']],
    [runSearch, ['--from', 'yesterday']],
    [runSearch, ['--leaf-from', '-1']],
    [runSearch, ['--limit', '101']],
    [runSearch, ['somebody']],
    [runExport, ['--format', 'xml', '-']],
    [runExport, ['--format', 'csv', '--since', '3', '-']],
    [runExport, ['--format', 'csv']],
    [runReceipt, ['acc_1']],
    [runConsistency, ['3']],
    [runVerifyFile, ['file', '--key', 'nonsense']],
    [runVerifyFile, ['file', 'another']],
  ];
  for (const [run, args] of cases) {
    // Were anything opened, it would be this database, which is nowhere.
    const nowhere = { FLORIN_DATABASE_URL: 'postgres://127.0.0.1:1/none' };
    await assert.rejects(run([...args], nowhere), UsageError, args.join(' '));
  }
  const { code, output } = await florin('search', '--outcome', 'good');
  assert.deepEqual([code, output], [2, '']);
});

test('an exported bundle verifies offline, and a tampered one does not', async () => {
  const file = path.join(installation.folder, 'doors.jsonl.gz');
  const { code, errors } = await florin('export', '--format', 'bundle', '--leaf-to', '20', file);
  assert.equal(code, 0, errors);
  const text = gunzipSync(await readFile(file)).toString();
  const header = JSON.parse(text.slice(0, text.indexOf('\n'))) as { verifier_keys: string[] };
  const [key = ''] = header.verifier_keys;
  const known = await florin('verify', file, '--key', key);
  assert.equal(known.code, 0, known.output);
  assert.match(known.output, /all 21 records from leaf 0 on[^]*The file is sound\.\n$/);
  const unknown = await florin('verify', file);
  assert.equal(unknown.code, 0);
  assert.match(unknown.output, /THE KEY IS FROM THE FILE ITSELF/);
  const forged = path.join(installation.folder, 'forged.jsonl');
  await writeFile(forged, text.replace('"door-7"', '"door-8"'));
  const tampered = await florin('verify', forged, '--key', key, '--json');
  const report = JSON.parse(tampered.output) as { sound: boolean; findings: { line: number }[] };
  assert.deepEqual([tampered.code, report.sound, report.findings[1]?.line], [1, false, 9]);
  const absent = await florin('verify', path.join(installation.folder, 'absent'), '--key', key);
  assert.equal(absent.code, 2);
  const again = await florin('export', '--format', 'bundle', file);
  assert.deepEqual([again.code, /exists/.test(again.errors)], [2, true]);
  const exported = await lastOf('audit.records.exported');
  assert.deepEqual(exported.after, { filter: { leaf_to: 20 }, format: 'bundle' });
});

test('an export to standard output is the leaves themselves', async () => {
  const { code, output } = await florin('export', '--format', 'jsonl', '--target', 'door-3', '-');
  assert.equal(code, 0);
  assert.equal((JSON.parse(output) as Leaf).id, ids[3]);
});

test('a receipt verifies offline, and reading it is recorded', async () => {
  const id = ids[12] ?? '';
  const file = path.join(installation.folder, 'record.receipt');
  const { code, errors } = await florin('receipt', id, file);
  assert.equal(code, 0, errors);
  const { verifier_keys: keys } = JSON.parse(await readFile(file, 'utf8')) as {
    verifier_keys: string[];
  };
  const verified = await florin('verify', file, '--key', keys[0] ?? '');
  assert.equal(verified.code, 0, verified.output);
  assert.equal((await lastOf('audit.receipt.read')).target, id);
  const unknown = await florin('receipt', id.replace(/.{5}$/, 'fffff'));
  assert.deepEqual([unknown.code, unknown.output], [1, '']);
});

test('a proof of consistency verifies offline', async () => {
  const sizes = await log.database.query<{ size: bigint }>({
    text: 'select size from audit.checkpoints order by size',
  });
  const [older, newer] = [sizes[0]?.size, sizes.at(-1)?.size].map(String);
  const { code, output, errors } = await florin('consistency', older ?? '', newer ?? '');
  assert.equal(code, 0, errors);
  const file = path.join(installation.folder, 'consistency');
  await writeFile(file, output);
  const verified = await florin('verify', file);
  assert.match(verified.output, new RegExp(`continues the log of ${older} records`));
  const wrong = await florin('consistency', newer ?? '', older ?? '');
  assert.equal(wrong.code, 1);
});
