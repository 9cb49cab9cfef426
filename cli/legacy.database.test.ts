import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import { legacyCommand } from './legacy.ts';
import { UsageError } from './usage.ts';
import { testInstallation, type TestInstallation } from './testing.ts';

let installation: TestInstallation;
let env: Record<string, string>;

before(async () => {
  installation = await testInstallation('legacy');
  ({ env } = installation);
});

after(() => installation.close());

const program =
  `const { legacyCommand } = await import(${JSON.stringify(`${import.meta.dirname}/legacy.ts`)});` +
  'process.exitCode = await legacyCommand.run(process.argv.slice(1), process.env);';

/** The command as a process of its own, beside a server that has the database open. */
async function run(...args: string[]) {
  const options = ['--input-type=module', '--eval', program, '--', ...args];
  const child = spawn(process.execPath, options, { env, stdio: 'pipe' });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, output, errors };
}

test('routes are pointed to the other core, moved over, back, and left alone again', async () => {
  assert.match((await run('list')).output, /^There is no rule/);
  const terms = ['--path', '/v1/cards/*', '--mode', 'shadow', '--percent', '10'];
  const added = await run('add', '--position', '10', ...terms);
  assert.equal(added.code, 0, added.errors);
  assert.match(added.output, /^lgr_[0-9a-f-]{36} {2}10 .* 10 % {2}shadow, answered by legacy\n$/);
  const id = added.output.slice(0, 40);
  const moved = await run('move', id, '--mode', 'here', '--percent', '100');
  assert.match(moved.output, /100 % {2}here\n$/);
  assert.match((await run('list')).output, /^lgr_.*here\n$/);
  const taken = await run('add', '--position', '10', ...terms);
  assert.equal(taken.code, 1);
  assert.match(taken.errors, /has the position 10/);
  assert.equal((await run('remove', id)).code, 0);
  assert.equal((await run('remove', id)).code, 1);
  assert.match((await run('differences', '--values')).output, /^No answers/);
});

test('what is not understood is said in one sentence, and nothing is changed', async () => {
  const wrong = [
    [],
    ['turn'],
    ['add', '--position', '1'],
    ['add', '--position', '0', '--path', '/x', '--mode', 'here'],
    ['add', '--position', '1', '--path', '/x', '--mode', 'there'],
    ['move', 'lgr_1', '--mode', 'here'],
    ['move'],
    ['differences', '--last', '0'],
  ];
  for (const args of wrong) {
    await assert.rejects(
      async () => await legacyCommand.run(args, env),
      (error) => error instanceof UsageError,
    );
  }
});
