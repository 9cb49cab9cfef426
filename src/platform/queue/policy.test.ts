import assert from 'node:assert/strict';
import test from 'node:test';
import { backoffMs, defaultQueuePolicy, readQueuePolicies } from './policy.ts';

test('a queue has the general policy but for what is said of it', () => {
  const policies = readQueuePolicies(
    'payments-submit:attempts=5,base=500; files : age=600000,pause=1000,depth=7,dead=2;',
  );
  assert.deepEqual(policies('payments-submit'), {
    ...defaultQueuePolicy,
    attemptsMax: 5,
    backoffBaseMs: 500,
  });
  assert.deepEqual(policies('files'), {
    ...defaultQueuePolicy,
    ageMaxMs: 600_000,
    backoffMaxMs: 1_000,
    depthMax: 7,
    deadMax: 2,
  });
  assert.deepEqual(policies('other'), defaultQueuePolicy);
  assert.deepEqual(readQueuePolicies('')('other'), defaultQueuePolicy);
});

test('three attempts with 200 ms before the second are given unless something else is said', () => {
  assert.equal(defaultQueuePolicy.attemptsMax, 3);
  assert.equal(defaultQueuePolicy.backoffBaseMs, 200);
});

test('what cannot be read of a policy is refused', () => {
  const wrong = [
    'payments-submit',
    'payments-submit:',
    'payments-submit:attempts',
    'payments-submit:attempts=0',
    'payments-submit:attempts=1001',
    'payments-submit:attempts=-1',
    'payments-submit:attempts=1.5',
    'payments-submit:base=86400001',
    'payments-submit:speed=3',
    'Payments:attempts=3',
    'a:attempts=3;a:attempts=4',
  ];
  for (const text of wrong) {
    assert.throws(() => readQueuePolicies(text), { code: 'queue_policy_invalid' }, text);
  }
});

test('the pause before an attempt is anything up to a bound that doubles', () => {
  const policy = { ...defaultQueuePolicy, backoffBaseMs: 200, backoffMaxMs: 1_000 };
  const longest = [1, 2, 3, 4, 100].map((attempt) => backoffMs(policy, attempt, 1));
  assert.deepEqual(longest, [200, 400, 800, 1_000, 1_000]);
  assert.equal(backoffMs(policy, 3, 0), 0);
  assert.equal(backoffMs(policy, 3, 0.25), 200);
});
