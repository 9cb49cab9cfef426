// Owns what the books say of a nostro account that no statement has confirmed: the entries after
// those that are all matched, in their order. How many are looked at is bounded.

import { limits } from '#config';
import { Fault, uuidOf, type Instant, type Uuid } from '#kernel';
import { listEntries, type AccountEntry } from '#ledger';
import type { Queryable } from '#platform';
import type { Nostro } from './nostro.ts';
import { matchedVersions } from './statement-store.ts';

export interface BookEntry {
  /** Of the account, which names the entry. */
  readonly version: bigint;
  /** Minor units: above zero what came to us, as on a statement. */
  readonly amount: bigint;
  /** The value date. */
  readonly on: Instant;
  readonly transfer: Uuid;
  readonly references: readonly string[];
}

export interface UnmatchedBooks {
  readonly entries: readonly BookEntry[];
  /** The version up to which all are matched, once these are too. */
  matchedUpTo(also: ReadonlySet<bigint>): bigint;
}

const PAGE = 10_000;

export async function unmatchedBooks(
  queryable: Queryable,
  { accountId, matchedUpTo }: Pick<Nostro, 'accountId' | 'matchedUpTo'>,
): Promise<UnmatchedBooks> {
  const matched = await matchedVersions(queryable, accountId, matchedUpTo);
  const entries: BookEntry[] = [];
  let last = matchedUpTo;
  let after: bigint | undefined = matchedUpTo;
  while (after !== undefined) {
    const query = { order: 'asc', after, limit: PAGE } as const;
    const page = await listEntries(queryable, accountId, query, NEVER);
    for (const entry of page?.entries ?? []) {
      last = entry.version;
      // A hold has moved nothing yet.
      if (entry.posted !== 0n && !matched.has(entry.version)) entries.push(bookEntryOf(entry));
    }
    if (entries.length > limits.reconciliationBookEntriesMax.value) {
      const message = 'Too many entries of the account wait for a statement.';
      throw new Fault('reconciliation_too_large', { retryable: false, message });
    }
    after = page?.next;
  }
  return {
    entries,
    matchedUpTo(also) {
      const first = entries.find(({ version }) => !also.has(version));
      return first === undefined ? last : first.version - 1n;
    },
  };
}

// What is held does not matter here, so no time is needed to say what is still held.
const NEVER = 0 as Instant;

function bookEntryOf(entry: AccountEntry): BookEntry {
  const { effectiveAt, externalId, posted, side, transferId, version } = entry;
  return {
    version,
    amount: side === 'debit' ? posted : -posted,
    on: effectiveAt,
    transfer: uuidOf(transferId),
    references: externalId === undefined ? [transferId] : [transferId, externalId],
  };
}
