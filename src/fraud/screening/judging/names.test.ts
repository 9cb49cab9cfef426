import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { openLocalKeys } from '#platform';
import { openNames } from './names.ts';

const IBAN = 'DE89 3704 0044 0532 0130 00';

test('a number has one name in a tenant, whichever process asks and however it is spaced', async () => {
  await withFolder(async (folder) => {
    const first = await openNames(await openLocalKeys({ folder }), 'main');
    const again = await openNames(await openLocalKeys({ folder }), 'main');
    const name = first.nameOf('counterparty', IBAN);
    assert.match(name, /^hmac_[0-9a-f]{32}$/);
    assert.equal(again.nameOf('counterparty', IBAN.replaceAll(' ', '').toLowerCase()), name);
    assert.equal(first.nameOf('counterparty', IBAN), name);
  });
});

test('names of other tenants, of other kinds and of other installations differ', async () => {
  await withFolder(async (folder) => {
    await withFolder(async (elsewhere) => {
      const keys = await openLocalKeys({ folder });
      const main = await openNames(keys, 'main');
      const north = await openNames(keys, 'north');
      const foreign = await openNames(await openLocalKeys({ folder: elsewhere }), 'main');
      const names = [
        main.nameOf('counterparty', IBAN),
        main.nameOf('device', IBAN),
        north.nameOf('counterparty', IBAN),
        foreign.nameOf('counterparty', IBAN),
      ];
      assert.equal(new Set(names).size, names.length);
    });
  });
});

test('an account of ours is its own name as a counterparty', async () => {
  await withFolder(async (folder) => {
    const names = await openNames(await openLocalKeys({ folder }), 'main');
    const id = 'acc_01900000-0000-7000-8000-000000000001';
    assert.equal(names.nameOf('counterparty', id), id);
    assert.match(names.nameOf('device', id), /^hmac_/);
  });
});

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'florin-names-'));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
