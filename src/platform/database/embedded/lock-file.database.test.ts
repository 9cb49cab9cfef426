// The lock between processes, with real files; competition within one process is the same.

import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { withLockFile } from './lock-file.ts';

describe('a lock file', () => {
  let folder: string;
  let file: string;

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'florin-lock-'));
    file = path.join(folder, 'lock');
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  /** How many of several holders were inside at the same time, at most. */
  async function crowd(count: number): Promise<number> {
    let inside = 0;
    let insideMax = 0;
    const hold = (): Promise<void> =>
      withLockFile({ file, waitMs: 20_000 }, async () => {
        inside += 1;
        insideMax = Math.max(insideMax, inside);
        await sleep(5);
        inside -= 1;
      });
    await Promise.all(Array.from({ length: count }, hold));
    return insideMax;
  }

  it('lets one in at a time, and leaves nothing behind', async () => {
    assert.equal(await crowd(6), 1);
    assert.deepEqual(await readdir(folder), []);
  });

  it('is taken over from a dead holder by one of many', async () => {
    await writeFile(file, '999999999 long ago\n1\n');
    assert.equal(await crowd(4), 1);
    assert.deepEqual(await readdir(folder), []);
  });

  it('is freed when what ran inside throws', async () => {
    const failing = withLockFile({ file, waitMs: 0 }, () => Promise.reject(new Error('inside')));
    await assert.rejects(failing, /inside/);
    assert.deepEqual(await readdir(folder), []);
  });

  it('names the process that keeps it for too long', async () => {
    await withLockFile({ file, waitMs: 0 }, async () => {
      const waiting = withLockFile({ file, waitMs: 10 }, async () => undefined);
      await assert.rejects(waiting, {
        code: 'data_folder_busy',
        message: `Process ${process.pid} has been starting or stopping this database for too long.`,
      });
    });
  });
});
