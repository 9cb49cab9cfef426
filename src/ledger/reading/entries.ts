// Reads the entries of one account a page at a time, newest first or oldest first. A page looks at
// a bounded number of entries, so that a filter which nothing passes costs no more than one that
// all do; such a page may be short, or empty, while more is to come.

import type { AccountId, Instant } from '#kernel';
import type { Queryable } from '#platform';
import { findAccount } from '../store/account-store.ts';
import type { Account } from '../account.ts';
import { versionAt } from './balance-store.ts';
import { selectEntries, type AccountEntry, type EntryFilter, type Order } from './entry-store.ts';

export type { AccountEntry, EntryFilter, Order } from './entry-store.ts';

/** Entries that one page looks at, at most: well under a second of reading. */
export const PAGE_SCAN_MAX = 100_000n;

export interface EntryQuery extends EntryFilter {
  /** Both inclusive. */
  readonly recordedFrom?: Instant | undefined;
  readonly recordedTo?: Instant | undefined;
  readonly order?: Order | undefined;
  /** The version up to which the last page came. */
  readonly after?: bigint | undefined;
  readonly limit: number;
}

export interface EntryPage {
  readonly account: Account;
  readonly entries: readonly AccountEntry[];
  /** Where the next page begins; undefined at the end. */
  readonly next: bigint | undefined;
}

/** A page of an account's entries, or undefined where there is no such account. */
export async function listEntries(
  queryable: Queryable,
  accountId: AccountId,
  query: EntryQuery,
  now: Instant,
): Promise<EntryPage | undefined> {
  const account = await findAccount(queryable, accountId, now);
  if (account === undefined) return undefined;
  const { order = 'desc', after, limit } = query;
  const bounds = await boundsOf(queryable, account, query);
  let low = bounds.after;
  let high = bounds.upTo;
  if (order === 'desc' && after !== undefined && after - 1n < high) high = after - 1n;
  if (order === 'asc' && after !== undefined && after > low) low = after;
  if (low >= high) return { account, entries: [], next: undefined };
  const isCut = query.transferId === undefined && high - low > PAGE_SCAN_MAX;
  if (isCut && order === 'desc') low = high - PAGE_SCAN_MAX;
  if (isCut && order === 'asc') high = low + PAGE_SCAN_MAX;
  const versions = { after: low, upTo: high };
  const options = { order, limit: limit + 1 };
  const entries = await selectEntries(queryable, accountId, versions, query, options);
  if (entries.length > limit) {
    entries.length = limit;
    return { account, entries, next: entries.at(-1)?.version };
  }
  const scannedTo = order === 'desc' ? low + 1n : high;
  return { account, entries, next: isCut ? scannedTo : undefined };
}

// Recorded times never fall as the version rises, so a span of them is a run of versions.
async function boundsOf(
  queryable: Queryable,
  account: Account,
  { recordedFrom, recordedTo }: EntryQuery,
): Promise<{ after: bigint; upTo: bigint }> {
  const latest = account.balances.version;
  if (latest === 0n) return { after: 0n, upTo: 0n };
  const before = recordedFrom === undefined ? undefined : ((recordedFrom - 1) as Instant);
  return {
    after: before === undefined ? 0n : await versionAt(queryable, account.id, before),
    upTo: recordedTo === undefined ? latest : await versionAt(queryable, account.id, recordedTo),
  };
}
