// Limits of files of payments.

import { limit, type LimitTable } from '../limit.ts';

export const fileLimits = {
  fileStableMs: limit(
    2_000,
    'ms',
    'for which a file in a watched folder must be unchanged before it is taken',
  ),
  fileBytesMax: limit(1_073_741_824, 'bytes', 'the largest file of payments'),
  filePartBytesMax: limit(4_194_304, 'bytes', 'the largest part of a file in one request'),
  fileChunkEntries: limit(2_000, 'entries', 'entries of a file posted in one transaction'),
  fileChunksInFlightMax: limit(3, 'transactions', 'chunks of a file being posted at once'),
  fileFaultsKeptMax: limit(1_000, 'faults', 'faults of a file that are kept; more are counted'),
  fileEntriesMax: limit(5_000_000, 'entries', 'the most entries of one file'),
  fileLeaseMs: limit(
    60_000,
    'ms',
    'after which a file whose worker says nothing is taken up by another',
  ),
  fileAttemptsMax: limit(
    10,
    'attempts',
    'how often in a row a file is taken up without getting further before it counts as failed',
  ),
  fileRetryMs: limit(1_000, 'ms', 'the pause after the first failure of a file; it doubles'),
  fileUploadMaxMs: limit(
    86_400_000,
    'ms',
    'after which an upload that nobody goes on with is given up',
  ),
  fileInboxStableMs: limit(
    2_000,
    'ms',
    'how long a file of the watched folder stays as it is before it is taken',
  ),
  fileInboxBatchMax: limit(100, 'files', 'files taken from the watched folder in one run'),
  fileProgressEveryMs: limit(500, 'ms', 'how often the progress of a file is told'),
  fileProgressMaxMs: limit(600_000, 'ms', 'after which a client asks for the progress anew'),
} as const satisfies LimitTable;
