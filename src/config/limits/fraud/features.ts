// Limits of the features that fraud is screened with.

import { limit, type LimitTable } from '../../limit.ts';

export const fraudFeatureLimits = {
  fraudKeysMax: limit(
    1_000_000,
    'keys',
    'keys whose history is kept in memory; beyond that those that were silent longest are let go',
  ),
  fraudKeyEventsMax: limit(
    32_768,
    'events',
    'of one key in memory; a window counts no more, and the oldest are let go first',
  ),
  fraudAmountMax: limit(
    100_000_000_000,
    'minor units',
    'of one event, so that the sum over all events of a key stays exact',
  ),
  fraudWalkMax: limit(
    1_024,
    'events',
    'the latest of a window, of which extremes, spread and distinct keys are',
  ),
  fraudAheadMaxS: limit(300, 's', 'that an event may be ahead of the clock of who screens it'),
  fraudJumpMaxS: limit(
    86_400,
    's',
    'that the clock may have gained on the timer of the machine; half of what events may come late',
  ),
  fraudFeaturesMax: limit(512, 'features', 'that one set may define'),
  fraudWindowMaxS: limit(34_560_000, 's', 'the longest window, 400 days'),
  fraudKeyBytesMax: limit(256, 'bytes', 'of one key or of the id of an event'),
} as const satisfies LimitTable;
