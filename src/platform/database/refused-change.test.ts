import assert from 'node:assert/strict';
import test from 'node:test';
import { readServerLine, refusedChangeInLine, refusedChangeOf } from './refused-change.ts';

const at = '2026-11-21 22:50:11.123 UTC';

function errorOf(code: string, message: string): Error {
  return Object.assign(new Error(message), { code, severity: 'ERROR' });
}

const seen = {
  query: { text: '\n update audit.bundles set leaves = $1 -- secret' },
  backendId: 12,
  caller: { actor: 'cli:eve', correlationId: 'req_1' },
};

test('an error about a missing right is an attempt, told with its verb and nothing more of it', () => {
  const change = refusedChangeOf(errorOf('42501', 'permission denied for table bundles'), seen);
  assert.deepEqual(change, {
    reason: 'no_right',
    message: 'permission denied for table bundles',
    verb: 'update',
    target: 'table bundles',
    seenIn: 'session',
    backendId: 12,
    caller: { actor: 'cli:eve', correlationId: 'req_1' },
    login: undefined,
  });
});

test('an error of an append-only table is an attempt, with the table and verb it names', () => {
  const message = 'the audit log is append-only: DELETE on audit.bundles_202611 is refused';
  const change = refusedChangeOf(errorOf('23001', message), seen);
  assert.equal(change?.reason, 'append_only');
  assert.equal(change?.verb, 'delete');
  assert.equal(change?.target, 'audit.bundles_202611');
});

test('a foreign key that restricts, a duplicate and a lost connection are no attempts', () => {
  const restrict = errorOf('23001', 'update or delete on table "a" violates RESTRICT setting');
  assert.equal(refusedChangeOf(restrict, seen), undefined);
  assert.equal(refusedChangeOf(errorOf('23505', 'duplicate key'), seen), undefined);
  assert.equal(refusedChangeOf(new Error('permission denied for table x'), seen), undefined);
});

test('a line of the server is read with its process, login, state and level', () => {
  assert.deepEqual(
    readServerLine(`${at} [77] eve@10.0.0.7(51234) 42501 ERROR:  must be owner of table places`),
    {
      processId: 77,
      login: 'eve@10.0.0.7(51234)',
      sqlState: '42501',
      level: 'ERROR',
      message: 'must be owner of table places',
    },
  );
  const background = readServerLine(`${at} [5] LOG:  database system is ready`);
  assert.equal(background?.level, 'LOG');
  assert.equal(background?.login, undefined);
  assert.equal(readServerLine('applied 0003_audit'), undefined);
  assert.equal(readServerLine('\tcontinued'), undefined);
});

const attempts: readonly (readonly [string, string, string])[] = [
  ['eve@[local] 42501 ERROR:  permission denied for table bundles', 'no_right', 'table bundles'],
  ['eve@[local] 42501 ERROR:  must be owner of table places', 'no_right', 'table places'],
  ['eve@[local] 42501 ERROR:  permission denied for schema audit', 'no_right', 'schema audit'],
  [
    'eve@[local] 42501 ERROR:  permission denied to set parameter "session_replication_role"',
    'no_right',
    'set parameter "session_replication_role"',
  ],
  ['eve@[local] 42501 ERROR:  Zugriff auf Tabelle bundles verweigert', 'no_right', 'unknown'],
  [
    'eve@[local] 23001 ERROR:  the audit log is append-only: TRUNCATE on audit.places is refused',
    'append_only',
    'audit.places',
  ],
  [
    'eve@[local] 23001 ERROR:  history is append-only: UPDATE on ledger.entries is refused',
    'append_only',
    'ledger.entries',
  ],
];

for (const [line, reason, target] of attempts) {
  test(`the line "${line}" is an attempt`, () => {
    const change = refusedChangeInLine(`${at} [42] ${line}`);
    assert.equal(change?.reason, reason);
    assert.equal(change?.target, target);
    assert.equal(change?.seenIn, 'server_log');
    assert.equal(change?.backendId, 42);
    assert.equal(change?.login, 'eve@[local]');
  });
}

test('a line of a server with another prefix is recognised by its words', () => {
  const change = refusedChangeInLine(`${at} [42] ERROR:  permission denied for table bundles`);
  assert.equal(change?.target, 'table bundles');
  assert.equal(change?.login, undefined);
});

test('other lines are no attempts', () => {
  const lines = [
    `${at} [42] eve@[local] 23505 ERROR:  duplicate key value violates unique constraint "k"`,
    `${at} [42] eve@[local] 00000 LOG:  permission denied for table bundles`,
    `${at} [42] eve@[local] 22P02 ERROR:  invalid: permission denied for table bundles`,
    'PostgreSQL goes on for process 3',
  ];
  for (const line of lines) assert.equal(refusedChangeInLine(line), undefined, line);
});
