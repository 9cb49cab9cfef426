// The arithmetic of an account's counters: what its balance is and what may still leave or enter.
// Pure; every other file that needs one of these figures asks here.

import type { Side } from './instruction.ts';
import type { Counters } from './transfer.ts';

/** The limits of an account, in minor units on its normal side; null is no limit. */
export interface Limits {
  readonly normalSide: Side;
  readonly floor: bigint | null;
  readonly ceiling: bigint | null;
  readonly creditLimit: bigint;
}

export function otherSide(side: Side): Side {
  return side === 'debit' ? 'credit' : 'debit';
}

/** Posted balance on the normal side: negative when the other side outweighs it. */
export function balanceOf(normalSide: Side, counters: Counters): bigint {
  return normalSide === 'debit'
    ? counters.postedDebits - counters.postedCredits
    : counters.postedCredits - counters.postedDebits;
}

/** Held against the account: what its open holds would take out. */
export function pendingOutOf(normalSide: Side, counters: Counters): bigint {
  return normalSide === 'debit' ? counters.pendingCredits : counters.pendingDebits;
}

/** Held in its favour: what open holds would bring in. Not available until captured. */
export function pendingInOf(normalSide: Side, counters: Counters): bigint {
  return normalSide === 'debit' ? counters.pendingDebits : counters.pendingCredits;
}

/** What may still leave: balance less holds, plus the credit limit, less the floor. */
export function availableOf(limits: Limits, counters: Counters): bigint {
  const { normalSide } = limits;
  const free = balanceOf(normalSide, counters) - pendingOutOf(normalSide, counters);
  return free + limits.creditLimit - (limits.floor ?? 0n);
}

/** The balance if every hold in the account's favour were captured; the ceiling bounds it. */
export function expectedOf(normalSide: Side, counters: Counters): bigint {
  return balanceOf(normalSide, counters) + pendingInOf(normalSide, counters);
}

/** What the limits let through on a side: undefined when nothing limits it, never negative. */
export function roomOf(limits: Limits, counters: Counters, side: Side): bigint | undefined {
  let room: bigint;
  if (side === limits.normalSide) {
    if (limits.ceiling === null) return undefined;
    room = limits.ceiling - expectedOf(limits.normalSide, counters);
  } else {
    if (limits.floor === null) return undefined;
    room = availableOf(limits, counters);
  }
  return room > 0n ? room : 0n;
}
