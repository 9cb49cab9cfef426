// Limits of posting and importing.

import { limit, type LimitTable } from '../limit.ts';

export const ledgerLimits = {
  groupCommitItemsMax: limit(500, 'items', 'requests that share one database transaction at most'),
  groupCommitInFlightMax: limit(2, 'transactions', 'shared transactions that may run at once'),
  groupCommitQueuedMax: limit(
    20_000,
    'items',
    'requests that may wait for a shared transaction; more are refused as overloaded',
  ),
  groupCommitLingerMs: limit(
    1,
    'ms',
    'how long a shared transaction waits for clients answered a moment ago',
  ),
  groupCommitPatienceMs: limit(
    10,
    'ms',
    'after which a shared transaction no longer holds back the next',
  ),
  postingBatchesInFlightMax: limit(
    4,
    'transactions',
    'batches being posted at once, each on a connection of its own',
  ),
  postingAccountsKeptMax: limit(
    200_000,
    'accounts',
    'accounts kept in memory between batches, about 400 bytes each',
  ),
  postingCautionMax: limit(
    64,
    'batches',
    'batches posted the plain way after other processes kept changing the same accounts',
  ),
  expiryBatchMax: limit(500, 'holds', 'holds ended in one transaction'),
  effectiveAheadMaxDays: limit(366, 'days', 'how far ahead of the clock an effective time may lie'),
  segmentBytesMax: limit(
    268_435_456,
    'bytes',
    'rows of one segment of entries, about two million, before the next is opened',
  ),
  importBatchItems: limit(
    1_000,
    'instructions',
    'posted in one transaction by an import, unless it is told otherwise',
  ),
} as const satisfies LimitTable;
