// Keeps the index that postings write into small: when the current segment of the entries is full a
// new one is opened, and the old one is only read from then on. Posting goes on meanwhile.

import { record } from '#audit';
import { limits } from '#config';
import { formatInstant } from '#kernel';
import type { Database, TransactionContext } from '#platform';
import { ledgerActions } from './audit-actions.ts';
import { openSegment, segmentBytes } from './store/segment-store.ts';

/** Opens a new segment when the current one is full. Answers whether it did. */
export async function rollSegment(
  database: Database,
  context: TransactionContext,
  bytesMax: number = limits.segmentBytesMax.value,
): Promise<boolean> {
  const bytes = await segmentBytes(database);
  if (bytes < bytesMax) return false;
  await database.transaction(context, async (tx) => {
    if ((await segmentBytes(tx)) < bytesMax) return;
    const segment = await openSegment(tx, formatInstant(tx.now));
    const action = ledgerActions['ledger.segment.open'];
    await record(tx, [{ action, target: `segment:${segment}`, after: { segment } }]);
  });
  return true;
}
