// What each kind of error means to the caller.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Fault } from '#kernel';
import { faultOf, isConnectionLost, violatedConstraint } from './failure.ts';

function answer(code: string, more: object = {}): Error {
  return Object.assign(new Error('words'), { code, severity: 'ERROR' }, more);
}

function meaning(error: Error): string {
  const fault = faultOf(error);
  if (!(fault instanceof Fault)) return 'ours';
  return `${fault.code}${fault.retryable ? ', again' : ''}`;
}

describe('an error of the database', () => {
  it('has a meaning by its SQLSTATE', () => {
    const meanings = {
      '40001': 'serialization_failure, again',
      '40P01': 'deadlock_detected, again',
      '55P03': 'lock_timeout, again',
      '57014': 'statement_timeout, again',
      '57P01': 'database_unavailable, again',
      '57P03': 'database_unavailable, again',
      '25006': 'database_unavailable, again',
      '08006': 'database_unavailable, again',
      '53300': 'database_unavailable, again',
      '53100': 'database_full',
      XX001: 'database_corrupt',
      '23505': 'ours',
      '42601': 'ours',
      '22012': 'ours',
    };
    for (const [state, expected] of Object.entries(meanings)) {
      assert.equal(meaning(answer(state)), expected, state);
    }
  });

  it('is a lost connection for the network and for the end of a session', () => {
    for (const code of ['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE']) {
      const error = Object.assign(new Error('connect'), { code });
      assert.equal(meaning(error), 'database_unavailable, again');
      assert.ok(isConnectionLost(error));
    }
    assert.ok(isConnectionLost(new Error('Connection terminated unexpectedly')));
    assert.ok(isConnectionLost(answer('42501', { severity: 'FATAL' })));
    assert.ok(!isConnectionLost(answer('40001')));
  });

  it('asks for a new connection when a prepared statement outlived its schema', () => {
    const error = answer('0A000', { message: 'cached plan must not change result type' });
    assert.equal(meaning(error), 'plan_changed, again');
    assert.ok(isConnectionLost(error));
    assert.equal(meaning(answer('0A000')), 'ours');
  });

  it('is left alone when it is a fault already, or no error of the database', () => {
    const fault = new Fault('elsewhere', { retryable: true });
    assert.equal(faultOf(fault), fault);
    const bug = new TypeError('x is not a function');
    assert.equal(faultOf(bug), bug);
  });

  it('names the violated constraint, and only that', () => {
    assert.equal(violatedConstraint(answer('23505', { constraint: 'a_key' })), 'a_key');
    assert.equal(violatedConstraint(answer('40001', { constraint: 'a_key' })), undefined);
    assert.equal(violatedConstraint(undefined), undefined);
  });
});
