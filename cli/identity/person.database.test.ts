import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { personCommand } from './person.ts';
import { UsageError } from '../usage.ts';
import { testInstallation, type TestInstallation } from '../testing.ts';

const command = path.join(import.meta.dirname, 'person.ts');
// The command as the program runs it, without the program around it.
const driver = `
  const { personCommand } = await import(${JSON.stringify(command)});
  try {
    process.exitCode = await personCommand.run(process.argv.slice(1), process.env);
  } catch (error) {
    process.stderr.write(error.message);
    process.exitCode = 2;
  }`;

let installation: TestInstallation;
let env: Record<string, string>;

before(async () => {
  installation = await testInstallation('person');
  ({ env } = installation);
});

after(() => installation.close());

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

async function person(...args: readonly string[]): Promise<Ended> {
  const options = ['--input-type=module', '--eval', driver, ...args];
  const child = spawn(process.execPath, options, { env, stdio: 'pipe' });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, output, errors };
}

test('a person is invited, listed, reset, disabled and erased', async () => {
  const invited = await person('invite', '--role', 'teller', '--role', 'approver');
  assert.equal(invited.code, 0, invited.errors);
  const [, id = '', code = ''] = /^(usr_[0-9a-f-]{36})\nCode: (\S+)\n/.exec(invited.output) ?? [];
  assert.match(code, /^([0-9A-Z]{5}-){4}[0-9A-Z]{5}$/);
  const listed = await person('list');
  assert.equal(listed.output, `${id}  main  invited  teller,approver  -\n`);
  const again = await person('reset', id);
  assert.match(again.output, /Code: /);
  assert.ok(!again.output.includes(code));
  assert.equal((await person('disable', id)).code, 0);
  const refused = await person('reset', id);
  assert.equal(refused.code, 1);
  assert.match(refused.errors, /is disabled/);
  const erased = await person('erase', id, '--reason', 'case 12');
  assert.equal(erased.code, 0, erased.errors);
  assert.match(erased.output, /is erased.*\n.*overwritten/);
  assert.equal(
    (await person('list', '--names')).output,
    `${id}  main  erased  teller,approver  -  -  -\n`,
  );
});

test('the first administrator can be invited from the machine, again and again until there is one', async () => {
  const one = await person('first');
  const two = await person('first');
  assert.match(one.output, /^Code: /);
  assert.notEqual(one.output, two.output);
});

test('what is not understood changes nothing', async () => {
  const cases = [
    [],
    ['remove'],
    ['invite'],
    ['invite', '--role', 'king'],
    ['invite', '--role', 'teller', 'extra'],
    ['invite', '--role', 'teller', '--reason', 'x'],
    ['disable'],
    ['disable', 'somebody'],
    ['erase', 'usr_01890000-0000-7000-8000-000000000001'],
    ['sign-out'],
    ['sign-out', '--person', 'somebody'],
  ];
  for (const args of cases) {
    await assert.rejects(personCommand.run(args, env), UsageError, args.join(' '));
  }
  const unknown = await person('disable', 'usr_01890000-0000-7000-8000-000000000001');
  assert.equal(unknown.code, 1);
  assert.match(unknown.errors, /There is no person/);
});
