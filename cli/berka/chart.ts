// Owns the chart of accounts: which ledger accounts the bank's own books have, and the account of
// each customer, by region and district. External ids begin with the source, so that two banks can
// be loaded into one ledger.

import { formatDate } from '#kernel';
import type { OpenAccount } from '#ledger';
import { frequencies, nostros, ownPaths } from './mapping.ts';
import type { BankFiles } from './read.ts';
import { CURRENCY } from './tables.ts';

const names: Readonly<Record<string, string>> = {
  'assets:cash:vault': 'Cash in the vault',
  'expenses:interest:deposits': 'Interest paid on deposits',
  'expenses:rounding': 'Rounding differences',
  'income:fees:statement': 'Statement fees',
  'income:interest:penalty': 'Penalty interest on overdrafts',
  'liabilities:clearing:household': 'Household payments in clearing',
  'liabilities:clearing:insurance': 'Insurance payments in clearing',
  'liabilities:clearing:loans': 'Loan payments in clearing',
  'liabilities:clearing:pensions': 'Pensions in clearing',
  'liabilities:settlement:cards': 'Card withdrawals to settle',
};

export const ownAccountId = (source: string, path: string): string => `${source}:${path}`;

export const customerAccountId = (source: string, accountId: number): string =>
  `${source}:account:${accountId}`;

export const nostroPath = (bank: string): string => `${nostros}:${bank.toLowerCase()}`;

/** The bank's own accounts: none has a limit, because its opening position is not in the files. */
export function ownAccounts(source: string, files: BankFiles): OpenAccount[] {
  const banks = new Set(files.transactions.map(({ bank }) => bank).filter((bank) => bank !== ''));
  const fixed = ownPaths.map((path) => ({ path, name: names[path] ?? path }));
  const others = [...banks].toSorted().map((bank) => {
    return { path: nostroPath(bank), name: `Account with bank ${bank}` };
  });
  return [...fixed, ...others].map(({ path, name }) => ({
    externalId: ownAccountId(source, path),
    path,
    name,
    currency: CURRENCY,
    normalSide: /^(assets|expenses):/.test(path) ? 'debit' : 'credit',
    metadata: { source },
  }));
}

/** Each customer's account: floor zero, and below it only what the history needs. */
export function customerAccounts(
  source: string,
  files: BankFiles,
  creditLimits: ReadonlyMap<number, bigint>,
): OpenAccount[] {
  const places = new Map(files.districts.map((district) => [district.A1, district]));
  const owners = new Map(
    files.dispositions
      .filter(({ type }) => type === 'OWNER')
      .map(({ account_id, client_id }) => [account_id, client_id]),
  );
  return files.accounts.map((account) => {
    const place = places.get(account.district_id);
    const path = `liabilities:deposits:${slug(place?.A3 ?? '')}:${slug(place?.A2 ?? '')}`;
    return {
      externalId: customerAccountId(source, account.account_id),
      path,
      name: `Current account ${account.account_id}`,
      currency: CURRENCY,
      normalSide: 'credit',
      floor: 0n,
      creditLimit: creditLimits.get(account.account_id) ?? 0n,
      metadata: {
        source,
        opened: formatDate(account.date),
        district: String(account.district_id),
        statement: frequencies[account.frequency],
        owner: String(owners.get(account.account_id)),
      },
    };
  });
}

/** A name as one step of a path: "Brno - mesto" becomes brno_mesto. */
export function slug(name: string): string {
  const words = name.toLowerCase().match(/[a-z0-9]+/g) ?? ['unknown'];
  return words.join('_');
}
