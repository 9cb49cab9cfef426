import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { limits } from '#config';
import type { FraudEvent } from '../../event.ts';
import type { FeatureDefinition, FeatureSet } from '../definition.ts';
import { openFeatures } from '../engine.ts';
import { restoreFeatures } from '../restore.ts';
import { instant, S } from '../testing/log.ts';

const LATE_S = 60;
const START_S = 1_700_000_000;
const WALK_MAX = limits.fraudWalkMax.value;
const device = { key: 'device' } as const;
const settled = { kind: 'known' } as const;

type Followed = Extract<FeatureDefinition, { readonly kind: 'window' | 'distinct' }>;

const followed = [100, 400, 4_000].flatMap((windowS): readonly Followed[] => [
  { name: `accounts_${windowS}`, kind: 'distinct', ...device, of: 'account', windowS },
  { name: `payees_${windowS}`, kind: 'distinct', ...device, of: 'payee', windowS },
  { name: `min_${windowS}`, kind: 'window', ...device, measure: 'min', windowS },
  { name: `max_${windowS}`, kind: 'window', ...device, measure: 'max', windowS },
  { name: `before_${windowS}`, kind: 'window', ...device, measure: 'max', windowS, delayS: 90 },
]);

const set: FeatureSet = {
  version: 'busy-1',
  keys: ['device'],
  minorPerUnit: 1,
  lateS: LATE_S,
  features: [
    ...followed,
    { name: 'risk', kind: 'risk', ...device, measure: 'share', windowS: 400, settled },
  ],
};

function eventOf(index: number, atS: number, drawn: readonly [number, number, number]): FraudEvent {
  const [amount, account, payee] = drawn;
  const keys = {
    device: 'dev_1',
    account: `acc_${account}`,
    ...(payee > 0 && { payee: `acc_${payee}` }),
  };
  const id = `evt_${String((index * 7_919) % 100_000).padStart(5, '0')}`;
  return { id, at: instant(atS * S), amount, keys };
}

/** By a walk over all that came before the event and is in the window. */
function plainly(feature: Followed, event: FraudEvent, events: readonly FraudEvent[]): number {
  const delayS = feature.kind === 'window' ? (feature.delayS ?? 0) : 0;
  const newest = event.at - delayS * S;
  const window = events
    .filter(({ at, id }) => at < event.at || (at === event.at && id < event.id))
    .filter(({ at }) => at <= newest && at > newest - feature.windowS * S)
    .slice(-WALK_MAX);
  const counted = delayS === 0 ? [...window, event] : window;
  if (feature.kind === 'window') {
    if (counted.length === 0) return 0;
    const amounts = counted.map(({ amount }) => amount);
    return feature.measure === 'min' ? Math.min(...amounts) : Math.max(...amounts);
  }
  return new Set(counted.flatMap(({ keys }) => keys[feature.of] ?? [])).size;
}

const steps = fc.array(
  fc.record({
    what: fc.constantFrom('come', 'come', 'come', 'late', 'ask', 'forget', 'label', 'restart'),
    gapS: fc.oneof(
      { weight: 30, arbitrary: fc.integer({ min: 0, max: 2 }) },
      { weight: 1, arbitrary: fc.integer({ min: 3, max: 500 }) },
    ),
    back: fc.oneof(fc.nat({ max: 5 }), fc.nat({ max: LATE_S })),
    drawn: fc.tuple(fc.nat({ max: 60 }), fc.nat({ max: 90 }), fc.nat({ max: 5 })),
  }),
  { minLength: 20, maxLength: 300 },
);

/** In the total order, as the history has them. */
function put(events: FraudEvent[], event: FraudEvent): void {
  const after = events.findIndex(
    ({ at, id }) => at > event.at || (at === event.at && id > event.id),
  );
  events.splice(after === -1 ? events.length : after, 0, event);
}

test('a busy key is answered what a walk over its events would say, whatever comes between', () => {
  const before = fc.record({
    count: fc.constantFrom(0, 60, 200, WALK_MAX - 30, WALK_MAX + 100),
    amountsFall: fc.boolean(),
    perSecond: fc.constantFrom(1, 4),
  });
  fc.assert(
    fc.property(before, steps, ({ count, amountsFall, perSecond }, all) => {
      let state = openFeatures(set);
      const events: FraudEvent[] = [];
      let now = START_S;
      let index = 0;
      const check = (event: FraudEvent, row: Float64Array): void => {
        for (const [place, feature] of followed.entries()) {
          const expected = plainly(feature, event, events);
          assert.equal(row[place], expected, `${event.id} ${feature.name}`);
        }
      };
      const come = (atS: number, drawn: readonly [number, number, number]): void => {
        index += 1;
        const event = eventOf(index, atS, drawn);
        const answer = state.observe(event);
        assert.ok(answer.ok);
        if (index > count) check(event, answer.value);
        put(events, event);
      };
      for (let made = 0; made < count; made += 1) {
        now = START_S + Math.floor(made / perSecond);
        const amount = amountsFall ? 2_000 - made : (made * 37) % 61;
        come(now, [amount, (made * 53) % 97, made % 7]);
      }
      for (const { what, gapS, back, drawn } of all) {
        const chosen = events[events.length - 1 - back];
        if (what === 'come') {
          now += gapS;
          come(now, drawn);
        } else if (what === 'late') come(now - back, drawn);
        else if (what === 'ask') {
          const atS = gapS < 2 ? now - back : now + 50 * gapS;
          const event = chosen !== undefined && gapS === 0 ? chosen : eventOf(99_999, atS, drawn);
          const asked = state.peek(event);
          if (asked.ok) check(event, asked.value);
        } else if (what === 'forget' && chosen !== undefined) {
          if (state.forget(chosen)) events.splice(events.indexOf(chosen), 1);
        } else if (what === 'label' && chosen !== undefined) {
          state.learn({ event: chosen, knownAt: instant(now * S), isFraud: true });
        } else if (what === 'restart') {
          const bytes = state.snapshot();
          const restored = restoreFeatures(set, bytes);
          assert.ok(restored.ok);
          state = restored.value;
          assert.ok(state.snapshot().equals(bytes));
        }
      }
    }),
    { numRuns: 40 },
  );
});

test('a busy key is answered so while old events are let go and room is made for more', () => {
  const few = followed.filter(({ windowS }) => windowS <= 400);
  const state = openFeatures({ ...set, features: few });
  const events: FraudEvent[] = [];
  let now = START_S;
  for (let index = 0; index < 1_500; index += 1) {
    // As many as are needed are then a little fewer than there was room for.
    now += index % 4 === 0 ? 2 : 1;
    const event = eventOf(index, now, [(index * 37) % 61, (index * 53) % 197, index % 7]);
    const answer = state.observe(event);
    assert.ok(answer.ok);
    const recent = events.slice(-2 * WALK_MAX);
    for (const [place, feature] of few.entries()) {
      assert.equal(answer.value[place], plainly(feature, event, recent), feature.name);
    }
    put(events, event);
  }
});

test('what is followed of a busy key is neither in its snapshot nor in its digest', () => {
  const state = openFeatures(set);
  const events = Array.from({ length: 3 * WALK_MAX }, (_, index) =>
    eventOf(index, START_S + Math.floor(index / 2), [index % 50, index % 700, index % 3]),
  );
  for (const event of events) assert.ok(state.observe(event).ok);
  const bytes = state.snapshot();
  const digest = state.digest();
  const restored = restoreFeatures(set, bytes);
  assert.ok(restored.ok);
  assert.equal(restored.value.digest(), digest);
  const next = eventOf(events.length, START_S + 2 * WALK_MAX, [7, 7, 7]);
  for (const one of [state, restored.value]) assert.ok(one.peek(next).ok);
  assert.ok(state.snapshot().equals(bytes));
  assert.ok(restored.value.snapshot().equals(bytes));
  assert.deepEqual(restored.value.observe(next), state.observe(next));
});
