// Limits of the log that the state of screening is folded from, of following it and of snapshots.

import { limit, type LimitTable } from '../../limit.ts';

export const fraudLogLimits = {
  fraudLogPageEntries: limit(
    500,
    'entries',
    'of the log read in one statement, about 1 kB for each event in them',
  ),
  fraudPendingMaxMs: limit(
    60_000,
    'ms',
    'that a batch may wait for its commit to be seen; one that is not there then was rolled back',
  ),
  fraudSnapshotEntriesMin: limit(
    10_000,
    'entries',
    'of the log since the latest snapshot, from which another is written',
  ),
  fraudSnapshotsKept: limit(2, 'snapshots', 'of each tenant; the older serves if one is damaged'),
  fraudReplayDifferencesMax: limit(
    100,
    'differences',
    'that a replay tells in full; the rest is counted',
  ),
} as const satisfies LimitTable;
