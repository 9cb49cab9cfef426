// Reads bank accounts: by id, by number, by holder. Changes nothing and asks once for many.

import type { AccountId } from '#kernel';
import type { Queryable } from '#platform';
import type { AccountNumber, BankAccount } from './account.ts';
import { selectBankAccounts, selectByNumbers } from './bank-account-store.ts';

/** Each account by its number, in order; undefined where no account of the bank has it. */
export async function findByNumbers(
  queryable: Queryable,
  numbers: readonly AccountNumber[],
): Promise<(BankAccount | undefined)[]> {
  return numbers.length === 0 ? [] : await selectByNumbers(queryable, numbers);
}

/** Each bank account by id, in order; undefined where it is none: a book of the bank's own. */
export async function bankAccounts(
  queryable: Queryable,
  ids: readonly AccountId[],
): Promise<(BankAccount | undefined)[]> {
  if (ids.length === 0) return [];
  const found = await selectBankAccounts(queryable, ids);
  const byId = new Map(found.map((account) => [account.id, account]));
  return ids.map((id) => byId.get(id));
}
