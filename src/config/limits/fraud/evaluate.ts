// Limits of reading and evaluating histories of card transactions.

import { limit, type LimitTable } from '../../limit.ts';

export const fraudEvaluateLimits = {
  fraudColumnsBytesMax: limit(
    1_073_741_824,
    'bytes',
    'columns of card transactions once unzipped; a larger file is refused',
  ),
} as const satisfies LimitTable;
