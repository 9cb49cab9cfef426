import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { DAY_US, type Instant } from '#kernel';
import { openSession, type Objects } from '#platform';
import { testLog, type TestLog } from '../testing/log.ts';
import type { JsonObject } from '../canonical.ts';
import { collect, type Collected, type CollectOptions, type LogInput } from './collect.ts';
import type { LogFormat } from './collect-store.ts';
import { expireCollected } from './expire.ts';
import type { CollectWorld } from './commit.ts';
import { readCollectedInput, readCollectedRejects } from './find/archived.ts';
import { at } from './reader-testing.ts';
import { findCollected } from './find/find-collected.ts';
import type { CollectedFilter } from './find/filter.ts';
import { searchRecords } from '../search/search.ts';

let log: TestLog;
before(async () => {
  log = await testLog('collect');
});
after(async () => {
  await log.close();
});

const world = (objects: Objects = log.objects): CollectWorld => ({
  database: log.database,
  objects,
  context: () => log.context(),
});

function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 700) yield bytes.subarray(at, at + 700);
}

const input = (content: string | Buffer, given: Partial<LogInput> = {}): LogInput => ({
  name: 'file.log',
  isRepeatable: true,
  open: () => Readable.from(pieces(Buffer.from(content))),
  ...given,
});

async function collected(
  format: LogFormat,
  content: string | Buffer,
  options: Partial<CollectOptions> & { readonly input?: Partial<LogInput> } = {},
): Promise<Collected> {
  const given = { format, source: 'test', retainDays: 0, ...options };
  const answer = await collect(world(), input(content, options.input), given);
  assert.ok(answer.ok);
  return answer.value;
}

async function found(filter: CollectedFilter): Promise<JsonObject[]> {
  const events: JsonObject[] = [];
  let cursor: string | undefined;
  do {
    const page = await findCollected(log.database, log.objects, filter, { limit: 300, cursor });
    assert.ok(page.ok);
    events.push(...page.value.events.map(({ line }) => JSON.parse(line) as JsonObject));
    cursor = page.value.next;
  } while (cursor !== undefined);
  return events;
}

async function textOf(pieces: AsyncIterable<Buffer>): Promise<string> {
  const read: Buffer[] = [];
  for await (const piece of pieces) read.push(piece);
  return Buffer.concat(read).toString('utf8');
}

let ports = 1_024;
/** Flow lines that no other test has. */
function flowLines(count: number, source = '10.0.0.1', start = 1_700_000_000): string {
  const lines = Array.from({ length: count }, (_, number) => {
    ports += 1;
    const time = start + number;
    const between = `${source} 10.0.0.2 ${ports} 443`;
    return `2 123456789010 eni-1 ${between} 6 20 4249 ${time} ${time + 60} ACCEPT OK`;
  });
  return `${lines.join('\n')}\n`;
}

const trail = (id: string, minute = 0): JsonObject => ({
  eventVersion: '1.08',
  userIdentity: { type: 'IAMUser', userName: 'mary', accountId: '123456789012' },
  eventTime: `2026-01-01T00:${String(minute).padStart(2, '0')}:00Z`,
  eventSource: 'iam.amazonaws.com',
  eventName: 'CreateUser',
  sourceIPAddress: '192.0.2.1',
  eventID: id,
});
const trailFile = (...records: JsonObject[]): string => JSON.stringify({ Records: records });

test('a file is collected: events, rejects, input, and one record of the audit log', async () => {
  const content = `${flowLines(50)}garbage\n`;
  const answer = await collected('vpc-flow', content, { source: 'vpc one' });
  assert.equal(answer.outcome, 'collected');
  assert.deepEqual(answer.counts, {
    read: 51,
    kept: 50,
    duplicate: 0,
    malformed: 1,
    skipped: 0,
    bad: 0,
  });
  assert.equal(answer.sha256, createHash('sha256').update(content).digest('hex'));
  assert.equal((await found({ source: 'vpc one' })).length, 50);
  const archived = await readCollectedInput(log.database, log.objects, answer.id);
  assert.ok(archived.ok);
  assert.equal(await textOf(archived.value), content);
  const rejects = await readCollectedRejects(log.database, log.objects, answer.id);
  assert.ok(rejects.ok);
  const [reject] = (await textOf(rejects.value)).split('\n');
  assert.equal((JSON.parse(reject ?? '') as JsonObject)['text'], 'garbage');
  await log.sequence();
  const page = await searchRecords(log.database, { target: answer.id }, { limit: 5 });
  assert.equal(page.records.length, 1);
  const noted = JSON.parse(page.records[0]?.leaf ?? '{}') as JsonObject;
  assert.equal(noted['action'], 'audit.logs.collected');
  assert.deepEqual(noted['after'], {
    ...answer.counts,
    format: 'vpc-flow',
    input_bytes: content.length,
    is_archived: true,
    name: 'file.log',
    segments: 1,
    segments_sha256: at(noted, 'after', 'segments_sha256'),
    sha256: answer.sha256,
    source: 'vpc one',
    started_at: '2026-11-21T20:00:00.000Z',
  });
  assert.match(JSON.stringify(at(noted, 'after', 'segments_sha256')), /^"[0-9a-f]{64}"$/);
});

test('a file is collected once, and known again under any name', async () => {
  const content = flowLines(10);
  const first = await collected('vpc-flow', content);
  const second = await collected('vpc-flow', content, { input: { name: 'copy.log' } });
  assert.equal(second.outcome, 'known');
  assert.equal(second.id, first.id);
  assert.deepEqual(second.counts, first.counts);
  const otherwise = await collected('jsonl', content);
  assert.equal(otherwise.outcome, 'collected');
  assert.equal(otherwise.counts.malformed, 10);
});

test('an event with an id is stored once, whatever files it is in', async () => {
  const one = await collected('cloudtrail', trailFile(trail('a'), trail('b'), trail('a')));
  assert.deepEqual([one.counts.kept, one.counts.duplicate], [2, 1]);
  const two = await collected('cloudtrail', gzipSync(trailFile(trail('b'), trail('c'))));
  assert.deepEqual([two.counts.kept, two.counts.duplicate], [1, 1]);
  const ids = (await found({ format: 'cloudtrail' })).map((event) =>
    at(event, 'metadata', 'original_event_uid'),
  );
  assert.deepEqual(new Set(ids), new Set(['a', 'b', 'c']));
  assert.equal(ids.length, 3);
});

test('two collections at once store an event that both have once', async () => {
  const files = Array.from({ length: 4 }, (_, number) =>
    trailFile(...Array.from({ length: 40 }, (_each, id) => trail(`both-${id}`, number))),
  );
  const answers = await Promise.all(files.map((file) => collected('cloudtrail', file)));
  const kept = answers.reduce((sum, { counts }) => sum + counts.kept, 0);
  assert.equal(kept, 40);
  const events = await found({ format: 'cloudtrail', text: 'both-' });
  assert.equal(events.length, 40);
});

test('a stream has no name to be known by, and is collected as it comes', async () => {
  const stream = { name: '-', isRepeatable: false };
  const content = trailFile(trail('s-1'), trail('s-2'));
  const first = await collected('cloudtrail', content, { input: stream });
  const second = await collected('cloudtrail', content, { input: stream });
  assert.deepEqual([first.outcome, second.outcome], ['collected', 'collected']);
  assert.notEqual(first.id, second.id);
  assert.deepEqual([second.counts.kept, second.counts.duplicate], [0, 2]);
  assert.equal(first.sha256, createHash('sha256').update(content).digest('hex'));
});

test('the input is not kept when it must not be, and is as long as it must be otherwise', async () => {
  const without = await collected('vpc-flow', flowLines(5), { isArchived: false });
  const none = await readCollectedInput(log.database, log.objects, without.id);
  assert.ok(!none.ok && none.refusal.code === 'collection_without_archive');
  const kept = await collected('vpc-flow', flowLines(5), { retainDays: 30 });
  let objects = 0;
  for await (const { key, retainUntil } of log.objects.list('audit/collected/')) {
    if (!key.includes(kept.id)) continue;
    objects += 1;
    assert.equal(retainUntil, (log.clock.now() + 30 * DAY_US) as Instant);
  }
  assert.equal(objects, 2);
});

test('what is kept as long as it must be goes, which is recorded, and the rest stays', async () => {
  const short = await collected('vpc-flow', flowLines(5), { retainDays: 1, source: 'short' });
  const long = await collected('vpc-flow', flowLines(5), { retainDays: 3, source: 'long' });
  const now = (log.clock.now() + 2 * DAY_US) as Instant;
  const later = log.clock.now();
  log.clock.set(now);
  assert.equal(await expireCollected(log.database, log.objects, log.context()), 2);
  assert.equal(await expireCollected(log.database, log.objects, log.context()), 0);
  const gone = await findCollected(log.database, log.objects, { source: 'short' }, { limit: 9 });
  assert.ok(gone.ok);
  assert.deepEqual([gone.value.events.length, gone.value.missing.length], [0, 1]);
  assert.equal((await found({ source: 'long' })).length, 5);
  await log.sequence();
  const page = await searchRecords(log.database, { action: 'audit.logs.expired' }, { limit: 5 });
  assert.deepEqual(
    page.records.map(({ record }) => record.target),
    [short.id],
  );
  assert.notEqual(long.id, short.id);
  log.clock.set(later);
});

class Crash extends Error {}

/** Objects that fail from a put on, as a process that is killed there. */
function failing(after_: number): Objects {
  let puts = 0;
  return {
    ...bound(log.objects),
    put: async (...given) => {
      puts += 1;
      if (puts > after_) throw new Crash();
      return await log.objects.put(...given);
    },
  };
}

function bound(objects: Objects): Objects {
  return {
    put: (...given) => objects.put(...given),
    get: (key) => objects.get(key),
    read: (key) => objects.read(key),
    facts: (key) => objects.facts(key),
    list: (prefix) => objects.list(prefix),
    retain: (key, until) => objects.retain(key, until),
    hold: (key, isHeld) => objects.hold(key, isHeld),
    remove: (key, now) => objects.remove(key, now),
    point: (key, content) => objects.point(key, content),
    pointed: (key) => objects.pointed(key),
  };
}

test('a collection that is cut off anywhere is taken up, and nothing is lost or stored twice', async () => {
  const limits = { eventsMax: 100 };
  for (const [index, putsBefore] of [0, 1, 2, 3, 4, 7, 10].entries()) {
    const source = `cut ${index}`;
    const content = `${flowLines(450)}garbage ${index}\n${flowLines(450)}`;
    const given = { format: 'vpc-flow', source, retainDays: 0, limits } as const;
    await assert.rejects(collect(world(failing(putsBefore)), input(content), given), Crash);
    const answer = await collect(world(), input(content), given);
    assert.ok(answer.ok);
    const { outcome, counts, id } = answer.value;
    assert.equal(outcome, putsBefore >= 2 ? 'resumed' : 'collected');
    assert.deepEqual(counts, {
      read: 901,
      kept: 900,
      duplicate: 0,
      malformed: 1,
      skipped: 0,
      bad: 0,
    });
    const events = await found({ source });
    const uids = new Set(events.map((event) => at(event, 'metadata', 'uid')));
    assert.equal(events.length, 900);
    assert.equal(uids.size, 900);
    const archived = await readCollectedInput(log.database, log.objects, id);
    assert.ok(archived.ok);
    assert.equal(await textOf(archived.value), content);
    assert.equal((await collect(world(), input(content), given)).ok, true);
  }
});

test('a collection cut off in compressed or identified input is taken up as well', async () => {
  const records = Array.from({ length: 500 }, (_, id) => trail(`cut-${id}`, id % 60));
  const content = gzipSync(trailFile(...records));
  const limits = { eventsMax: 50 };
  const given = { format: 'cloudtrail', source: 'cut trail', retainDays: 0, limits } as const;
  await assert.rejects(collect(world(failing(5)), input(content), given), Crash);
  const answer = await collect(world(), input(content), given);
  assert.ok(answer.ok);
  assert.deepEqual([answer.value.counts.kept, answer.value.counts.duplicate], [500, 0]);
  assert.equal((await found({ source: 'cut trail' })).length, 500);
});

test('truncated gzip gives what was readable, and the collection says so', async () => {
  const gzip = gzipSync(flowLines(3_000));
  const answer = await collected('vpc-flow', gzip.subarray(0, gzip.length - 50), {
    source: 'truncated',
  });
  assert.equal(answer.problem, 'the gzip content ends in the middle');
  assert.ok(answer.counts.kept > 500);
  assert.equal((await found({ source: 'truncated' })).length, answer.counts.kept);
  const again = await collected('vpc-flow', gzip.subarray(0, gzip.length - 50));
  assert.equal(again.outcome, 'known');
  assert.equal(again.problem, 'the gzip content ends in the middle');
});

test('an empty file is a collection of nothing', async () => {
  const answer = await collected('vpc-flow', '');
  assert.deepEqual([answer.outcome, answer.segments, answer.counts.read], ['collected', 0, 0]);
});

test('a layout that cannot be is refused before anything is read', async () => {
  const given = { format: 'vpc-flow', source: 'test', retainDays: 0 } as const;
  const content = input('x', {
    open: () => {
      throw new Error('opened');
    },
  });
  const answer = await collect(world(), content, { ...given, formatLine: 'srcaddr' });
  assert.ok(!answer.ok && answer.refusal.code === 'flow_format_invalid');
});

test('what was collected cannot be changed or removed, not even by the owner', async () => {
  await collected('cloudtrail', trailFile(trail('kept')));
  const owner = await openSession(log.url);
  try {
    for (const table of [
      'collections',
      'collected_segments',
      'collection_ends',
      'collected_keys',
    ]) {
      await assert.rejects(owner.query({ text: `delete from audit.${table}` }), /append-only/);
      await assert.rejects(log.database.query({ text: `delete from audit.${table}` }));
    }
  } finally {
    await owner.close();
  }
});
