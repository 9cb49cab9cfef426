// Reads holds: by id, and the open ones of an account. A hold is over at its deadline, to the
// microsecond, whether or not it has been swept yet.

import type { AccountId, Instant, TransferId } from '#kernel';
import type { Queryable } from '#platform';
import { findAccount } from '../store/account-store.ts';
import type { Account } from '../account.ts';
import { PAGE_SCAN_MAX } from './entries.ts';
import { findHolds, selectOpenHolds, type Hold } from './transfer-store.ts';

export type { HeldLeg, Hold } from './transfer-store.ts';

export async function hold(
  queryable: Queryable,
  id: TransferId,
  now: Instant,
): Promise<Hold | undefined> {
  const [found] = await findHolds(queryable, [id], now);
  return found;
}

export interface HoldPage {
  readonly account: Account;
  readonly holds: readonly Hold[];
  /** The version of the account at which the next page begins; undefined at the end. */
  readonly next: bigint | undefined;
}

/** The account's open holds, newest first, or undefined where there is no such account. */
export async function listOpenHolds(
  queryable: Queryable,
  accountId: AccountId,
  page: { readonly after?: bigint | undefined; readonly limit: number },
  now: Instant,
): Promise<HoldPage | undefined> {
  const account = await findAccount(queryable, accountId, now);
  if (account === undefined) return undefined;
  const { version, pendingIn, pendingOut } = account.balances;
  const upTo = page.after === undefined ? version : page.after - 1n;
  // Nothing pending means no open hold: the common case costs no reading of entries.
  if (upTo <= 0n || (pendingIn === 0n && pendingOut === 0n)) {
    return { account, holds: [], next: undefined };
  }
  const isCut = upTo > PAGE_SCAN_MAX;
  const versions = { after: isCut ? upTo - PAGE_SCAN_MAX : 0n, upTo };
  const options = { now, limit: page.limit + 1 };
  const found = await selectOpenHolds(queryable, accountId, versions, options);
  const shown = found.slice(0, page.limit);
  const holds = shown.map((one) => one.hold);
  if (found.length > page.limit) return { account, holds, next: shown.at(-1)?.version };
  return { account, holds, next: isCut ? versions.after + 1n : undefined };
}
