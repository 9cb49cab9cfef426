import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accept, refuse } from './result.ts';
import type { Result } from './result.ts';

test('a result is either accepted with a value or refused with a code', () => {
  const halve = (amount: bigint): Result<bigint> =>
    amount % 2n === 0n
      ? accept(amount / 2n)
      : refuse({ code: 'odd_amount', message: 'An odd amount cannot be halved.' });
  assert.deepEqual(halve(10n), { ok: true, value: 5n });
  const odd = halve(3n);
  assert.ok(!odd.ok);
  assert.equal(odd.refusal.code, 'odd_amount');
});
