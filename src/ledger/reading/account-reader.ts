// Reads accounts for the edge: requests that arrive together share one statement for each tenant.
// It begins after the last of them has arrived, so each sees what was committed before it asked.

import { gather, type Gathering } from '#gateway';
import type { AccountId, Clock } from '#kernel';
import { rowsFor, type Database } from '#platform';
import type { Account } from '../account.ts';
import { findAccounts } from '../store/account-store.ts';

export interface AccountReader {
  /** The account with its balances now, of the tenant or, without one, of any. */
  read(id: AccountId, tenant: string | undefined): Promise<Account | undefined>;
}

interface Asked {
  readonly id: AccountId;
  readonly tenant: string | undefined;
}

export function openAccountReader(
  options: Gathering & { readonly database: Database; readonly clock: Clock },
): AccountReader {
  const { database, clock } = options;
  const coalescer = gather<Asked, Account | undefined>(options, 'accounts', async (asked) => {
    const now = clock.now();
    const groups = [...Map.groupBy(asked, ({ tenant }) => tenant)];
    const found = new Map<string | undefined, ReadonlyMap<AccountId, Account>>();
    for (const [tenant, group] of groups) {
      const rows = rowsFor(database, tenant);
      const accounts = await findAccounts(rows, [...new Set(group.map(({ id }) => id))], now);
      found.set(tenant, new Map(accounts.map((account) => [account.id, account])));
    }
    return asked.map(({ id, tenant }) => found.get(tenant)?.get(id));
  });
  return { read: (id, tenant) => coalescer.submit({ id, tenant }) };
}
