import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatInstant, parseInstant, type Instant } from '#kernel';
import type { Database, Objects } from '#platform';
import { SIGNING_KEY } from '../sequence.ts';
import { leavesOf, type BundleRow } from '../store/bundle-store.ts';
import { testLog, type TestLog } from '../testing/log.ts';
import { archiveMonth } from './archive-month.ts';
import { addMonths, formatMonth } from './month.ts';
import { readArchivedRange } from './read.ts';
import { removeMonth } from './remove-month.ts';
import { allOf, objectsWith } from './testing/objects.ts';
import { verifyArchives } from './verify.ts';

const SMALL = { leavesMax: 5, bytesMax: 1_000_000 };
const LATE = parseInstant('2025-06-01T00:00:00Z') as Instant;

let log: TestLog;

before(async () => {
  log = await testLog('archive crash');
});

after(async () => {
  await log.close();
});

/** Records in a month; answers its leaves and the index of the first. */
async function fill(
  month: number,
  count = 9,
): Promise<{ readonly first: number; readonly leaves: Buffer[] }> {
  log.clock.set(parseInstant(`${formatMonth(month)}-15T00:00:00Z`) as Instant);
  await log.recordSome(count, { bundle: 3 });
  await log.sequence();
  const rows = await log.database.query<BundleRow & { first_leaf: bigint }>({
    text: `select p.first_leaf, b.* from audit.places p
      join audit.bundles b on b.id = p.bundle_id and b.month = p.month
      where p.month = $1 order by p.first_leaf`,
    values: [month],
  });
  return { first: Number(rows[0]?.first_leaf), leaves: rows.flatMap((row) => leavesOf(row)) };
}

class Crash extends Error {}

/** Everything below counts its steps, before and after each, and fails at one of them. */
function crashingAt(wanted: number): { database: Database; objects: Objects; steps: () => number } {
  let steps = 0;
  const step = (): void => {
    steps += 1;
    if (steps === wanted) throw new Crash();
  };
  const { database } = log;
  return {
    steps: () => steps,
    objects: objectsWith(log.objects, { before: step, after: step }),
    database: {
      query: (query) => database.query(query),
      within: (tenant) => database.within(tenant),
      transaction: async (context, run) => {
        step();
        const value = await database.transaction(context, run);
        step();
        return value;
      },
      statement: (context, run) => database.statement(context, run),
      rehearse: (context, run) => database.rehearse(context, run),
      keys: database.keys,
      description: database.description,
      close: () => database.close(),
    },
  };
}

async function archiveAndRemove(
  month: number,
  { database, objects }: { database: Database; objects: Objects },
): Promise<void> {
  const context = { ...log.context(), now: LATE };
  assert.ok((await archiveMonth(database, objects, context, month, SMALL)).ok);
  const removed = await removeMonth(database, objects, context, month);
  assert.ok(removed.ok);
}

// Compared one by one: the difference of two long lists of buffers would fill the memory.
async function requireArchived(first: number, leaves: readonly Buffer[]): Promise<void> {
  const range = { first, count: leaves.length };
  const found = await readArchivedRange(log.database, log.objects, range);
  for (const [offset, leaf] of leaves.entries()) {
    assert.equal(found[offset]?.toString(), leaf.toString(), `leaf ${first + offset}`);
  }
}

async function requireSound(): Promise<void> {
  const trusted = [{ name: 'florin.test/log', publicKey: await log.keys.publicKey(SIGNING_KEY) }];
  assert.deepEqual(await allOf(verifyArchives(log.database, log.objects, trusted)), []);
}

test(
  'a run that is cut off at any step is completed by the next',
  { timeout: 120_000 },
  async () => {
    let month = 202001;
    let crashes = 0;
    for (let step = 1; ; step += 1) {
      const { first, leaves } = await fill(month);
      const crashing = crashingAt(step);
      const isDone = await archiveAndRemove(month, crashing).then(
        () => true,
        (error: unknown) => {
          assert.ok(error instanceof Crash, String(error));
          return false;
        },
      );
      if (!isDone) {
        crashes += 1;
        await archiveAndRemove(month, log);
      }
      await requireArchived(first, leaves);
      if (isDone) break;
      month = addMonths(month, 1);
    }
    assert.ok(crashes > 20, `${crashes} steps`);
    await requireSound();
  },
);

const archiver = path.join(import.meta.dirname, 'testing', 'killed.ts');
/** Late enough to archive the first half of 2023, too early for any of it to expire. */
const WITHIN_RETENTION = parseInstant('2023-11-01T00:00:00Z') as Instant;

function startArchiver() {
  const given = [archiver, log.url, log.folder, formatInstant(WITHIN_RETENTION)];
  return spawn(process.execPath, given, { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function removedMonths(): Promise<number[]> {
  const rows = await log.database.query<{ month: number }>({
    text: 'select month from audit.removed_months where month >= 202301 order by month',
  });
  return rows.map(({ month }) => month);
}

test(
  'a process that is killed again and again ends with every month archived',
  { timeout: 120_000 },
  async () => {
    const months = [202301, 202302, 202303, 202304, 202305, 202306];
    const filled = [];
    for (const month of months) filled.push(await fill(month, 300));
    for (let kills = 0; kills < 6; kills += 1) {
      const child = startArchiver();
      const ended = once(child, 'exit');
      await Promise.race([once(child.stdout, 'data'), ended]);
      await sleep(Math.random() * 120);
      child.kill('SIGKILL');
      await ended;
    }
    // What a killed process had sent may still commit. A run that meets it leaves the month to the
    // next run, as it does when another process is at work.
    for (let runs = 0; runs < 3 && (await removedMonths()).length < months.length; runs += 1) {
      const [code] = (await once(startArchiver(), 'exit')) as [number | null];
      assert.equal(code, 0);
    }
    for (const { first, leaves } of filled) {
      await requireArchived(first, leaves);
    }
    assert.deepEqual(await removedMonths(), months);
    await requireSound();
  },
);
