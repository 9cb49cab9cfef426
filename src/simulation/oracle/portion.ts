// Owns the oracle's reading of a portion: how much of each leg of an earlier transfer is meant.

import type { Portion, Side } from '#ledger';
import { accountOf, No, type World } from './world.ts';

/** A leg of the earlier transfer: its size, and what can still be captured or reversed of it. */
export interface PartialLeg {
  readonly leg: number;
  readonly accountId: string;
  readonly side: Side;
  readonly size: bigint;
  readonly left: bigint;
}

/** Amounts by place in `legs`, not yet compared with what is left. */
export function portionOf(portion: Portion, legs: readonly PartialLeg[]): bigint[] {
  const parts = portion.legs;
  if (parts !== undefined) {
    if (parts.some((part) => !legs.some((leg) => leg.leg === part.leg))) {
      throw new No('leg_not_found');
    }
    return legs.map((leg) =>
      parts.filter((part) => part.leg === leg.leg).reduce((sum, part) => sum + part.amount, 0n),
    );
  }
  const { amount } = portion;
  if (amount === undefined) return legs.map((leg) => leg.left);
  const [first, second, ...more] = legs.filter((leg) => leg.size > 0n);
  const isPair = second !== undefined && more.length === 0 && first?.side !== second.side;
  if (!isPair) throw new No('legs_required');
  return legs.map((leg) => (leg.size > 0n ? amount : 0n));
}

export function checkLeft(
  legs: readonly PartialLeg[],
  amounts: readonly bigint[],
  codeWhenTooMuch: string,
): void {
  const isTooMuch = legs.some((leg, place) => (amounts[place] ?? 0n) > leg.left);
  if (isTooMuch) throw new No(codeWhenTooMuch);
}

/** Parts must balance per currency, and some part must be more than nothing. */
export function checkBalanced(
  world: World,
  legs: readonly PartialLeg[],
  amounts: readonly bigint[],
): void {
  const sums = new Map<string, bigint>();
  for (const [place, leg] of legs.entries()) {
    const { currency } = accountOf(world, leg.accountId);
    const amount = amounts[place] ?? 0n;
    sums.set(currency, (sums.get(currency) ?? 0n) + (leg.side === 'debit' ? amount : -amount));
  }
  if ([...sums.values()].some((sum) => sum !== 0n)) throw new No('unbalanced');
  if (amounts.every((amount) => amount === 0n)) throw new No('nothing_to_move');
}
