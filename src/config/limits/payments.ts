// Limits of payments and of the rails they go over.

import { limit, type LimitTable } from '../limit.ts';

export const paymentLimits = {
  paymentUnitsMax: limit(
    100_000_000,
    'units',
    'of its currency that one payment may move; more is declined by screening',
  ),
  paymentBatchItems: limit(1_000, 'payments', 'that one request may make'),
  railAnswerMs: limit(
    10_000,
    'ms',
    'that a rail has to answer a payment before it is asked what became of it',
  ),
  railEnquiryMaxMs: limit(300_000, 'ms', 'the longest pause between two enquiries'),
  railMessagesMax: limit(200, 'messages', 'given to a rail, or taken from it, at once'),
  railBytesMax: limit(4_194_304, 'bytes', 'of one answer of a rail'),
  railWaitMs: limit(1_000, 'ms', 'that a rail is asked to wait for messages to give'),
  railTimeoutMs: limit(8_000, 'ms', 'after which one exchange with a rail is given up'),
  achFileEntriesMax: limit(20_000, 'entries', 'of one file that is written for ACH'),
  achSettledMax: limit(1_000, 'payments', 'of ACH that are settled in one transaction'),
  railEnquiriesMax: limit(500, 'payments', 'that are enquired about in one transaction'),
} as const satisfies LimitTable;
