import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { msOf, newUuid, SECOND_US } from '#kernel';
import { openLogger, openStream, type ObjectFacts, type Stream } from '#platform';
import { testLog, type TestLog } from '../../../audit/testing/log.ts';
import { genericFeatures } from '../../cards/features.ts';
import { openFeatures } from '../../features/engine.ts';
import { openStates } from '../../screening/states.ts';
import { foldLog } from '../fold.ts';
import { openFollower } from '../follow.ts';
import { countLog, selectLogHead } from '../log-store.ts';
import { fraudLogSubscription } from '../subscription.ts';
import {
  accountIds,
  item,
  startProcess,
  type Premises,
  type Process,
} from '../../testing/process.ts';
import { emptyState, entryAt, snapshotKey } from './find.ts';
import { writeSnapshots } from './write.ts';

let log: TestLog;
let premises: Premises;
let stream: Stream;
let own: Process;
let told: string[] = [];
const logger = openLogger({ level: 'info', write: (line) => told.push(line) });
const tenant = 'main';
const FOLDER = 'fraud/snapshots/main/';
const MIN = 8;

before(async () => {
  log = await testLog('fraud snapshots');
  premises = { database: log.database, objects: log.objects, clock: log.clock, logger };
  stream = openStream({ database: log.database, clock: log.clock, logger });
  await stream.consume(fraudLogSubscription);
  own = await startProcess(premises);
});

after(async () => {
  await stream.stop();
  await log.close();
});

const accounts = accountIds(3, 1_700_000_000_000_000 as never);

async function decide(batches: number): Promise<void> {
  for (let batch = 0; batch < batches; batch += 1) {
    log.clock.advance(SECOND_US);
    await own.decide(accounts.map((account, index) => item(account, 100 + batch * index)));
  }
  await stream.settle();
}

async function write(): Promise<number> {
  return await writeSnapshots(premises, { now: log.clock.now() }, MIN);
}

async function kept(): Promise<ObjectFacts[]> {
  const found: ObjectFacts[] = [];
  for await (const facts of log.objects.list(FOLDER)) found.push(facts);
  return found;
}

async function wholeState() {
  const features = emptyState();
  const upTo = await selectLogHead(log.database, tenant);
  await foldLog(log.database, features, { tenant, after: 0n, upTo });
  return features;
}

interface Warmed {
  readonly from: bigint;
  readonly entries: number;
  readonly folded: number;
  readonly digest: string;
  readonly passedOver: readonly string[];
}

/** Of a process that starts now. */
async function warmUp(): Promise<Warmed> {
  told = [];
  let begun = { from: -1n, entries: -1 };
  let folded = 0;
  const states = openStates({ run: newUuid(msOf(log.clock.now())) });
  const follower = openFollower({ ...premises, states });
  await follower.warmUp({
    start(name, stage) {
      assert.equal(name, tenant);
      begun = stage;
    },
    advance(entries) {
      folded += entries;
    },
  });
  const passedOver = told.filter((line) => line.includes('passed over'));
  return { ...begun, folded, digest: states.of(tenant).features.digest(), passedOver };
}

test('a start folds what came after the latest snapshot, of which two are kept', async () => {
  assert.equal(await write(), 0);
  await decide(MIN - 1);
  assert.equal(await write(), 0);
  await decide(1);
  assert.equal(await write(), 1);
  const [first] = await kept();
  assert.ok(first !== undefined);
  const whole = await wholeState();
  assert.ok((await log.objects.get(first.key))?.equals(whole.snapshot()), 'the same bytes');
  assert.equal(await write(), 0);
  for (let round = 0; round < 2; round += 1) {
    await decide(MIN);
    // Two processes at it at once write the same.
    const counts = await Promise.all([write(), write()]);
    assert.ok(counts.includes(1));
  }
  const keys = (await kept()).map(({ key }) => key);
  assert.equal(keys.length, 2);
  assert.ok(!keys.includes(first.key));
  await decide(3);
  const { from, entries, folded, digest, passedOver } = await warmUp();
  assert.ok(keys.at(-1)?.startsWith(`${FOLDER}${String(from).padStart(20, '0')}-`));
  assert.deepEqual([entries, folded, passedOver], [3, 3, []]);
  assert.equal(digest, (await wholeState()).digest());
});

test('a snapshot that the disk damaged is passed over for the one before, and none is for all', async () => {
  const [older, latest] = await kept();
  assert.ok(older !== undefined && latest !== undefined);
  damage(latest);
  const first = await warmUp();
  assert.ok(older.key.startsWith(`${FOLDER}${String(first.from).padStart(20, '0')}-`));
  assert.equal(first.passedOver.length, 1);
  assert.match(first.passedOver[0] ?? '', /"level":"warn".*object .* is not what was/);
  damage(older);
  const second = await warmUp();
  const all = await countLog(log.database, { tenant, after: 0n });
  assert.deepEqual([second.from, second.entries, second.folded], [0n, all, all]);
  assert.equal(second.passedOver.length, 2);
  const digest = (await wholeState()).digest();
  assert.deepEqual([first.digest, second.digest], [digest, digest]);
});

/** Turns over one bit of what the disk has. */
function damage({ sha256, bytes }: ObjectFacts): void {
  const folder = path.join(log.folder, 'objects');
  const names = readdirSync(folder, { recursive: true }).map(String);
  const file = names.find((name) => name.includes(`${sha256}${path.sep}`));
  assert.ok(file !== undefined, names.join(' '));
  const content = readFileSync(path.join(folder, file));
  assert.equal(content.length, bytes);
  content[bytes >> 1] = (content[bytes >> 1] ?? 0) ^ 1;
  writeFileSync(path.join(folder, file), content, { flag: 'r+' });
}

test('a snapshot of other features, or of another log, is passed over', async () => {
  await decide(1);
  const head = await selectLogHead(log.database, tenant);
  const entry = await entryAt(log.database, { tenant, position: head });
  assert.ok(entry !== undefined);
  await log.objects.put(snapshotKey(entry), openFeatures(genericFeatures).snapshot());
  // As where the database was put back to an earlier time, and has gone on in another way since.
  const other = { ...entry, id: newUuid(msOf(log.clock.now())) };
  await log.objects.put(snapshotKey(other), emptyState().snapshot());
  const beyond = { ...other, position: head + 1_000n };
  await log.objects.put(snapshotKey(beyond), emptyState().snapshot());
  const { from, digest, passedOver } = await warmUp();
  assert.equal(from, 0n);
  assert.equal(passedOver.filter((line) => line.includes('it is of another log')).length, 2);
  assert.equal(passedOver.filter((line) => line.includes('is wanted')).length, 1);
  assert.equal(digest, (await wholeState()).digest());
  // They do not keep another from being written.
  await decide(MIN);
  assert.equal(await write(), 1);
  assert.ok((await warmUp()).from > head);
});
