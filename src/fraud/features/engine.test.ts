import assert from 'node:assert/strict';
import test from 'node:test';
import { instantOf, type Instant, manualClock } from '#kernel';
import type { FraudEvent } from '../event.ts';
import { genericFeatures, handbookFeatures } from '../cards/features.ts';
import { openFeatures } from './engine.ts';
import { costPerKeyBytes } from './plan.ts';
import { restoreFeatures } from './restore.ts';

const S = 1_000_000;
const DAY = 86_400;

function instant(us: number): Instant {
  const found = instantOf(us);
  assert.ok(found !== undefined);
  return found;
}

const start = 1_522_540_800;

function eventAt(seconds: number, amount = 1_000, id = `evt_${seconds}`): FraudEvent {
  const keys = { customer: 'cus_1', terminal: 'ter_1' };
  return { id, at: instant((start + seconds) * S), amount, keys };
}

function featureOf(row: Float64Array, name: string): number | undefined {
  return row[genericFeatures.features.findIndex((feature) => feature.name === name)];
}

function codeOf(answer: { readonly ok: boolean; readonly refusal?: { readonly code: string } }) {
  return answer.refusal?.code;
}

test('a window is open at its old end and closed at the event', () => {
  const state = openFeatures(genericFeatures);
  const counts = [0, 1, DAY, DAY + 1].map((seconds) => {
    const answer = state.observe(eventAt(seconds));
    assert.ok(answer.ok);
    return featureOf(answer.value, 'CUSTOMER_ID_NB_TX_1DAY_WINDOW');
  });
  assert.deepEqual(counts, [1, 2, 2, 2]);
});

test('of events in the same second the one with the lesser id came first, whichever is seen first', () => {
  const [a, b] = [eventAt(5, 100, 'a'), eventAt(5, 200, 'b')];
  const inOrder = openFeatures(genericFeatures);
  const turned = openFeatures(genericFeatures);
  for (const event of [a, b]) assert.ok(inOrder.observe(event).ok);
  assert.ok(turned.observe(b).ok);
  const answer = turned.observe(a);
  assert.ok(answer.ok);
  assert.equal(featureOf(answer.value, 'CUSTOMER_ID_NB_TX_1DAY_WINDOW'), 1);
  assert.equal(turned.digest(), inOrder.digest());
  assert.equal(turned.counts().events, 2);
});

test('night lasts until 06:59 and the first of April 2018 is a Sunday', () => {
  const state = openFeatures(genericFeatures);
  const rows = [0, 7 * 3_600 - 1, 7 * 3_600, DAY].map((seconds) => {
    const answer = state.observe(eventAt(seconds));
    assert.ok(answer.ok);
    return ['TX_DURING_WEEKEND', 'TX_DURING_NIGHT', 'TX_HOUR'].map((name) =>
      featureOf(answer.value, name),
    );
  });
  assert.deepEqual(rows, [
    [1, 1, 0],
    [1, 1, 6],
    [1, 0, 7],
    [0, 1, 0],
  ]);
});

test('an event that is asked about leaves nothing behind', () => {
  const state = openFeatures(genericFeatures);
  assert.ok(state.observe(eventAt(0)).ok);
  const before = state.snapshot();
  const asked = state.peek(eventAt(9, 5_000));
  assert.ok(asked.ok);
  const row = [...asked.value];
  assert.ok(state.snapshot().equals(before));
  const answer = state.observe(eventAt(9, 5_000));
  assert.ok(answer.ok);
  assert.deepEqual([...answer.value], row);
  const again = state.peek(eventAt(9, 5_000));
  assert.ok(again.ok);
  assert.deepEqual([...again.value], row, 'and one that is known is answered as it was');
});

test('a kind of key that an event does not have leaves its features unknown', () => {
  const state = openFeatures(genericFeatures);
  const answer = state.observe({ ...eventAt(0), keys: { customer: 'cus_1' } });
  assert.ok(answer.ok);
  assert.equal(featureOf(answer.value, 'CUSTOMER_ID_NB_TX_1DAY_WINDOW'), 1);
  assert.equal(featureOf(answer.value, 'TERMINAL_ID_NB_TX_1DAY_WINDOW'), NaN);
});

test('a clock that jumps back gives events that are refused, counted, and change nothing', () => {
  const state = openFeatures(handbookFeatures);
  assert.ok(state.observe(eventAt(10_000)).ok);
  const digest = state.digest();
  assert.equal(codeOf(state.observe(eventAt(10_000 - 3_601))), 'event_too_late');
  assert.equal(state.digest(), digest);
  assert.equal(state.counts().refused, 1);
  assert.ok(state.observe(eventAt(10_000 - 3_600)).ok);
  assert.equal(state.counts().late, 1);
});

test('a clock that jumps ahead gives events that are refused, so that the next are not late', () => {
  const clock = manualClock(instant(start * S));
  const state = openFeatures(handbookFeatures, { clock });
  assert.equal(codeOf(state.observe(eventAt(301))), 'event_ahead_of_clock');
  assert.ok(state.observe(eventAt(300)).ok);
  assert.ok(state.observe(eventAt(0)).ok);
});

test('an event that was seen is refused the second time', () => {
  const state = openFeatures(handbookFeatures);
  assert.ok(state.observe(eventAt(1)).ok);
  assert.equal(codeOf(state.observe(eventAt(1))), 'event_repeated');
  assert.equal(state.counts().events, 1);
});

test('amounts and ids that cannot be are refused', () => {
  const state = openFeatures(handbookFeatures);
  for (const amount of [-1, 0.5, NaN, 100_000_000_001]) {
    assert.equal(codeOf(state.observe(eventAt(1, amount))), 'event_amount_out_of_range');
  }
  assert.equal(codeOf(state.observe(eventAt(1, 1, ''))), 'event_malformed');
  const long = { customer: 'c'.repeat(257) };
  assert.equal(codeOf(state.observe({ ...eventAt(1), keys: long })), 'event_malformed');
  assert.equal(state.counts().keys, 0);
});

test('a label of an event never seen, or known before it happened, is refused', () => {
  const state = openFeatures(handbookFeatures);
  const event = eventAt(100);
  const known = { event, knownAt: instant((start + 200) * S), isFraud: true };
  assert.equal(codeOf(state.learn(known)), 'label_of_unknown_event');
  assert.ok(state.observe(event).ok);
  const early = { ...known, knownAt: instant((start + 99) * S) };
  assert.equal(codeOf(state.learn(early)), 'label_before_event');
  assert.ok(state.learn(known).ok);
});

test('a fraud counts from when it was known, and no longer once it is known to be genuine', () => {
  const state = openFeatures(genericFeatures);
  const event = eventAt(0);
  const risks: (number | undefined)[] = [];
  const ask = (seconds: number): void => {
    const answer = state.peek(eventAt(seconds));
    assert.ok(answer.ok);
    risks.push(featureOf(answer.value, 'TERMINAL_ID_RISK_30DAY_WINDOW'));
  };
  assert.ok(state.observe(event).ok);
  const known = { event, knownAt: instant((start + 10 * DAY) * S), isFraud: true };
  assert.ok(state.learn(known).ok);
  ask(8 * DAY);
  ask(10 * DAY);
  assert.ok(state.learn({ ...known, isFraud: false }).ok);
  ask(11 * DAY);
  assert.deepEqual(risks, [0, 1, 0]);
});

test('a snapshot that is damaged or of other features is refused with the reason', () => {
  const state = openFeatures(handbookFeatures);
  assert.ok(state.observe(eventAt(1)).ok);
  const snapshot = state.snapshot();
  const other = restoreFeatures(genericFeatures, snapshot);
  assert.equal(codeOf(other), 'snapshot_of_other_features');
  for (const bytes of [0, 31, snapshot.length - 1]) {
    const cut = restoreFeatures(handbookFeatures, snapshot.subarray(0, bytes));
    assert.equal(codeOf(cut), 'snapshot_damaged');
  }
  snapshot[100] = (snapshot[100] ?? 0) ^ 1;
  assert.equal(codeOf(restoreFeatures(handbookFeatures, snapshot)), 'snapshot_damaged');
});

test('events that no window can see any more are let go, so that a key costs what is stated', () => {
  const state = openFeatures(handbookFeatures);
  for (let hour = 0; hour < 400 * 24; hour += 1) assert.ok(state.observe(eventAt(3_600 * hour)).ok);
  const rows = state.snapshot().length / 24;
  assert.ok(rows < 3_000, `${rows} rows of a month and 37 days`);
  assert.ok(costPerKeyBytes(handbookFeatures, 'customer', 720) < 40_000);
});

test('with too many keys those not used since are let go, and counted', () => {
  const state = openFeatures(handbookFeatures, { keysMax: 10 });
  for (let index = 0; index < 100; index += 1) {
    const keys = { customer: index % 2 === 0 ? 'usual' : `cus_${index}` };
    const answer = state.observe({ ...eventAt(index), keys });
    assert.ok(answer.ok);
    if (index % 2 === 0) assert.equal(answer.value[3], index / 2 + 1);
  }
  assert.deepEqual([state.counts().keys, state.counts().keysEvicted], [10, 41]);
});
