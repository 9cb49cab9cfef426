import assert from 'node:assert/strict';
import test from 'node:test';
import type { RefusedChange } from '#platform';
import { refusedRecord, RefusedChanges } from './refused-changes.ts';

function change(given: Partial<RefusedChange> = {}): RefusedChange {
  return {
    reason: 'no_right',
    message: 'permission denied for table bundles',
    verb: 'update',
    target: 'table bundles',
    seenIn: 'session',
    backendId: 7,
    caller: { actor: 'cli:eve', correlationId: 'req_1' },
    login: undefined,
    ...given,
  };
}

const inLog = { seenIn: 'server_log', caller: undefined, verb: undefined } as const;

test('equal attempts are one record with their count', () => {
  const refusals = new RefusedChanges();
  for (let count = 0; count < 3; count += 1) refusals.add(change());
  refusals.add(change({ verb: 'delete' }));
  assert.deepEqual(
    refusals.pending().map(({ change: { verb }, attempts }) => [verb, attempts]),
    [
      ['update', 3],
      ['delete', 1],
    ],
  );
});

test('what comes while it is being recorded stays for the next time', () => {
  const refusals = new RefusedChanges();
  refusals.add(change());
  const pending = refusals.pending();
  refusals.add(change());
  refusals.settle(pending);
  assert.deepEqual(
    refusals.pending().map(({ attempts }) => attempts),
    [1],
  );
  refusals.settle(refusals.pending());
  assert.deepEqual(refusals.pending(), []);
});

test('an attempt of our own session is not counted again when the log tells of it', () => {
  const refusals = new RefusedChanges();
  assert.equal(refusals.add(change()), true);
  assert.equal(refusals.add(change(inLog)), false);
  assert.equal(refusals.add(change(inLog)), true);
  assert.equal(refusals.add(change({ ...inLog, backendId: 8 })), true);
  assert.equal(
    refusals.pending().reduce((sum, { attempts }) => sum + attempts, 0),
    3,
  );
});

test('attempts of very many kinds are counted and not listed', () => {
  const refusals = new RefusedChanges();
  for (let count = 0; count < 1_000; count += 1) {
    refusals.add(
      change({ message: `permission denied for table t${count}`, backendId: undefined }),
    );
  }
  const pending = refusals.pending();
  assert.equal(pending.length, 101);
  assert.equal(
    pending.reduce((sum, { attempts }) => sum + attempts, 0),
    1_000,
  );
  refusals.settle(pending);
  assert.deepEqual(refusals.pending(), []);
});

test('the record names who the session acted for, or who the log says was connected', () => {
  const [ours] = [refusedRecord({ change: change(), attempts: 2 }, 'req_2')];
  assert.equal(ours.caller?.actor, 'cli:eve');
  assert.equal(ours.outcome, 'denied');
  assert.equal(ours.reason, 'no_right');
  assert.equal(ours.target, 'table bundles');
  assert.deepEqual(ours.after, {
    attempts: 2,
    message: 'permission denied for table bundles',
    seen_in: 'session',
    verb: 'update',
  });
  const login = 'eve@10.0.0.7(51234)';
  const other = refusedRecord({ change: change({ ...inLog, login }), attempts: 1 }, 'req_2');
  assert.deepEqual(other.caller, {
    actor: 'database:eve',
    correlationId: 'req_2',
    address: '10.0.0.7',
  });
  const local = refusedRecord(
    { change: change({ ...inLog, login: 'eve@[local]' }), attempts: 1 },
    '',
  );
  assert.equal(local.caller?.address, '[local]');
  const unnamed = refusedRecord({ change: change(inLog), attempts: 1 }, 'req_2');
  assert.equal(unnamed.caller?.actor, 'database:unknown');
});
