// Limits of the files in which events, labels and decisions are kept for analysis.

import { limit, type LimitTable } from '../../limit.ts';

export const fraudLakeLimits = {
  fraudLakePartRowsMax: limit(
    100_000,
    'rows',
    'waiting in memory to be written, and so in one file, about 300 bytes each',
  ),
  fraudLakePartBytesMax: limit(
    268_435_456,
    'bytes',
    'columns of one file once uncompressed; a larger file is not read',
  ),
  fraudLakeDaysMax: limit(3_660, 'days', 'read at once'),
  fraudLakeBatchRows: limit(4_096, 'rows', 'handed over at a time when files are read'),
} as const satisfies LimitTable;
