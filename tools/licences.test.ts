// What counts as a licence under which the bank can be given to anybody.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { findForbiddenLicences, isPermissive } from './licences.ts';

test('a choice of licences is as good as its best, a combination as bad as its worst', () => {
  assert.ok(isPermissive('MIT'));
  assert.ok(isPermissive('(GPL-3.0 OR Apache-2.0)'));
  assert.ok(!isPermissive('MIT AND GPL-3.0'));
  assert.ok(!isPermissive('no licence'));
});

test('a production package under another licence is named, a development package is not', () => {
  const folder = mkdtempSync(join(tmpdir(), 'florin-licences-'));
  const packages = { 'node_modules/copyleft': {}, 'node_modules/tool': { dev: true } };
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ packages }));
  for (const path of Object.keys(packages)) {
    mkdirSync(join(folder, path), { recursive: true });
    const manifest = JSON.stringify({ name: 'x', license: 'AGPL-3.0' });
    writeFileSync(join(folder, path, 'package.json'), manifest);
  }
  assert.deepEqual(findForbiddenLicences(folder), ['node_modules/copyleft is under "AGPL-3.0"']);
  rmSync(folder, { recursive: true });
});
