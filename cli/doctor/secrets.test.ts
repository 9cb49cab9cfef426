import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { lookAtSecrets, type Places } from './secrets.ts';

const NOW_MS = 1_795_000_000_000;
const DAY_MS = 86_400_000;
const token = `${'ghp'}_${'a1B2'.repeat(9)}`;

function places(t: TestContext, env: Places['env'] = {}) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'florin-doctor-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [checkout, home, keysFolder] = ['checkout', 'home', 'keys'].map((name) => {
    mkdirSync(path.join(folder, name));
    return path.join(folder, name);
  }) as [string, string, string];
  execFileSync('git', ['init', '--quiet'], { cwd: checkout });
  const write = (file: string, text: string, { mode = 0o600, ageDays = 1 } = {}): void => {
    const full = path.join(folder, file);
    mkdirSync(path.dirname(full), { recursive: true });
    writeFileSync(full, text);
    chmodSync(full, mode);
    const seconds = (NOW_MS - ageDays * DAY_MS) / 1_000;
    utimesSync(full, seconds, seconds);
  };
  const git = (...words: string[]): void => void execFileSync('git', words, { cwd: checkout });
  const look = async (): Promise<string[]> => {
    const found = await lookAtSecrets({ checkout, home, keysFolder, env, nowMs: NOW_MS });
    return found.map(({ health, found: what }) => `${health}: ${what}`);
  };
  return { write, git, look };
}

test('a tidy machine is well', async (t) => {
  const { write, git, look } = places(t);
  write('checkout/.env.example', 'FLORIN_DATABASE_URL=\n');
  write('checkout/src/main.ts', 'export {};\n');
  write('home/.aws/credentials', '[default]\naws_secret_access_key = x\n');
  write('home/.npmrc', 'fund=false\n', { mode: 0o644, ageDays: 400 });
  write('keys/audit-log.pem', 'x');
  git('add', '.');
  assert.deepEqual(await look(), [
    'ok: none in the working tree, none that others can read, none that is too old',
  ]);
});

test('a secret is found in what git tracks and in what it would track next', async (t) => {
  const { write, git, look } = places(t);
  write('checkout/deploy.sh', `\ntoken=${token}\n`);
  git('add', '.');
  write('checkout/notes.txt', token);
  write('checkout/.gitignore', 'ignored.txt\n');
  write('checkout/ignored.txt', token);
  const found = await look();
  assert.deepEqual(
    found.map((line) => line.replace(/ \(.*/, '')),
    ['broken: deploy.sh:2 holds a secret', 'broken: notes.txt:1 holds a secret'],
  );
  assert.ok(!found.join().includes(token));
});

test('an environment file that git tracks is named, whatever is in it', async (t) => {
  const { write, git, look } = places(t);
  for (const file of ['.env', '.env.production', 'deploy/app.env', '.env.example']) {
    write(`checkout/${file}`, 'A=1\n');
  }
  git('add', '.');
  assert.deepEqual(await look(), [
    'warning: git tracks the environment file .env',
    'warning: git tracks the environment file .env.production',
    'warning: git tracks the environment file deploy/app.env',
  ]);
});

test('credential files and keys that others can read are broken', async (t) => {
  const { write, look } = places(t);
  write('home/.aws/credentials', 'aws_secret_access_key = x\n', { mode: 0o640 });
  write('home/.ssh/id_ed25519', 'x', { mode: 0o604 });
  write('home/.npmrc', '//registry.example/:_authToken=x\n', { mode: 0o644 });
  write('keys/master.key', 'x', { mode: 0o644 });
  const found = await look();
  assert.equal(found.length, 4);
  for (const line of found) assert.match(line, /^broken: .* can be read by other users/);
});

test('a stored secret is too old after 90 days, and not before', async (t) => {
  const { write, look } = places(t);
  write('home/.aws/credentials', 'aws_secret_access_key = x\n', { ageDays: 90 });
  write('home/.netrc', 'machine bank.example password x\n', { ageDays: 91 });
  // The age of a key pair says nothing against it, and the tool renews what it keeps itself.
  write('home/.ssh/id_rsa', 'x', { ageDays: 900 });
  assert.deepEqual(await look(), ['warning: ~/.netrc holds a secret that is 91 days old']);
});

test('a long-lived key in the environment is named, that of a role is not', async (t) => {
  const key = { AWS_ACCESS_KEY_ID: `AKIA${'Q'.repeat(16)}` };
  assert.deepEqual(await places(t, key).look(), [
    'warning: AWS_ACCESS_KEY_ID is a long-lived key of a user',
  ]);
  const role = { AWS_ACCESS_KEY_ID: `ASIA${'Q'.repeat(16)}` };
  assert.match((await places(t, role).look()).join(), /^ok/);
});
