// Owns the oracle's idea of an account: its counters, what they mean, and what its limits say.
// Written from the specification alone and as plainly as possible; it shares no code with the
// ledger.

import type { Side } from '#ledger';

export type AccountState = 'open' | 'debits_frozen' | 'credits_frozen' | 'frozen' | 'closed';

/** What the bank decides about an account. */
export interface OracleTerms {
  readonly currency: string;
  readonly normalSide: Side;
  readonly state: AccountState;
  readonly floor: bigint | null;
  readonly ceiling: bigint | null;
  readonly creditLimit: bigint;
}

export interface OracleAccount extends OracleTerms {
  readonly id: string;
  readonly version: bigint;
  readonly postedDebits: bigint;
  readonly postedCredits: bigint;
  readonly pendingDebits: bigint;
  readonly pendingCredits: bigint;
  /** Recorded time of the latest entry, in microseconds. */
  readonly recordedAt: number;
}

/** A change of an account on one side; pending is negative where held money is given back. */
export interface Movement {
  readonly side: Side;
  readonly posted: bigint;
  readonly pending: bigint;
}

const INT8_MAX = 2n ** 63n - 1n;

export function newOracleAccount(id: string, terms: OracleTerms, openedAt: number): OracleAccount {
  return {
    ...terms,
    id,
    version: 0n,
    postedDebits: 0n,
    postedCredits: 0n,
    pendingDebits: 0n,
    pendingCredits: 0n,
    recordedAt: openedAt,
  };
}

export function balanceOf(account: OracleAccount): bigint {
  return account.normalSide === 'debit'
    ? account.postedDebits - account.postedCredits
    : account.postedCredits - account.postedDebits;
}

export function pendingInOf(account: OracleAccount): bigint {
  return account.normalSide === 'debit' ? account.pendingDebits : account.pendingCredits;
}

export function pendingOutOf(account: OracleAccount): bigint {
  return account.normalSide === 'debit' ? account.pendingCredits : account.pendingDebits;
}

export function availableOf(account: OracleAccount): bigint {
  const usable = balanceOf(account) - pendingOutOf(account) + account.creditLimit;
  return usable - (account.floor ?? 0n);
}

/** What counts against the ceiling: money that is in, and money that is about to come in. */
export function exposureOf(account: OracleAccount): bigint {
  return balanceOf(account) + pendingInOf(account);
}

export function moved(account: OracleAccount, movement: Movement): OracleAccount {
  const version = account.version + 1n;
  const { posted, pending } = movement;
  return movement.side === 'debit'
    ? {
        ...account,
        version,
        postedDebits: account.postedDebits + posted,
        pendingDebits: account.pendingDebits + pending,
      }
    : {
        ...account,
        version,
        postedCredits: account.postedCredits + posted,
        pendingCredits: account.pendingCredits + pending,
      };
}

export function isFrozen(account: OracleAccount, side: Side): boolean {
  return account.state === 'frozen' || account.state === `${side}s_frozen`;
}

export function isEmpty(account: OracleAccount): boolean {
  const isBalanced = account.postedDebits === account.postedCredits;
  return isBalanced && account.pendingDebits === 0n && account.pendingCredits === 0n;
}

/** How much more the limits let through on a side; undefined when they do not care. */
export function roomOf(account: OracleAccount, side: Side): bigint | undefined {
  const isInward = side === account.normalSide;
  if (isInward && account.ceiling === null) return undefined;
  if (!isInward && account.floor === null) return undefined;
  const room = isInward ? (account.ceiling ?? 0n) - exposureOf(account) : availableOf(account);
  return room < 0n ? 0n : room;
}

/** The limit that the change from one state of the account to another crosses. */
export function limitCrossed(
  before: OracleAccount,
  after: OracleAccount,
): 'insufficient_available' | 'ceiling_exceeded' | undefined {
  const available = availableOf(after);
  if (after.floor !== null && available < availableOf(before) && available < 0n) {
    return 'insufficient_available';
  }
  const exposure = exposureOf(after);
  if (after.ceiling !== null && exposure > exposureOf(before) && exposure > after.ceiling) {
    return 'ceiling_exceeded';
  }
  return undefined;
}

/** A hold must always have room to be captured in, so both counters of a side count together. */
export function isOverflowing(account: OracleAccount): boolean {
  return (
    account.postedDebits + account.pendingDebits > INT8_MAX ||
    account.postedCredits + account.pendingCredits > INT8_MAX
  );
}
