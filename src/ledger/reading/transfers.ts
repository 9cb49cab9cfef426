// Reads transfers: by id, by external id, by the hold or transfer they belong to, and by batch.

import { uuidOf, type BatchId, type TransferId, type Uuid } from '#kernel';
import type { Queryable } from '#platform';
import { selectTransferRun, selectTransfers } from './transfer-store.ts';
import type { RecordedTransfer, TransferFilter } from './transfer-store.ts';

export type { RecordedTransfer, TransferEntry, TransferFilter } from './transfer-store.ts';

export async function transfer(
  queryable: Queryable,
  id: TransferId,
): Promise<RecordedTransfer | undefined> {
  const [found] = await selectTransfers(queryable, { ids: [id], limit: 1 });
  return found;
}

export async function transferByExternalId(
  queryable: Queryable,
  externalId: string,
): Promise<RecordedTransfer | undefined> {
  const [found] = await selectTransfers(queryable, { externalId, limit: 1 });
  return found;
}

export interface TransferPage {
  readonly transfers: readonly RecordedTransfer[];
  readonly hasMore: boolean;
}

/** Newest first. */
export async function listTransfers(
  queryable: Queryable,
  filter: TransferFilter,
): Promise<TransferPage> {
  const found = await selectTransfers(queryable, { ...filter, limit: filter.limit + 1 });
  return { transfers: found.slice(0, filter.limit), hasMore: found.length > filter.limit };
}

/** The ids that transfers of a batch can have: they differ in the last 20 bits, five digits. */
export function runOf(batchId: BatchId): { first: Uuid; last: Uuid } {
  const first = uuidOf(batchId);
  return { first, last: `${first.slice(0, -5)}fffff` };
}

/** What a batch posted, in order, after one of its transfers. */
export async function batchTransfers(
  queryable: Queryable,
  batchId: BatchId,
  page: { readonly after?: TransferId | undefined; readonly limit: number },
): Promise<TransferPage> {
  const { first, last } = runOf(batchId);
  const after = page.after === undefined ? undefined : uuidOf(page.after);
  const isInside = after !== undefined && after >= first && after <= last;
  const run = { first: isInside ? after : first, last, limit: page.limit + 2 };
  const found = await selectTransferRun(queryable, run);
  const rest = isInside ? found.filter(({ id }) => id !== page.after) : found;
  return { transfers: rest.slice(0, page.limit), hasMore: rest.length > page.limit };
}
