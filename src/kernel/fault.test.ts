import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from './fault.ts';

test('a fault carries its code, whether to retry, and its cause', () => {
  const cause = new Error('connection reset');
  const fault = new Fault('database_unavailable', { retryable: true, cause });
  assert.ok(fault instanceof Error);
  assert.equal(fault.code, 'database_unavailable');
  assert.equal(fault.message, 'database_unavailable');
  assert.equal(fault.retryable, true);
  assert.equal(fault.cause, cause);
});
