import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EdgeRequest } from '#gateway';
import { manualClock, type Instant } from '#kernel';
import { ledgerRoutes, type LedgerEdge } from './routes.ts';

const routes = ledgerRoutes({
  database: {} as LedgerEdge['database'],
  poster: {} as LedgerEdge['poster'],
  accounts: {} as LedgerEdge['accounts'],
  clock: manualClock(0 as Instant),
});

test('reading accounts is noted: each by its id, the list as a whole', () => {
  const id = 'acc_019abcde-1234-7abc-8def-0123456789ab';
  const request = { params: { id } } as unknown as EdgeRequest;
  const noted = routes
    .filter(({ method, path }) => method === 'GET' && path.startsWith('/v1/ledger/accounts'))
    .map(({ operation }) => [operation.operationId, operation.disclosure?.target(request)]);
  assert.deepEqual(Object.fromEntries(noted), {
    listAccounts: 'accounts',
    readAccount: id,
    readBalance: id,
    listEntries: id,
    readStatement: id,
    listHolds: id,
  });
});
