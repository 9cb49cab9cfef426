// Limits of what is in force for screening: rule sets, lists, models and policies as they are kept.

import { limit, type LimitTable } from '../../limit.ts';

export const fraudRegistryLimits = {
  fraudDeadlineUs: limit(
    50_000,
    'microseconds',
    'from when a batch begins, after which the rest of it has no model, unless a policy says so',
  ),
  fraudDeadlineUsMax: limit(1_000_000, 'microseconds', 'that a policy may give a batch'),
  fraudListChangeMax: limit(5_000, 'entries', 'of lists that one request puts or takes'),
  fraudListEndedMax: limit(5_000, 'entries', 'whose time is over that one change takes out'),
  fraudListPageMax: limit(20_000, 'entries', 'of lists that are read or changed at a time'),
  fraudModelUploadBytesMax: limit(16_777_216, 'bytes', 'of a model that is sent over HTTP'),
  fraudDriftBytesMax: limit(1_048_576, 'bytes', 'of the reference of drift of a model'),
  fraudDriftBinsMax: limit(100, 'cuts', 'between the bins of one measure of drift'),
  fraudDriftSeenMs: limit(600_000, 'milliseconds', 'after which what a process saw is not counted'),
  fraudContestWeeksMax: limit(26, 'weeks', 'on which two models are compared'),
  fraudContestRowsMax: limit(5_000_000, 'decisions', 'that two models are compared on'),
  fraudContestSettledDays: limit(7, 'days', 'after which what is not labelled counts as genuine'),
} as const satisfies LimitTable;
