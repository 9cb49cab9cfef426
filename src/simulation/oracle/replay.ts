// Owns the oracle's answer to an external id that was used before: nothing when the same thing is
// asked, otherwise the codes that may name the difference.

import type { Instruction, Leg, LegPart } from '#ledger';
import { textOf } from '../text.ts';

const NAMED = [
  'legs',
  'account',
  'amount',
  'effective_at',
  'deadline',
  'exchange',
  'description',
  'metadata',
] as const;

type Named = (typeof NAMED)[number];

/**
 * Empty when `now` asks what `before` asked. Else the acceptable refusals: those that name a true
 * difference, or, where what was asked can only be compared by its hash, any.
 */
export function differences(before: Instruction, now: Instruction): string[] {
  if (before.kind !== now.kind) return ['exists_with_different_kind'];
  if ('holdId' in before && 'holdId' in now && before.holdId !== now.holdId) {
    return ['exists_with_different_hold'];
  }
  if (before.kind === 'reverse' && now.kind === 'reverse' && before.transferId !== now.transferId) {
    return ['exists_with_different_transfer'];
  }
  if (contentOf(before) === contentOf(now)) return [];
  const isPlain = isPlainlyAsked(before) && isPlainlyAsked(now);
  const [before_, now_] = [facetsOf(before), facetsOf(now)];
  const true_ = isPlain ? NAMED.filter((name) => before_[name] !== now_[name]) : NAMED;
  return [...true_, ...(isPlain ? [] : ['content'])].map((name) => `exists_with_different_${name}`);
}

/** Whether the record of the transfer shows everything that was asked. */
function isPlainlyAsked(instruction: Instruction): boolean {
  if (instruction.kind === 'void') return true;
  if (instruction.kind !== 'transfer' && instruction.kind !== 'hold') return false;
  return instruction.legs.every(
    (leg) =>
      leg.upTo !== true &&
      leg.amount !== 'remaining' &&
      leg.conditions === undefined &&
      leg.currency === undefined,
  );
}

/** All that was asked but for the chain it came in, which is about the list and not about it. */
function contentOf(instruction: Instruction): string {
  return textOf({ ...instruction, linked: undefined });
}

function facetsOf(instruction: Instruction): Record<Named, string> {
  const legs: readonly (Leg | LegPart)[] = 'legs' in instruction ? (instruction.legs ?? []) : [];
  return {
    legs: textOf(legs.map((leg) => ('side' in leg ? leg.side : leg.leg))),
    account: textOf(legs.map((leg) => ('side' in leg ? leg.accountId : ''))),
    amount: textOf(legs.map((leg) => leg.amount)),
    effective_at: textOf(instruction.effectiveAt),
    deadline: textOf('expiresAt' in instruction ? instruction.expiresAt : undefined),
    exchange: textOf('exchange' in instruction ? instruction.exchange : undefined),
    description: textOf(instruction.description),
    metadata: textOf(instruction.metadata),
  };
}
