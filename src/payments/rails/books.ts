// Owns the ledger accounts of a rail, opened when first needed. Money in transit equals what
// customers paid and the rail has neither settled nor rejected.

import { record } from '#audit';
import { assert, type AccountId } from '#kernel';
import { openAccounts, type OpenAccount } from '#ledger';
import { FIRST_TENANT, type Transaction } from '#platform';
import { paymentActions } from '../audit-actions.ts';
import { namedTenant } from '../facts.ts';
import type { RailName } from '../payment.ts';
import { insertRailBooks, selectRailBooks, type BookRow } from '../store/books-store.ts';

/**
 * transit: paid by our customers, not yet settled. nostro: ours at the rail. incoming: came in, and
 * the customer's account could not take it. claims: went out, and the customer's account could not
 * give it. The last two wait for a person.
 */
export const railBookNames = ['transit', 'nostro', 'incoming', 'claims'] as const;
export type RailBookName = (typeof railBookNames)[number];
export type RailBooks = Readonly<Record<RailBookName, AccountId>>;

const accountsOf = {
  transit: { path: 'liabilities:rails', normalSide: 'credit', floor: 0n },
  nostro: { path: 'assets:rails', normalSide: 'debit' },
  incoming: { path: 'liabilities:rails', normalSide: 'credit' },
  claims: { path: 'assets:rails', normalSide: 'debit' },
} as const satisfies Record<RailBookName, Omit<OpenAccount, 'currency'>>;

/** Names the books of one rail in one currency. */
export function booksKey(rail: string, currency: string): string {
  return `${rail}:${currency}`;
}

/** The books that are there already, by their key. */
export function booksByKey(rows: readonly BookRow[]): ReadonlyMap<string, RailBooks> {
  const found = new Map<string, Partial<Record<RailBookName, AccountId>>>();
  for (const { rail, currency, book, accountId } of rows) {
    const key = booksKey(rail, currency);
    found.set(key, { ...found.get(key), [book]: accountId });
  }
  const whole = new Map<string, RailBooks>();
  for (const [key, { transit, nostro, incoming, claims }] of found) {
    if (transit && nostro && incoming && claims) {
      whole.set(key, { transit, nostro, incoming, claims });
    }
  }
  return whole;
}

/** The books of a rail in a currency, opened where they are not. */
export async function railBooks(
  tx: Transaction,
  rail: RailName,
  currency: string,
): Promise<RailBooks> {
  const key = booksKey(rail, currency);
  const found = booksByKey(await selectRailBooks(tx, [{ rail, currency }])).get(key);
  return found ?? (await openBooks(tx, rail, currency));
}

async function openBooks(tx: Transaction, rail: RailName, currency: string): Promise<RailBooks> {
  const results = await openAccounts(
    tx,
    railBookNames.map((book) => ({
      ...accountsOf[book],
      path: `${accountsOf[book].path}:${rail}:${book}`,
      externalId: `rail:${rail}:${book}:${currency}`,
      name: `${rail} ${book}`,
      currency,
    })),
  );
  const rows = railBookNames.map((book, index): BookRow => {
    const result = results[index];
    assert(result?.ok === true, `an account of the rail ${rail} could not be opened`);
    return { rail, currency, book, accountId: result.value.id };
  });
  if (await insertRailBooks(tx, rows)) {
    const after = Object.fromEntries(rows.map(({ book, accountId }) => [book, accountId]));
    const action = paymentActions['payments.books.open'];
    const tenant = namedTenant(tx.tenant ?? FIRST_TENANT);
    const name = `rail:${rail}:${currency}`;
    const target = tenant === undefined ? name : `${tenant}:${name}`;
    await record(tx, [{ action, target, after }]);
  }
  const books = booksByKey(rows).get(booksKey(rail, currency));
  assert(books !== undefined, 'the books of a rail are opened together');
  return books;
}
