import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { readParquet } from '#platform';
import { compactLake } from './compact.ts';
import { copyOut, type CopyTarget } from './copy-out.ts';
import { lakeEvents, lakeLabels } from '../events.ts';
import { lakeOf } from '../layout.ts';
import { readLake } from '../read.ts';
import {
  at,
  event,
  failingAfter,
  keysOf,
  openStore,
  read,
  someDays,
  write,
} from '../../testing/lake.ts';

const later = at(20);

/** Files in memory, by path. */
function openTarget(): CopyTarget & { readonly files: Map<string, Buffer> } {
  const files = new Map<string, Buffer>();
  return {
    files,
    list: async (folder) => [...files.keys()].filter((path) => path.startsWith(`${folder}/`)),
    put: async (path, content) => void files.set(path, content),
    remove: async (path) => void files.delete(path),
  };
}

/** The ids in all files, as a tool sees them that knows nothing of the lake. */
async function idsIn(files: ReadonlyMap<string, Buffer>): Promise<string[]> {
  const ids: string[] = [];
  for (const content of files.values()) {
    const fields = { event_id: { type: 'text' } } as const;
    const table = await readParquet(content, fields, { rowsMax: 1_000, bytesMax: 1_000_000 });
    assert.ok(table.ok);
    ids.push(...table.value.columns.event_id);
  }
  return ids.sort();
}

test('the files of a day that is over become one, and are read as before', async (context) => {
  const lake = lakeOf(await openStore(context), 'main');
  const rows = [event('b', at(0, 3)), event('a', at(0, 5)), event('c', at(0, 4))];
  for (const row of rows) await write(lake, lakeEvents, [row]);
  await write(lake, lakeEvents, [event('d', at(1))]);
  const before = await read(lake, lakeEvents);
  const report = await compactLake(lake, someDays, later);
  assert.deepEqual(report, { days: 1, filesBefore: 3, filesAfter: 1 });
  assert.deepEqual(await read(lake, lakeEvents), before);
  const [whole = '', part = ''] = await keysOf(lake);
  assert.match(whole, /day=2018-04-01[/]whole-/);
  assert.match(part, /day=2018-04-02[/]part-/);
  assert.equal((await compactLake(lake, someDays, later)).days, 0);
});

test('a day that is not over is left alone', async (context) => {
  const lake = lakeOf(await openStore(context), 'main');
  for (const id of ['a', 'b']) await write(lake, lakeEvents, [event(id, at(2, 1))]);
  assert.equal((await compactLake(lake, someDays, at(2, 86_399))).days, 0);
  assert.equal((await compactLake(lake, someDays, at(3))).days, 1);
});

test('what comes late to a day that was made whole is made part of it', async (context) => {
  const lake = lakeOf(await openStore(context), 'main');
  for (const id of ['a', 'b']) await write(lake, lakeEvents, [event(id, at(0, 1))]);
  await compactLake(lake, someDays, later);
  await write(lake, lakeEvents, [event('c', at(0))]);
  assert.deepEqual(await compactLake(lake, someDays, later), {
    days: 1,
    filesBefore: 2,
    filesAfter: 1,
  });
  const ids = (await read(lake, lakeEvents)).map(({ id }) => id);
  assert.deepEqual(ids, ['c', 'a', 'b']);
});

test('whoever reads while files are made one reads each row once', async (context) => {
  const lake = lakeOf(await openStore(context), 'main');
  const places = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 2, maxLength: 8 });
  let day = 0;
  await fc.assert(
    fc.asyncProperty(places, fc.nat(12), async (seconds, steps) => {
      day += 1;
      const rows = seconds.map((second, at2) => event(`e-${at2}`, at(day, second)));
      for (const row of rows) await write(lake, lakeEvents, [row]);
      const range = { from: at(day), until: at(day + 1) };
      const expected = await read(lake, lakeEvents, range);
      // The files are gone one by one from after some of them were opened.
      let opened = 0;
      const watched = {
        ...lake,
        get: async (key: string) => {
          if (opened === steps) await compactLake(lake, range, at(400));
          opened += 1;
          return await lake.get(key);
        },
      };
      const found = [];
      for await (const batch of readLake(watched, lakeEvents, range)) found.push(...batch);
      assert.deepEqual(found, expected);
    }),
    { numRuns: 8 },
  );
});

test('a process that ends at any step of it leaves each row to be read once', async (context) => {
  for (let steps = 0; steps < 5; steps += 1) {
    const objects = await openStore(context);
    const lake = lakeOf(objects, 'main');
    const rows = [event('a', at(0)), event('b', at(0, 1)), event('c', at(0, 1))];
    for (const row of rows) await write(lake, lakeEvents, [row]);
    const ending = lakeOf(failingAfter(objects, steps), 'main');
    await compactLake(ending, someDays, later).catch(() => undefined);
    assert.deepEqual(await read(lake, lakeEvents), rows);
    await compactLake(lake, someDays, later);
    assert.deepEqual(await read(lake, lakeEvents), rows);
    assert.equal((await keysOf(lake)).length, 1);
  }
});

test('two that made a day whole at once, one of them with more, leave it to the next', async (context) => {
  const lake = lakeOf(await openStore(context), 'main');
  const rows = [event('a', at(0)), event('b', at(0, 1)), event('c', at(0, 2))];
  for (const more of [rows.slice(0, 2), rows]) {
    for (const row of more) await write(lake, lakeEvents, [row]);
    const kept = { ...lake, remove: async () => undefined };
    await compactLake(kept, someDays, later);
    for (const key of await keysOf(lake)) if (key.includes('/part-')) await lake.remove(key, later);
  }
  assert.equal((await keysOf(lake)).length, 2);
  await compactLake(lake, someDays, later);
  assert.equal((await keysOf(lake)).length, 1);
  assert.deepEqual(await read(lake, lakeEvents), rows);
});

test('the lakes of two tenants have nothing in common', async (context) => {
  const objects = await openStore(context);
  await write(lakeOf(objects, 'north'), lakeEvents, [event('a', at(0))]);
  assert.deepEqual(await read(lakeOf(objects, 'south'), lakeEvents), []);
  assert.deepEqual(await keysOf(lakeOf(objects, 'nort')), []);
});

test('a copy has each row in one file, and a second copy writes only what is new', async (context) => {
  const lake = lakeOf(await openStore(context), 'main');
  const target = openTarget();
  const rows = [event('a', at(0, 1)), event('b', at(0, 2))];
  for (const row of rows) await write(lake, lakeEvents, [row]);
  await write(lake, lakeLabels, [{ event: event('a', at(0, 1)), knownAt: at(3), isFraud: true }]);
  assert.equal((await copyOut(lake, target, someDays)).written, 3);
  assert.deepEqual(
    [...target.files.keys()].map((path) => path.split('/').slice(0, 2).join('/')),
    ['events/day=2018-04-01', 'events/day=2018-04-01', 'labels/day=2018-04-04'],
  );
  await write(lake, lakeEvents, [event('c', at(0, 3))]);
  const again = await copyOut(lake, target, someDays);
  assert.deepEqual([again.written, again.kept, again.removed], [1, 3, 0]);
  await compactLake(lake, someDays, later);
  const whole = await copyOut(lake, target, someDays);
  assert.deepEqual([whole.written, whole.kept, whole.removed], [1, 1, 3]);
  assert.deepEqual(await idsIn(target.files), ['a', 'a', 'b', 'c']);
});

test('a copy has a row once even where the lake holds it in several files', async (context) => {
  const lake = lakeOf(await openStore(context), 'main');
  const rows = [event('a', at(0, 1)), event('b', at(0, 2)), event('c', at(0, 3))];
  await write(lake, lakeEvents, rows.slice(0, 2));
  await write(lake, lakeEvents, rows.slice(1));
  const target = openTarget();
  await copyOut(lake, target, someDays);
  assert.deepEqual(await idsIn(target.files), ['a', 'b', 'c']);
  assert.equal(target.files.size, 1);
});

test('a copy that meets files being made one has each row once', async (context) => {
  const lake = lakeOf(await openStore(context), 'main');
  for (let second = 0; second < 4; second += 1) {
    await write(lake, lakeEvents, [event(`e-${second}`, at(0, second))]);
  }
  const target = openTarget();
  let copied = 0;
  const put = async (path: string, content: Buffer): Promise<void> => {
    await target.put(path, content);
    copied += 1;
    if (copied === 2) await compactLake(lake, someDays, later);
  };
  await copyOut(lake, { ...target, put }, someDays);
  assert.deepEqual(await idsIn(target.files), ['e-0', 'e-1', 'e-2', 'e-3']);
});
