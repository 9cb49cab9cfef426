import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { clientCommand } from './client.ts';
import { keysCommand } from './keys.ts';
import { UsageError, type Command } from '../usage.ts';
import { testInstallation, type TestInstallation } from '../testing.ts';

let installation: TestInstallation;
let env: Record<string, string>;

before(async () => {
  installation = await testInstallation('client');
  ({ env } = installation);
});

after(() => installation.close());

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** The command as a process of its own: what it prints is all that it prints. */
async function run(command: Command, ...args: string[]): Promise<Ended> {
  const { name } = command;
  const file = JSON.stringify(path.join(import.meta.dirname, `${name}.ts`));
  const program =
    `const { ${name}Command } = await import(${file});` +
    `process.exitCode = await ${name}Command.run(process.argv.slice(1), process.env);`;
  const options = ['--input-type=module', '--eval', program, '--', ...args];
  const child = spawn(process.execPath, options, { env, stdio: 'pipe' });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, output, errors };
}

async function keyFile(name: string, isPrivate = false): Promise<string> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = (isPrivate ? privateKey : publicKey).export({ format: 'jwk' });
  const file = path.join(installation.folder, name);
  await writeFile(file, JSON.stringify({ keys: [key] }));
  return file;
}

test('a partner of the FAPI 2.0 profile is registered, listed, given new keys and ended', async () => {
  const add = ['add', '--name', 'Partner', '--fapi', '--redirect', 'https://p.example/back'];
  const file = await keyFile('one.json');
  const added = await run(clientCommand, ...add, '--scope', 'accounts.read', '--keys', file);
  assert.equal(added.code, 0, added.errors);
  assert.match(added.output, /^cli_[0-9a-f-]{36}\n$/, 'there is no secret');
  const id = added.output.trim();
  const listed = await run(clientCommand, 'list');
  assert.match(listed.output, new RegExp(`^${id}  active  main  fapi2  private_key_jwt  dpop `));
  const rotated = await run(clientCommand, 'rotate', id, '--keys', await keyFile('two.json'));
  assert.equal(rotated.code, 0, rotated.errors);
  const disabled = await run(clientCommand, 'disable', id);
  assert.equal(disabled.code, 0, disabled.errors);
  assert.match((await run(clientCommand, 'list')).output, new RegExp(`^${id}  disabled`));
  assert.equal((await run(clientCommand, 'disable', id)).code, 1);
});

test('a secret is printed once, when it is made', async () => {
  const add = ['add', '--name', 'Web', '--auth', 'client_secret_basic'];
  const added = await run(clientCommand, ...add, '--redirect', 'https://w.example/back');
  const [id = '', secret = ''] = added.output.split('\n');
  assert.match(secret, /^florin_secret_[\w-]{43}$/);
  const rotated = await run(clientCommand, 'rotate', id, '--secret', '--overlap', '0');
  assert.match(rotated.output, /^florin_secret_[\w-]{43}\n$/);
  assert.notEqual(rotated.output.trim(), secret);
  const listed = await run(clientCommand, 'list');
  assert.ok(!listed.output.includes('florin_secret_'));
});

test('a private key is refused, and not repeated', async () => {
  const file = await keyFile('private.json', true);
  const add = ['add', '--name', 'P', '--fapi', '--redirect', 'https://p.example/', '--keys', file];
  const refused = { name: 'UsageError', message: /private/ };
  await assert.rejects(clientCommand.run(add, env), refused);
});

test('a machine has roles, and a certificate that names it', async () => {
  const add = ['add', '--name', 'M', '--machine', '--role', 'partner', '--scope', 'accounts.read'];
  const mtls = ['--auth', 'tls_client_auth', '--binding', 'mtls', '--certificate'];
  const added = await run(clientCommand, ...add, ...mtls, 'dns=api.partner.example');
  assert.equal(added.code, 0, added.errors);
});

test('a command that cannot be understood changes nothing', async () => {
  const cases: readonly (readonly string[])[] = [
    [],
    ['remove'],
    ['add'],
    ['add', '--name', 'X', '--auth', 'password'],
    ['add', '--name', 'X', '--binding', 'tls'],
    ['add', '--name', 'X', '--role', 'king'],
    ['add', '--name', 'X', '--keys', '/nowhere'],
    ['add', '--name', 'X', '--certificate', 'sha1=abc'],
    ['rotate', 'cli_1'],
    ['rotate', 'cli_1', '--secret', '--keys', 'file'],
    ['rotate', 'cli_1', '--secret', '--overlap', '-1'],
    ['disable'],
    ['disable', 'a', 'b'],
  ];
  const before = (await run(clientCommand, 'list')).output;
  for (const args of cases) {
    await assert.rejects(clientCommand.run([...args], env), UsageError, args.join(' '));
  }
  assert.equal((await run(clientCommand, 'list')).output, before);
});

test('the signing keys are listed, rotated and replaced', async () => {
  const kids = async (): Promise<unknown[]> => {
    const { output } = await run(keysCommand, 'list');
    return (JSON.parse(output) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
  };
  const [first] = await kids();
  const next = (await run(keysCommand, 'rotate')).output.trim();
  assert.deepEqual(await kids(), [first, next]);
  const only = (await run(keysCommand, 'replace')).output.trim();
  assert.deepEqual(await kids(), [only]);
  await assert.rejects(keysCommand.run(['delete'], env), UsageError);
});
