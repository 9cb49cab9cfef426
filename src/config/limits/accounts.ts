// Limits of customers and of statements.

import { limit, type LimitTable } from '../limit.ts';

export const accountLimits = {
  customerBatchItemsMax: limit(2_000, 'customers', 'the most customers of one batch'),
  customersFoundMax: limit(100, 'customers', 'answered when one is looked for by address or id'),
  statementPageLines: limit(
    10_000,
    'lines',
    'read at once of a statement, which is written as it is read',
  ),
  statementPdfLinesMax: limit(
    10_000,
    'lines',
    'of a statement as PDF, which is made in memory: about 200 pages',
  ),
} as const satisfies LimitTable;
