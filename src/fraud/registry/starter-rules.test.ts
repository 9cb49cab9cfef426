import assert from 'node:assert/strict';
import test from 'node:test';
import type { Instant } from '#kernel';
import { compile } from '../rules/engine.ts';
import { openLists, type ListEntry } from '../rules/lists.ts';
import { paymentFeatures } from '../screening/payment-features.ts';
import { starterRuleSet } from './starter-rules.ts';

const now = 1_780_000_000_000_000 as Instant;
const names = paymentFeatures.features.map(({ name }) => name);

function outcomes(
  values: Readonly<Record<string, number>>,
  { score = NaN, entries = [] }: { score?: number; entries?: readonly ListEntry[] } = {},
): string {
  const ruleSet = starterRuleSet(paymentFeatures);
  assert.ok(ruleSet !== undefined);
  const lists = openLists(entries);
  assert.ok(lists.ok);
  const row = Float64Array.from(names, (name) => values[name] ?? NaN);
  const sides = { counterparty: 'hmac_1', payer: 'acc_1', payee: 'hmac_1' };
  const keys = { account: 'acc_1', customer: 'cus_1', ...sides, device: 'hmac_2' };
  const event = { id: 'dec_1', at: now, amount: 5_000, keys };
  const { outcome, shadowOutcome } = compile(ruleSet).evaluate(row, event, score, lists.value, now);
  return `${outcome}, in shadow ${shadowOutcome}`;
}

const listed = (
  purpose: ListEntry['purpose'],
  kind = 'counterparty',
  value = kind === 'account' ? 'acc_1' : 'hmac_1',
): ListEntry => ({ purpose, kind, value, from: now });

test('an ordinary payment passes, with a model and without, with a history and without', () => {
  const usual = { amount: 50, payer_count_1h: 2, payer_distinct_payees_1d: 3, payee_risk_30d: 0 };
  assert.equal(outcomes(usual), 'approve, in shadow approve');
  assert.equal(outcomes(usual, { score: 0.3 }), 'approve, in shadow approve');
  assert.equal(outcomes({}), 'approve, in shadow approve');
});

test('who is blocked is declined, even where another key of the payment is allowed', () => {
  const blocked = [listed('block')];
  assert.match(outcomes({}, { entries: blocked }), /^decline/);
  assert.match(outcomes({}, { entries: [...blocked, listed('allow', 'account')] }), /^decline/);
});

test('an entry counts by whichever key of the payment it was made', () => {
  const keys = { account: 'acc_1', customer: 'cus_1', payer: 'acc_1', device: 'hmac_2' };
  for (const [kind, value] of Object.entries({
    ...keys,
    payee: 'hmac_1',
    counterparty: 'hmac_1',
  })) {
    assert.match(outcomes({}, { entries: [listed('block', kind, value)] }), /^decline/, kind);
    assert.match(outcomes({}, { entries: [listed('watch', kind, value)] }), /^review/, kind);
  }
});

test('who is watched, or scored high, is reviewed unless a key is allowed', () => {
  const watched = [listed('watch')];
  assert.match(outcomes({}, { entries: watched }), /^review/);
  assert.match(outcomes({}, { score: 0.8 }), /^review/);
  const allowed = [...watched, listed('allow', 'account')];
  assert.match(outcomes({}, { score: 0.99, entries: allowed }), /^approve/);
});

test('thresholds are told of in shadow and decide nothing', () => {
  assert.equal(outcomes({ payer_count_1h: 21 }), 'approve, in shadow review');
  assert.equal(outcomes({ payer_distinct_payees_1d: 16 }), 'approve, in shadow review');
  assert.equal(outcomes({ payee_risk_30d: 0.2 }), 'approve, in shadow challenge');
});

test('for other features than those of payments there is no starter', () => {
  assert.equal(starterRuleSet({ ...paymentFeatures, features: [] }), undefined);
  assert.equal(starterRuleSet(paymentFeatures)?.version, 0);
});

test('a set that was ever shipped is found by its fingerprint for ever, and no other is', () => {
  // Rules that are changed are another set: put it after these, and leave these as they are.
  const shipped = ['b9fb8a637169505f112b6c6fd4e57bf4672eac3ae116ae388939113c6f11e929'];
  for (const fingerprint of shipped) {
    assert.equal(starterRuleSet(paymentFeatures, fingerprint)?.fingerprint, fingerprint);
  }
  assert.equal(starterRuleSet(paymentFeatures)?.fingerprint, shipped.at(-1));
  assert.equal(starterRuleSet(paymentFeatures, 'f'.repeat(64)), undefined);
});
