import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { defineActions, openSequencer, record, writeAnchors } from '#audit';
import { parseInstant, type Instant } from '#kernel';
import type { OpenedLog } from './open.ts';
import { testInstallation, type TestInstallation } from '../testing.ts';

const program = path.join(import.meta.dirname, '../main.ts');
const actions = defineActions({ 'test.door.open': ['security', 'a door was opened'] });

let installation: TestInstallation;
let log: OpenedLog;
let env: Record<string, string>;

before(async () => {
  installation = await testInstallation('keeping');
  ({ env, log } = installation);
  const sequencer = openSequencer(log.database, { objects: log.objects });
  for (const time of ['2021-01-10T10:30:00Z', '2021-02-10T10:30:00Z']) {
    const context = { ...log.context(), now: parseInstant(time) as Instant };
    await log.database.transaction(context, (tx) =>
      record(tx, [{ action: actions['test.door.open'], target: `door of ${time}` }]),
    );
    await sequencer.run(context);
  }
});

after(() => installation.close());

async function florin(
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly output: string; readonly errors: string }> {
  const child = spawn(process.execPath, [program, 'audit', ...args], { env, stdio: 'pipe' });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, output, errors };
}

test('audit anchors lists the hours that were closed, and says that their chain is sound', async () => {
  await writeAnchors(log.database, log.objects, log.context());
  const { code, output, errors } = await florin('anchors');
  assert.equal(code, 0, errors);
  assert.match(
    output,
    /^ {5}1 {2}2021-01-10T10:00Z to 2021-01-10T11:00Z {2}\d+ records {2}[0-9a-f]{64}/,
  );
  assert.match(output, /\n {5}2 {2}2021-01-10T11:00Z to 2021-02-10T11:00Z .*\n/);
  assert.match(output, /The chain of 2 anchors is sound\.\n$/);
  const strange = await florin('anchors', '--last', '0', '--key', 'a.b+00000000+x');
  assert.equal(strange.code, 2);
  assert.match(strange.errors, /^florin: --key: /);
});

test('audit hold places, lists and releases a hold', async () => {
  const months = ['--from', '2021-01', '--to', '2021-02'];
  const placed = await florin('hold', 'place', ...months, '--reason', 'case 12');
  assert.equal(placed.code, 0, placed.errors);
  const id = placed.output.trim();
  assert.match(id, /^lgh_/);
  const listed = await florin('hold', 'list');
  assert.match(listed.output, /2021-01 to 2021-02 {2}all {2}placed .* in force {2}case 12\n$/);
  assert.match((await florin('hold', 'release', id)).output, /is released/);
  const again = await florin('hold', 'release', id);
  assert.deepEqual([again.code, again.output], [1, '']);
  assert.match(again.errors, /was released by cli:/);
  const nameless = await florin('hold', 'place', ...months);
  assert.deepEqual([nameless.code, nameless.output], [2, '']);
});

test('audit archive tells what is due, moves it, and then has nothing to do', async () => {
  const due = await florin('archive', '--dry-run');
  assert.match(due.output, /^2021-01: \d+ records, 0 of them archived\n2021-02: 1 records/);
  const one = await florin('archive', '--month', '2021-01');
  assert.equal(one.code, 0, one.errors);
  assert.match(one.output, /^2021-01: \d+ records are in the archive, and left the database\.\n$/);
  assert.equal((await florin('archive')).output, '2021-02: archived\n2021-02: left the database\n');
  const rest = await florin('archive', '--dry-run');
  assert.equal(rest.output, 'No month is due.\n');
  const wrong = await florin('archive', '--month', '2021-1');
  assert.equal(wrong.code, 2);
});
