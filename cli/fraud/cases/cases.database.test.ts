import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { idOf, msOf, newUuid } from '#kernel';
import { fraudCasesSubscription } from '#fraud';
import { openLogger, openStream } from '#platform';
import { batchOf, keepDecided } from '../../../src/fraud/testing/decided.ts';
import { captured, testInstallation, type Ran, type TestInstallation } from '../../testing.ts';
import { UsageError } from '../../usage.ts';
import { runCases } from './cases.ts';

let installation: TestInstallation;
let ids: readonly string[];

// Two cases, of two accounts that somebody has paid from.
before(async () => {
  installation = await testInstallation('fraud-cases');
  const { log } = installation;
  const { database, clock } = log;
  const at = clock.now();
  const accounts = [1, 2].map(() => idOf('acc', newUuid(msOf(at))));
  const items = accounts.map((accountId) => ({ accountId, outcome: 'decline' as const }));
  const batch = batchOf(items, { at, tenant: 'main', ordinal: 0n });
  const context = { ...log.context(), tenant: 'main' };
  await database.transaction(context, (tx) => keepDecided(tx, batch));
  const stream = openStream({ database, clock, logger: openLogger({ level: 'silent' }) });
  await stream.consume(fraudCasesSubscription);
  await stream.settle();
  await stream.stop();
  ids = (await run('list')).output.match(/cse_[0-9a-f-]{36}/g) ?? [];
  assert.equal(ids.length, 2);
});
after(() => installation.close());

/** What a command says. */
async function run(...args: string[]): Promise<Ran> {
  return await captured(() => runCases(args, installation.env));
}

test('a case is claimed, written about, closed and filed at a terminal', async () => {
  const claimed = await run('claim', '--queue', 'decline');
  assert.equal(claimed.code, 0, claimed.errors);
  assert.match(claimed.output, new RegExp(`^${ids[0]} {2}assigned {2}high {2}decline .* cli:`));
  const id = ids[0] ?? '';
  assert.equal((await run('note', id, '--note', 'The customer was called.')).code, 0);
  const early = await run('close', ids[1] ?? '', '--outcome', 'fraud', '--note', 'x');
  assert.deepEqual([early.code, /Nobody has taken the case/.test(early.errors)], [1, true]);
  const closing = ['--outcome', 'fraud', '--pattern', 'mule', '--note', 'It is one.'];
  const closed = await run('close', id, ...closing);
  assert.match(closed.output, new RegExp(`^${id} {2}closed fraud`), closed.errors);
  const shown = await run('show', id);
  assert.match(shown.output, /\n\nalr_.* decline \(full\) {2}12345 hundredths CZK/);
  assert.match(shown.output, /\n3\. .* noted {2}cli:.*\n {4}The customer was called\.\n4\. /);
  assert.match((await run('list', '--state', 'closed')).output, new RegExp(`^${id}`));
  assert.match((await run('list', '--text', 'customer called')).output, new RegExp(`^${id}`));
  assert.equal((await run('list', '--text', 'nothing such')).output, 'There is no such case.\n');
});

test('the document is written for its writer alone, under the digest that is told', async () => {
  const file = path.join(installation.folder, 'document.json');
  const narrative = path.join(installation.folder, 'narrative.txt');
  writeFileSync(narrative, 'Five payments came and left.\n');
  const asked = [ids[0] ?? '', '--narrative', narrative, '--out', file, '--kind', 'money mule'];
  const made = await run('report', ...asked);
  assert.equal(made.code, 0, made.errors);
  const bytes = readFileSync(file);
  assert.match(made.output, new RegExp(createHash('sha256').update(bytes).digest('hex')));
  assert.match(readFileSync(`${file}.txt`, 'utf8'), /\nNARRATIVE\nFive payments came and left\.\n/);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  await assert.rejects(
    async () => await run('report', ...asked),
    /is there already; --force replaces it/,
  );
});

test('what is not understood is said in one sentence, and nothing is changed', async () => {
  const id = ids[1] ?? '';
  const wrong = [
    [],
    ['turn'],
    ['show'],
    ['show', 'cse_1'],
    ['list', '--state', 'shut'],
    ['list', '--tenant', '*'],
    ['claim', id, '--queue', 'decline'],
    ['note', id],
    ['note', id, '--note', 'x'.repeat(10_001)],
    ['close', id, '--note', 'x'],
    ['close', id, '--outcome', 'maybe', '--note', 'x'],
    ['report', id, '--out', 'x'],
    ['report', id, '--out', 'x', '--narrative', '/nowhere/to/be/found'],
  ];
  for (const args of wrong) {
    await assert.rejects(
      async () => await runCases(args, installation.env),
      (error) => error instanceof UsageError,
      args.join(' '),
    );
  }
  assert.match((await run('show', id)).output, / {2}open {2}/);
});
