// What every store of objects must do, whatever it stores them on.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { Bug, DAY_US, manualClock, parseInstant, type Clock, type Instant } from '#kernel';
import { openFolderObjects } from './folder.ts';
import type { ObjectFacts, Objects } from './port.ts';

interface Adapter {
  readonly name: string;
  /** A new store; each call opens it once more, as another process would. */
  readonly install: (t: TestContext, clock: Clock) => Promise<() => Promise<Objects>>;
}

const adapters: readonly Adapter[] = [
  {
    name: 'objects in a folder',
    async install(t, clock) {
      const folder = await mkdtemp(path.join(os.tmpdir(), 'florin-objects-'));
      t.after(() => rm(folder, { recursive: true, force: true }));
      return () => openFolderObjects({ folder: path.join(folder, 'objects'), clock });
    },
  },
];

for (const adapter of adapters) {
  describeContent(adapter);
  describeKeys(adapter);
  describeRetention(adapter);
  describePointers(adapter);
}

const start = parseInstant('2026-11-21T10:00:00Z') ?? assert.fail();
const later = (days: number) => (start + days * DAY_US) as Instant;
const some = Buffer.from('some content');

async function prepared(t: TestContext, { install }: Adapter) {
  const clock = manualClock(start);
  const open = await install(t, clock);
  return { clock, open, objects: await open() };
}

function describeContent(adapter: Adapter): void {
  const { name } = adapter;

  test(`${name}: what was put is read, also after opening again`, async (t) => {
    const { objects, open } = await prepared(t, adapter);
    for (const bytes of [0, 1, 1_000, 700_000]) {
      const content = randomBytes(bytes);
      const facts = await objects.put(`some/key-${bytes}`, content);
      assert.deepEqual(facts, {
        key: `some/key-${bytes}`,
        bytes,
        sha256: sha256Of(content),
        storedAt: start,
        retainUntil: undefined,
        isHeld: false,
      });
      const again = await open();
      assert.deepEqual(await again.get(facts.key), content);
      assert.deepEqual(await collect(again.read(facts.key)), content);
      assert.deepEqual(await again.facts(facts.key), facts);
    }
  });

  test(`${name}: content can come as a stream`, async (t) => {
    const { objects } = await prepared(t, adapter);
    const pieces = Array.from({ length: 20 }, (_, index) => randomBytes(index * 10_000));
    const facts = await objects.put('stream', streamOf(pieces));
    const content = Buffer.concat(pieces);
    assert.equal(facts.bytes, content.length);
    assert.deepEqual(await objects.get('stream'), content);
  });

  test(`${name}: a stream that fails leaves nothing under its key`, async (t) => {
    const { objects } = await prepared(t, adapter);
    async function* failing() {
      yield some;
      await Promise.resolve();
      throw new Error('the source failed');
    }
    await assert.rejects(objects.put('key', failing()), { message: 'the source failed' });
    assert.equal(await objects.facts('key'), undefined);
    assert.deepEqual(await keysOf(objects, ''), []);
  });

  test(`${name}: the same content under the same key again is no change`, async (t) => {
    const { objects, clock } = await prepared(t, adapter);
    const first = await objects.put('key', some);
    clock.advance(DAY_US);
    assert.deepEqual(await objects.put('key', some), first);
  });

  test(`${name}: other content under the same key is refused`, async (t) => {
    const { objects } = await prepared(t, adapter);
    await objects.put('key', some);
    const other = objects.put('key', Buffer.from('other content'));
    await assert.rejects(other, { code: 'object_exists', retryable: false });
    assert.deepEqual(await objects.get('key'), some);
  });

  test(`${name}: of several puts at once under one key, one content wins`, async (t) => {
    const { open } = await prepared(t, adapter);
    const puts = Array.from({ length: 8 }, async (_, index) =>
      (await open()).put('key', Buffer.from(`content ${index % 4}`)),
    );
    const outcomes = await Promise.allSettled(puts);
    const objects = await open();
    const won = await objects.facts('key');
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') assert.deepEqual(outcome.value, won);
      else assert.equal((outcome.reason as { code?: string }).code, 'object_exists');
    }
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 2);
    assert.equal(sha256Of((await objects.get('key')) ?? Buffer.alloc(0)), won?.sha256);
  });

  test(`${name}: an absent object has no content and no facts`, async (t) => {
    const { objects } = await prepared(t, adapter);
    assert.equal(await objects.get('none'), undefined);
    assert.equal(await objects.facts('none'), undefined);
    await objects.remove('none', start);
    const unknown = { code: 'object_unknown' };
    await assert.rejects(collect(objects.read('none')), unknown);
    await assert.rejects(objects.retain('none', later(1)), unknown);
    await assert.rejects(objects.hold('none', true), unknown);
  });
}

function describeKeys(adapter: Adapter): void {
  const { name } = adapter;

  test(`${name}: a list shows the keys with a prefix, in order`, async (t) => {
    const { objects } = await prepared(t, adapter);
    const keys = ['a', 'a-b', 'a.b', 'a/b', 'a/b/c', 'a/c', 'a0', 'A', 'B/x', 'aa/b', '=', 'b_1/x'];
    for (const key of keys) await objects.put(key, Buffer.from(key));
    await objects.point('a/pointer', some);
    const sorted = keys.toSorted((left, right) => (left < right ? -1 : 1));
    for (const prefix of ['', 'a', 'a/', 'a/b', 'a/b/', 'B', 'z', 'a/bc', 'aa/b']) {
      const expected = sorted.filter((key) => key.startsWith(prefix));
      assert.deepEqual(await keysOf(objects, prefix), expected, prefix);
    }
    for (const key of keys) assert.deepEqual(await objects.get(key), Buffer.from(key));
  });

  test(`${name}: a list shows what get and facts show`, async (t) => {
    const { objects } = await prepared(t, adapter);
    await objects.put('a', some, { retainUntil: later(3) });
    await objects.put('b', some);
    await objects.hold('b', true);
    const listed: ObjectFacts[] = [];
    for await (const facts of objects.list('')) listed.push(facts);
    assert.deepEqual(listed, [await objects.facts('a'), await objects.facts('b')]);
  });

  test(`${name}: keys at the limits are kept apart`, async (t) => {
    const { objects } = await prepared(t, adapter);
    const part = 'X'.repeat(120);
    const longest = [part, part, part, part, 'x'.repeat(28)].join('/');
    assert.equal(longest.length, 512);
    for (const key of [longest, part, part.toLowerCase(), '...', '-', '.a', 'a.']) {
      await objects.put(key, Buffer.from(key));
    }
    assert.deepEqual(await objects.get(longest), Buffer.from(longest));
    assert.deepEqual(await objects.get(part), Buffer.from(part));
    assert.deepEqual(await objects.get(part.toLowerCase()), Buffer.from(part.toLowerCase()));
    assert.equal((await keysOf(objects, '')).length, 7);
  });

  test(`${name}: a text that is no key is a bug, wherever it is given`, async (t) => {
    const { objects } = await prepared(t, adapter);
    const bad = [
      '',
      '/',
      '/a',
      'a/',
      'a//b',
      '.',
      '..',
      'a/../b',
      'a/./b',
      'a b',
      'ä',
      'a\0',
      'a@',
    ];
    for (const key of [...bad, '+a', 'x'.repeat(121), `${'x/'.repeat(256)}x`]) {
      await assert.rejects(async () => objects.put(key, some), Bug, key);
      await assert.rejects(async () => objects.get(key), Bug, key);
      await assert.rejects(async () => objects.remove(key, start), Bug, key);
      await assert.rejects(async () => objects.point(key, some), Bug, key);
    }
  });
}

function describeRetention(adapter: Adapter): void {
  const { name } = adapter;
  const retained = { code: 'object_retained', retryable: false };

  test(`${name}: a removal is refused until the retention date, and done from then on`, async (t) => {
    const { objects, open, clock } = await prepared(t, adapter);
    await objects.put('key', some, { retainUntil: later(2) });
    await assert.rejects(objects.remove('key', start), retained);
    clock.set((later(2) - 1) as Instant);
    await assert.rejects((await open()).remove('key', clock.now()), retained);
    assert.deepEqual(await objects.get('key'), some);
    clock.set(later(2));
    await objects.remove('key', later(2));
    assert.equal(await objects.get('key'), undefined);
    assert.deepEqual(await keysOf(objects, ''), []);
  });

  test(`${name}: a caller whose clock runs ahead cannot end a retention early`, async (t) => {
    const { objects } = await prepared(t, adapter);
    await objects.put('key', some, { retainUntil: later(2) });
    await assert.rejects(objects.remove('key', later(1_000)), retained);
  });

  test(`${name}: an object without a date can be removed, and its key used again`, async (t) => {
    const { objects } = await prepared(t, adapter);
    await objects.put('key', some);
    await objects.hold('key', true);
    await objects.hold('key', false);
    await objects.remove('key', start);
    assert.equal(await objects.facts('key'), undefined);
    const other = Buffer.from('other content');
    await objects.put('key', other);
    assert.deepEqual(await objects.get('key'), other);
  });

  test(`${name}: retention is extended and never shortened`, async (t) => {
    const { objects, open } = await prepared(t, adapter);
    await objects.put('key', some);
    for (const days of [5, 5, 9, 30]) {
      await objects.retain('key', later(days));
      assert.equal((await (await open()).facts('key'))?.retainUntil, later(days));
    }
    await assert.rejects(objects.retain('key', later(29)), retained);
    assert.equal((await objects.facts('key'))?.retainUntil, later(30));
  });

  test(`${name}: a put that repeats another extends its retention, and never shortens it`, async (t) => {
    const { objects } = await prepared(t, adapter);
    await objects.put('key', some, { retainUntil: later(5) });
    assert.equal((await objects.put('key', some)).retainUntil, later(5));
    const shorter = await objects.put('key', some, { retainUntil: later(3) });
    assert.equal(shorter.retainUntil, later(5));
    const longer = await objects.put('key', some, { retainUntil: later(8) });
    assert.equal(longer.retainUntil, later(8));
    assert.equal((await objects.facts('key'))?.retainUntil, later(8));
  });

  test(`${name}: of extensions at once the latest date stands`, async (t) => {
    const { objects, open } = await prepared(t, adapter);
    await objects.put('key', some);
    const extensions = [3, 9, 4, 7, 1].map(async (days) =>
      (await open()).retain('key', later(days)),
    );
    await Promise.allSettled(extensions);
    assert.equal((await objects.facts('key'))?.retainUntil, later(9));
  });

  test(`${name}: while it is held an object stays, whatever its date`, async (t) => {
    const { objects, open, clock } = await prepared(t, adapter);
    await objects.put('key', some, { retainUntil: later(2) });
    await objects.hold('key', true);
    await objects.hold('key', true);
    assert.equal((await (await open()).facts('key'))?.isHeld, true);
    clock.set(later(400));
    await assert.rejects(objects.remove('key', clock.now()), retained);
    await objects.hold('key', false);
    assert.equal((await objects.facts('key'))?.isHeld, false);
    await objects.remove('key', clock.now());
    assert.equal(await objects.get('key'), undefined);
  });

  test(`${name}: retention and hold are the key's, also where contents are the same`, async (t) => {
    const { objects } = await prepared(t, adapter);
    await objects.put('kept', some, { retainUntil: later(9) });
    await objects.put('free', some);
    await objects.remove('free', start);
    assert.equal(await objects.get('free'), undefined);
    assert.deepEqual(await objects.get('kept'), some);
    assert.equal((await objects.facts('kept'))?.retainUntil, later(9));
  });
}

function describePointers(adapter: Adapter): void {
  const { name } = adapter;

  test(`${name}: a pointer is replaced, and was never set before`, async (t) => {
    const { objects, open } = await prepared(t, adapter);
    assert.equal(await objects.pointed('audit/checkpoint'), undefined);
    for (const content of ['first', 'second', '']) {
      await objects.point('audit/checkpoint', Buffer.from(content));
      const read = await (await open()).pointed('audit/checkpoint');
      assert.deepEqual(read, Buffer.from(content));
    }
  });

  test(`${name}: readers see a pointer's old content or its new, never half of one`, async (t) => {
    const { objects, open } = await prepared(t, adapter);
    const contents = ['a', 'b'].map((letter) => Buffer.alloc(100_000, letter));
    await objects.point('pointer', contents[0] ?? some);
    const writing = contents.map(async (content) => {
      const writer = await open();
      for (let round = 0; round < 10; round += 1) await writer.point('pointer', content);
    });
    let isWriting = true;
    const written = Promise.all(writing).finally(() => {
      isWriting = false;
    });
    while (isWriting) {
      const read = await objects.pointed('pointer');
      assert.ok(contents.some((content) => read?.equals(content)));
    }
    await written;
  });

  test(`${name}: a pointer and an object of one key have nothing to do with each other`, async (t) => {
    const { objects } = await prepared(t, adapter);
    await objects.point('key', Buffer.from('pointer'));
    assert.equal(await objects.get('key'), undefined);
    await objects.put('key', some);
    assert.deepEqual(await objects.pointed('key'), Buffer.from('pointer'));
  });
}

async function keysOf(objects: Objects, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of objects.list(prefix)) keys.push(key);
  return keys;
}

async function collect(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const collected: Buffer[] = [];
  for await (const piece of pieces) collected.push(piece);
  return Buffer.concat(collected);
}

async function* streamOf(pieces: readonly Buffer[]): AsyncGenerator<Buffer> {
  for (const piece of pieces) {
    await Promise.resolve();
    yield piece;
  }
}

function sha256Of(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
