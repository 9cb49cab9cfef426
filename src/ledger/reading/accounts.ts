// Reads accounts: by id, by external id, and as pages of the chart of accounts in its own order.

import type { AccountId, Instant } from '#kernel';
import type { Queryable } from '#platform';
import type { Account } from '../account.ts';
import {
  findAccount,
  findAccountByExternalId,
  findAccounts,
  selectAccounts,
  type AccountFilter,
} from '../store/account-store.ts';

export type { AccountFilter } from '../store/account-store.ts';

// Before this time no hold is due, so an absent time means the counters as they are stored.
const NEVER = 0 as Instant;

/** The account, with its balances at the time; without one, holds count until they are swept. */
export async function account(
  queryable: Queryable,
  id: AccountId,
  now: Instant = NEVER,
): Promise<Account | undefined> {
  return await findAccount(queryable, id, now);
}

/** Those of the accounts that there are, in any order. */
export async function accountsById(
  queryable: Queryable,
  ids: readonly AccountId[],
  now: Instant = NEVER,
): Promise<Account[]> {
  return ids.length === 0 ? [] : await findAccounts(queryable, ids, now);
}

export async function accountByExternalId(
  queryable: Queryable,
  externalId: string,
  now: Instant = NEVER,
): Promise<Account | undefined> {
  return await findAccountByExternalId(queryable, externalId, now);
}

export interface AccountPage {
  readonly accounts: readonly Account[];
  readonly hasMore: boolean;
}

/** In the order of path, then id. */
export async function listAccounts(
  queryable: Queryable,
  filter: AccountFilter,
  now: Instant = NEVER,
): Promise<AccountPage> {
  const found = await selectAccounts(queryable, { ...filter, limit: filter.limit + 1 }, now);
  return { accounts: found.slice(0, filter.limit), hasMore: found.length > filter.limit };
}
