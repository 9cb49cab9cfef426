// Keeps the index that postings write into small: when the current segment of the entries is full a
// new one is opened, and the old one is only read from then on. Posting goes on meanwhile.

import { formatInstant } from '#kernel';
import type { Database, TransactionContext } from '#platform';
import { openSegment, segmentBytes } from './segment-store.ts';

/** About two million entries: their account index is then some 90 MB. */
export const SEGMENT_BYTES_MAX = 256 * 1024 * 1024;

/** Opens a new segment when the current one is full. Answers whether it did. */
export async function rollSegment(
  database: Database,
  context: TransactionContext,
  bytesMax: number = SEGMENT_BYTES_MAX,
): Promise<boolean> {
  const bytes = await segmentBytes(database);
  if (bytes < bytesMax) return false;
  await database.transaction(context, async (tx) => {
    if ((await segmentBytes(tx)) >= bytesMax) await openSegment(tx, formatInstant(tx.now));
  });
  return true;
}
