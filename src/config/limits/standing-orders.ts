// Limits of standing orders and of the reconciliation of statements.

import { limit, type LimitTable } from '../limit.ts';

export const standingOrderLimits = {
  standingOrderRunItems: limit(500, 'occurrences', 'paid in one transaction of the job'),
  standingOrderRunBatchesMax: limit(200, 'transactions', 'of one run of the job'),
  standingOrderRetryMinutes: limit(
    60,
    'minutes',
    'between tries of a day where there is not enough to pay a standing order',
  ),
  standingOrderCatchUpMax: limit(
    20_000,
    'occurrences',
    'of one order that are recorded as missed when it is resumed',
  ),
  statementBytesMax: limit(16_777_216, 'bytes', 'of one uploaded statement of another bank'),
  statementEntriesMax: limit(100_000, 'entries', 'of one statement of another bank'),
  reconciliationBookEntriesMax: limit(
    100_000,
    'entries',
    'of the books that wait for a statement and are compared with one',
  ),
  reconciliationSumPairsMax: limit(
    10_000_000,
    'pairs',
    'of unmatched entries among which sums are looked for at all',
  ),
  reconciliationSumItemsMax: limit(
    12,
    'entries',
    'that one entry of the other side is looked for as the sum of',
  ),
  reconciliationSumStepsMax: limit(
    20_000,
    'steps',
    'of the search for one sum, after which it is left to a person',
  ),
} as const satisfies LimitTable;
