import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { inspect, promisify } from 'node:util';
import { openLocalKeys } from './local.ts';

const run = promisify(execFile);

async function newFolder(t: TestContext): Promise<string> {
  const parent = await mkdtemp(path.join(os.tmpdir(), 'florin-keys-'));
  t.after(() => rm(parent, { recursive: true, force: true }));
  return path.join(parent, 'keys');
}

async function withKeys(t: TestContext) {
  const folder = await newFolder(t);
  const keys = await openLocalKeys({ folder });
  await keys.publicKey('audit-log');
  return { folder, keys, master: path.join(folder, 'master.key'), pem: `${folder}/audit-log.pem` };
}

const modeOf = async (name: string) => (await stat(name)).mode & 0o777;

test('the folder and its files are open to their owner alone, whatever the umask', async (t) => {
  const before = process.umask(0);
  t.after(() => process.umask(before));
  const { folder } = await withKeys(t);
  assert.equal(await modeOf(folder), 0o700);
  const names = await readdir(folder);
  assert.deepEqual(names.toSorted(), ['audit-log.pem', 'master.key']);
  for (const name of names) assert.equal(await modeOf(path.join(folder, name)), 0o600, name);
});

test('a folder that others may enter is refused with a sentence that says the remedy', async (t) => {
  const { folder } = await withKeys(t);
  for (const mode of [0o710, 0o701, 0o755, 0o770]) {
    await chmod(folder, mode);
    await assert.rejects(openLocalKeys({ folder }), {
      code: 'keys_unsafe',
      retryable: false,
      message:
        /^The keys cannot be used because \S+ is open to other users \(chmod 700 closes it\).$/,
    });
  }
  await chmod(folder, 0o700);
  await openLocalKeys({ folder });
});

test('a folder that belongs to another user is refused', async (t) => {
  let foreign = '/';
  if (process.geteuid?.() === 0) {
    foreign = await newFolder(t);
    await mkdir(foreign, { mode: 0o700 });
    await chown(foreign, 4_711, 4_711);
  }
  await assert.rejects(openLocalKeys({ folder: foreign }), {
    code: 'keys_unsafe',
    message: /belongs to another user/,
  });
});

test('a file in the place of the folder is refused', async (t) => {
  const folder = await newFolder(t);
  await writeFile(folder, '');
  await assert.rejects(openLocalKeys({ folder }), { code: 'keys_unsafe', message: /not a folder/ });
});

test('a key file that others may read is refused', async (t) => {
  const { folder, master, pem } = await withKeys(t);
  await chmod(pem, 0o640);
  const keys = await openLocalKeys({ folder });
  const unsafe = { code: 'keys_unsafe', message: /is open to other users \(chmod 600 closes it\)/ };
  await assert.rejects(keys.sign('audit-log', Buffer.from('x')), unsafe);
  await chmod(pem, 0o600);
  await keys.sign('audit-log', Buffer.from('x'));
  await chmod(master, 0o604);
  await assert.rejects(openLocalKeys({ folder }), unsafe);
});

test('a link in the place of a key file is refused', async (t) => {
  const { folder, master } = await withKeys(t);
  await rename(master, `${folder}.elsewhere`);
  await symlink(`${folder}.elsewhere`, master);
  await assert.rejects(openLocalKeys({ folder }), { message: /is not a plain file/ });
});

test('a damaged master key stops the opening, and is left as it is', async (t) => {
  const { folder, master } = await withKeys(t);
  const whole = await readFile(master, 'latin1');
  const damages = [
    '',
    whole.slice(0, -1),
    whole.slice(0, 40),
    `${whole}x`,
    whole.replace('key-1', 'key-2'),
    ...Array.from({ length: 40 }, (_, at) => replaceAt(whole, 21 + at)),
  ];
  for (const damaged of damages) {
    await writeFile(master, damaged, 'latin1');
    await assert.rejects(openLocalKeys({ folder }), {
      code: 'key_damaged',
      message: `${master} is damaged or not a master key of Florin; restore it from a backup.`,
    });
    assert.equal(await readFile(master, 'latin1'), damaged);
  }
});

test('a damaged or foreign signing key is refused, and is left as it is', async (t) => {
  const { folder, pem } = await withKeys(t);
  const whole = await readFile(pem, 'latin1');
  const [privateHalf = '', publicHalf = ''] = whole.split(/(?<=END PRIVATE KEY-----\n)/);
  const other = pemOf(generateKeyPairSync('ed25519'));
  const damages = [
    '',
    privateHalf,
    publicHalf,
    whole.slice(0, -2),
    other.privateHalf + publicHalf,
    privateHalf + other.publicHalf,
    ...Object.values(pemOf(generateKeyPairSync('x25519'))).slice(0, 1),
    Object.values(pemOf(generateKeyPairSync('x25519'))).join(''),
    Object.values(pemOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }))).join(''),
    ...Array.from({ length: 60 }, (_, at) => replaceAt(whole, 28 + at)),
  ];
  for (const damaged of damages) {
    await writeFile(pem, damaged, 'latin1');
    const keys = await openLocalKeys({ folder });
    const refusal = { code: 'key_damaged', message: /audit-log.pem is damaged or not an Ed25519/ };
    await assert.rejects(keys.publicKey('audit-log'), refusal, damaged);
    await assert.rejects(keys.sign('audit-log', Buffer.alloc(1)), refusal, damaged);
    assert.equal(await readFile(pem, 'latin1'), damaged);
  }
  await writeFile(pem, whole, 'latin1');
  await (await openLocalKeys({ folder })).publicKey('audit-log');
});

test('a lost master key is not replaced while other keys are there', async (t) => {
  const { folder, master } = await withKeys(t);
  await rm(master);
  await assert.rejects(openLocalKeys({ folder }), {
    code: 'key_missing',
    message: /master.key is missing although other keys are there; restore it from a backup.$/,
  });
  assert.deepEqual(await readdir(folder), ['audit-log.pem']);
});

test('a key that was restored from a backup is used without opening again', async (t) => {
  const { keys, folder, pem } = await withKeys(t);
  const before = await keys.publicKey('audit-log');
  const again = await openLocalKeys({ folder });
  const whole = await readFile(pem);
  await writeFile(pem, 'damaged');
  await assert.rejects(again.publicKey('audit-log'), { code: 'key_damaged' });
  await writeFile(pem, whole);
  assert.deepEqual(await again.publicKey('audit-log'), before);
});

test('tools that read PKCS#8 can sign with a key', async (t) => {
  const { keys, pem } = await withKeys(t);
  const message = Buffer.from('hello');
  const theirs = sign(null, message, createPrivateKey(await readFile(pem)));
  assert.deepEqual(theirs, await keys.sign('audit-log', message));
});

test('several processes that begin at once have the same keys', { timeout: 60_000 }, async (t) => {
  const folder = await newFolder(t);
  const program = `
    import { openLocalKeys } from ${JSON.stringify(import.meta.resolve('./local.ts'))};
    const keys = await openLocalKeys({ folder: ${JSON.stringify(folder)} });
    const publicKey = await keys.publicKey('audit-log');
    const wrapped = await keys.wrap(Buffer.from('secret'), 'x');
    process.stdout.write(publicKey.toString('hex') + ' ' + wrapped.toString('hex'));`;
  const options = ['--input-type=module', '--eval', program];
  const outputs = await Promise.all(
    Array.from({ length: 5 }, async () => (await run(process.execPath, options)).stdout.split(' ')),
  );
  const keys = await openLocalKeys({ folder });
  const expected = (await keys.publicKey('audit-log')).toString('hex');
  for (const [publicKey, wrapped = ''] of outputs) {
    assert.equal(publicKey, expected);
    const secret = await keys.unwrap(Buffer.from(wrapped, 'hex'), 'x');
    assert.equal(secret.toString(), 'secret');
  }
  assert.deepEqual((await readdir(folder)).toSorted(), ['audit-log.pem', 'master.key']);
});

test('what a killed process left is removed when it is old, and not before', async (t) => {
  const { folder } = await withKeys(t);
  const old = path.join(folder, '.audit-log.pem.00112233.draft');
  const young = path.join(folder, '.audit-log.pem.44556677.draft');
  await writeFile(old, 'draft');
  await writeFile(young, 'draft');
  const yesterday = Date.now() / 1_000 - 86_400;
  await utimes(old, yesterday, yesterday);
  await openLocalKeys({ folder });
  const names = await readdir(folder);
  assert.ok(!names.includes(path.basename(old)));
  assert.ok(names.includes(path.basename(young)));
});

test('no key shows in a log of the keeper, or in what it says of damage', async (t) => {
  const { keys, folder, master, pem } = await withKeys(t);
  const wrapped = Buffer.from(await keys.wrap(Buffer.from('secret'), 'x')).fill(0, 20);
  const failure = await keys.unwrap(wrapped, 'x').catch((error: unknown) => error);
  const [, secret = ''] = (await readFile(master, 'latin1')).split(' ');
  const [, seed = ''] = (await readFile(pem, 'latin1')).split('\n');
  await writeFile(master, `${await readFile(master, 'latin1')}x`);
  const damage = await openLocalKeys({ folder }).catch((error: unknown) => error);
  await writeFile(pem, `${await readFile(pem, 'latin1')}x`);
  const shown = [keys, failure, damage]
    .map((value) => inspect(value, { depth: Infinity, showHidden: true }))
    .join('\n');
  for (const text of [secret, seed, Buffer.from(secret, 'base64').toString('hex')]) {
    assert.ok(text.length > 20);
    assert.ok(!shown.includes(text));
  }
});

function replaceAt(text: string, at: number): string {
  const other = text[at] === 'A' ? 'B' : 'A';
  return text.slice(0, at) + other + text.slice(at + 1);
}

function pemOf({ privateKey, publicKey }: { privateKey: KeyObject; publicKey: KeyObject }) {
  return {
    privateHalf: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicHalf: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}
