// Tells who stands behind accounts when the bank speaks of them to others: the name of the first
// owner, as long as it is known, and the account's IBAN. Changes nothing.

import { bankAccounts, customersById } from '#accounts';
import type { AccountId } from '#kernel';
import type { Transaction } from '#platform';

export interface Originator {
  readonly iban: string | undefined;
  /** Undefined where the account is nobody's, or its owner was erased. */
  readonly name: string | undefined;
  readonly isCompany: boolean;
}

/** Of the accounts that are customers'. */
export async function originatorsOf(
  tx: Transaction,
  accountIds: readonly AccountId[],
): Promise<ReadonlyMap<AccountId, Originator>> {
  const accounts = (await bankAccounts(tx, [...new Set(accountIds)])).flatMap((found) => {
    const first = found?.owners.find(({ role }) => role === 'owner');
    return found === undefined ? [] : [{ id: found.id, iban: found.iban, owner: first?.customer }];
  });
  const owners = new Set(accounts.flatMap(({ owner }) => owner ?? []));
  const customers = owners.size === 0 ? undefined : await customersById(tx, [...owners]);
  return new Map(
    accounts.map(({ id, iban, owner }) => {
      const known = owner === undefined ? undefined : customers?.get(owner);
      const isCompany = known?.kind === 'company';
      return [id, { iban, name: known?.particulars?.name, isCompany }];
    }),
  );
}
