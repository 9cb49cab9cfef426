import assert from 'node:assert/strict';
import test from 'node:test';
import { DAY_US, HOUR_US, instantOf, type Instant } from '#kernel';
import type { FraudEvent } from '../event.ts';
import { paymentFeatures } from '../screening/payment-features.ts';
import { openFeatures } from './engine.ts';
import { restoreFeatures } from './restore.ts';

const start = instantOf(1_770_000_000_000_000) as Instant;

const eventAt = (place: number, at: number): FraudEvent => ({
  id: `dec_${place}`,
  at: at as Instant,
  amount: 100,
  keys: { payer: 'acc_ada', payee: 'acc_mule', device: 'one' },
});

test('labels that are too old to count leave the share of fraud as it is', () => {
  const state = openFeatures(paymentFeatures);
  for (let place = 0; place < 52; place += 1) {
    const quietDays = place < 26 ? 0 : 14;
    const event = eventAt(place, start + (place + quietDays) * DAY_US);
    assert.ok(state.observe(event).ok);
    const label = { event, knownAt: (event.at + HOUR_US) as Instant, isFraud: true };
    assert.ok(state.learn(label).ok);
  }
  const restored = restoreFeatures(paymentFeatures, state.snapshot());
  assert.ok(restored.ok);
  const risk = paymentFeatures.features.findIndex(({ name }) => name === 'payee_risk_30d');
  for (const days of [66, 75, 90]) {
    const asked = eventAt(52, start + days * DAY_US);
    const live = state.peek(asked);
    const again = restored.value.peek(asked);
    assert.ok(live.ok && again.ok);
    assert.equal(live.value[risk], 1);
    assert.equal(again.value[risk], 1);
  }
});
