// Decides what takes a whole batch back: in the reverse order, transfers and captures are reversed
// and holds still open are voided. The instructions are meant to be posted all or none.

import { refuse, type BatchId, type Instant, type Result, type TransferId } from '#kernel';
import type { Queryable } from '#platform';
import type { Instruction, Metadata } from '../posting/instruction.ts';
import { findHolds, selectTransfers } from './transfer-store.ts';
import type { RecordedTransfer } from './transfer-store.ts';
import { batchTransfers } from './transfers.ts';
import type { LedgerRefusal, PostRefusalCode, ReadRefusalCode } from '../refusals.ts';

export interface ReverseBatch {
  readonly batchId: BatchId;
  /** Each part gets an external id made of this and its transfer's place in the batch. */
  readonly externalId?: string | undefined;
  readonly description?: string | undefined;
  readonly metadata?: Metadata | undefined;
  readonly effectiveAt?: Instant | undefined;
}

export type ReverseBatchRefusal = LedgerRefusal<PostRefusalCode | ReadRefusalCode>;

/** The instructions that reverse a batch of at most `transfersMax` transfers, or the refusal. */
export async function reversalOfBatch(
  queryable: Queryable,
  asked: ReverseBatch,
  { now, transfersMax }: { readonly now: Instant; readonly transfersMax: number },
): Promise<Result<Instruction[], ReverseBatchRefusal>> {
  const { batchId } = asked;
  const { transfers, hasMore } = await batchTransfers(queryable, batchId, { limit: transfersMax });
  const message = `there is no batch ${batchId}, or it posted nothing`;
  if (transfers.length === 0) return refuse({ code: 'batch_unknown', message, param: 'id' });
  if (hasMore) {
    const size = `the batch has more than ${transfersMax} transfers`;
    return refuse({ code: 'not_reversible', message: size, param: 'id' });
  }
  const odd = transfers.find(({ kind }) => !['transfer', 'capture', 'hold'].includes(kind));
  if (odd !== undefined) {
    const kind = `${odd.id} of the batch is of kind ${odd.kind}`;
    return refuse({ code: 'not_reversible', message: kind, param: 'id' });
  }
  const voiding = await holdsToVoid(queryable, transfers, asked, now);
  const instructions: Instruction[] = [];
  for (const [place, one] of [...transfers.entries()].toReversed()) {
    const common = { ...asked, externalId: externalIdAt(asked, place) };
    if (one.kind !== 'hold') {
      instructions.push(instructionOf(common, { kind: 'reverse', transferId: one.id }));
    } else if (voiding.has(one.id)) {
      instructions.push(instructionOf(common, { kind: 'void', holdId: one.id }));
    }
  }
  if (instructions.length > 0) return { ok: true, value: instructions };
  return refuse({ code: 'already_reversed', message: 'nothing of the batch is left', param: 'id' });
}

function externalIdAt({ externalId }: ReverseBatch, place: number): string | undefined {
  return externalId === undefined ? undefined : `${externalId}#${place}`;
}

type Target =
  | { readonly kind: 'reverse'; readonly transferId: TransferId }
  | { readonly kind: 'void'; readonly holdId: TransferId };

function instructionOf(asked: Omit<ReverseBatch, 'batchId'>, target: Target): Instruction {
  const { externalId, description, metadata, effectiveAt } = asked;
  return { ...target, externalId, description, metadata, effectiveAt };
}

// Open holds, and those that an earlier request of the same external id has voided: asked again, it
// must find the same parts.
async function holdsToVoid(
  queryable: Queryable,
  transfers: readonly RecordedTransfer[],
  asked: ReverseBatch,
  now: Instant,
): Promise<Set<TransferId>> {
  const ids = transfers.filter(({ kind }) => kind === 'hold').map(({ id }) => id);
  if (ids.length === 0) return new Set();
  const holds = await findHolds(queryable, ids, now);
  const voiding = new Set(holds.filter(({ state }) => state === 'open').map(({ id }) => id));
  if (asked.externalId === undefined) return voiding;
  const externalIds = transfers.map((_, place) => externalIdAt(asked, place) ?? '');
  const earlier = await selectTransfers(queryable, { externalIds, limit: transfers.length });
  for (const { holdId } of earlier) if (holdId !== undefined) voiding.add(holdId);
  return voiding;
}
