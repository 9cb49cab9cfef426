// Limits of queues and of the stream of events.

import { limit, type LimitTable } from '../limit.ts';

export const queueLimits = {
  queueLettersMax: limit(
    1_000,
    'letters',
    'dead letters that are sent again, or thrown away, in one transaction',
  ),
  queueRedriveRateMax: limit(
    10_000,
    'letters a second',
    'the fastest rate at which dead letters can be sent again',
  ),
  eventsForgottenMax: limit(
    500,
    'bundles',
    'bundles of events past their retention that are removed in one transaction',
  ),
} as const satisfies LimitTable;
