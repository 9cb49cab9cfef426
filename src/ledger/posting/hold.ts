// A hold's life after it was opened: captured in one or several parts, increased, voided, expired.
// Captured never exceeds held, and a hold whose deadline has come can only be expired.

import type { AccountId, Instant, Refused, TransferId } from '#kernel';
import type { PostRefusal } from '../refusals.ts';
import { apply, checkPeriod, effectiveAtOf, type LegEffect } from './apply.ts';
import { put, type AccountState, type Desk, type HoldState } from './books.ts';
import type {
  CaptureInstruction,
  IncreaseInstruction,
  Portion,
  Side,
  VoidInstruction,
} from './instruction.ts';
import { checkOpen, no, totalsOf } from './legs.ts';
import type { StoredTransfer } from './transfer.ts';

type Outcome = StoredTransfer | Refused<PostRefusal>;

function isRefusal(value: object): value is Refused<PostRefusal> {
  return 'ok' in value;
}

function remainingOf(hold: HoldState): bigint[] {
  return hold.legs.map((leg) => leg.held - leg.captured);
}

function partsOf(hold: HoldState): PartLeg[] {
  return hold.legs.map(({ accountId, side, held }) => ({ accountId, side, size: held }));
}

function openHold(desk: Desk, id: TransferId): HoldState | Refused<PostRefusal> {
  const hold = desk.books.holds.get(id);
  if (hold === undefined) return no('hold_not_found', `there is no hold ${id}`);
  switch (hold.status) {
    case 'captured':
      return no('hold_captured', `hold ${id} is captured in full`);
    case 'voided':
      return no('hold_voided', `hold ${id} is voided`);
    case 'expired':
      return no('hold_expired', `hold ${id} has expired`);
    case 'open':
      if (hold.expiresAt === undefined || hold.expiresAt > desk.books.time) return hold;
      return no('hold_expired', `hold ${id} has expired`);
  }
}

/** A leg that a portion may name: whose, on which side, and how much it moved or holds at most. */
export interface PartLeg {
  readonly accountId: AccountId;
  readonly side: Side;
  readonly size: bigint;
}

/**
 * The amount of each leg that a portion means: one amount where a single debit and a single credit
 * moved, or parts by leg number, or `whole`. How much is too much is the caller's to say.
 */
export function amountsOf(
  legs: readonly PartLeg[],
  portion: Portion,
  whole: readonly bigint[] | undefined,
): bigint[] | Refused<PostRefusal> {
  if (portion.amount !== undefined) {
    const { amount } = portion;
    const [one, other, ...more] = legs.filter(({ size }) => size > 0n);
    const isPair = other !== undefined && more.length === 0 && one?.side !== other.side;
    if (isPair) return legs.map(({ size }) => (size > 0n ? amount : 0n));
    return no('legs_required', 'the transfer has more than two legs: say how much of each');
  }
  if (portion.legs === undefined) {
    return whole === undefined ? no('legs_required', 'say by how much') : [...whole];
  }
  const amounts = legs.map(() => 0n);
  for (const { leg, amount } of portion.legs) {
    const soFar = amounts[leg];
    if (soFar === undefined) return no('leg_not_found', `there is no leg ${leg}`, leg);
    amounts[leg] = soFar + amount;
  }
  return amounts;
}

/** Debits and credits are equal in each currency, and something moves. */
export function checkBalanced(
  desk: Desk,
  legs: readonly Omit<PartLeg, 'size'>[],
  amounts: readonly bigint[],
): Refused<PostRefusal> | undefined {
  const accounts = legs.map((leg) => desk.books.accounts.get(leg.accountId) as AccountState);
  for (const [currency, { debit, credit }] of totalsOf(legs, accounts, amounts)) {
    if (debit === credit) continue;
    const message = `debits of ${debit} and credits of ${credit} in ${currency} differ`;
    return no('unbalanced', message);
  }
  if (amounts.some((amount) => amount !== 0n)) return undefined;
  return no('nothing_to_move', 'every amount is zero');
}

/** The first leg among those that move whose account does not take it. */
export function checkAccounts(
  desk: Desk,
  legs: readonly Omit<PartLeg, 'size'>[],
  amounts: readonly bigint[],
): Refused<PostRefusal> | undefined {
  for (const [index, leg] of legs.entries()) {
    if (amounts[index] === 0n) continue;
    const account = desk.books.accounts.get(leg.accountId) as AccountState;
    const fault = checkOpen(account, leg.side, index);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

export function capture(desk: Desk, instruction: CaptureInstruction): Outcome {
  const hold = openHold(desk, instruction.holdId);
  if (isRefusal(hold)) return hold;
  const effectiveAt = effectiveAtOf(desk.books, instruction);
  if (typeof effectiveAt !== 'number') return effectiveAt;
  const remaining = remainingOf(hold);
  const amounts = amountsOf(partsOf(hold), instruction, remaining);
  if (isRefusal(amounts)) return amounts;
  const excess = amounts.findIndex((amount, leg) => amount > (remaining[leg] as bigint));
  if (excess >= 0) {
    const message = `${amounts[excess]} is above the ${remaining[excess]} held on leg ${excess}`;
    return no('capture_exceeds_hold', message, excess);
  }
  const fault =
    checkPeriod(desk.books, effectiveAt) ??
    checkBalanced(desk, hold.legs, amounts) ??
    checkAccounts(desk, hold.legs, amounts);
  if (fault !== undefined) return fault;
  const isFinal = instruction.final === true;
  const effects = hold.legs.map(({ accountId, side }, leg): LegEffect => {
    const posted = amounts[leg] as bigint;
    const pending = isFinal ? -(remaining[leg] as bigint) : -posted;
    return { accountId, side, leg, posted, pending };
  });
  const heading = { kind: 'capture', effectiveAt, holdId: hold.id } as const;
  const transfer = apply(desk, heading, effects, { isLimited: false, instruction });
  if (isRefusal(transfer)) return transfer;
  const legs = hold.legs.map((leg, index) => ({
    ...leg,
    captured: leg.captured + (amounts[index] as bigint),
  }));
  const isDone = isFinal || legs.every((leg) => leg.captured === leg.held);
  changeHold(desk, { ...hold, legs, status: isDone ? 'captured' : 'open' });
  return transfer;
}

export function increase(desk: Desk, instruction: IncreaseInstruction): Outcome {
  const hold = openHold(desk, instruction.holdId);
  if (isRefusal(hold)) return hold;
  const effectiveAt = effectiveAtOf(desk.books, instruction);
  if (typeof effectiveAt !== 'number') return effectiveAt;
  const { expiresAt } = instruction;
  const passed = checkDeadline(desk, expiresAt);
  if (passed !== undefined) return passed;
  const amounts = amountsOf(partsOf(hold), instruction, undefined);
  if (isRefusal(amounts)) return amounts;
  const fault = checkBalanced(desk, hold.legs, amounts) ?? checkAccounts(desk, hold.legs, amounts);
  if (fault !== undefined) return fault;
  const effects = hold.legs.map(({ accountId, side }, leg): LegEffect => {
    return { accountId, side, leg, posted: 0n, pending: amounts[leg] as bigint };
  });
  const heading = { kind: 'increase', effectiveAt, holdId: hold.id, expiresAt } as const;
  const transfer = apply(desk, heading, effects, { isLimited: true, instruction });
  if (isRefusal(transfer)) return transfer;
  const legs = hold.legs.map((leg, index) => ({
    ...leg,
    held: leg.held + (amounts[index] as bigint),
  }));
  changeHold(desk, { ...hold, legs, expiresAt: expiresAt ?? hold.expiresAt });
  return transfer;
}

export function voidHold(desk: Desk, instruction: VoidInstruction): Outcome {
  const hold = openHold(desk, instruction.holdId);
  if (isRefusal(hold)) return hold;
  const effectiveAt = effectiveAtOf(desk.books, instruction);
  if (typeof effectiveAt !== 'number') return effectiveAt;
  const heading = { kind: 'void', effectiveAt, holdId: hold.id } as const;
  const options = { isLimited: false, instruction };
  const transfer = apply(desk, heading, releaseOf(hold), options);
  if (!isRefusal(transfer)) changeHold(desk, { ...hold, status: 'voided' });
  return transfer;
}

/** Ends an open hold at its deadline, which is the expiry's effective time. */
export function expire(desk: Desk, hold: HoldState): Outcome {
  const heading = {
    kind: 'expiry',
    effectiveAt: hold.expiresAt as Instant,
    holdId: hold.id,
  } as const;
  const transfer = apply(desk, heading, releaseOf(hold), { isLimited: false });
  if (!isRefusal(transfer)) changeHold(desk, { ...hold, status: 'expired' });
  return transfer;
}

export function checkDeadline(
  desk: Desk,
  expiresAt: Instant | undefined,
): Refused<PostRefusal> | undefined {
  if (expiresAt === undefined || expiresAt > desk.books.time) return undefined;
  return no('deadline_passed', 'expires_at must lie in the future');
}

function releaseOf(hold: HoldState): LegEffect[] {
  return hold.legs.map(({ accountId, side, held, captured }, leg) => {
    return { accountId, side, leg, posted: 0n, pending: captured - held };
  });
}

function changeHold(desk: Desk, hold: HoldState): void {
  const before = desk.books.holds.get(hold.id) as HoldState;
  if (!desk.holdsBefore.has(hold.id)) put(desk, desk.holdsBefore, hold.id, before);
  put(desk, desk.books.holds, hold.id, hold);
}
