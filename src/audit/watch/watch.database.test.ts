import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import test, { type TestContext } from 'node:test';
import { Fault, SECOND_US, type Instant } from '#kernel';
import {
  defaultPostgresOptions,
  openLogger,
  openMetrics,
  openPostgres,
  type Metrics,
  type RefusedChange,
} from '#platform';
import { writeAnchors } from '../anchors/write.ts';
import { record } from '../record.ts';
import { leavesInOrder } from '../testing/leaves.ts';
import { testActions, testLog, type TestLog } from '../testing/log.ts';
import { openWatch, type Watch, type WatchOptions } from './watch.ts';
import { insertAlarm, selectAlarmStates } from './watch-store.ts';

interface Watching {
  readonly log: TestLog;
  readonly watch: Watch;
  readonly metrics: Metrics;
  /** What the logger wrote. */
  readonly lines: Record<string, unknown>[];
  /** Lets seconds pass, looking once in each, with a sequencer that runs unless told otherwise. */
  pass(this: void, seconds: number, sequencing?: 'sequencing' | 'no sequencing'): Promise<void>;
}

async function watching(
  t: TestContext,
  log: TestLog,
  options: Partial<WatchOptions> = {},
): Promise<Watching> {
  const lines: Record<string, unknown>[] = [];
  const metrics = openMetrics({ isProcessMeasured: false });
  const watch = openWatch({
    database: log.database,
    clock: observed(() => log.clock.now()),
    metrics,
    logger: openLogger({
      level: 'info',
      write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
    }),
    objects: log.objects,
    instance: 'one',
    ...options,
  });
  t.after(() => watch.stop());
  const pass: Watching['pass'] = async (seconds, sequencing = 'sequencing') => {
    for (let count = 0; count < seconds; count += 1) {
      log.clock.advance(SECOND_US);
      if (sequencing === 'sequencing') {
        await log.sequence();
        watch.sequenced();
      }
      await watch.look(log.context());
    }
  };
  return { log, watch, metrics, lines, pass };
}

function observed(now: () => Instant, told: boolean[] = []): WatchOptions['clock'] {
  let offset: number | undefined;
  return {
    now,
    get offsetUs() {
      return offset;
    },
    observe(offsetUs, isApart = false) {
      offset = offsetUs;
      told.push(isApart);
    },
  };
}

async function openLog(t: TestContext, name: string): Promise<TestLog> {
  const log = await testLog(name);
  t.after(() => log.close());
  return log;
}

interface Leaf {
  readonly action: string;
  readonly target: string;
  readonly outcome: string;
  readonly reason?: string;
  readonly clock_offset_us?: number;
  readonly actor: { readonly id: string };
  readonly origin: { readonly address?: string };
  readonly before?: Record<string, unknown>;
  readonly after: Record<string, unknown>;
}

/** Every record of the log whose action begins so, in order. */
async function recorded(log: TestLog, action: string): Promise<Leaf[]> {
  return (await leavesInOrder(log.database))
    .map((leaf) => JSON.parse(leaf) as Leaf)
    .filter((leaf) => leaf.action.startsWith(action));
}

async function metric(metrics: Metrics, series: string): Promise<number> {
  const report = await metrics.report();
  const line = report.split('\n').find((each) => each.startsWith(`${series} `));
  assert.ok(line !== undefined, `there is no series ${series}`);
  return Number(line.slice(series.length + 1));
}

const lit = (metrics: Metrics, alarm: string) =>
  metric(metrics, `florin_audit_alarm{alarm="${alarm}"}`);

test('records that wait too long raise sequencer_lag once, and it ends when they have a place', async (t) => {
  const log = await openLog(t, 'watch lag');
  const { metrics, lines, pass } = await watching(t, log);
  await log.recordSome(3);
  await pass(2, 'no sequencing');
  assert.equal(await lit(metrics, 'sequencer_lag'), 0);
  assert.equal(await metric(metrics, 'florin_audit_inbox'), 3);
  await pass(4, 'no sequencing');
  assert.equal(await lit(metrics, 'sequencer_lag'), 1);
  assert.ok((await metric(metrics, 'florin_audit_sequencer_lag_seconds')) > 5);
  const raised = await recorded(log, 'audit.alarm.raised');
  assert.equal(raised.length, 1);
  assert.equal(raised[0]?.target, 'sequencer_lag');
  assert.equal(raised[0]?.outcome, 'failed');
  const { waiting, lag_us: lagUs } = raised[0]?.after ?? {};
  assert.equal(waiting, 3);
  assert.ok(Number(lagUs) > 5 * SECOND_US);
  const [line, ...rest] = lines.filter(({ alarm }) => alarm === 'sequencer_lag');
  assert.equal(rest.length, 0);
  assert.equal(line?.['level'], 'error');

  await pass(29);
  assert.equal(await lit(metrics, 'sequencer_lag'), 1, 'it is calm for too short a time');
  await pass(5);
  assert.equal(await lit(metrics, 'sequencer_lag'), 0);
  const ended = await recorded(log, 'audit.alarm.ended');
  assert.deepEqual(
    ended.map(({ target }) => target),
    ['sequencer_lag'],
  );
  assert.ok(ended[0]?.before !== undefined);
  assert.equal((await recorded(log, 'audit.alarm.raised')).length, 1);
});

test('what a long transaction recorded is no lag when it commits', async (t) => {
  const log = await openLog(t, 'watch late');
  const { metrics, pass } = await watching(t, log);
  await log.recordSome(1);
  await log.sequence();
  const long = log.context();
  log.clock.advance(60 * SECOND_US);
  await log.database.transaction(long, async (tx) => {
    await record(tx, [{ action: testActions['test.door.open'], target: 'late' }]);
  });
  await pass(1, 'no sequencing');
  assert.equal(await lit(metrics, 'sequencer_lag'), 0);
  await pass(1);
  assert.deepEqual(await recorded(log, 'audit.alarm.raised'), []);
});

test('a bundle that can never have a place raises sequencer_lag, though others pass it', async (t) => {
  const log = await openLog(t, 'watch stuck');
  const { metrics, pass } = await watching(t, log);
  await log.recordSome(1);
  const owner = await openPostgres({
    ...defaultPostgresOptions,
    url: log.url,
    as: 'owner',
    isUnsafeServerAllowed: true,
  });
  t.after(() => owner.close());
  await owner.query({
    text: `set session_replication_role = replica; delete from audit.bundles;
      set session_replication_role = origin`,
  });
  await log.recordSome(2, { prefix: 'other' });
  await log.sequence();
  await pass(10);
  assert.equal(await lit(metrics, 'sequencer_lag'), 1);
});

test('a sequencer that does not run raises recording_stopped, seen also when the watch stands still', async (t) => {
  const log = await openLog(t, 'watch silence');
  const { metrics, pass } = await watching(t, log);
  await pass(10);
  await pass(10, 'no sequencing');
  assert.equal(await lit(metrics, 'recording_stopped'), 0);
  log.clock.advance(10 * SECOND_US);
  assert.equal(await lit(metrics, 'recording_stopped'), 1, 'without a look');
  await pass(1, 'no sequencing');
  const [raised] = await recorded(log, 'audit.alarm.raised');
  assert.equal(raised?.target, 'recording_stopped');
  const after = raised?.after ?? {};
  assert.equal(after['instance'], 'one');
  assert.equal(after['database_answers'], true);
});

test('a sequencer that is at work for long has not stopped', async (t) => {
  const log = await openLog(t, 'watch busy');
  const { metrics, pass } = await watching(t, log);
  await pass(1);
  for (let count = 0; count < 30; count += 1) {
    await log.recordSome(1);
    await log.sequence();
    await pass(1, 'no sequencing');
  }
  assert.equal(await lit(metrics, 'recording_stopped'), 0);
});

test('an anchor that is late raises anchor_failed, once for two processes and over a restart', async (t) => {
  const log = await openLog(t, 'watch two');
  const one = await watching(t, log);
  const two = await watching(t, log, { instance: 'two' });
  await log.recordSome(1);
  await one.pass(1);
  log.clock.advance(65 * 60 * SECOND_US);
  await one.pass(1);
  assert.equal(await lit(one.metrics, 'anchor_failed'), 0, 'five minutes are no delay');
  log.clock.advance(10 * 60 * SECOND_US);
  await Promise.all([one.pass(1), two.pass(1)]);
  await one.pass(2);
  await two.pass(2);
  const raised = await recorded(log, 'audit.alarm.raised');
  assert.deepEqual(
    raised.map(({ target }) => target),
    ['anchor_failed'],
  );
  assert.deepEqual(raised[0]?.after['latest'], 0);

  const again = await watching(t, log);
  await again.pass(2);
  assert.equal((await recorded(log, 'audit.alarm.raised')).length, 1);
  assert.equal(await lit(again.metrics, 'anchor_failed'), 1);
  const [state, ...rest] = await selectAlarmStates(log.database);
  assert.equal(rest.length, 0);
  assert.equal(state?.isRaised, true);
  assert.equal(state?.instance, '');

  await writeAnchors(log.database, log.objects, log.context());
  await two.pass(1);
  assert.equal(await lit(two.metrics, 'anchor_failed'), 0);
  assert.equal((await recorded(log, 'audit.alarm.ended')).length, 1);
});

test('a process that knows nothing of an alarm shows it and does not end it', async (t) => {
  const log = await openLog(t, 'watch know');
  const now = log.clock.now();
  const earlier = { turn: 1, isRaised: true, since: now, at: now, figures: {} };
  await insertAlarm(log.database, { alarm: 'self_check_failed', instance: '', ...earlier });
  const { watch, metrics, pass } = await watching(t, log);
  await pass(3);
  assert.equal(await lit(metrics, 'self_check_failed'), 1);
  await watch.check(log.context());
  await pass(1);
  assert.equal(await lit(metrics, 'self_check_failed'), 0);
  assert.equal((await recorded(log, 'audit.alarm.ended')).length, 1);
});

test('without a database metric and log line still come, and the record follows when it is back', async (t) => {
  const log = await openLog(t, 'watch gone');
  const gone = { ...log.database, keys: log.keys };
  let isGone = false;
  const fail = () => {
    throw new Fault('database_unavailable', { retryable: true });
  };
  const database: WatchOptions['database'] = {
    ...gone,
    description: log.database.description,
    query: async (query) => (isGone ? fail() : await log.database.query(query)),
    transaction: async (context, run) =>
      isGone ? fail() : await log.database.transaction(context, run),
    rehearse: (context, run) => log.database.rehearse(context, run),
    close: () => log.database.close(),
  };
  const { metrics, lines, pass } = await watching(t, log, { database });
  await pass(1);
  isGone = true;
  await pass(20, 'no sequencing');
  assert.equal(await lit(metrics, 'recording_stopped'), 1);
  assert.ok(lines.some(({ alarm, level }) => alarm === 'recording_stopped' && level === 'error'));
  assert.ok(lines.some(({ message }) => /database does not answer/.test(String(message))));
  assert.ok((await metric(metrics, 'florin_audit_watch_age_seconds')) >= 20);

  isGone = false;
  const backAt = log.clock.now();
  await pass(1);
  const [raised, ...rest] = await recorded(log, 'audit.alarm.raised');
  assert.equal(rest.length, 0);
  assert.equal(raised?.target, 'recording_stopped');
  const after = raised?.after ?? {};
  assert.equal(after['database_answers'], false);
  assert.ok(Date.parse(String(after['raised_at'])) * 1_000 < backAt);
  await pass(32);
  assert.equal((await recorded(log, 'audit.alarm.ended')).length, 1);
});

test('a database that hangs does not hang the watch, and is asked once', async (t) => {
  const log = await openLog(t, 'watch hangs');
  let asked = 0;
  const database: WatchOptions['database'] = {
    keys: log.keys,
    description: log.database.description,
    query: () => {
      asked += 1;
      return new Promise(() => undefined);
    },
    within: () => log.database,
    transaction: () => new Promise(() => undefined),
    statement: () => new Promise(() => undefined),
    rehearse: () => new Promise(() => undefined),
    close: () => log.database.close(),
  };
  const { metrics, pass } = await watching(t, log, { database });
  await pass(1, 'no sequencing');
  log.clock.advance(20 * SECOND_US);
  await pass(1, 'no sequencing');
  assert.equal(asked, 1);
  assert.equal(await lit(metrics, 'recording_stopped'), 1);
});

test('refused changes are recorded each, raise change_refused, and it ends when it stays quiet', async (t) => {
  const log = await openLog(t, 'watch refused');
  const seen: RefusedChange[] = [];
  const application = await openPostgres({
    ...defaultPostgresOptions,
    url: log.url,
    isUnsafeServerAllowed: true,
    onRefusedChange: (change) => seen.push(change),
  });
  t.after(() => application.close());
  const { watch, metrics, pass } = await watching(t, log);
  await log.recordSome(1);
  await log.sequence();
  const caller = { actor: 'cli:eve', address: '10.0.0.7', correlationId: 'req-eve' };
  for (let count = 0; count < 3; count += 1) {
    await assert.rejects(
      application.transaction(log.context(caller), (tx) =>
        tx.query({ text: `update audit.places set month = 1` }),
      ),
      { code: '42501' },
    );
  }
  for (const change of seen) watch.refused(change);
  assert.equal(await metric(metrics, 'florin_audit_changes_refused_total{seen_in="session"}'), 3);
  await pass(1);
  assert.equal(await lit(metrics, 'change_refused'), 1);
  const [refused, ...rest] = await recorded(log, 'audit.change.refused');
  assert.equal(rest.length, 0);
  assert.equal(refused?.target, 'table places');
  assert.equal(refused?.outcome, 'denied');
  assert.equal(refused?.reason, 'no_right');
  assert.equal(refused?.actor.id, 'cli:eve');
  assert.equal(refused?.origin.address, '10.0.0.7');
  const { attempts, verb } = refused?.after ?? {};
  assert.deepEqual([attempts, verb], [3, 'update']);
  assert.equal((await recorded(log, 'audit.alarm.raised')).length, 1);

  const [first] = seen;
  assert.ok(first !== undefined);
  await pass(1);
  log.clock.advance(14 * 60 * SECOND_US);
  watch.refused(first);
  await pass(2);
  assert.equal((await recorded(log, 'audit.change.refused')).length, 2);
  log.clock.advance(14 * 60 * SECOND_US);
  await pass(1);
  assert.equal(await lit(metrics, 'change_refused'), 1, 'an attempt puts off the end');
  log.clock.advance(2 * 60 * SECOND_US);
  await pass(1);
  assert.equal(await lit(metrics, 'change_refused'), 0);
  const turns = (await recorded(log, 'audit.alarm')).filter(
    (each) => each.target === 'change_refused',
  );
  assert.deepEqual(
    turns.map(({ action }) => action),
    ['audit.alarm.raised', 'audit.alarm.ended'],
  );
});

test('the clock is compared with the database, and recorded when it changed and hourly', async (t) => {
  const log = await openLog(t, 'watch clock');
  // It goes on while the database is asked, as the database's own does.
  let behindUs = 0;
  const apart: boolean[] = [];
  const clock = observed(() => (Date.now() * 1_000 - behindUs) as Instant, apart);
  const { watch, metrics, pass } = await watching(t, log, { clock });
  const setBehind = (us: number): void => {
    behindUs = us;
    log.clock.set(clock.now());
  };
  setBehind(100_000);
  await watch.measureClock(log.context());
  const offsetUs = clock.offsetUs ?? 0;
  assert.ok(offsetUs < -90_000 && offsetUs > -400_000, String(offsetUs));
  await pass(1);
  assert.equal(await lit(metrics, 'clock_offset'), 0);
  const [first] = await recorded(log, 'audit.clock.measured');
  assert.equal(first?.target, 'clock:one');
  assert.equal(first?.clock_offset_us, offsetUs);
  const after = first?.after ?? {};
  assert.equal(after['reference'], 'database');
  assert.equal(after['offset_us'], offsetUs);

  setBehind(100_000);
  await watch.measureClock(log.context());
  assert.equal((await recorded(log, 'audit.clock.measured')).length, 1, 'no news');
  setBehind(2_000_000);
  await watch.measureClock(log.context());
  assert.equal((await recorded(log, 'audit.clock.measured')).length, 2);
  await watch.look(log.context());
  assert.equal(await lit(metrics, 'clock_offset'), 1);
  assert.ok((await metric(metrics, 'florin_audit_clock_offset_seconds')) < -1.9);
  const raised = await recorded(log, 'audit.alarm.raised');
  assert.equal(raised.at(-1)?.target, 'clock_offset');
  // The database may be on the same machine, and its clock the very same.
  assert.deepEqual(apart, [false, false, false]);
});

test('a time server that stays silent raises clock_offset, and one that answers ends it', async (t) => {
  const log = await openLog(t, 'watch time');
  const apart: boolean[] = [];
  const server = createSocket('udp4');
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { watch, metrics, pass } = await watching(t, log, {
    clock: observed(() => log.clock.now(), apart),
    timeServer: { host: '127.0.0.1', port: server.address().port },
    asking: { samples: 1, timeoutMs: 500 },
  });
  for (let count = 1; count <= 3; count += 1) {
    await pass(1);
    assert.equal(await lit(metrics, 'clock_offset'), 0, `after ${count - 1} misses`);
    await assert.rejects(watch.measureClock(log.context()), { code: 'time_server_silent' });
  }
  await pass(1);
  assert.equal(await lit(metrics, 'clock_offset'), 1);
  const [raised] = await recorded(log, 'audit.alarm.raised');
  assert.equal(raised?.after['reason'], 'time_server_silent');

  server.on('message', (request, from) => {
    server.send(answerTo(request, log.clock.now()), from.port, from.address);
  });
  await watch.measureClock(log.context());
  await pass(1);
  assert.equal(await lit(metrics, 'clock_offset'), 0);
  const [measured] = await recorded(log, 'audit.clock.measured');
  const after = measured?.after ?? {};
  assert.equal(after['reference'], `127.0.0.1:${server.address().port}`);
  assert.ok(Math.abs(Number(after['offset_us'])) < 1_000);
  assert.deepEqual(apart, [true]);
});

/** A time server's answer at an instant. */
function answerTo(request: Buffer, now: Instant): Buffer {
  const packet = Buffer.alloc(48);
  packet[0] = 0b00_100_100;
  packet[1] = 1;
  request.copy(packet, 24, 40, 48);
  for (const at of [32, 40]) {
    packet.writeUInt32BE(Math.floor(now / SECOND_US) + 2_208_988_800, at);
    packet.writeUInt32BE(Math.floor(((now % SECOND_US) / SECOND_US) * 2 ** 32), at + 4);
  }
  return packet;
}

test('a folder with little space left raises disk_low', async (t) => {
  const log = await openLog(t, 'watch disk');
  const roomy = await watching(t, log, { folders: [log.folder, '/no/such/folder'] });
  await roomy.pass(1);
  assert.equal(await lit(roomy.metrics, 'disk_low'), 0);
  // No file fits into a file system that the kernel makes up.
  const full = await watching(t, log, { folders: [log.folder, '/proc'] });
  await full.pass(1);
  assert.equal(await lit(full.metrics, 'disk_low'), 1);
  const [raised] = await recorded(log, 'audit.alarm.raised');
  assert.equal(raised?.after['free_bytes'], 0);
});
