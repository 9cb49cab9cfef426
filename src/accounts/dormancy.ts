// The job that lets accounts sleep which no customer has used for as long as their product says,
// and wakes those that were used since. Interest and fees of the bank are no use.

import { limits } from '#config';
import { DAY_US, type AccountId, type Instant } from '#kernel';
import { accountsById } from '#ledger';
import type { Database, Transaction, TransactionContext } from '#platform';
import type { BankAccount } from './account.ts';
import { lockBankAccount } from './bank-account-store.ts';
import { changeTo } from './change.ts';
import { lastDayOf } from './interest/run.ts';
import {
  lockPosition,
  selectIdle,
  selectOwnTransfers,
  selectStirred,
  selectTenants,
} from './interest/position-store.ts';
import { selectProducts } from './products/product-store.ts';
import { versionOn, type DormancyTerms } from './products/product.ts';
import { productVersions } from './products/products.ts';

export interface DormancyRun {
  readonly asleep: number;
  readonly woken: number;
}

/** Of each product at most so many accounts, so that a run ends; the next goes on. */
export async function runDormancy(
  database: Database,
  context: TransactionContext,
): Promise<DormancyRun> {
  let asleep = 0;
  let woken = 0;
  for (const tenant of await selectTenants(database)) {
    const own = { ...context, tenant };
    const products = await database.transaction(own, dormancyOf);
    for (const [product, terms] of products) {
      await database.transaction(own, async (tx) => {
        if (terms.wakesBy === 'activity') woken += await wake(tx, product);
        asleep += await letSleep(tx, product, terms);
      });
    }
  }
  return { asleep, woken };
}

const PRODUCTS_MAX = 1_000;

async function dormancyOf(tx: Transaction): Promise<Map<string, DormancyTerms>> {
  const latest = await selectProducts(tx, { after: undefined, countMax: PRODUCTS_MAX });
  const versions = await productVersions(
    tx,
    latest.map(({ code }) => code),
  );
  const found = new Map<string, DormancyTerms>();
  for (const [code, each] of versions) {
    const terms = versionOn(each, tx.now)?.terms.dormancy;
    if (terms !== undefined) found.set(code, terms);
  }
  return found;
}

async function letSleep(tx: Transaction, product: string, terms: DormancyTerms): Promise<number> {
  const since = (tx.now - terms.afterDays * DAY_US) as Instant;
  const countMax = limits.bookingBatchAccounts.value;
  const ids = await selectIdle(tx, { product, since, through: lastDayOf(tx.now), countMax });
  let count = 0;
  for (const id of ids) {
    const account = await lockBankAccount(tx, id);
    if (account?.status !== 'active' || (await wasUsedJustNow(tx, id))) continue;
    const reason = `not used for ${terms.afterDays} days`;
    const becoming = { status: 'dormant', reason, rule: terms.wakesBy } as const;
    if ((await changeTo(tx, account, becoming)).ok) count += 1;
  }
  return count;
}

/** Since its days were last counted. */
async function wasUsedJustNow(tx: Transaction, id: AccountId): Promise<boolean> {
  const [books] = await accountsById(tx, [id]);
  const position = await lockPosition(tx, id);
  if (books === undefined || position === undefined) return true;
  const own = await selectOwnTransfers(tx, [position]);
  return books.balances.version > position.seenVersion + BigInt(own.length);
}

async function wake(tx: Transaction, product: string): Promise<number> {
  const countMax = limits.bookingBatchAccounts.value;
  let count = 0;
  for (const id of await selectStirred(tx, { product, countMax })) {
    const account: BankAccount | undefined = await lockBankAccount(tx, id);
    if (account?.status !== 'dormant') continue;
    const becoming = { status: 'active', reason: 'used again', rule: undefined } as const;
    if ((await changeTo(tx, account, becoming)).ok) count += 1;
  }
  return count;
}
