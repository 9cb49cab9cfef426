import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf, type Instant, type Uuid } from '#kernel';
import type { StoredDecision } from './decision-store.ts';
import { batchDigest } from './digest.ts';

const time = 1_796_000_000_123_456 as Instant;
const uuid = (last: string): Uuid => `01900000-0000-7000-8000-0000000000${last}`;
const batch = idOf('scb', uuid('00'));

const usual: StoredDecision = {
  id: idOf('dec', uuid('01')),
  tenant: 'main',
  batch,
  subject: uuid('a1'),
  accountId: idOf('acc', uuid('b1')),
  event: {
    id: idOf('dec', uuid('01')),
    at: time,
    amount: 12_345,
    keys: { payer: 'acc_1', device: 'say "no" \\ čtvrtek', channel: 'book' },
  },
  challengerScore: undefined,
  eventId: idOf('dec', uuid('01')),
  eventAt: time,
  decidedAt: (time + 7) as Instant,
  tookUs: 12.625,
  mode: 'full',
  outcome: 'review',
  shadowOutcome: 'decline',
  score: 0.1,
  features: Float64Array.of(1, Number.NaN, -0, 1e300),
  featureSetVersion: 'payments-1',
  modelVersion: 'trees-1',
  ruleSetVersion: 3,
  ruleSetFingerprint: 'ab'.repeat(32),
  ruleReasons: [
    { code: 'amount_unusual', rule: 'large', shadow: false, outcome: 'review', setAside: false },
  ],
  modelReasons: [{ code: 'velocity_unusual', contribution: -1.25e-9 }],
};

const bare: StoredDecision = {
  ...usual,
  id: idOf('dec', uuid('02')),
  subject: undefined,
  score: Number.NaN,
  challengerScore: 0,
  tookUs: 0,
  mode: 'rules_only',
  outcome: 'approve',
  ruleReasons: [],
  modelReasons: [],
};

test('the digest of a batch is what it was when the first bank kept one', () => {
  const digest = batchDigest({
    id: batch,
    tenant: 'main',
    madeAt: time,
    run: uuid('c1'),
    ordinal: 7n,
    foldedUpTo: 1_234n,
    revision: 2,
    featureSet: 'payments-1',
    ruleSetVersion: 3,
    ruleSetFingerprint: undefined,
    model: 'trees-1',
    challenger: undefined,
    decisions: [usual, bare],
  });
  assert.equal(
    digest.toString('hex'),
    '290579808971947b5a27168bc49e717065e166205079a068edc19b1fda7d964a',
  );
});
