// Reversal: a new transfer that moves an earlier one's money back, in full or in part, never more
// than was moved. The earlier transfer stays as it is.

import type { Refused } from '#kernel';
import type { PostRefusal } from '../refusals.ts';
import { apply, checkPeriod, effectiveAtOf, type LegEffect } from './apply.ts';
import { otherSide } from './balance.ts';
import { put, type Desk } from './books.ts';
import { amountsOf, checkAccounts, checkBalanced } from './hold.ts';
import type { ReverseInstruction } from './instruction.ts';
import { no } from './legs.ts';
import type { StoredTransfer } from './transfer.ts';

export function reverse(
  desk: Desk,
  instruction: ReverseInstruction,
): StoredTransfer | Refused<PostRefusal> {
  const { transferId } = instruction;
  const target = desk.books.reversibles.get(transferId);
  if (target === undefined) return no('transfer_not_found', `there is no transfer ${transferId}`);
  if (target.kind !== 'transfer' && target.kind !== 'capture') {
    return no('not_reversible', `${transferId} is of kind ${target.kind}`);
  }
  const remaining = target.legs.map((leg) => leg.posted - leg.reversed);
  if (remaining.every((amount) => amount === 0n)) {
    return no('already_reversed', `${transferId} is reversed in full`);
  }
  const effectiveAt = effectiveAtOf(desk.books, instruction);
  if (typeof effectiveAt !== 'number') return effectiveAt;
  const parts = target.legs.map((leg) => ({ ...leg, size: leg.posted }));
  const amounts = amountsOf(parts, instruction, remaining);
  if (!Array.isArray(amounts)) return amounts;
  const excess = amounts.findIndex((amount, leg) => amount > (remaining[leg] as bigint));
  if (excess >= 0) {
    const message = `${amounts[excess]} is above the ${remaining[excess]} left on leg ${excess}`;
    return no('reversal_exceeds_transfer', message, excess);
  }
  const back = target.legs.map((leg) => ({ ...leg, side: otherSide(leg.side) }));
  const fault =
    checkPeriod(desk.books, effectiveAt) ??
    checkBalanced(desk, back, amounts) ??
    checkAccounts(desk, back, amounts);
  if (fault !== undefined) return fault;
  const effects = back.map(({ accountId, side }, leg): LegEffect => {
    return { accountId, side, leg, posted: amounts[leg] as bigint, pending: 0n };
  });
  const heading = { kind: 'reversal', effectiveAt, reversesId: transferId } as const;
  const transfer = apply(desk, heading, effects, { isLimited: true, instruction });
  if ('ok' in transfer) return transfer;
  const legs = target.legs.map((leg, index) => ({
    ...leg,
    reversed: leg.reversed + (amounts[index] as bigint),
  }));
  put(desk, desk.books.reversibles, transferId, { ...target, legs });
  return transfer;
}
