// What every keeper of keys must do, whichever keeps them.
import assert from 'node:assert/strict';
import { createPublicKey, randomBytes, verify } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { Bug } from '#kernel';
import { openLocalKeys } from './local.ts';
import type { Keys } from './port.ts';

interface Adapter {
  readonly name: string;
  /** A new installation; each call opens its keys once more, as another process would. */
  readonly install: (t: TestContext) => Promise<() => Promise<Keys>>;
}

const adapters: readonly Adapter[] = [
  {
    name: 'keys in a folder',
    async install(t) {
      const folder = await mkdtemp(path.join(os.tmpdir(), 'florin-keys-'));
      t.after(() => rm(folder, { recursive: true, force: true }));
      return () => openLocalKeys({ folder: path.join(folder, 'keys') });
    },
  },
];

for (const adapter of adapters) describe(adapter);

function describe({ name, install }: Adapter): void {
  test(`${name}: a signature is Ed25519 and holds for its message and its key alone`, async (t) => {
    const keys = await (await install(t))();
    const message = randomBytes(100);
    const signature = await keys.sign('audit-log', message);
    const publicKey = await keys.publicKey('audit-log');
    assert.equal(signature.length, 64);
    assert.equal(publicKey.length, 32);
    assert.ok(isSignature(publicKey, message, signature));
    assert.ok(!isSignature(publicKey, randomBytes(100), signature));
    assert.ok(!isSignature(await keys.publicKey('other'), message, signature));
  });

  test(`${name}: a name has one key, whoever asks first, and keeps it`, async (t) => {
    const open = await install(t);
    const [first, second] = await Promise.all([open(), open()]);
    const asked = [first, second, first].map((keys) => keys.publicKey('audit-log'));
    const [one, ...others] = await Promise.all(asked);
    for (const other of others) assert.deepEqual(other, one);
    assert.deepEqual(await (await open()).publicKey('audit-log'), one);
  });

  test(`${name}: what is given out is a copy`, async (t) => {
    const keys = await (await install(t))();
    const given = await keys.publicKey('audit-log');
    const before = Buffer.from(given);
    given.fill(0);
    assert.deepEqual(await keys.publicKey('audit-log'), before);
  });

  test(`${name}: a wrapped secret opens in its context, also after opening again`, async (t) => {
    const open = await install(t);
    const keys = await open();
    for (const secret of [Buffer.alloc(0), randomBytes(64), randomBytes(4_096)]) {
      const wrapped = await keys.wrap(secret, 'audit.subject:acc_1');
      assert.deepEqual(await (await open()).unwrap(wrapped, 'audit.subject:acc_1'), secret);
    }
  });

  test(`${name}: a wrapped secret does not open in another context`, async (t) => {
    const keys = await (await install(t))();
    const wrapped = await keys.wrap(randomBytes(64), 'audit.subject:acc_1');
    await assert.rejects(keys.unwrap(wrapped, 'audit.subject:acc_2'), { code: 'key_mismatch' });
  });

  test(`${name}: a wrapped secret does not open in another installation`, async (t) => {
    const here = await (await install(t))();
    const there = await (await install(t))();
    const wrapped = await here.wrap(randomBytes(64), 'x');
    await assert.rejects(there.unwrap(wrapped, 'x'), { code: 'key_mismatch' });
  });

  test(`${name}: a wrapped secret with any byte altered or missing does not open`, async (t) => {
    const keys = await (await install(t))();
    const wrapped = await keys.wrap(randomBytes(16), 'x');
    for (let index = 0; index < wrapped.length; index += 1) {
      const altered = Buffer.from(wrapped);
      altered[index] = (altered[index] ?? 0) ^ 1;
      await assert.rejects(keys.unwrap(altered, 'x'), { code: 'key_mismatch' });
      await assert.rejects(keys.unwrap(wrapped.subarray(0, index), 'x'), { code: 'key_mismatch' });
    }
  });

  test(`${name}: wrapping the same secret twice does not show that it is the same`, async (t) => {
    const keys = await (await install(t))();
    const secret = randomBytes(64);
    const wrapped = await Promise.all([keys.wrap(secret, 'x'), keys.wrap(secret, 'x')]);
    assert.notDeepEqual(wrapped[0], wrapped[1]);
    assert.ok(!wrapped[0].includes(secret));
  });

  test(`${name}: a name that is not kebab-case, or a secret over 4 KiB, is a bug`, async (t) => {
    const keys = await (await install(t))();
    for (const bad of ['', 'Audit', '../audit', 'a_b', 'a.b', '-a', 'a-', 'a'.repeat(65)]) {
      await assert.rejects(async () => keys.publicKey(bad), Bug, bad);
      await assert.rejects(async () => keys.sign(bad, Buffer.alloc(1)), Bug, bad);
    }
    await assert.rejects(async () => keys.wrap(randomBytes(4_097), 'x'), Bug);
  });
}

function isSignature(publicKey: Buffer, message: Buffer, signature: Buffer): boolean {
  const key = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: publicKey.toString('base64url') },
    format: 'jwk',
  });
  return verify(null, message, key, signature);
}
