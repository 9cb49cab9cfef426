// Owns the noun account: what one is, what may be said of it and which changes of it are legal.
// Pure. The balance figures are derived from the four counters and are never kept beside them.

import { assert, currencyOf, refuse, type AccountId, type Instant, type Refused } from '#kernel';
import {
  availableOf,
  balanceOf,
  expectedOf,
  pendingInOf,
  pendingOutOf,
} from './posting/balance.ts';
import type { Limits } from './posting/balance.ts';
import type { AccountStatus } from './posting/books.ts';
import type { Metadata, Side } from './posting/instruction.ts';
import type { Counters } from './posting/transfer.ts';
import type { AccountRefusalCode, LedgerRefusal } from './refusals.ts';

export const accountStatuses = [
  'open',
  'debits_frozen',
  'credits_frozen',
  'frozen',
  'closed',
] as const satisfies readonly AccountStatus[];

/** The counters of an account and the figures derived from them, in minor units. */
export interface Balances extends Counters {
  /** How many entries the account has: the version of its latest, 0 when it has none. */
  readonly version: bigint;
  /** Posted, on the normal side; negative when the other side outweighs it. */
  readonly balance: bigint;
  readonly pendingIn: bigint;
  readonly pendingOut: bigint;
  /** What may still leave. Without a floor nothing limits the account and this is informative. */
  readonly available: bigint;
}

export interface Account extends Limits {
  readonly id: AccountId;
  readonly tenant: string;
  readonly externalId: string | undefined;
  /** Its place in the chart of accounts: names joined by colons. */
  readonly path: string;
  readonly name: string;
  readonly currency: string;
  readonly state: AccountStatus;
  readonly metadata: Metadata | undefined;
  readonly openedAt: Instant;
  readonly changedAt: Instant;
  readonly balances: Balances;
}

/** An account to open. The same external id with the same content is the same account. */
export interface OpenAccount {
  readonly externalId?: string | undefined;
  readonly path: string;
  readonly name?: string | undefined;
  readonly currency: string;
  readonly normalSide: Side;
  /** Minor units the balance may not fall below, less the credit limit; null is no limit. */
  readonly floor?: bigint | null | undefined;
  /** Minor units the balance may not rise above; null is no limit. */
  readonly ceiling?: bigint | null | undefined;
  /** Minor units the balance may be below the floor. */
  readonly creditLimit?: bigint | undefined;
  readonly metadata?: Metadata | undefined;
}

/** What is to be different about an account; absent members stay as they are. */
export interface ChangeAccount {
  readonly accountId: AccountId;
  readonly name?: string | undefined;
  readonly floor?: bigint | null | undefined;
  readonly ceiling?: bigint | null | undefined;
  readonly creditLimit?: bigint | undefined;
  /** Replaces the whole; null removes it. */
  readonly metadata?: Metadata | null | undefined;
  readonly state?: AccountStatus | undefined;
}

export type AccountRefusal = LedgerRefusal<AccountRefusalCode>;

export const noCounters: Counters = {
  postedDebits: 0n,
  postedCredits: 0n,
  pendingDebits: 0n,
  pendingCredits: 0n,
};

export function balancesOf(limits: Limits, counters: Counters, version: bigint): Balances {
  const { postedDebits, postedCredits, pendingDebits, pendingCredits } = counters;
  return {
    version,
    postedDebits,
    postedCredits,
    pendingDebits,
    pendingCredits,
    balance: balanceOf(limits.normalSide, counters),
    pendingIn: pendingInOf(limits.normalSide, counters),
    pendingOut: pendingOutOf(limits.normalSide, counters),
    available: availableOf(limits, counters),
  };
}

export function no(
  code: AccountRefusalCode,
  message: string,
  param?: string,
): Refused<AccountRefusal> {
  return refuse(param === undefined ? { code, message } : { code, message, param });
}

const PATH = /^[A-Za-z0-9][A-Za-z0-9_.-]*(?::[A-Za-z0-9][A-Za-z0-9_.-]*)*$/;
/** Characters of a whole path, and names in one. */
export const PATH_LENGTH_MAX = 255;
export const PATH_DEPTH_MAX = 16;

export function isPath(text: string): boolean {
  if (text.length > PATH_LENGTH_MAX || !PATH.test(text)) return false;
  return text.split(':').length <= PATH_DEPTH_MAX;
}

/** Why an account like this cannot be opened, if it cannot. The form was checked at the edge. */
export function checkOpening(asked: OpenAccount): Refused<AccountRefusal> | undefined {
  assert(isPath(asked.path), 'the path of an account was not checked');
  if (currencyOf(asked.currency) === undefined) {
    const message = `no account can be kept in ${asked.currency}`;
    return no('account_currency_unknown', message, 'currency');
  }
  return checkLimits(limitsOf(asked), noCounters);
}

export function limitsOf(asked: OpenAccount): Limits {
  const { normalSide, floor = null, ceiling = null, creditLimit = 0n } = asked;
  return { normalSide, floor, ceiling, creditLimit };
}

/** Limits that the counters respect: an account is never beyond a limit by its being set. */
export function checkLimits(
  limits: Limits,
  counters: Counters,
): Refused<AccountRefusal> | undefined {
  const { floor, ceiling, creditLimit, normalSide } = limits;
  assert(creditLimit >= 0n, 'a credit limit is not negative');
  if (floor !== null && ceiling !== null && ceiling < floor) {
    const message = `the ceiling of ${ceiling} is below the floor of ${floor}`;
    return no('account_limits_crossed', message, 'ceiling');
  }
  const available = availableOf(limits, counters);
  if (floor !== null && available < 0n) {
    const message = `the account would have ${available} available`;
    return no('account_limit_below_balance', message, 'floor');
  }
  const expected = expectedOf(normalSide, counters);
  if (ceiling !== null && expected > ceiling) {
    const message = `the account stands at ${expected}, above a ceiling of ${ceiling}`;
    return no('account_limit_below_balance', message, 'ceiling');
  }
  return undefined;
}

/** Nothing on the account and nothing held: it may be closed. */
export function isEmpty(counters: Counters): boolean {
  const { postedDebits, postedCredits, pendingDebits, pendingCredits } = counters;
  return postedDebits === postedCredits && pendingDebits === 0n && pendingCredits === 0n;
}

export function isSameMetadata(left: Metadata | undefined, right: Metadata | undefined): boolean {
  const names = Object.keys(left ?? {});
  if (names.length !== Object.keys(right ?? {}).length) return false;
  return names.every((name) => left?.[name] === right?.[name]);
}

/**
 * The first member in which the account is not the one asked for, as the edge spells it. What can
 * change is compared only while it never has been: a retry after a change is still the same
 * request.
 */
export function differenceOf(asked: OpenAccount, existing: Account): string | undefined {
  const limits = limitsOf(asked);
  if (asked.path !== existing.path) return 'path';
  if (asked.currency !== existing.currency) return 'currency';
  if (limits.normalSide !== existing.normalSide) return 'normal_side';
  if (existing.changedAt !== existing.openedAt) return undefined;
  if ((asked.name ?? '') !== existing.name) return 'name';
  if (limits.floor !== existing.floor) return 'floor';
  if (limits.ceiling !== existing.ceiling) return 'ceiling';
  if (limits.creditLimit !== existing.creditLimit) return 'credit_limit';
  return isSameMetadata(asked.metadata, existing.metadata) ? undefined : 'metadata';
}
