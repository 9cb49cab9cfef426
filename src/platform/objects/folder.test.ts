import assert from 'node:assert/strict';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import test, { type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DAY_US, manualClock, parseInstant, type Instant } from '#kernel';
import { openFolderObjects } from './folder.ts';
import type { Objects } from './port.ts';

const start = parseInstant('2026-11-21T10:00:00Z') ?? assert.fail();
const some = Buffer.from('some content');
const SOME_SHA256 = createHash('sha256').update(some).digest('hex');

async function prepared(t: TestContext) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'florin-objects-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const clock = manualClock(start);
  const open = (unfinishedMs?: number) => openFolderObjects({ folder, clock, unfinishedMs });
  return { folder, clock, open, objects: await open() };
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => path.join(entry.parentPath, entry.name)).toSorted();
}

test('content lies read-only under its SHA-256, once for all keys that have it', async (t) => {
  const { objects, folder } = await prepared(t);
  await objects.put('a', some);
  await objects.put('b/c', some);
  const [first = '', second = '', ...others] = await filesBelow(path.join(folder, 'blobs'));
  assert.deepEqual(others, []);
  for (const file of [first, second]) {
    const under = path.join(folder, 'blobs', SOME_SHA256.slice(0, 2), SOME_SHA256);
    assert.equal(path.dirname(file), under);
    assert.equal((await stat(file)).mode & 0o777, 0o444);
  }
  assert.equal((await stat(first)).ino, (await stat(second)).ino);
});

test('content goes with the last key that has it', async (t) => {
  const { objects, folder } = await prepared(t);
  await objects.put('a', some);
  await objects.put('b', some);
  await objects.remove('a', start);
  assert.equal((await filesBelow(path.join(folder, 'blobs'))).length, 1);
  assert.deepEqual(await objects.get('b'), some);
  await objects.remove('b', start);
  assert.deepEqual(await filesBelow(folder), []);
});

test('names of files do not depend on a file system that tells "A" from "a"', async (t) => {
  const { objects, folder } = await prepared(t);
  for (const key of ['a', 'A', 'x/Y', 'X/y', 'X/Y']) await objects.put(key, Buffer.from(key));
  const names = await filesBelow(path.join(folder, 'objects'));
  assert.equal(new Set(names.map((name) => name.toLowerCase())).size, 5);
});

async function damage(folder: string): Promise<void> {
  for (const file of await filesBelow(path.join(folder, 'blobs'))) {
    const content = await readFile(file);
    content[3] = (content[3] ?? 0) ^ 1;
    await chmod(file, 0o644);
    await writeFile(file, content);
  }
}

test('damaged content is never given out as if it were sound', async (t) => {
  const { objects, folder } = await prepared(t);
  await objects.put('key', some);
  await damage(folder);
  const corrupt = {
    code: 'object_corrupt',
    message: 'The content of the object "key" is not what was put.',
  };
  await assert.rejects(objects.get('key'), corrupt);
  const reading = objects.read('key')[Symbol.asyncIterator]();
  assert.equal((await reading.next()).done, false);
  await assert.rejects(async () => reading.next(), corrupt);
  await assert.rejects(objects.put('key', some), corrupt);
});

test('a new key does not share damaged content', async (t) => {
  const { objects, folder } = await prepared(t);
  await objects.put('damaged', some);
  await damage(folder);
  await objects.put('sound', some);
  assert.deepEqual(await objects.get('sound'), some);
  await assert.rejects(objects.get('damaged'), { code: 'object_corrupt' });
});

test('content that somebody has removed or shortened is noticed', async (t) => {
  const { objects, folder } = await prepared(t);
  await objects.put('short', Buffer.alloc(600_000, 'x'));
  const [file = ''] = await filesBelow(path.join(folder, 'blobs'));
  await chmod(file, 0o644);
  await writeFile(file, Buffer.alloc(599_999, 'x'));
  await assert.rejects(objects.get('short'), { code: 'object_corrupt' });
  await rm(file);
  await assert.rejects(objects.get('short'), { code: 'object_corrupt' });
});

test('damaged facts are named and never taken for an absent object', async (t) => {
  const { objects, folder } = await prepared(t);
  await objects.put('key', some, { retainUntil: (start + DAY_US) as Instant });
  const [file = ''] = await filesBelow(path.join(folder, 'objects'));
  const whole = await readFile(file);
  const corrupt = { code: 'object_corrupt', message: /^The facts of the object "key" are damaged/ };
  for (let at = 0; at < whole.length; at += 1) {
    const damaged = Buffer.from(whole);
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    for (const content of [damaged, whole.subarray(0, at)]) {
      await writeFile(file, content);
      await assert.rejects(objects.facts('key'), corrupt, content.toString());
    }
  }
  await assert.rejects(objects.get('key'), corrupt);
  await assert.rejects(objects.remove('key', start), corrupt);
  await assert.rejects(objects.put('key', some), corrupt);
  await writeFile(file, whole);
  assert.deepEqual(await objects.get('key'), some);
});

// A child process with a store of its own on the same folder.
function child(
  t: TestContext,
  folder: string,
  body: string,
): ChildProcessByStdio<null, Readable, null> {
  const program = `
    import { openFolderObjects } from ${JSON.stringify(import.meta.resolve('./folder.ts'))};
    const clock = { now: () => ${start} };
    const objects = await openFolderObjects({ folder: ${JSON.stringify(folder)}, clock });
    const say = (line) => process.stdout.write(line + '\\n');
    ${body}`;
  const options = ['--input-type=module', '--eval', program];
  const started = spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => started.kill('SIGKILL'));
  return started;
}

async function killed(process: ChildProcessByStdio<null, Readable, null>): Promise<void> {
  process.kill('SIGKILL');
  if (process.exitCode === null && process.signalCode === null) await once(process, 'exit');
}

const limited = { timeout: 60_000 };

test('a put killed in the middle of its content leaves no object', limited, async (t) => {
  const { folder, open } = await prepared(t);
  const putting = child(
    t,
    folder,
    `async function* endless() {
      for (;;) {
        yield Buffer.alloc(100_000, 'x');
        say('written');
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
    await objects.put('key', endless());`,
  );
  let lines = 0;
  for await (const _ of createInterface(putting.stdout)) {
    lines += 1;
    if (lines === 3) await killed(putting);
  }
  const patient = await open();
  assert.equal(await patient.get('key'), undefined);
  const left = await filesBelow(folder);
  assert.equal(left.length, 1, 'another process may be at work, so the draft of today stays');
  const objects = await open(0);
  assert.deepEqual(await filesBelow(folder), []);
  await objects.put('key', some);
  assert.deepEqual(await objects.get('key'), some);
});

test('whenever a process is killed, what it said was stored is there, and nothing else is', async (t) => {
  const { folder, open } = await prepared(t);
  const stored = new Map<string, string>();
  const removed = new Set<string>();
  for (let round = 0; round < 6; round += 1) {
    const working = child(
      t,
      folder,
      `for (let index = 0; ; index += 1) {
        const key = 'round-${round}/' + index;
        await objects.put(key, Buffer.from('content ' + index % 7));
        say('stored ' + key + ' content ' + index % 7);
        if (index % 3 !== 0) continue;
        say('removing ' + key);
        await objects.remove(key, clock.now());
        say('removed ' + key);
      }`,
    );
    const lines = createInterface(working.stdout);
    lines.on('line', (line) => {
      const [what = '', key = '', ...content] = line.split(' ');
      if (what === 'stored') stored.set(key, content.join(' '));
      if (what === 'removing') stored.delete(key);
      if (what === 'removed') removed.add(key);
    });
    await once(lines, 'line');
    await sleep(Math.random() * 150);
    const ended = once(lines, 'close');
    await killed(working);
    await ended;
  }
  const objects = await open(0);
  assert.ok(stored.size > 0);
  for (const [key, content] of stored) {
    assert.equal((await objects.get(key))?.toString(), content, key);
  }
  for (const key of removed) assert.equal(await objects.get(key), undefined);
  const left = await requireWhole(objects);
  // At most the put and the removal that were under way in each round.
  assert.ok(left - stored.size <= 6, `${left} objects are left, ${stored.size} were promised`);
  assert.equal((await filesBelow(path.join(folder, 'blobs'))).length, left);
  assert.equal((await filesBelow(path.join(folder, 'objects'))).length, left);
  assert.deepEqual(await filesBelow(path.join(folder, 'unfinished')), []);
});

async function requireWhole(objects: Objects): Promise<number> {
  let count = 0;
  for await (const { key, bytes } of objects.list('')) {
    assert.equal((await objects.get(key))?.length, bytes);
    count += 1;
  }
  return count;
}

test(
  'of two processes that put one key, one content wins, and both know which',
  limited,
  async (t) => {
    const { folder, open, objects } = await prepared(t);
    const outcomes = await Promise.all(
      ['red', 'blue'].map(async (colour) => {
        const putting = child(
          t,
          folder,
          `for (let index = 0; index < 40; index += 1) {
          const content = index % 2 === 0 ? '${colour} ' + index : 'same';
          await objects.put('key-' + index, Buffer.from(content)).then(
            () => say('${colour}'), (error) => say(error.code));
        }`,
        );
        const lines: string[] = [];
        for await (const line of createInterface(putting.stdout)) lines.push(line);
        return lines;
      }),
    );
    for (let index = 0; index < 40; index += 1) {
      const said = [outcomes[0]?.[index], outcomes[1]?.[index]];
      const content = (await objects.get(`key-${index}`))?.toString() ?? '';
      if (index % 2 === 1) assert.deepEqual(said, ['red', 'blue']);
      else if (content.startsWith('red')) assert.deepEqual(said, ['red', 'object_exists']);
      else assert.deepEqual(said, ['object_exists', 'blue']);
    }
    await open(0);
    assert.equal((await filesBelow(path.join(folder, 'blobs'))).length, 40);
    assert.deepEqual(await filesBelow(path.join(folder, 'unfinished')), []);
  },
);

test('an object is never removed once a hold on it was granted', limited, async (t) => {
  const { folder, open } = await prepared(t);
  const ROUNDS = 60;
  const objects = await open();
  for (let round = 0; round < ROUNDS; round += 1) {
    const key = `key-${round}`;
    await objects.put(key, Buffer.from(key));
    const another = objects.remove(key, start);
    const [removal, hold] = await Promise.allSettled([another, objects.hold(key, true)]);
    const content = await objects.get(key);
    if (hold.status === 'fulfilled') {
      assert.equal(content?.toString(), key);
      assert.equal(removal.status, 'rejected');
    } else {
      assert.equal((hold.reason as { code?: string }).code, 'object_unknown');
      assert.equal(content, undefined);
    }
  }
  const left = await requireWhole(objects);
  assert.equal((await filesBelow(path.join(folder, 'blobs'))).length, left);
  assert.equal((await filesBelow(path.join(folder, 'objects'))).length, 2 * left);
  assert.deepEqual(await filesBelow(path.join(folder, 'unfinished')), []);
});

test('a removal cut off after hiding its object is finished, unless it must be kept', async (t) => {
  const { folder, objects, open, clock } = await prepared(t);
  await objects.put('goes', Buffer.from('goes'));
  await objects.put('kept', Buffer.from('kept'));
  await objects.hold('kept', true);
  await objects.put('back', Buffer.from('back'));
  for (const key of ['goes', 'kept', 'back']) await hide(folder, key, key === 'back');
  await open();
  assert.equal(await objects.get('kept'), undefined, 'it may still be under way');
  await open(0);
  assert.equal(await objects.get('goes'), undefined);
  assert.deepEqual(await objects.get('kept'), Buffer.from('kept'));
  assert.deepEqual(await objects.get('back'), Buffer.from('back'));
  await assert.rejects(objects.remove('kept', clock.now()), { code: 'object_retained' });
  assert.equal((await filesBelow(path.join(folder, 'blobs'))).length, 2);
  assert.deepEqual(await filesBelow(path.join(folder, 'unfinished')), []);
});

// Does what a removal does first; or, taken back, all but the last step of taking it back.
async function hide(folder: string, key: string, isTakenBack: boolean): Promise<void> {
  const facts = path.join(folder, 'objects', `${key}@`, 'facts.json');
  const { id } = JSON.parse(await readFile(facts, 'utf8')) as { id: string };
  const content = await readFile(facts);
  if (!isTakenBack) await rm(facts);
  await writeFile(path.join(folder, 'unfinished', `${id}.0123.removal`), content);
}
