// Programs that cannot be run where npm put them are copied, whole or not at all.

import assert from 'node:assert/strict';
import { chmod, cp, mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { temporaryFolder } from '../test-server.ts';
import { packageOfPlatform, prepareBinaries } from './binaries.ts';
import { databaseUser } from './system-user.ts';

const user = databaseUser('/nowhere');

describe("PostgreSQL's programs", () => {
  let root: string;
  let native: string;
  let copies: string;

  before(async () => {
    root = await temporaryFolder();
    native = path.join(root, 'closed', 'native');
    copies = path.join(root, 'copies');
    await mkdir(copies, { mode: 0o755 });
    const pack = await packageOfPlatform();
    await cp(pack.native, native, { recursive: true, verbatimSymlinks: true });
    await removeLinks(path.join(native, 'lib'));
  });

  after(async () => {
    await chmod(path.join(native, 'lib'), 0o755);
    await rm(root, { recursive: true, force: true });
  });

  it('run from a copy when the database user cannot reach or complete the package', async () => {
    // Root's database user is kept out; an ordinary user cannot add the links that npm left out.
    if (user === undefined) await chmod(path.join(native, 'lib'), 0o555);
    else await chmod(path.dirname(native), 0o700);
    const first = await prepareBinaries(user, copies, { native, version: '18.0.0-test' });
    assert.equal(first.root, path.join(copies, 'postgresql-18.0.0-test'));
    assert.equal(first.major, 18);
    const made = await stat(first.root);
    const second = await prepareBinaries(user, copies, { native, version: '18.0.0-test' });
    assert.equal((await stat(second.root)).ino, made.ino);
    assert.deepEqual(await readdir(copies), ['postgresql-18.0.0-test']);
  });

  it('run in place when the package can be reached, with the links that npm left out', async () => {
    await chmod(path.dirname(native), 0o755);
    await chmod(path.join(native, 'lib'), 0o755);
    await removeLinks(path.join(native, 'lib'));
    const binaries = await prepareBinaries(user, copies, { native, version: '18.0.0-test' });
    assert.equal(binaries.root, native);
  });

  it('that do not run here end in one sentence', async () => {
    await rm(path.join(native, 'bin', 'postgres'));
    await assert.rejects(prepareBinaries(user, copies, { native, version: '18.0.0-test' }), {
      code: 'binaries_unusable',
      message: /^The PostgreSQL programs in .* do not run here: .*\.$/,
    });
  });
});

async function removeLinks(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isSymbolicLink()) await rm(path.join(folder, entry.name));
  }
}
