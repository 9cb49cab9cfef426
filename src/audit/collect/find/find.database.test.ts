import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { parseInstant, type Instant } from '#kernel';
import type { JsonObject } from '../../canonical.ts';
import { testLog, type TestLog } from '../../testing/log.ts';
import { collect } from '../collect.ts';
import { readBadList, noLists } from '../enrich/lists.ts';
import type { CollectedFilter } from './filter.ts';
import { at } from '../reader-testing.ts';
import { findCollected } from './find-collected.ts';

let log: TestLog;
const lines: { readonly time: number; readonly text: string }[] = [];

const SEED = 17;
let state = SEED;
function random(bound: number): number {
  state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7f_ff_ff_ff;
  return (state >>> 8) % bound;
}

/** Files whose times overlap in every way, of two formats. */
before(async () => {
  log = await testLog('find');
  const bad = readBadList({ name: 'feed', text: '10.0.0.7' });
  assert.ok(bad.ok);
  const lists = { ...noLists, badLists: [bad.value] };
  for (let file = 0; file < 12; file += 1) {
    const format = file % 3 === 0 ? 'jsonl' : 'vpc-flow';
    const start = 1_700_000_000 + random(2_000);
    const content = Array.from({ length: 60 }, (_, number) => {
      const time = start + random(1_000);
      const verdict = random(2) === 0 ? 'ACCEPT' : 'REJECT';
      const text =
        format === 'jsonl'
          ? jsonLine(time, number)
          : `2 12345678901${random(3)} eni-${file} 10.0.0.${random(9)} 10.0.1.${number} ` +
            `${1_024 + number} 443 6 1 2 ${time} ${time + 60} ${verdict} OK`;
      lines.push({ time, text });
      return text;
    });
    const world = { database: log.database, objects: log.objects, context: () => log.context() };
    // In pieces of a few lines, so that a file becomes several segments.
    const input = {
      name: `${file}.log`,
      isRepeatable: true,
      open: () => Readable.from(pieces(content.join('\n'))),
    };
    const source = `source ${file % 2}`;
    const limits = { eventsMax: 25 };
    const options = { format, source, lists, limits, retainDays: 0 } as const;
    assert.ok((await collect(world, input, options)).ok);
  }
});

function jsonLine(time: number, number: number): string {
  return JSON.stringify({ time, msg: `Line ${number}`, user: `u-${random(3)}`, action: 'pay' });
}

function* pieces(text: string): Generator<Buffer> {
  for (let at = 0; at < text.length; at += 300) yield Buffer.from(text.slice(at, at + 300));
}

after(async () => {
  await log.close();
});

interface Options {
  readonly limit?: number;
  readonly segmentsMax?: number;
}

async function pages(filter: CollectedFilter, { limit = 10, segmentsMax = 64 }: Options = {}) {
  const events: JsonObject[] = [];
  let cursor: string | undefined;
  let count = 0;
  do {
    const page = await findCollected(log.database, log.objects, filter, {
      limit,
      cursor,
      segmentsMax,
    });
    assert.ok(page.ok);
    assert.ok(page.value.events.length <= limit);
    events.push(...page.value.events.map(({ line }) => JSON.parse(line) as JsonObject));
    cursor = page.value.next;
    count += 1;
    assert.ok(count < 2_000, 'pages come to an end');
  } while (cursor !== undefined);
  return { events, count };
}

const timesOf = (events: readonly JsonObject[]): number[] =>
  events.map((event) => Number(event['time']) / 1_000);

test('every event is found once, the newest first, whatever the size of the page', async () => {
  const expected = lines.map(({ time }) => time).toSorted((a, b) => b - a);
  for (const options of [{ limit: 1_000 }, { limit: 37 }, { limit: 100, segmentsMax: 1 }]) {
    const { events } = await pages({}, options);
    assert.deepEqual(timesOf(events), expected);
    const uids = new Set(events.map((event) => at(event, 'metadata', 'uid')));
    assert.equal(uids.size, lines.length);
  }
});

test('each filter finds exactly what it says, and two find what both do', async () => {
  const flow = (part: RegExp) => (text: string) => !text.startsWith('{') && part.test(text);
  const cases: [CollectedFilter, (text: string, time: number) => boolean][] = [
    [{ address: '10.0.0.7' }, flow(/ 10\.0\.0\.7 /)],
    [{ address: '::ffff:10.0.0.7' }, flow(/ 10\.0\.0\.7 /)],
    [{ address: '10.0.1.59' }, flow(/ 10\.0\.1\.59 /)],
    [{ account: '123456789011' }, flow(/^2 123456789011 /)],
    [{ actor: 'u-1' }, (text) => text.includes('"u-1"')],
    [{ action: 'Denied' }, flow(/REJECT/)],
    [{ action: 'pay' }, (text) => text.startsWith('{')],
    [{ name: 'eni-4' }, flow(/ eni-4 /)],
    [{ format: 'jsonl' }, (text) => text.startsWith('{')],
    [{ isKnownBad: true }, flow(/ 10\.0\.0\.7 /)],
    [{ text: 'lINE 17' }, (text) => text.includes('Line 17')],
    [{ address: '10.0.0.3', action: 'Allowed' }, flow(/ 10\.0\.0\.3 .*ACCEPT/)],
    [{ address: '203.0.113.1' }, () => false],
    [{ text: 'nowhere' }, () => false],
  ];
  for (const [filter, isWanted] of cases) {
    const expected = lines
      .filter(({ text, time }) => isWanted(text, time))
      .map(({ time }) => time)
      .toSorted((a, b) => b - a);
    for (const options of [{}, { limit: 23, segmentsMax: 3 }]) {
      const { events } = await pages(filter, options);
      assert.deepEqual(timesOf(events), expected, JSON.stringify(filter));
    }
  }
});

test('a span of time is inclusive at both ends', async () => {
  const times = lines.map(({ time }) => time).toSorted((a, b) => a - b);
  const [first = 0, last = 0] = [times[100], times[400]];
  const instantOf = (seconds: number): Instant =>
    parseInstant(new Date(seconds * 1_000).toISOString()) as Instant;
  const { events } = await pages({ from: instantOf(first), to: instantOf(last) });
  const expected = times.filter((time) => time >= first && time <= last);
  assert.deepEqual(timesOf(events), expected.toReversed());
});

test('a source is one of several', async () => {
  const [one, other] = [await pages({ source: 'source 0' }), await pages({ source: 'source 1' })];
  assert.equal(one.events.length + other.events.length, lines.length);
  assert.equal((await pages({ source: 'source 2' })).events.length, 0);
});

test('a page that finds little opens a bounded number of segments', async () => {
  const { events, count } = await pages({ text: 'nowhere' }, { segmentsMax: 3 });
  assert.equal(events.length, 0);
  assert.ok(count > 3, `${count} pages`);
});

test('what no page gave as a cursor is refused', async () => {
  const bare = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  for (const cursor of ['x', '', bare([1]), bare([-1, '', 0, 0]), bare([1, 'no uuid', 0, 0])]) {
    const page = await findCollected(log.database, log.objects, {}, { limit: 1, cursor });
    assert.ok(!page.ok && page.refusal.code === 'collected_cursor_invalid', cursor);
  }
});
