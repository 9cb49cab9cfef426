// Limits of reading and writing ISO 20022 messages.

import { limit, type LimitTable } from '../limit.ts';

export const iso20022Limits = {
  isoDepthMax: limit(64, 'elements', 'how deep the elements of a message may be nested'),
  isoAttributesMax: limit(32, 'attributes', 'attributes of one element of a message'),
  isoTokenCharactersMax: limit(
    1_048_576,
    'characters',
    'the longest text, comment or tag of a message',
  ),
  isoPieceElementsMax: limit(
    50_000,
    'elements',
    'elements of one payment or entry, which is in memory as a whole',
  ),
  isoFaultsMax: limit(100, 'faults', 'faults of a message that are reported'),
  isoStatementEntriesMax: limit(
    200_000,
    'entries',
    'entries of the bank statements of one message',
  ),
  isoRailMessageTransfersMax: limit(
    10_000,
    'payments',
    'payments of one message that came over a rail',
  ),
} as const satisfies LimitTable;
