// Limits of reading NACHA files.

import { limit, type LimitTable } from '../limit.ts';

export const nachaLimits = {
  nachaPieceBytesMax: limit(
    65_536,
    'bytes',
    'of a NACHA file looked at before what was found in them is handed on',
  ),
  nachaAddendaMax: limit(
    9_999,
    'records',
    'addenda records of one entry; the count in the entry has four digits',
  ),
} as const satisfies LimitTable;
