import assert from 'node:assert/strict';
import test from 'node:test';
import { newId, type Instant } from '#kernel';
import { noRules } from '../../screening/decision-store.ts';
import { batchOf } from '../../testing/decided.ts';
import { presentDecision } from './present.ts';

const at = 1_780_000_000_000_000 as Instant;
const items = [{ accountId: newId('acc', 1_780_000_000_000), mode: 'failed_closed' as const }];
const [decision = assert.fail()] = batchOf(items, { at, tenant: 'main', ordinal: 0n }).decisions;

test('a decision that no rule set made names none, rather than the version of the starter', () => {
  const { version, fingerprint } = noRules;
  const failed = { ...decision, ruleSetVersion: version, ruleSetFingerprint: fingerprint };
  const shown = new Map(Object.entries(presentDecision(failed)));
  assert.equal(shown.get('rule_set_version'), null);
  assert.equal(shown.get('rule_set_fingerprint'), null);
  const made = new Map(Object.entries(presentDecision({ ...decision, ruleSetVersion: 0 })));
  assert.equal(made.get('rule_set_version'), 0);
});
