import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { openSequencer, searchRecords } from '#audit';
import { checkFreshness, localIssuer, openAuthenticator } from '#identity';
import type { Principal } from '#identity';
import { MINUTE_US } from '#kernel';
import type { Instant } from '#kernel';
import type { OpenedLog } from '../audit/open.ts';
import { testInstallation, type TestInstallation } from '../testing.ts';

const program = path.join(import.meta.dirname, 'token.ts');

let installation: TestInstallation;
let log: OpenedLog;
let env: Record<string, string>;

before(async () => {
  installation = await testInstallation('token');
  ({ env, log } = installation);
});

after(() => installation.close());

async function token(
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly output: string; readonly errors: string }> {
  const script =
    `import { tokenCommand } from ${JSON.stringify(program)};` +
    'process.exitCode = await tokenCommand.run(process.argv.slice(1), process.env);';
  const flags = ['--input-type=module', '--eval', script, '--', ...args];
  const child = spawn(process.execPath, flags, { env, stdio: 'pipe' });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, output, errors };
}

/** Whom the server would take the bearer for, some minutes from now. */
async function principalOf(text: string, minutes = 0): Promise<Principal | undefined> {
  const { database, clock } = log;
  const authenticator = openAuthenticator({
    issuers: [localIssuer(database.keys)],
    clock: { now: () => (clock.now() + minutes * MINUTE_US) as Instant },
    checkFreshness: async (question) =>
      (await checkFreshness(database, [question]))[0] ?? 'revoked',
    limits: { tokensKeptMax: 10, tokenClockSkewMaxMs: 0, tokenProofAgeMaxMs: 60_000 },
  });
  const headers = { authorization: `Bearer ${text.trim()}` };
  const presented = { method: 'GET', url: 'http://bank.test/', headers, certificate: undefined };
  const identified = await authenticator.identify(presented);
  return identified.ok ? identified.value : undefined;
}

test('florin token prints a token and nothing else, and records that it did', async () => {
  const { code, output, errors } = await token('--role', 'teller', '--minutes', '5');
  assert.equal(code, 0, errors);
  assert.match(output, /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  const principal = await principalOf(output);
  assert.match(principal?.subject ?? '', /^local:/);
  assert.deepEqual(principal?.roles, ['teller']);
  assert.ok((await principalOf(output, 4)) !== undefined);
  assert.equal(await principalOf(output, 6), undefined);
  await openSequencer(log.database, { objects: log.objects }).run(log.context());
  const found = await searchRecords(
    log.database,
    { action: 'identity.local_token.issue' },
    { limit: 5 },
  );
  assert.equal(found.records.length, 1);
});

test('without a role the token is for everything but approving', async () => {
  const { output, errors } = await token();
  const principal = await principalOf(output);
  assert.deepEqual(principal?.roles, ['teller', 'auditor', 'operator', 'administrator'], errors);
});

test('a role that does not exist, or a token that is not short, is refused', async () => {
  for (const args of [
    ['--role', 'owner'],
    ['--minutes', '61'],
    ['--minutes', '0'],
    ['--name', 'somebody'],
  ]) {
    const { code, output, errors } = await token(...args);
    assert.notEqual(code, 0, args.join(' '));
    assert.equal(output, '');
    assert.match(errors, /UsageError/);
  }
});
