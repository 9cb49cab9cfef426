import assert from 'node:assert/strict';
import test from 'node:test';
import { DAY_US, HOUR_US, instantOf, type Instant } from '#kernel';
import type { FraudEvent } from '../event.ts';
import { randomStream } from '../generator/random.ts';
import { paymentFeatures } from '../screening/payment-features.ts';
import { openFeatures, type FeatureState } from './engine.ts';

const start = instantOf(1_770_000_000_000_000) as Instant;

/** Sixty days of payments between a few accounts, some of which turn out to be fraud. */
function openHistory(seed: number) {
  const random = randomStream(seed);
  let made = 0;
  const eventAt = (at: number, payers = 4): FraudEvent => {
    made += 1;
    const payer = `acc_${random.below(payers)}`;
    const keys = { payer, payee: `acc_${random.below(9)}`, device: 'one' };
    return { id: `dec_${made}`, at: at as Instant, amount: random.below(100_000), keys };
  };
  const fold = (state: FeatureState, event: FraudEvent): void => {
    assert.ok(state.observe(event).ok, event.id);
    const number = Number(event.id.slice(4));
    if (number % 3 === 0) return;
    const label = { event, knownAt: (event.at + HOUR_US) as Instant, isFraud: number % 2 === 0 };
    assert.ok(state.learn(label).ok);
  };
  const events = Array.from({ length: 600 }, (_, place) => eventAt(start + place * 2.4 * HOUR_US));
  return { eventAt, fold, events, until: (start + 60 * DAY_US) as Instant };
}

test('what happened later than a time is taken out as if it had never been', () => {
  for (const aheadDays of [3, 40, 4_000]) {
    const { eventAt, fold, events, until } = openHistory(aheadDays);
    const [jumped, sound] = [openFeatures(paymentFeatures), openFeatures(paymentFeatures)];
    for (const event of events) for (const state of [jumped, sound]) fold(state, event);
    for (let count = 0; count < 200; count += 1) {
      // Of some that were never seen before, too.
      fold(jumped, eventAt(until + aheadDays * DAY_US + count * 60_000_000, 40));
    }
    const next = eventAt(until);
    assert.equal(jumped.observe(next).ok, false);
    jumped.annul(until);
    assert.equal(jumped.counts().keys, sound.counts().keys);
    assert.equal(jumped.digest(), sound.digest());
    const [after, expected] = [jumped.observe(next), sound.observe(next)];
    assert.ok(after.ok && expected.ok);
    assert.deepEqual(after.value, expected.value);
    assert.equal(jumped.digest(), sound.digest());
  }
});

test('where nothing happened later, nothing is taken out', () => {
  const { fold, events, until } = openHistory(1);
  const state = openFeatures(paymentFeatures);
  for (const event of events) fold(state, event);
  const before = state.snapshot();
  state.annul(until);
  assert.ok(state.snapshot().equals(before));
});
