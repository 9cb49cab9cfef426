import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { defaultTerms, measuresOf, PARTS_PER_REQUEST, type PlanTerms } from '../plan.ts';
import { Oracle } from '../testing/oracle.ts';
import { advance, decide, freshState, judge, type LimitState } from './decide.ts';

const START_US = 1_795_000_000_000_000;
const measures = measuresOf(defaultTerms);

function afterAsking(count: number, atUs: number, from = freshState(measures)): LimitState {
  let state = from;
  for (let asked = 0; asked < count; asked += 1) {
    state = decide(state, measures, { atUs, cost: 1 }).state;
  }
  return state;
}

test('the default plan admits a hundred at once, and then fifty a second', () => {
  let state = freshState(measures);
  const admitted = (atUs: number, tries: number): number => {
    let count = 0;
    for (let index = 0; index < tries; index += 1) {
      const decision = decide(state, measures, { atUs, cost: 1 });
      state = decision.state;
      if (decision.isAdmitted) count += 1;
    }
    return count;
  };
  assert.equal(admitted(START_US, 150), 100);
  assert.equal(admitted(START_US + 19_999, 10), 0);
  assert.equal(admitted(START_US + 20_000, 10), 1);
  assert.equal(admitted(START_US + 1_020_000, 150), 50);
  assert.equal(admitted(START_US + 60_000_000, 150), 100);
});

test('the default plan admits a thousand a day', () => {
  let state = freshState(measures);
  let count = 0;
  for (let second = 0; second < 60; second += 1) {
    for (let index = 0; index < 60; index += 1) {
      const decision = decide(state, measures, { atUs: START_US + second * 1_000_000, cost: 1 });
      state = decision.state;
      if (decision.isAdmitted) count += 1;
    }
  }
  assert.equal(count, 1_000);
  const { violated, retryAtUs } = decide(state, measures, { atUs: START_US + 60e6, cost: 1 });
  assert.deepEqual(violated, ['daily']);
  assert.equal(retryAtUs, state.daily.endsUs);
});

test('what is refused takes from nothing', () => {
  const state = afterAsking(100, START_US);
  const refused = decide(state, measures, { atUs: START_US, cost: 1 });
  assert.equal(refused.isAdmitted, false);
  assert.deepEqual(refused.state, state);
  assert.equal(refused.state.daily.used, 100);
});

test('a request that finds room in the bucket but not in a quota leaves the bucket as it is', () => {
  const small = measuresOf({ ...defaultTerms, daily: 2 });
  let state = freshState(small);
  for (let index = 0; index < 5; index += 1) {
    state = decide(state, small, { atUs: START_US, cost: 1 }).state;
  }
  assert.equal(state.level, 98 * PARTS_PER_REQUEST);
  assert.equal(state.daily.used, 2);
});

test('time that goes back is the latest time there was', () => {
  const state = afterAsking(100, START_US);
  const decision = decide(state, measures, { atUs: START_US - 5_000_000, cost: 1 });
  assert.equal(decision.state.atUs, START_US);
  assert.equal(decision.isAdmitted, false);
});

test('a request that counts for more than the bucket holds is never admitted', () => {
  const decision = decide(freshState(measures), measures, { atUs: START_US, cost: 101 });
  assert.deepEqual(decision.violated, ['burst']);
  assert.equal(decision.retryAtUs, undefined);
});

test('a bucket without refill says of no time that it will have room', () => {
  const dry = { ...measures, refill: 0 };
  const empty = { ...freshState(dry), level: 0 };
  assert.equal(judge(advance(empty, dry, START_US), dry, 1).retryAtUs, undefined);
});

const terms = fc.record({
  burst: fc.integer({ min: 1, max: 40 }),
  rate: fc.integer({ min: 1, max: 70 }),
  ratePer: fc.constantFrom('second', 'minute', 'hour'),
  daily: fc.option(fc.integer({ min: 1, max: 80 }), { nil: undefined }),
  weekly: fc.option(fc.integer({ min: 1, max: 150 }), { nil: undefined }),
  monthly: fc.option(fc.integer({ min: 1, max: 200 }), { nil: undefined }),
  timeZone: fc.constantFrom('UTC', 'Europe/Prague', 'America/New_York', 'Asia/Kolkata'),
}) satisfies fc.Arbitrary<PlanTerms>;

const arrivals = fc.array(
  fc.record({
    pauseUs: fc.oneof(
      fc.constant(0),
      fc.integer({ min: 0, max: 100_000 }),
      fc.integer({ min: 0, max: 30_000_000_000 }),
    ),
    cost: fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, fc.integer({ min: 1, max: 6 })),
  }),
  { maxLength: 120 },
);

test('the decision is the oracle’s, and a refusal names the first moment at which it ends', () => {
  fc.assert(
    fc.property(terms, arrivals, (given, trace) => {
      const oracle = new Oracle(given);
      const exact = measuresOf(given);
      let state = freshState(exact);
      let atUs = START_US;
      for (const { pauseUs, cost } of trace) {
        atUs += pauseUs;
        const decision = decide(state, exact, { atUs, cost });
        assert.equal(decision.isAdmitted, oracle.ask(atUs, cost));
        state = decision.state;
        assert.ok(Number.isSafeInteger(state.level) && state.level >= 0);
        if (decision.isAdmitted) continue;
        const { retryAtUs } = decision;
        if (retryAtUs === undefined) continue;
        assert.equal(decide(state, exact, { atUs: retryAtUs - 1, cost }).isAdmitted, false);
        assert.equal(decide(state, exact, { atUs: retryAtUs, cost }).isAdmitted, true);
      }
    }),
    { numRuns: 300 },
  );
});

test('the largest plan is counted in safe integers', () => {
  const largest = measuresOf({
    ...defaultTerms,
    burst: 1_000_000,
    rate: 100_000,
    daily: 1_000_000_000_000,
  });
  assert.ok(Number.isSafeInteger(largest.capacity * 2 + largest.refill));
  const empty = { ...freshState(largest), level: 0, atUs: START_US };
  const full = advance(empty, largest, START_US + 400 * 86_400_000_000);
  assert.equal(full.level, largest.capacity);
});
