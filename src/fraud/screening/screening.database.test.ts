import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  Fault,
  HOUR_US,
  idOf,
  msOf,
  newId,
  newUuid,
  SECOND_US,
  uuidOf,
  type AccountId,
  type Id,
  type Instant,
} from '#kernel';
import { limits } from '#config';
import { openLogger, openMetrics, type Queryable, type TransactionContext } from '#platform';
import { openAccountsBank, product, type AccountsBank } from '../../accounts/testing/bank.ts';
import { openRegistry } from '../registry/open.ts';
import { assess } from './assess.ts';
import {
  decisionsOfSubject,
  selectBatches,
  selectDecision,
  selectDecisions,
  type StoredBatch,
} from './decision-store.ts';
import { batchDigest } from './digest.ts';
import type { Judged, ScreeningItem } from './item.ts';
import { openScreener, type Screener } from './open.ts';
import { paymentFeatures } from './payment-features.ts';
import { configOf, modelOver, overPayments, registryOf, rulesOf } from './testing/settings.ts';

let bank: AccountsBank;
let ada: AccountId;
let bob: AccountId;

before(async () => {
  bank = await openAccountsBank('screening');
  await bank.addProducts(product(), product({ code: 'business', name: 'Business account' }));
  ada = (await bank.openOne()).id;
  bob = (await bank.openOne({ product: 'business' })).id;
});

after(async () => {
  await bank.drop();
});

const logger = openLogger({ level: 'silent' });

const context = (tenant = 'main'): TransactionContext => ({ ...bank.context(), tenant });

function open(config = configOf()) {
  const registry = registryOf(config);
  const metrics = openMetrics({ isProcessMeasured: false });
  const { database, clock } = bank;
  return {
    registry,
    metrics,
    screener: openScreener({ database, clock, logger, metrics, registry }),
  };
}

const payment = (part: Partial<ScreeningItem> = {}): ScreeningItem => ({
  accountId: ada,
  amount: 1_000n,
  currency: 'CZK',
  channel: 'credit_out',
  counterparty: 'DE89370400440532013000',
  device: '192.0.2.7',
  canStop: true,
  ...part,
});

const payments = (count: number, part: Partial<ScreeningItem> = {}): readonly ScreeningItem[] =>
  Array.from({ length: count }, () => payment(part));

async function judge(
  screener: Screener,
  items: readonly ScreeningItem[],
  tenant = 'main',
): Promise<readonly Judged[]> {
  return await screener.judge(bank.database.within(tenant), context(tenant), items);
}

const paymentId = (): Id<'pay'> => newId('pay', msOf(bank.clock.now()));

async function keep(
  screener: Screener,
  judged: readonly Judged[],
  subjects: readonly (string | undefined)[] = judged.map(() => undefined),
): Promise<void> {
  await bank.database.transaction(context(judged[0]?.batch.tenant), (tx) =>
    screener.keep(tx, judged, subjects),
  );
}

async function batchesOf(judged: readonly Judged[]): Promise<StoredBatch[]> {
  return await selectBatches(bank.database, [...new Set(judged.map(({ batch }) => batch.id))]);
}

const outcomesOf = (judged: readonly Judged[]): string[] =>
  judged.map(({ verdict }) => verdict.outcome);

function valueOf(judged: Judged | undefined, name: string): number {
  const place = paymentFeatures.features.findIndex((feature) => feature.name === name);
  const value = judged?.decision.features[place];
  assert.ok(value !== undefined);
  return value;
}

const bitsOf = (values: Float64Array): string =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('hex');

test('what is kept reads back as it was decided, bit for bit', async () => {
  const { screener } = open(
    configOf({
      champion: modelOver(100),
      challenger: modelOver(1_000),
      ruleSet: rulesOf([
        { id: 'high', when: { gt: [{ score: 'model' }, 0.5] } },
        { id: 'quiet', when: { gt: [{ feature: 'amount' }, 5] }, shadow: true },
        { ...overPayments(3) },
      ]),
    }),
  );
  const items = [
    payment({ amount: 1n, counterparty: undefined, device: undefined }),
    payment({ amount: 70_000n }),
    payment({ accountId: bob, counterparty: ada, channel: 'book' }),
    payment({ amount: 9_000_000_000_000_000n }),
    ...payments(3),
  ];
  const judged = await judge(screener, items);
  assert.deepEqual(new Set(outcomesOf(judged)), new Set(['approve', 'review', 'decline']));
  const subjects = judged.map((_, index) => (index % 2 === 0 ? paymentId() : undefined));
  await keep(screener, judged, subjects);
  const [batch] = await batchesOf(judged);
  assert.ok(batch !== undefined);
  const { sha256, decisions, ...heading } = batch;
  assert.deepEqual(heading, judged[0]?.batch);
  assert.deepEqual(batchDigest(batch), sha256);
  assert.equal(decisions.length, judged.length);
  for (const [index, each] of judged.entries()) {
    const stored = decisions[index];
    assert.ok(stored !== undefined);
    const {
      id,
      tenant,
      batch: of,
      subject,
      accountId,
      event,
      challengerScore,
      ...decision
    } = stored;
    assert.deepEqual(decision, each.decision);
    assert.equal(bitsOf(decision.features), bitsOf(each.decision.features));
    assert.deepEqual(
      { id, tenant, of, subject, accountId, event, challengerScore },
      {
        id: each.id,
        tenant: 'main',
        of: each.batch.id,
        subject: subjects[index] === undefined ? undefined : uuidOf(subjects[index]),
        accountId: each.item.accountId,
        event: each.event,
        challengerScore: each.challengerScore,
      },
    );
    assert.deepEqual(await selectDecision(bank.database, each.id), stored);
  }
  const ids = judged.map(({ id }) => id);
  assert.deepEqual(await selectDecisions(bank.database, ids), decisions);
});

test('a batch has one audit record with its digest, and one event', async () => {
  const { screener } = open(configOf({ ruleSet: rulesOf([overPayments(0)]) }));
  const judged = await judge(screener, payments(3, { accountId: bob }));
  await keep(screener, judged);
  const [batch] = await batchesOf(judged);
  assert.ok(batch !== undefined);
  const records = await bank.asOwner<{ leaf: string }>(
    `select unnest(string_to_array(convert_from(b.leaves, 'utf8'), e'\\n')) as leaf
      from audit.bundles b`,
  );
  const own = records.filter(({ leaf }) => leaf.includes(batch.id));
  assert.equal(own.length, 1);
  const sha256 = batch.sha256.toString('hex');
  const leaf: unknown = JSON.parse(own[0]?.leaf ?? '{}');
  assert.partialDeepStrictEqual(leaf, {
    action: 'fraud.batch.decide',
    after: { count: 3, not_approved: 3, sha256 },
  });
  const events = await bank.asOwner(
    `select type, data from stream.events where subject = '${batch.id}'`,
  );
  assert.deepEqual(events, [{ type: 'fraud.screened', data: { count: 3, not_approved: 3 } }]);
});

test('product and owner of an account are among the keys, and its product decides what fails', async () => {
  const { screener } = open(
    configOf({ ruleSet: undefined, policies: { business: { onFailure: 'closed' } } }),
  );
  const stranger = newId('acc', msOf(bank.clock.now()));
  const items = [payment(), payment({ accountId: bob }), payment({ accountId: stranger })];
  const judged = await judge(screener, items);
  assert.deepEqual(
    judged.map(({ event }) => event.keys['product']),
    ['current', 'business', undefined],
  );
  assert.match(judged[0]?.event.keys['customer'] ?? '', /^cus_/);
  assert.deepEqual(outcomesOf(judged), ['review', 'decline', 'review']);
});

test('an account is looked up once, and each list asks about its accounts at once', async () => {
  const { screener } = open();
  const asked: string[] = [];
  const within = bank.database.within('main');
  const reader: Queryable = {
    query: (query) => {
      asked.push(query.name ?? '');
      return within.query(query);
    },
  };
  const items = [payment(), payment({ accountId: bob }), payment()];
  await screener.judge(reader, context(), items);
  const first = asked.length;
  const judged = await screener.judge(reader, context(), items);
  assert.equal(asked.length, first);
  assert.equal(asked.filter((name) => name.startsWith('accounts.')).length, 1, asked.join());
  assert.equal(judged[1]?.event.keys['product'], 'business');
});

test('a database that does not answer is a fault of the payment, and no approval', async () => {
  const { screener } = open();
  const reader: Queryable = {
    query: () => Promise.reject(new Fault('database_unavailable', { retryable: true })),
  };
  await assert.rejects(screener.judge(reader, context(), payments(1)), {
    code: 'database_unavailable',
  });
  assert.equal(screener.states.counts().pending, 0);
});

test('numbers from outside are kept as names that tell nothing', async () => {
  const { screener } = open();
  const judged = await judge(screener, payments(1));
  await keep(screener, judged);
  const rows = await bank.asOwner<{ text: string }>(
    'select d::text as text from fraud.decisions d',
  );
  assert.ok(rows.length > 0);
  for (const { text } of rows) assert.doesNotMatch(text, /DE89370400440532013000|192[.]0[.]2[.]7/);
  const { counterparty, device } = judged[0]?.event.keys ?? {};
  const iban = 'DE89 3704 0044 0532 0130 00';
  assert.equal(await screener.nameOf('main', 'counterparty', iban), counterparty);
  assert.equal(await screener.nameOf('main', 'device', '192.0.2.7'), device);
});

test('a transaction that is run again keeps what was judged once', async () => {
  const { screener } = open();
  const judged = await judge(screener, payments(2));
  let attempts = 0;
  await bank.database.transaction(context(), async (tx) => {
    attempts += 1;
    await screener.keep(tx, judged, [undefined, undefined]);
    if (attempts === 1) await tx.query({ text: "do $$ begin raise sqlstate '40001'; end $$" });
  });
  assert.equal(attempts, 2);
  const [batch] = await batchesOf(judged);
  assert.equal(batch?.decisions.length, 2);
});

test('what was judged for a transaction that is rolled back is neither kept nor remembered', async () => {
  const { screener } = open();
  const lost = await judge(screener, payments(2));
  await assert.rejects(
    bank.database.transaction(context(), async (tx) => {
      await screener.keep(tx, lost, [undefined, undefined]);
      throw new RangeError('something else went wrong');
    }),
    RangeError,
  );
  assert.deepEqual(await batchesOf(lost), []);
  assert.equal(screener.states.of('main').pending.size, 1);
  screener.giveBack(lost);
  const [next] = await judge(screener, payments(1));
  assert.equal(valueOf(next, 'payer_count_1h'), 1);
  assert.equal(screener.states.of('main').pending.size, 1);
});

test('assess judges and keeps in the transaction it is given', async () => {
  const { screener } = open();
  const subjects = [paymentId(), undefined];
  const judged = await bank.database.transaction(context(), (tx) =>
    assess(screener, tx, payments(2), subjects),
  );
  const [batch] = await batchesOf(judged);
  assert.deepEqual(
    batch?.decisions.map(({ subject }) => subject),
    [uuidOf(subjects[0] ?? paymentId()), undefined],
  );
});

test('assess gives back what it could not keep', async () => {
  const { screener } = open();
  await assert.rejects(
    bank.database.transaction(context(), (tx) => assess(screener, tx, payments(1), ['no payment'])),
    /is the id of a payment/,
  );
  assert.equal(screener.states.of('main').pending.size, 0);
  assert.equal(screener.states.of('main').features.counts().keys, 0);
});

test('tenants are judged, named and kept apart', async () => {
  const { screener } = open(configOf());
  const here = await judge(screener, payments(3));
  const there = await judge(screener, payments(3), 'north');
  assert.deepEqual(
    [...here, ...there].map((each) => valueOf(each, 'device_count_1h')),
    [1, 2, 3, 1, 2, 3],
  );
  assert.notEqual(here[0]?.event.keys['counterparty'], there[0]?.event.keys['counterparty']);
  // The account is not one of that tenant's.
  assert.equal(there[0]?.event.keys['product'], undefined);
  await keep(screener, here);
  await keep(screener, there);
  const ids = [...here, ...there].map(({ batch }) => batch.id);
  const seen = await selectBatches(bank.database.within('north'), ids);
  assert.deepEqual(
    seen.map(({ id, tenant }) => ({ id, tenant })),
    [{ id: there[0]?.batch.id, tenant: 'north' }],
  );
  await assert.rejects(
    bank.database.transaction(context('south'), (tx) =>
      screener.keep(
        tx,
        there,
        there.map(() => undefined),
      ),
    ),
    /a batch is of the tenant/,
  );
});

test('a process that starts counts the declines that were kept before it', async () => {
  const limited = (id: string) => ({
    ...overPayments(0),
    id,
    decline_limit: { max: 3, window_seconds: 3_600 },
  });
  bank.clock.advance(2 * HOUR_US);
  const config = configOf({ ruleSet: rulesOf([limited('counted')]) });
  const first = open(config).screener;
  const declined = await judge(first, payments(2));
  await keep(first, declined);
  assert.deepEqual(outcomesOf(declined), ['decline', 'decline']);
  bank.clock.advance(SECOND_US);
  const second = open(config).screener;
  const judged = await judge(second, payments(3));
  assert.deepEqual(outcomesOf(judged), ['decline', 'review', 'review']);
  await keep(second, judged);
  // What was over the limit was no decline; another rule has declined nothing.
  const third = open(configOf({ ruleSet: rulesOf([limited('counted'), limited('new')]) })).screener;
  const [last] = await judge(third, payments(1));
  assert.deepEqual(
    last?.decision.ruleReasons.map(({ rule, code }) => `${rule} ${code}`),
    ['counted velocity_unusual', 'counted declines_limited', 'new velocity_unusual'],
  );
  bank.clock.advance(2 * HOUR_US);
  const fourth = open(config).screener;
  assert.deepEqual(outcomesOf(await judge(fourth, payments(1))), ['decline']);
});

test('a configuration that changed between two batches is named by the second', async () => {
  const { screener, registry } = open(configOf({ revision: 4 }));
  const before = await judge(screener, payments(1));
  registry.set(
    configOf({ revision: 5, ruleSet: rulesOf([overPayments(0)], 2), champion: modelOver(100) }),
  );
  const then = await judge(screener, payments(1));
  assert.deepEqual(
    [...before, ...then].map(({ batch, decision, verdict }) => [
      batch.revision,
      batch.ordinal,
      decision.ruleSetVersion,
      decision.mode,
      verdict.outcome,
    ]),
    [
      [4, 0n, 1, 'rules_only', 'approve'],
      [5, 1n, 2, 'full', 'decline'],
    ],
  );
});

test('a long list becomes several batches, and each payment still sees those before it', async () => {
  const { screener } = open();
  const count = limits.fraudBatchDecisionsMax.value + 3;
  const judged = await judge(screener, payments(count));
  assert.deepEqual(
    judged.map((each) => valueOf(each, 'payer_count_1h')),
    Array.from({ length: count }, (_, index) => index + 1),
  );
  await keep(screener, judged);
  const batches = await batchesOf(judged);
  assert.deepEqual(
    batches.map(({ decisions }) => decisions.length).toSorted((one, two) => two - one),
    [limits.fraudBatchDecisionsMax.value, 3],
  );
  for (const batch of batches) assert.deepEqual(batchDigest(batch), batch.sha256);
});

test('the decisions about a payment are found by when it was made', async () => {
  const { screener } = open();
  const judged = await judge(screener, payments(2));
  const id = paymentId();
  await keep(screener, judged, [undefined, id]);
  const around = bank.clock.now();
  const subject = uuidOf(id);
  const found = await decisionsOfSubject(bank.database, { subject, around });
  assert.deepEqual(
    found.map((decision) => decision.id),
    [judged[1]?.id],
  );
  const later = (around + HOUR_US) as Instant;
  assert.deepEqual(await decisionsOfSubject(bank.database, { subject, around: later }), []);
});

test('nothing is kept of what is not screened, and nothing of nothing', async () => {
  const { screener } = open(configOf({ policy: { isScreened: false } }));
  const judged = await judge(screener, payments(2));
  await keep(screener, judged);
  assert.deepEqual(await batchesOf(judged), []);
  assert.deepEqual(await judge(screener, []), []);
  await keep(screener, []);
});

test('the digest changes with anything that is kept', async () => {
  const { screener } = open();
  const judged = await judge(screener, payments(2));
  await keep(screener, judged);
  const [batch] = await batchesOf(judged);
  const [first, second] = batch?.decisions ?? [];
  assert.ok(batch !== undefined && first !== undefined && second !== undefined);
  const features = first.features.slice();
  features[0] = (features[0] ?? 0) + Number.EPSILON * 8;
  const subject = newUuid(1);
  const changed: StoredBatch[] = [
    { ...batch, revision: batch.revision + 1 },
    { ...batch, decisions: [second, first] },
    { ...batch, decisions: [first] },
    ...[
      { ...first, features },
      { ...first, subject },
      { ...first, outcome: 'review' as const },
      { ...first, tookUs: first.tookUs + 0.1 },
      { ...first, accountId: idOf('acc', subject) },
      { ...first, event: { ...first.event, keys: { ...first.event.keys, device: 'other' } } },
    ].map((other) => ({ ...batch, decisions: [other, second] })),
  ];
  const digests = [batch, ...changed].map((each) => batchDigest(each).toString('hex'));
  assert.equal(new Set(digests).size, digests.length);
});

test('with what a bank begins with, ordinary payments pass by rules alone', async () => {
  const { database, clock } = bank;
  const metrics = openMetrics({ isProcessMeasured: false });
  const registry = openRegistry({ database, logger, metrics, features: paymentFeatures });
  const screener = openScreener({ database, clock, logger, metrics, registry });
  const judged = await judge(screener, [...payments(5), ...payments(5, { accountId: bob })]);
  assert.ok(judged.every(({ verdict }) => verdict.outcome === 'approve'));
  assert.ok(judged.every(({ decision }) => decision.mode === 'rules_only'));
  await keep(screener, judged);
  const report = await metrics.report();
  assert.match(report, /florin_fraud_decisions_total\{outcome="approve",mode="rules_only"\} 10\n/);
  assert.match(report, /florin_fraud_pending 1\n/);
  assert.match(report, /florin_fraud_decision_seconds_count 10\n/);
  assert.deepEqual(screener.counts(), { batches: 1, decisions: 10, keys: 4, pending: 1 });
});
