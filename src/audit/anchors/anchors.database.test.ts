import assert from 'node:assert/strict';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Fault, HOUR_US, parseInstant, type Instant } from '#kernel';
import { openSession, type Objects, type Session } from '#platform';
import { openNote, type NoteKey } from '../tree/note.ts';
import { parseCheckpoint } from '../tree/checkpoint.ts';
import { SIGNING_KEY } from '../sequence.ts';
import { allOf } from '../archive/testing/objects.ts';
import { leavesInOrder } from '../testing/leaves.ts';
import { testLog, type TestLog } from '../testing/log.ts';
import { parseDigest, type AnchorDigest } from './digest.ts';
import { parseSignedLines, signatureLine, signingString, sha256Of } from './signed-lines.ts';
import { anchorState } from './state.ts';
import { verifyAnchors } from './verify.ts';
import { writeAnchors } from './write.ts';

const BEGINNING = parseInstant('2021-03-01T10:20:00Z') as Instant;

let log: TestLog;
let owner: Session;
let trusted: NoteKey[];

beforeEach(async () => {
  log = await testLog('anchors');
  log.clock.set(BEGINNING);
  owner = await openSession(log.url);
  trusted = [{ name: 'florin.test/log', publicKey: await log.keys.publicKey(SIGNING_KEY) }];
});

afterEach(async () => {
  await owner.close();
  await log.close();
});

async function grow(count = 3): Promise<void> {
  await log.recordSome(count);
  await log.sequence();
}

const write = (objects: Objects = log.objects) =>
  writeAnchors(log.database, objects, log.context({ actor: 'florin' }));

/** An hour in which the log grows, and its anchor. */
async function hour(): Promise<void> {
  await grow();
  log.clock.advance(HOUR_US);
  assert.equal((await write()).length, 1);
}

async function findings(): Promise<{ rule: string; place: string; found: string }[]> {
  return await allOf(verifyAnchors(log.database, log.objects, trusted));
}

const rulesFound = async () => [...new Set((await findings()).map(({ rule }) => rule))].toSorted();

async function anchorRows(): Promise<{ number: number; object_key: string }[]> {
  const rows = await log.database.query<{ number: bigint; object_key: string }>({
    text: 'select number, object_key from audit.anchors order by number',
  });
  return rows.map((row) => ({ ...row, number: Number(row.number) }));
}

async function digestOf(key: string): Promise<AnchorDigest> {
  const content = await log.objects.get(key);
  assert.ok(content !== undefined);
  const signed = parseSignedLines(content);
  assert.ok(signed.ok);
  const digest = parseDigest(signed.value.lines.join('\n'));
  assert.ok(digest.ok);
  return digest.value;
}

/** Runs as a superuser behind the triggers' back. */
async function tamper(text: string, values: unknown[] = []): Promise<void> {
  await owner.query({ text: `set session_replication_role = replica` });
  await owner.query({ text, values });
  await owner.query({ text: `set session_replication_role = origin` });
}

/** The store of objects, with other answers for some keys: what a tampered store would give. */
function altered(contents: ReadonlyMap<string, Buffer>): Objects {
  return {
    ...bound(log.objects),
    get: async (key) => contents.get(key) ?? (await log.objects.get(key)),
  };
}

function bound(objects: Objects): Objects {
  return {
    put: (...given) => objects.put(...given),
    get: (key) => objects.get(key),
    read: (key) => objects.read(key),
    facts: (key) => objects.facts(key),
    list: (prefix) => objects.list(prefix),
    retain: (...given) => objects.retain(...given),
    hold: (...given) => objects.hold(...given),
    remove: (...given) => objects.remove(...given),
    point: (...given) => objects.point(...given),
    pointed: (key) => objects.pointed(key),
  };
}

async function rulesFoundIn(objects: Objects): Promise<string[]> {
  const found = await allOf(verifyAnchors(log.database, objects, trusted));
  return [...new Set(found.map(({ rule }) => rule))].toSorted();
}

test('an hour that is over and in which the log grew gets an anchor, once', async () => {
  await grow();
  assert.deepEqual(await write(), [], 'the hour is not over');
  log.clock.advance(HOUR_US);
  const [anchor, ...more] = await write();
  assert.deepEqual([anchor?.number, more.length], [1, 0]);
  assert.deepEqual(await write(), [], 'nothing grew since, but the record of the anchor');
  const digest = await digestOf(anchor?.key ?? '');
  assert.equal(digest.start, parseInstant('2021-03-01T10:00:00Z'));
  assert.equal(digest.end, parseInstant('2021-03-01T11:00:00Z'));
  assert.equal(digest.previous, undefined);
  const note = openNote(digest.checkpoint, trusted);
  assert.ok(note.ok);
  const head = parseCheckpoint(note.value.text);
  assert.ok(head.ok);
  assert.equal(head.value.size, digest.size);
  assert.deepEqual(await findings(), []);
});

test('hours without new leaves get no anchor, and the next spans them', async () => {
  await hour();
  log.clock.advance(5 * HOUR_US);
  await grow();
  log.clock.advance(HOUR_US);
  assert.equal((await write()).length, 1);
  const [first, second] = await anchorRows();
  const [one, two] = [
    await digestOf(first?.object_key ?? ''),
    await digestOf(second?.object_key ?? ''),
  ];
  assert.equal(two.start, one.end);
  assert.equal(two.end - two.start, 6 * HOUR_US);
  assert.equal(two.previous?.key, first?.object_key);
  assert.deepEqual(await findings(), []);
});

test('anchors that were due for hours are written one for each hour in which the log grew', async () => {
  for (let hours = 0; hours < 4; hours += 1) {
    await grow(2);
    log.clock.advance(HOUR_US);
  }
  assert.deepEqual(
    (await anchorState(log.database, log.clock.now())).dueSince,
    BEGINNING + 40 * 60_000_000,
  );
  const numbers = (await write()).map(({ number }) => number);
  assert.deepEqual(numbers, [1, 2, 3, 4]);
  assert.equal((await anchorState(log.database, log.clock.now())).dueSince, undefined);
  assert.deepEqual(await findings(), []);
});

test('an anchor is retained for as long as the setting says, and recorded in the log', async () => {
  await grow();
  log.clock.advance(HOUR_US);
  const context = log.context();
  const [anchor] = await writeAnchors(log.database, log.objects, context, { retentionDays: 30 });
  assert.ok(anchor !== undefined);
  const facts = await log.objects.facts(anchor.key);
  assert.equal(facts?.retainUntil, anchor.end + 30 * 24 * HOUR_US);
  await assert.rejects(
    log.objects.remove(anchor.key, log.clock.now()),
    (error) => error instanceof Fault && error.code === 'object_retained',
  );
  const leaves = await leavesInOrder(log.database);
  assert.match(leaves.at(-1) ?? '', /"audit\.anchor\.written".*"target":"audit\/anchors\/0{11}1-/);
});

test('several processes write each anchor once', async () => {
  for (let hours = 0; hours < 3; hours += 1) {
    await grow(2);
    log.clock.advance(HOUR_US);
  }
  const written = await Promise.all([write(), write(), write()]);
  assert.equal(written.flat().length, 3);
  assert.equal((await anchorRows()).length, 3);
  assert.deepEqual(await findings(), []);
});

test('after a crash between object and row the object that is there becomes the anchor', async () => {
  await grow();
  log.clock.advance(HOUR_US);
  const crashing: Objects = {
    ...bound(log.objects),
    put: async (...given) => {
      await log.objects.put(...given);
      throw new Error('crash');
    },
  };
  await assert.rejects(write(crashing), /crash/);
  assert.deepEqual(await anchorRows(), []);
  assert.deepEqual(await rulesFound(), ['anchor_unknown']);
  await grow();
  assert.equal((await write()).length, 1);
  assert.deepEqual(await findings(), []);
});

test('an anchor that was stored without a checkpoint that came late is kept as it is', async () => {
  await grow();
  log.clock.advance(HOUR_US);
  const crashing: Objects = {
    ...bound(log.objects),
    put: async (...given) => {
      await log.objects.put(...given);
      throw new Error('crash');
    },
  };
  await assert.rejects(write(crashing), /crash/);
  // A process whose clock is behind makes a checkpoint within the hour.
  log.clock.advance(-HOUR_US);
  await grow();
  log.clock.advance(HOUR_US);
  const [anchor] = await write();
  assert.equal(anchor?.size, (await digestOf(anchor?.key ?? '')).size);
  assert.deepEqual(await findings(), []);
  log.clock.advance(HOUR_US);
  const [next] = await write();
  assert.ok((next?.size ?? 0) > (anchor?.size ?? 0));
  assert.deepEqual(await findings(), []);
});

test('an object in the way that is not the anchor stops the writing with a fault', async () => {
  await grow();
  log.clock.advance(HOUR_US);
  await log.objects.put('audit/anchors/000000000001-2021-03-01T11Z.jsonl', Buffer.from('{}\n{}\n'));
  await assert.rejects(write(), (e) => e instanceof Fault && e.code === 'anchor_conflict');
});

test('a deleted object, a deleted row and a deleted anchor are each named', async () => {
  for (let hours = 0; hours < 4; hours += 1) await hour();
  const [, second, third] = await anchorRows();
  const key = second?.object_key ?? '';
  const content = await log.objects.get(key);
  assert.ok(content !== undefined);
  const without: Objects = {
    ...bound(log.objects),
    get: async (wanted) => (wanted === key ? undefined : await log.objects.get(wanted)),
  };
  assert.deepEqual(await rulesFoundIn(without), ['anchor_missing']);
  await tamper('delete from audit.anchors where number = 3');
  const found = await findings();
  assert.ok(
    found.some(
      ({ rule, place }) => rule === 'anchor_unknown' && place.includes(third?.object_key ?? '?'),
    ),
  );
  assert.ok(found.some(({ rule, place }) => rule === 'anchor_missing' && place === 'anchor 3'));
  assert.ok(
    found.some(({ rule, place }) => rule === 'anchor_chain_broken' && place.startsWith('anchor 4')),
  );
});

test('a file removed from the folder behind everybody is found', async () => {
  await hour();
  await hour();
  const blobs = path.join(log.folder, 'objects', 'objects', 'audit', 'anchors');
  const [first = ''] = (await readdir(blobs)).toSorted();
  await rm(path.join(blobs, first), { recursive: true });
  assert.deepEqual(await rulesFound(), ['anchor_missing']);
});

test('the latest anchor, deleted with its row, is missed when the log went on', async () => {
  for (let hours = 0; hours < 3; hours += 1) await hour();
  await tamper('delete from audit.anchors where number = 3');
  const without: Objects = {
    ...bound(log.objects),
    async *list(prefix) {
      for await (const facts of log.objects.list(prefix)) {
        if (!facts.key.includes('000000000003-')) yield facts;
      }
    },
  };
  assert.deepEqual(await rulesFoundIn(without), [], 'it may only be late');
  await grow();
  log.clock.advance(HOUR_US);
  await grow();
  assert.deepEqual(await rulesFoundIn(without), ['anchor_missing']);
});

test('a rewritten anchor is named, also when it is signed anew and its row follows', async () => {
  for (let hours = 0; hours < 3; hours += 1) await hour();
  const [, second] = await anchorRows();
  const key = second?.object_key ?? '';
  const content = (await log.objects.get(key)) ?? Buffer.alloc(0);
  const edited = Buffer.from(content.toString().replace('"number":2', '"number":2,"x":1'));
  assert.deepEqual(await rulesFoundIn(altered(new Map([[key, edited]]))), ['anchor_rewritten']);

  // By someone who holds the key, and the database.
  const signed = parseSignedLines(content);
  assert.ok(signed.ok);
  const digest = await digestOf(key);
  const line = Buffer.from(
    `${signed.value.lines.join('\n').replace('"start":"2021-03-01T11', '"start":"2021-03-01T10')}
`,
  );
  const sha256 = sha256Of(line);
  const facts = { end: '2021-03-01T12:00:00.000Z', key, sha256 };
  const signature = await log.keys.sign(
    SIGNING_KEY,
    signingString({ ...facts, previousSignature: digest.previous?.signature }),
  );
  const publicKey = await log.keys.publicKey(SIGNING_KEY);
  const forged = Buffer.concat([line, signatureLine({ publicKey, signature })]);
  await tamper(
    `update audit.anchors set sha256 = $1, signature = $2, starts_at = $3 where number = 2`,
    [sha256, signature, '2021-03-01T10:00:00Z'],
  );
  assert.deepEqual(await rulesFoundIn(altered(new Map([[key, forged]]))), ['anchor_chain_broken']);
});

test('anchors that changed places are named, in the store and in the database', async () => {
  for (let hours = 0; hours < 4; hours += 1) await hour();
  const [, second, third] = await anchorRows();
  const [two, three] = [second?.object_key ?? '', third?.object_key ?? ''];
  const swapped = new Map([
    [two, (await log.objects.get(three)) ?? Buffer.alloc(0)],
    [three, (await log.objects.get(two)) ?? Buffer.alloc(0)],
  ]);
  assert.ok((await rulesFoundIn(altered(swapped))).includes('anchor_reordered'));
  await tamper('update audit.anchors set number = 100 - number where number in (2, 3)');
  await tamper('update audit.anchors set number = number - 95 where number > 50');
  await tamper('update audit.anchors set number = 5 - (number - 2) + 1 where number in (2, 3)');
  assert.ok((await rulesFound()).includes('anchor_reordered'));
});

test('an anchor whose hours are changed in its row is named', async () => {
  await hour();
  await hour();
  await tamper(
    `update audit.anchors set starts_at = starts_at - interval '1 hour' where number = 2`,
  );
  assert.deepEqual(await rulesFound(), ['anchor_rewritten']);
});

test('an anchor signed by a key that is not trusted is named', async () => {
  await hour();
  trusted = [{ name: 'florin.test/log', publicKey: Buffer.alloc(32, 7) }];
  assert.deepEqual(await rulesFound(), ['anchor_checkpoint_contradicts', 'anchor_rewritten']);
});

test('a log that was rewritten contradicts the checkpoint of its anchor', async () => {
  await hour();
  await tamper(
    `update audit.places set hashes = set_byte(hashes, 0, 255 - get_byte(hashes, 0))
      where first_leaf = 0`,
  );
  assert.deepEqual(await rulesFound(), ['anchor_checkpoint_contradicts']);
});

test('a log that was cut off is shorter than its anchor says', async () => {
  await grow();
  await grow();
  log.clock.advance(HOUR_US);
  await write();
  await tamper(
    'delete from audit.checkpoints where size = (select max(size) from audit.checkpoints)',
  );
  assert.ok((await rulesFound()).includes('anchor_checkpoint_contradicts'));
});

test('the application cannot change or remove an anchor', async () => {
  await hour();
  for (const text of [
    'delete from audit.anchors',
    'update audit.anchors set number = 2',
    'truncate audit.anchors',
  ]) {
    await assert.rejects(log.database.query({ text }), /permission denied/);
    await assert.rejects(owner.query({ text }), /append-only/);
  }
});
