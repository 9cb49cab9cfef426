// Limits of generating card transactions and of writing them to files of columns.

import { limit, type LimitTable } from '../../limit.ts';

export const fraudGeneratorLimits = {
  fraudGeneratedDaysMax: limit(3_660, 'days', 'of generated transactions'),
  fraudGeneratedKeysMax: limit(
    10_000_000,
    'keys',
    'customers or terminals that are generated, 40 and 20 bytes of memory each',
  ),
  fraudColumnsKeysMax: limit(
    65_536,
    'keys',
    'customers or terminals of a file of columns, which gives two bytes to each',
  ),
  fraudSeedMax: limit(999_999_999, 'as a seed', 'that a generator or a training takes'),
} as const satisfies LimitTable;
