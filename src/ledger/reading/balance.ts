// Reads an account's balance: now, at an effective time, and as it was known at a recorded time.
// What was known of a past moment is never changed by what is posted later.

import { limits } from '#config';
import { DAY_US, type AccountId, type Instant } from '#kernel';
import type { Queryable } from '#platform';
import { findAccount } from '../store/account-store.ts';
import { balancesOf, noCounters, type Account, type Balances } from '../account.ts';
import type { Counters } from '../posting/transfer.ts';
import { countersAtVersion, movedAfter, versionAt } from './balance-store.ts';

/** A point of two time lines; an absent one means everything there is. */
export interface AsOf {
  /** Only what has this value date or an earlier one. */
  readonly effectiveAt?: Instant | undefined;
  /** Only what was recorded by then. */
  readonly recordedAt?: Instant | undefined;
}

/**
 * How far ahead of its recording a value date may lie. So whatever has
 * a value date after E was recorded after E less this, and nothing earlier has to be looked at.
 */
const EFFECTIVE_AHEAD_MAX_US = limits.effectiveAheadMaxDays.value * DAY_US;

/** The version that had been recorded by the time asked for; the latest when none is asked for. */
export async function knownVersion(
  queryable: Queryable,
  account: Account,
  recordedAt: Instant | undefined,
): Promise<bigint> {
  if (recordedAt === undefined || account.balances.version === 0n) return account.balances.version;
  return await versionAt(queryable, account.id, recordedAt);
}

/** The posted counters of the versions up to one, less what has a later value date than asked. */
export async function postedAsOf(
  queryable: Queryable,
  account: { readonly id: AccountId },
  version: bigint,
  effectiveAt: Instant,
  counters: Counters,
): Promise<Counters> {
  if (version === 0n) return counters;
  const earliest = (effectiveAt - EFFECTIVE_AHEAD_MAX_US) as Instant;
  const after = await versionAt(queryable, account.id, earliest);
  if (after >= version) return counters;
  const later = await movedAfter(queryable, account.id, { after, upTo: version }, effectiveAt);
  return {
    ...counters,
    postedDebits: counters.postedDebits - later.debits,
    postedCredits: counters.postedCredits - later.credits,
  };
}

/**
 * The balance as of two times, or undefined where there is no such account. A value date belongs to
 * posted money only: what is pending is what was held by the recorded time. `available` follows
 * from the limits in force now, because an account keeps no history of its limits.
 */
export async function balanceAt(
  queryable: Queryable,
  accountId: AccountId,
  asOf: AsOf,
  now: Instant,
): Promise<{ readonly account: Account; readonly balances: Balances } | undefined> {
  const account = await findAccount(queryable, accountId, now);
  if (account === undefined) return undefined;
  const version = await knownVersion(queryable, account, asOf.recordedAt);
  let counters: Counters = account.balances;
  // The latest version's counters are at hand, and know of holds due but not swept.
  if (version === 0n) counters = noCounters;
  else if (version < account.balances.version) {
    counters = await countersAtVersion(queryable, accountId, version);
  }
  const { effectiveAt } = asOf;
  if (effectiveAt !== undefined) {
    counters = await postedAsOf(queryable, account, version, effectiveAt, counters);
  }
  return { account, balances: balancesOf(account, counters, version) };
}
