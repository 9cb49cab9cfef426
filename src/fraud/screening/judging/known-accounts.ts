// Owns what is remembered of a tenant's accounts while they are screened: the product, and who owns
// them. It may be older than the account is by as long as a limit says, and is never more than
// another limit's number of accounts.

import { bankAccounts, type CustomerId } from '#accounts';
import { limits } from '#config';
import type { AccountId } from '#kernel';
import type { Queryable } from '#platform';

export interface KnownAccount {
  /** Undefined where it is no bank account. */
  readonly product: string | undefined;
  /** The first owner. */
  readonly customer: CustomerId | undefined;
}

export interface KnownAccounts {
  /** Those of the list, once each; asks for what is not remembered in one statement. */
  read(reader: Queryable, ids: readonly AccountId[]): Promise<ReadonlyMap<AccountId, KnownAccount>>;
}

interface Remembered extends KnownAccount {
  readonly untilMs: number;
}

export function openKnownAccounts(): KnownAccounts {
  const known = new Map<AccountId, Remembered>();
  return {
    async read(reader, ids) {
      const nowMs = performance.now();
      const read = new Map<AccountId, KnownAccount>();
      const missing = new Set<AccountId>();
      for (const id of ids) {
        const account = known.get(id);
        if (account !== undefined && account.untilMs > nowMs) read.set(id, account);
        else missing.add(id);
      }
      if (missing.size === 0) return read;
      const asked = [...missing];
      const found = await bankAccounts(reader, asked);
      if (known.size + asked.length > limits.fraudAccountsKnownMax.value) known.clear();
      const untilMs = nowMs + limits.fraudAccountKnownMaxMs.value;
      for (const [index, id] of asked.entries()) {
        const account = found[index];
        const customer = account?.owners[0]?.customer;
        const remembered = { product: account?.product, customer, untilMs };
        known.set(id, remembered);
        read.set(id, remembered);
      }
      return read;
    },
  };
}
