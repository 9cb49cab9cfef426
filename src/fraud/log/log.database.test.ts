import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { limits } from '#config';
import { SECOND_US, type AccountId, type Instant } from '#kernel';
import { openLogger, openStream, type Stream } from '#platform';
import { testLog, type TestLog } from '../../audit/testing/log.ts';
import { labelDecisions } from '../labels/labels.ts';
import { assess } from '../screening/assess.ts';
import { foldLog } from './fold.ts';
import { openFollower } from './follow.ts';
import { insertLog, selectLogHead } from './log-store.ts';
import { readLog } from './read.ts';
import { emptyState } from './snapshots/find.ts';
import { fraudLogSubscription } from './subscription.ts';
import { accountIds, contextAt, item, startProcess, type Premises } from '../testing/process.ts';

let log: TestLog;
let premises: Premises;
let stream: Stream;
let accounts: AccountId[];
const told: string[] = [];
const logger = openLogger({ level: 'warn', write: (line) => told.push(line) });

before(async () => {
  log = await testLog('fraud log');
  premises = { database: log.database, objects: log.objects, clock: log.clock, logger };
  stream = openStream({ database: log.database, clock: log.clock, logger });
  await stream.consume(fraudLogSubscription);
  accounts = accountIds(4, log.clock.now());
});

after(async () => {
  await stream.stop();
  await log.close();
});

const payer = (index: number): AccountId => accounts[index % accounts.length] as AccountId;

/** The digest of the whole log, folded from nothing. */
async function digestOfLog(tenant = 'main'): Promise<string> {
  const features = emptyState();
  const upTo = await selectLogHead(log.database, tenant);
  await foldLog(log.database, features, { tenant, after: 0n, upTo });
  return features.digest();
}

test('the log has batches and labels once, in the order in which the bank put them', async () => {
  const own = await startProcess(premises);
  const first = await own.decide([item(payer(0), 100), item(payer(1), 200)]);
  log.clock.advance(SECOND_US);
  const second = await own.decide([item(payer(0), 300)]);
  const [decided] = first;
  assert.ok(decided !== undefined);
  const labelled = await log.database.transaction(contextAt(log.clock.now()), (tx) =>
    labelDecisions(tx, [{ decisionId: decided.id, isFraud: true, source: 'customer' }]),
  );
  assert.ok(labelled[0]?.ok === true);
  await stream.settle();
  const entries = await readLog(log.database, { after: 0n, countMax: 10 });
  assert.deepEqual(
    entries.map(({ kind, id }) => [kind, id]),
    [
      ['batch', first[0]?.batch.id],
      ['batch', second[0]?.batch.id],
      ['label', labelled[0].value.label.id],
    ],
  );
  const [batch, , label] = entries;
  assert.ok(batch?.kind === 'batch' && label?.kind === 'label');
  assert.equal(batch.run, own.run);
  assert.deepEqual(
    batch.events,
    first.map(({ event }) => event),
  );
  assert.deepEqual(label.label, { event: decided.event, knownAt: log.clock.now(), isFraud: true });
  // Delivered again, as after a consumer was moved back.
  const { kind, position, tenant, id } = batch;
  await log.database.transaction(contextAt(log.clock.now()), (tx) =>
    insertLog(tx, [{ kind, position, tenant, id }]),
  );
  assert.deepEqual(await readLog(log.database, { after: 0n, countMax: 10 }), entries);
  const tail = await readLog(log.database, { after: position, tenant: 'main', countMax: 1 });
  assert.deepEqual(tail, entries.slice(1, 2));
  assert.deepEqual(await readLog(log.database, { after: 0n, tenant: 'other', countMax: 9 }), []);
});

test('two processes that decide at once arrive at the digest of the log', async () => {
  const one = await startProcess(premises);
  const other = await startProcess(premises);
  for (let round = 0; round < 12; round += 1) {
    log.clock.advance(SECOND_US);
    const items = [item(payer(round), 100 + round), item(payer(round + 1), 7, { device: 'phone' })];
    const [judged] = await Promise.all([one.decide(items), other.decide(items.toReversed())]);
    if (round % 4 === 3) {
      const decisions = judged.map(({ id: decisionId }) => {
        return { decisionId, isFraud: round > 4, source: 'case' } as const;
      });
      const context = contextAt(log.clock.now());
      await log.database.transaction(context, (tx) => labelDecisions(tx, decisions));
      await stream.settle();
      await one.follow();
    }
  }
  assert.notEqual(one.digest(), other.digest());
  await stream.settle();
  await one.follow();
  await other.follow();
  assert.equal(one.screener.counts().pending, 0);
  assert.equal(one.digest(), await digestOfLog());
  assert.equal(other.digest(), one.digest());
  assert.equal(one.follower.position, await selectLogHead(log.database));
});

test('whoever catches up with a long log leaves room for others', async () => {
  const one = await startProcess(premises);
  const other = await startProcess(premises);
  const batchMax = limits.fraudBatchDecisionsMax.value;
  const list = Array.from({ length: 3 * batchMax }, (_, index) => item(payer(index), index));
  await one.decide(list);
  await stream.settle();
  let turn = 0;
  let isCounting = true;
  const count = (): void => {
    turn += 1;
    if (isCounting) setImmediate(count);
  };
  count();
  const turns: number[] = [];
  const { states } = other.screener;
  const { position } = other.follower;
  const follower = openFollower({
    ...premises,
    states: {
      ...states,
      fold(entry) {
        if (entry.position <= position) return;
        states.fold(entry);
        turns.push(turn);
      },
    },
  });
  await follower.follow({ now: log.clock.now() });
  isCounting = false;
  assert.equal(turns.length, 3);
  assert.equal(new Set(turns).size, 3, turns.join(' '));
  assert.equal(other.digest(), await digestOfLog());
});

test('what was judged counts at once, and no more once its transaction is rolled back', async () => {
  const own = await startProcess(premises);
  const quiet = own.digest();
  const context = contextAt(log.clock.now());
  let seen = quiet;
  const failing = log.database.transaction(context, async (tx) => {
    await assess(own.screener, tx, [item(payer(2), 5_000)]);
    seen = own.digest();
    throw new TypeError('what came of it failed');
  });
  await assert.rejects(failing, TypeError);
  assert.notEqual(seen, quiet);
  assert.equal(own.digest(), quiet);
  assert.equal(own.screener.counts().pending, 0);
});

test('what was judged and is not kept for long is taken out, though nobody says why', async () => {
  const own = await startProcess(premises);
  const quiet = own.digest();
  const context = contextAt(log.clock.now());
  await own.screener.judge(log.database, context, [item(payer(2), 5_000)]);
  assert.notEqual(own.digest(), quiet);
  await own.follow();
  assert.equal(own.screener.counts().pending, 1);
  log.clock.advance((limits.fraudPendingMaxMs.value + 1) * 1_000);
  await own.follow();
  assert.equal(own.screener.counts().pending, 0);
  assert.equal(own.digest(), quiet);
  assert.equal(own.digest(), await digestOfLog());
});

test('a batch that is kept waits for the log however long the log takes', async () => {
  const own = await startProcess(premises);
  // Without a stream nothing comes into the log.
  await stream.stop();
  await own.decide([item(payer(3), 900)]);
  const decided = own.digest();
  log.clock.advance((limits.fraudPendingMaxMs.value + 1) * 1_000);
  await own.follow();
  await own.follow();
  assert.deepEqual([own.screener.counts().pending, own.digest()], [1, decided]);
  stream = openStream({ database: log.database, clock: log.clock, logger });
  await stream.consume(fraudLogSubscription);
  await stream.settle();
  await own.follow();
  assert.deepEqual([own.screener.counts().pending, own.digest()], [0, decided]);
  assert.equal(await digestOfLog(), decided);
});

test('a batch that committed after it was given up comes with the log', async () => {
  const own = await startProcess(premises);
  const context = contextAt(log.clock.now());
  await log.database.transaction(context, async (tx) => {
    await assess(own.screener, tx, [item(payer(1), 1_234)]);
    log.clock.advance((limits.fraudPendingMaxMs.value + 1) * 1_000);
    await own.follow();
    assert.equal(own.screener.counts().pending, 0);
  });
  assert.notEqual(own.digest(), await startedDigest());
  await stream.settle();
  await own.follow();
  assert.equal(own.digest(), await digestOfLog());
});

async function startedDigest(): Promise<string> {
  await stream.settle();
  return (await startProcess(premises)).digest();
}

test('what the features refused is in no fold of the log', async () => {
  const own = await startProcess(premises);
  const ahead = (log.clock.now() + 3_600 * SECOND_US) as Instant;
  const [judged] = await own.decide([item(payer(0), 42)], ahead);
  assert.equal(judged?.decision.mode, 'failed_open');
  await own.decide([item(payer(0), 43)]);
  await stream.settle();
  await own.follow();
  const entries = await readLog(log.database, {
    after: own.follower.position - 2n,
    countMax: 2,
  });
  const counts = entries.map((entry) => (entry.kind === 'batch' ? entry.events.length : 0));
  assert.deepEqual(counts, [0, 1]);
  assert.equal(own.digest(), await digestOfLog());
  const warned = told.filter((line) => line.includes('event_ahead_of_clock'));
  assert.equal(warned.length, 1);
});
