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
  fraudLakeFeedEntries: limit(
    20_000,
    'entries',
    'of the log written to files before the place in it is moved on',
  ),
  fraudLakeFeedRows: limit(
    20_000,
    'rows',
    'decisions written to files before the place in the log is moved on, unless one batch has more',
  ),
  fraudLakeLittleRows: limit(
    100,
    'decisions',
    'written to files at once without a thread of their own',
  ),
  fraudLakeCompactDays: limit(
    31,
    'days',
    'days past whose files are looked at and made one, each time',
  ),
  fraudLakeTrainingRowsMax: limit(
    2_000_000,
    'decisions',
    'held in memory to train on, about 400 bytes each',
  ),
  fraudLakeBatchRows: limit(4_096, 'rows', 'handed over at a time when files are read'),
} as const satisfies LimitTable;
