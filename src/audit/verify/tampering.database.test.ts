import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { after, before, test } from 'node:test';
import { HOUR_US, parseInstant, type Instant } from '#kernel';
import { openLogger, openMetrics, openSession, type Session } from '#platform';
import { writeAnchors } from '../anchors/write.ts';
import { placeHold, releaseHold } from '../archive/hold.ts';
import { runArchive } from '../archive/run.ts';
import { collect, type LogInput } from '../collect/collect.ts';
import { eraseSubject } from '../sealing/erase.ts';
import { indexTerms } from '../search/index-terms.ts';
import { archivedLeaves } from '../search/read-leaves.ts';
import { SIGNING_KEY } from '../sequence.ts';
import { testActions, testLog, type TestLog } from '../testing/log.ts';
import {
  columnNames,
  copyRow,
  deleteRow,
  editValue,
  seededRandom,
  swapValues,
  tampering,
  type Random,
} from '../testing/tampering.ts';
import { openWatch } from '../watch/watch.ts';
import { clevernesses } from './clever-testing.ts';
import type { RuleName } from './finding.ts';
import { verifyLog, type LogVerification } from './verify.ts';

let log: TestLog;

const at = (text: string): Instant => parseInstant(text) as Instant;
const action = testActions['test.thing.change'];

// A small log with something in every table: two months in the archive, one of which has lost a
// class of its records, and two in the database.
before(async () => {
  log = await testLog('tampering');
  await recordMonth('2019-03', 40);
  await recordMonth('2019-04', 9);
  log.clock.set(at('2019-08-02T00:00:00Z'));
  await writeAnchors(log.database, log.objects, log.context());
  await runArchive(log.database, log.objects, log.context());
  const hold = { fromMonth: 201904, toMonth: 201904, retention: undefined, reason: 'case 7' };
  const placed = await placeHold(log.database, log.objects, log.context(), hold);
  const other = await placeHold(log.database, log.objects, log.context(), hold);
  assert.ok(placed.ok && other.ok);
  await releaseHold(log.database, log.objects, log.context(), placed.value);
  log.clock.set(at('2020-06-01T10:00:00Z'));
  await runArchive(log.database, log.objects, log.context());
  await recordMonth('2020-06', 300);
  await sealSome();
  await collectSome();
  await recordMonth('2020-07', 30);
  await writeAnchors(log.database, log.objects, log.context());
  await raiseAlarm();
  const archive = archivedLeaves(log.database, log.objects);
  await indexTerms(log.database, log.context(), { leavesMax: 150 });
  await indexTerms(log.database, log.context(), { leavesMax: 150, archive });
  log.clock.set(at('2020-08-01T12:00:00Z'));
  await log.recordSome(7, { bundle: 2 });
});

async function recordMonth(month: string, count: number): Promise<void> {
  log.clock.set(at(`${month}-03T10:00:00Z`));
  await log.recordSome(Math.floor(count / 2), { bundle: 7, prefix: month });
  await log.sequence();
  await log.recordSome(Math.ceil(count / 2), { bundle: 20, prefix: `${month}-b` });
  await log.sequence();
  log.clock.advance(2 * HOUR_US);
}

async function collectSome(): Promise<void> {
  const line = '{"time":"2020-06-03T10:00:00Z","event":"login","user":"ann"}\n';
  const input: LogInput = {
    name: 'app.jsonl',
    isRepeatable: true,
    async *open() {
      yield await Promise.resolve(Buffer.from(line.repeat(3)));
    },
  };
  const { database, objects } = log;
  const world = { database, objects, context: () => log.context() };
  const options = { format: 'jsonl', source: 'app', retainDays: 30 } as const;
  const collected = await collect(world, input, options);
  assert.ok(collected.ok, collected.ok ? '' : collected.refusal.message);
}

async function sealSome(): Promise<void> {
  for (const number of [1, 2, 3, 4]) {
    const sensitive = [{ subject: `cus_${number}`, fields: { name: `Person ${number}` } }];
    await log.record([{ action, target: `cus_${number}`, sensitive }]);
    log.clock.advance(1_000);
  }
  for (const subject of ['cus_2', 'cus_4']) {
    const erasure = { subject, reason: 'asked' };
    await log.database.transaction(log.context(), (tx) => eraseSubject(tx, erasure));
    log.clock.advance(1_000);
  }
  await log.sequence();
}

async function raiseAlarm(): Promise<void> {
  const clock = { now: () => log.clock.now(), offsetUs: undefined, observe: () => undefined };
  const watch = openWatch({
    database: log.database,
    clock,
    metrics: openMetrics({ isProcessMeasured: false }),
    logger: openLogger({ level: 'silent', write: () => undefined }),
    instance: 'one',
  });
  watch.sequenced();
  await watch.look(log.context());
  log.clock.advance(HOUR_US);
  await watch.look(log.context());
  watch.sequenced();
  for (let look = 0; look < 3; look += 1) {
    log.clock.advance(HOUR_US / 60);
    watch.sequenced();
    await watch.look(log.context());
  }
  watch.stop();
  await log.sequence();
}

after(async () => {
  await log.close();
});

async function check(open: () => Promise<Session>): Promise<LogVerification> {
  return await verifyLog({
    open,
    connections: 1,
    findingsPerRuleMax: 10,
    trustedKeys: [await log.keys.publicKey(SIGNING_KEY)],
    keys: log.keys,
    objects: log.objects,
  });
}

const textOf = ({ findings }: LogVerification): string =>
  findings.map((each) => `${each.rule}: ${each.place}: ${each.expected}; ${each.found}`).join('\n');

/**
 * Tables of which every row is held by the log itself, and what is found when one is not as it was.
 */
const LEAVES: readonly RuleName[] = ['leaf_altered', 'bundle_unreadable', 'bundle_count_wrong'];
const ROWS: readonly RuleName[] = [
  'change_unrecorded',
  'record_without_change',
  'change_contradicts_record',
];
const ANCHORS: readonly RuleName[] = [
  ...(['anchor_missing', 'anchor_rewritten', 'anchor_reordered'] as const),
  ...(['anchor_chain_broken', 'anchor_unknown'] as const),
  ...ROWS,
];
const ARCHIVES: readonly RuleName[] = [
  ...(['archive_missing', 'archive_rewritten', 'archive_incomplete'] as const),
  ...(['archive_expired_early', 'manifest_missing', 'manifest_rewritten'] as const),
  ...ROWS,
];
const expectedOf: Readonly<Record<string, readonly RuleName[]>> = {
  alarms: ROWS,
  anchors: ANCHORS,
  archive_expiries: ARCHIVES,
  archives: ARCHIVES,
  bundles: [
    ...LEAVES,
    ...(['bundle_missing', 'bundle_unplaced', 'bundle_id_wrong', 'bundle_time_wrong'] as const),
    ...(['place_month_wrong', 'inbox_altered', 'inbox_foreign', 'leaf_form'] as const),
  ],
  checkpoints: [
    ...(['checkpoint_root_wrong', 'checkpoint_signature_wrong', 'checkpoint_form_wrong'] as const),
    ...(['checkpoint_order', 'checkpoint_missing', 'checkpoint_origin_wrong'] as const),
    ...(['place_time_wrong', 'log_ends_before_checkpoint', 'log_rolled_back'] as const),
  ],
  collected_segments: ROWS,
  collection_ends: ROWS,
  collections: ROWS,
  erasures: [...ROWS, 'leaf_unknown_subject'],
  inbox: ['inbox_foreign', 'inbox_stuck', 'inbox_altered', 'bundle_unplaced'],
  legal_hold_releases: ROWS,
  legal_holds: ROWS,
  logs: ['log_row_wrong', 'checkpoint_origin_wrong'],
  manifests: ARCHIVES,
  months: ['month_wrong'],
  nodes: ['node_missing', 'node_wrong', 'node_foreign'],
  places: [
    ...(['place_gap', 'place_overlap', 'place_month_wrong', 'place_time_wrong'] as const),
    ...([
      'place_duplicate_bundle',
      'bundle_missing',
      'leaf_altered',
      'bundle_count_wrong',
    ] as const),
    ...(['checkpoint_missing'] as const),
    ...(['bundle_id_wrong', 'node_wrong', 'checkpoint_root_wrong'] as const),
  ],
  removed_months: [...ARCHIVES, 'bundle_missing', 'month_wrong'],
  signing_keys: [...ROWS, 'log_row_wrong', 'checkpoint_signature_wrong'],
  subjects: ['subject_wrong', 'leaf_unknown_subject'],
  term_blocks: ['terms_wrong'],
  terms: ['terms_wrong'],
};

/** What no record and no other row holds: the progress of jobs, and times that nothing rests on. */
const unheld = new Set([
  'archive_removals.archive',
  'archive_removals.removed_at',
  'collected_keys.key',
  ...['hold_id', 'event', 'settled_at'].map((name) => `legal_hold_settlements.${name}`),
  'anchors.manifests_through',
  'archives.archived_at',
  'removed_months.removed_at',
  'logs.is_only',
  // Of months in the archive.
  'months.opened_at',
]);

test('a log with something of everything is sound', async () => {
  const verification = await check(() => openSession(log.url));
  assert.equal(textOf(verification), '');
  assert.equal(verification.isSound, true);
  for (const [subject, count] of Object.entries(verification.counts)) {
    assert.ok(count > 0, `there are no ${subject}`);
  }
});

async function allColumns(): Promise<string[]> {
  const session = await openSession(log.url);
  try {
    const tables = await session.query<{ name: string }>({
      text: `select c.relname::text as name from pg_class c
        where c.relnamespace = 'audit'::regnamespace and c.relkind in ('r', 'p')
          and not c.relispartition order by c.relname`,
    });
    const columns: string[] = [];
    for (const { name } of tables) columns.push(...(await columnNames(session, `audit.${name}`)));
    return columns;
  } finally {
    await session.close();
  }
}

test('every column of every table is tampered with below, or named as held by nothing', async () => {
  for (const column of await allColumns()) {
    const [, table = '', name = ''] = column.split('.');
    assert.ok(table in expectedOf || unheld.has(`${table}.${name}`), column);
  }
});

const ROUNDS = 210;
const DONE_MIN = 200;

test('whatever a hand with every right edits, deletes, inserts or swaps is found and named', async () => {
  const seed = Number(process.env['FLORIN_TEST_SEED'] ?? 20_261_122);
  const random = seededRandom(seed);
  const columns = (await allColumns()).filter(
    (column) => !unheld.has(column.slice('audit.'.length)),
  );
  const left: string[] = [];
  let count = 0;
  for (let round = 0; round < ROUNDS || count < DONE_MIN; round += 1) {
    if (left.length === 0) left.push(...columns);
    const [column = ''] = left.splice(random(left.length), 1);
    await tampering(log.url, async (hand, inside) => {
      const done = await tamper(hand, column, random);
      if (done === undefined) return;
      count += 1;
      const verification = await check(inside);
      const story = `seed ${seed} round ${round}: ${done}\n${textOf(verification)}`;
      assert.equal(verification.isSound, false, story);
      const wanted = expectedOf[column.split('.')[1] ?? ''] ?? [];
      assert.ok(
        verification.findings.some(({ rule }) => wanted.includes(rule)),
        story,
      );
    });
  }
});

/** What was done; mostly an edit of the column. */
async function tamper(hand: Session, column: string, random: Random): Promise<string | undefined> {
  const table = column.split('.').slice(0, 2).join('.');
  const way = random(10);
  const done =
    way === 0
      ? await deleteRow(hand, table, random)
      : way === 1
        ? await copyRow(hand, column, random)
        : way < 4
          ? await swapValues(hand, column, random)
          : undefined;
  return done ?? (await editValue(hand, column, random));
}

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const forger = {
  name: 'florin.test/log',
  publicKey: Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url'),
  sign: (message: Buffer) => Promise.resolve(sign(null, message, privateKey)),
};

for (const { what, act, found, notFound = [] } of clevernesses) {
  test(`verify finds ${what}`, async () => {
    await tampering(log.url, async (hand, inside) => {
      await act(hand, forger);
      const verification = await check(inside);
      const rules = new Set(verification.findings.map(({ rule }) => rule));
      const story = textOf(verification);
      assert.equal(verification.isSound, false, story);
      for (const rule of found) assert.ok(rules.has(rule), `no ${rule}:\n${story}`);
      for (const rule of notFound) assert.ok(!rules.has(rule), `${rule}:\n${story}`);
    });
  });
}

test('after all of it the log is as it was', async () => {
  assert.equal(textOf(await check(() => openSession(log.url))), '');
});
