import assert from 'node:assert/strict';
import test from 'node:test';
import {
  DAY_US,
  HOUR_US,
  idOf,
  instantOf,
  manualClock,
  newUuid,
  SECOND_US,
  type AccountId,
  type Instant,
} from '#kernel';
import { openLogger } from '#platform';
import type { ScreeningConfig } from '../../registry/config.ts';
import { openLists, type Lists } from '../../rules/lists.ts';
import type { Judged, ScreeningItem } from '../item.ts';
import { paymentFeatures } from '../payment-features.ts';
import { openStates } from '../states.ts';
import { configOf, modelOver, overPayments, rulesOf } from '../testing/settings.ts';
import { openDesk, type Desk } from './desk.ts';
import type { KnownAccount } from './known-accounts.ts';

const start = instantOf(1_770_000_000_000_000) as Instant;
const ada = idOf('acc', '01900000-0000-7000-8000-000000000001');
const bob = idOf('acc', '01900000-0000-7000-8000-000000000002');

const payment = (part: Partial<ScreeningItem> = {}): ScreeningItem => ({
  accountId: ada,
  amount: 1_000n,
  currency: 'EUR',
  channel: 'book',
  counterparty: bob,
  canStop: true,
  ...part,
});

const payments = (count: number, part: Partial<ScreeningItem> = {}): readonly ScreeningItem[] =>
  Array.from({ length: count }, () => payment(part));

interface Asked {
  readonly at?: Instant;
  readonly config?: ScreeningConfig;
  readonly accounts?: ReadonlyMap<AccountId, KnownAccount>;
}

function openTable(measured: { readonly offsetUs?: number } = {}) {
  const clock = manualClock(start);
  const run = newUuid(1_770_000_000_000);
  const states = openStates({ run });
  const lines: string[] = [];
  const failed: string[] = [];
  const gained = { us: 0 };
  const logger = openLogger({ level: 'warn', write: (line) => lines.push(line) });
  const desk = openDesk({
    tenant: 'main',
    run,
    clock: {
      now: () => clock.now(),
      offsetUs: measured.offsetUs,
      get gainedUs() {
        return gained.us;
      },
    },
    logger,
    states,
    ordinals: { next: 0n },
    countFailed: (code) => failed.push(code),
    names: { nameOf: (kind, text) => (text.startsWith('acc_') ? text : `named ${kind} ${text}`) },
  });
  const judge = async (items: readonly ScreeningItem[], asked: Asked = {}) => {
    const { at = clock.now(), config = configOf(), accounts = new Map() } = asked;
    await prepare(desk, config);
    return desk.judge({ items, config, accounts, at, askedMs: performance.now() });
  };
  return { clock, states, lines, desk, judge, failed, gained };
}

/** Nothing was decided before. */
async function prepare(desk: Desk, { ruleSet }: ScreeningConfig): Promise<void> {
  await desk.ruling.prepare({ query: () => Promise.resolve([]) }, ruleSet, start);
}

const outcomesOf = (judged: readonly Judged[]): string[] =>
  judged.map(({ verdict }) => verdict.outcome);
const modesOf = (judged: readonly Judged[]): string[] =>
  judged.map(({ decision }) => decision.mode);

function valueOf(judged: Judged | undefined, name: string): number {
  const place = paymentFeatures.features.findIndex((feature) => feature.name === name);
  const value = judged?.decision.features[place];
  assert.ok(value !== undefined);
  return value;
}

const isBlank = ({ decision }: Judged): boolean => decision.features.every(Number.isNaN);

test('each payment of a list sees those before it', async () => {
  const { judge } = openTable();
  const judged = await judge(payments(5));
  assert.deepEqual(
    judged.map((each) => valueOf(each, 'payer_count_1h')),
    [1, 2, 3, 4, 5],
  );
  assert.deepEqual(outcomesOf(judged), ['approve', 'approve', 'approve', 'decline', 'decline']);
  assert.deepEqual(
    judged.map(({ verdict }) => verdict.isStopped),
    [false, false, false, true, true],
  );
  const ids = judged.map(({ id }) => id);
  assert.deepEqual(ids, ids.toSorted());
});

test('lists that are asked about at the same microsecond come one after another', async () => {
  const { judge } = openTable();
  const counts: number[] = [];
  for (let list = 0; list < 20; list += 1) {
    const judged = await judge(payments(2));
    counts.push(...judged.map((each) => valueOf(each, 'payer_count_1h')));
  }
  assert.deepEqual(
    counts,
    counts.map((_, index) => index + 1),
  );
});

test('what another bank has sent is judged, and passes whatever the outcome', async () => {
  const { judge } = openTable();
  const config = configOf({
    ruleSet: rulesOf([{ id: 'all', when: { ge: [{ feature: 'amount' }, 0] }, outcome: 'decline' }]),
  });
  const [judged] = await judge([payment({ channel: 'credit_in', canStop: false })], { config });
  assert.deepEqual(judged?.verdict, { outcome: 'decline', isStopped: false });
});

test('a challenge stops a payment and a review does not', async () => {
  const { judge } = openTable();
  const config = configOf({
    ruleSet: rulesOf([
      { id: 'odd', when: { gt: [{ feature: 'amount' }, 10] }, outcome: 'review' },
      { id: 'large', when: { gt: [{ feature: 'amount' }, 100] }, outcome: 'challenge' },
    ]),
  });
  const items = [payment({ amount: 1_100n }), payment({ amount: 10_100n })];
  const judged = await judge(items, { config });
  assert.deepEqual(
    judged.map(({ verdict }) => verdict),
    [
      { outcome: 'review', isStopped: false },
      { outcome: 'challenge', isStopped: true },
    ],
  );
});

test('money that arrives counts for who sent it and for the payee, not as what the owner pays', async () => {
  const { judge } = openTable();
  const incoming = payment({ channel: 'credit_in', counterparty: 'DE89', canStop: false });
  const [first, second] = await judge([incoming, payment()]);
  assert.deepEqual(first?.event.keys, {
    account: ada,
    channel: 'credit_in',
    currency: 'EUR',
    payer: 'named counterparty DE89',
    payee: ada,
    counterparty: 'named counterparty DE89',
  });
  assert.equal(valueOf(second, 'payer_count_1h'), 1);
  assert.equal(valueOf(first, 'payee_count_1d'), 1);
});

test('what has no number has no key, and shares a history with nobody', async () => {
  const { judge } = openTable();
  const [judged] = await judge([payment({ counterparty: ' ', device: '' })]);
  assert.deepEqual(judged?.event.keys, {
    account: ada,
    channel: 'book',
    currency: 'EUR',
    payer: ada,
  });
  assert.ok(Number.isNaN(valueOf(judged, 'payee_count_1d')));
});

test('amounts are in hundredths of the unit, whatever the decimals of the currency', async () => {
  const { judge } = openTable();
  const judged = await judge([
    payment({ amount: 1_234n }),
    payment({ amount: 1_234n, currency: 'JPY' }),
    payment({ amount: 12_345n, currency: 'BHD' }),
    payment({ amount: 12_344n, currency: 'BHD' }),
  ]);
  assert.deepEqual(
    judged.map(({ event }) => event.amount),
    [1_234, 123_400, 1_235, 1_234],
  );
  assert.equal(valueOf(judged[1], 'amount'), 1_234);
});

test('an amount that no feature can hold is not approved', async () => {
  const { judge, states } = openTable();
  const [judged] = await judge([payment({ amount: 9_000_000_000_000_000_000n, currency: 'JPY' })]);
  assert.ok(judged !== undefined);
  assert.equal(judged.decision.mode, 'failed_open');
  assert.equal(judged.verdict.outcome, 'review');
  assert.ok(isBlank(judged));
  assert.equal(states.of('main').pending.size, 0);
});

test('a product that fails closed declines what it cannot ask about, and one that fails open reviews it', async () => {
  const { judge } = openTable();
  const accounts = new Map([
    [ada, { product: 'current', customer: undefined }],
    [bob, { product: 'business', customer: undefined }],
  ]);
  const config = configOf({
    ruleSet: undefined,
    policies: { current: { onFailure: 'open' }, business: { onFailure: 'closed' } },
  });
  const judged = await judge([payment(), payment({ accountId: bob })], { config, accounts });
  assert.deepEqual(modesOf(judged), ['failed_open', 'failed_closed']);
  assert.deepEqual(
    judged.map(({ verdict }) => verdict),
    [
      { outcome: 'review', isStopped: false },
      { outcome: 'decline', isStopped: true },
    ],
  );
  assert.equal(judged[0]?.batch.ruleSetVersion, undefined);
  // It is folded in all the same, so that nothing is missing once there are rules.
  assert.equal(valueOf(judged[0], 'payer_count_1h'), 1);
});

test('a product that is not screened lets pass, and adds nothing to anything', async () => {
  const { judge, states } = openTable();
  const config = configOf({ policy: { isScreened: false } });
  const judged = await judge(payments(9), { config });
  assert.ok(judged.every(({ isScreened, verdict }) => !isScreened && !verdict.isStopped));
  assert.equal(states.of('main').features.counts().events, 0);
  assert.equal(states.of('main').pending.size, 0);
});

test('a clock that jumped ahead leaves nothing approved and nothing behind', async () => {
  const { judge, states, clock, lines } = openTable();
  await judge(payments(1));
  const ahead = await judge(payments(2), { at: (start + HOUR_US) as Instant });
  assert.deepEqual(modesOf(ahead), ['failed_open', 'failed_open']);
  assert.deepEqual(outcomesOf(ahead), ['review', 'review']);
  assert.ok(ahead.every(isBlank));
  assert.match(lines.join(''), /event_ahead_of_clock/);
  clock.advance(SECOND_US);
  const [later] = await judge(payments(1));
  assert.equal(later?.decision.mode, 'rules_only');
  assert.equal(valueOf(later, 'payer_count_1h'), 2);
  assert.equal(states.of('main').features.counts().events, 2);
});

test('a clock that is known to be ahead of its reference is not believed', async () => {
  const { judge } = openTable({ offsetUs: HOUR_US });
  const judged = await judge(payments(1));
  assert.deepEqual(modesOf(judged), ['failed_open']);
});

test('a clock that was set days forward has nothing folded that the true time would be late beside', async () => {
  const { judge, clock, states, lines, failed, gained } = openTable();
  const closed = configOf({ policy: { onFailure: 'closed' } });
  await judge(payments(1));
  clock.advance(3 * DAY_US);
  gained.us = 3 * DAY_US;
  const [open] = await judge(payments(1));
  const [stopped] = await judge(payments(1), { config: closed });
  assert.deepEqual(
    [open, stopped].map((each) => each?.decision.mode),
    ['failed_open', 'failed_closed'],
  );
  assert.deepEqual(
    [open, stopped].map((each) => each?.decision.outcome),
    ['review', 'decline'],
  );
  assert.deepEqual(stopped?.decision.ruleReasons, [
    {
      code: 'clock_implausible',
      rule: 'screening:clock',
      shadow: false,
      outcome: 'decline',
      setAside: false,
    },
  ]);
  assert.deepEqual(failed, ['clock_jumped', 'clock_jumped']);
  assert.match(lines.join(''), /"code":"clock_jumped","gainedS":259200/);
  assert.equal(states.of('main').features.counts().events, 1);
  // Put right again, by whoever keeps the machine.
  clock.set((start + SECOND_US) as Instant);
  gained.us = 0;
  const [later] = await judge(payments(1), { config: closed });
  assert.equal(later?.decision.mode, 'rules_only');
  assert.equal(valueOf(later, 'payer_count_1h'), 2);
});

test('a clock that was set forward by hours, or is days late by itself, is believed', async () => {
  const { judge, clock, failed, gained } = openTable();
  await judge(payments(1));
  clock.advance(5 * HOUR_US);
  gained.us = 5 * HOUR_US;
  const [corrected] = await judge(payments(1));
  clock.advance(9 * DAY_US);
  const [idle] = await judge(payments(1));
  const judged = [corrected, idle];
  assert.deepEqual(
    judged.map((each) => each?.decision.mode),
    ['rules_only', 'rules_only'],
  );
  assert.deepEqual(failed, []);
});

test('a clock that jumped back by less than two days has its events put where they belong', async () => {
  const { judge, clock } = openTable();
  await judge(payments(1));
  clock.set((start - DAY_US) as Instant);
  const [early] = await judge(payments(1));
  assert.equal(early?.decision.mode, 'rules_only');
  assert.equal(valueOf(early, 'payer_count_30d'), 1);
  clock.set((start + SECOND_US) as Instant);
  const [later] = await judge(payments(1));
  assert.equal(valueOf(later, 'payer_count_30d'), 3);
  assert.equal(valueOf(later, 'payer_count_1h'), 2);
});

test('a clock that jumped back by more than that leaves nothing approved', async () => {
  const { judge, clock, lines } = openTable();
  await judge(payments(1));
  clock.set((start - 3 * DAY_US) as Instant);
  const judged = await judge(payments(1));
  assert.deepEqual(modesOf(judged), ['failed_open']);
  assert.deepEqual(outcomesOf(judged), ['review']);
  assert.match(lines.join(''), /event_too_late/);
});

test('a value that is missing makes a rule say what it asks for in that case', async () => {
  const { judge } = openTable();
  const when = { gt: [{ feature: 'device_count_1h' }, 5] };
  const config = configOf({ ruleSet: rulesOf([{ id: 'device', when, missing: 'review' }]) });
  const [without, known] = await judge([payment(), payment({ device: '10.0.0.1' })], { config });
  assert.equal(without?.verdict.outcome, 'review');
  assert.equal(without?.decision.ruleReasons[0]?.code, 'feature_missing');
  assert.equal(known?.verdict.outcome, 'approve');
  assert.equal(valueOf(known, 'device_count_1h'), 1);
});

test('the champion scores, its score is given to the rules, and it is explained where it matters', async () => {
  const { judge } = openTable();
  const config = configOf({
    champion: modelOver(100),
    challenger: modelOver(1_000),
    ruleSet: rulesOf([{ id: 'high', when: { gt: [{ score: 'model' }, 0.5] } }]),
  });
  const items = [payment({ amount: 1_000n }), payment({ amount: 50_000n })];
  const [small, large] = await judge(items, { config });
  assert.equal(small?.decision.mode, 'full');
  assert.equal(small.verdict.outcome, 'approve');
  assert.deepEqual(small.decision.modelReasons, []);
  assert.equal(large?.verdict.outcome, 'review');
  assert.ok((large.decision.score ?? 0) > 0.5);
  assert.ok((large.challengerScore ?? 1) < 0.5);
  assert.deepEqual(
    large.decision.modelReasons.map(({ code }) => code),
    ['amount_large'],
  );
  assert.equal(large.decision.modelVersion, config.champion?.version);
  assert.equal(large.batch.challenger, config.challenger?.version);
});

/** Lists whose first question takes as long as it is told. */
function slowLists(ms: number): Lists {
  const opened = openLists();
  assert.ok(opened.ok);
  let isFirst = true;
  return {
    ...opened.value,
    has() {
      const untilMs = performance.now() + (isFirst ? ms : 0);
      while (performance.now() < untilMs);
      isFirst = false;
      return false;
    },
  };
}

test('once the deadline is over, the rest of the list is judged by rules alone', async () => {
  const { judge } = openTable();
  const config = configOf({
    champion: modelOver(100),
    challenger: modelOver(100),
    lists: slowLists(600),
    policy: { deadlineUs: 500_000 },
    ruleSet: rulesOf([
      { id: 'blocked', when: { listed: ['block', 'account'] }, outcome: 'decline' },
      overPayments(2),
    ]),
  });
  const judged = await judge(payments(3), { config });
  assert.deepEqual(modesOf(judged), ['full', 'rules_only', 'rules_only']);
  assert.deepEqual(outcomesOf(judged), ['approve', 'approve', 'decline']);
  assert.deepEqual(
    judged.map(({ decision, challengerScore }) => [decision.score, challengerScore].map(isKnown)),
    [
      [true, true],
      [false, false],
      [false, false],
    ],
  );
  assert.equal(judged[1]?.decision.modelVersion, undefined);
  assert.equal(valueOf(judged[2], 'payer_count_1h'), 3);
});

const isKnown = (value: number | undefined): boolean => value !== undefined;

test('what breaks while it is judged has the outcome of its product, and keeps its features', async () => {
  const { judge, lines } = openTable();
  const lists = openLists();
  assert.ok(lists.ok);
  const has = (): never => {
    throw new RangeError('the lists are broken');
  };
  const config = configOf({
    lists: { ...lists.value, has },
    policy: { onFailure: 'closed' },
    ruleSet: rulesOf([
      { id: 'blocked', when: { listed: ['block', 'account'] }, outcome: 'decline' },
    ]),
  });
  const [judged] = await judge(payments(1), { config });
  assert.equal(judged?.decision.mode, 'failed_closed');
  assert.equal(valueOf(judged, 'payer_count_1h'), 1);
  assert.match(lines.join(''), /the lists are broken/);
});

test('rules that take the place of others go on counting the declines of a rule', async () => {
  const { judge, clock } = openTable();
  const limited = (version: number) =>
    rulesOf([{ ...overPayments(1), decline_limit: { max: 2, window_seconds: 3_600 } }], version);
  const first = configOf({ ruleSet: limited(1) });
  const judged = await judge(payments(2), { config: first });
  assert.deepEqual(outcomesOf(judged), ['approve', 'decline']);
  clock.advance(SECOND_US);
  const second = configOf({ ruleSet: limited(2), revision: 2 });
  const after = await judge(payments(2), { config: second });
  assert.deepEqual(outcomesOf(after), ['decline', 'review']);
  assert.equal(after[0]?.batch.ruleSetVersion, 2);
  assert.equal(after[0]?.batch.revision, 2);
  assert.deepEqual(
    after[1]?.decision.ruleReasons.map(({ code }) => code),
    ['velocity_unusual', 'declines_limited'],
  );
});

test('rules over other features are not used, and nothing is approved by them', async () => {
  const { judge, lines } = openTable();
  await judge(payments(1));
  const { ruleSet } = configOf();
  assert.ok(ruleSet !== undefined);
  const config = configOf({ ruleSet: { ...ruleSet, features: ['amount'] } });
  const judged = await judge(payments(1), { config });
  assert.deepEqual(modesOf(judged), ['failed_open']);
  assert.match(lines.join(''), /rule_features_differ/);
});
