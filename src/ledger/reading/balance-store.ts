// Owns the SQL that looks back along one account. Its recorded times never fall as its version
// rises, so the version known at a time is found by halving, and the counters of that version stand
// in its entry. Entries are partitioned, and each question walks the key (account, version).

import { assert, formatInstant, uuidOf, type AccountId, type Instant } from '#kernel';
import type { Queryable } from '#platform';
import type { Counters } from '../posting/transfer.ts';

/** The version the account had once everything recorded up to the time was; 0 before its first. */
export async function versionAt(
  queryable: Queryable,
  accountId: AccountId,
  recordedAt: Instant,
): Promise<bigint> {
  const rows = await queryable.query<{ version: bigint }>({
    name: 'ledger.version_at',
    text: `with recursive search (low, high) as (
        select 0::bigint, b.version from ledger.balances b where b.account_id = $1::uuid
        union all
        select case when e.recorded_at <= $2::timestamptz then s.middle else s.low end,
          case when e.recorded_at <= $2::timestamptz then s.high else s.middle - 1 end
        from (select low, high, (low + high + 1) / 2 as middle from search where low < high) s
          cross join lateral (
            select recorded_at from ledger.entries
            where account_id = $1::uuid and version = s.middle
          ) e
      )
      select low as version from search where low = high`,
    values: [uuidOf(accountId), formatInstant(recordedAt)],
  });
  assert(rows[0] !== undefined, `the entries of account ${accountId} have a gap`);
  return rows[0].version;
}

interface CountersRow {
  readonly posted_debits: bigint;
  readonly posted_credits: bigint;
  readonly pending_debits: bigint;
  readonly pending_credits: bigint;
}

/** The counters after the entry of a version above 0. */
export async function countersAtVersion(
  queryable: Queryable,
  accountId: AccountId,
  version: bigint,
): Promise<Counters> {
  const rows = await queryable.query<CountersRow>({
    name: 'ledger.counters_at_version',
    text: `select posted_debits, posted_credits, pending_debits, pending_credits
      from ledger.entries where account_id = $1::uuid and version = $2`,
    values: [uuidOf(accountId), version],
  });
  const row = rows[0];
  assert(row !== undefined, `account ${accountId} has no entry of version ${version}`);
  return {
    postedDebits: row.posted_debits,
    postedCredits: row.posted_credits,
    pendingDebits: row.pending_debits,
    pendingCredits: row.pending_credits,
  };
}

/** A run of an account's versions: above `after`, up to `upTo`. */
export interface Versions {
  readonly after: bigint;
  readonly upTo: bigint;
}

export interface Moved {
  readonly debits: bigint;
  readonly credits: bigint;
}

/** What the entries of a run moved with an effective time after the given one. */
export async function movedAfter(
  queryable: Queryable,
  accountId: AccountId,
  versions: Versions,
  effectiveAt: Instant,
): Promise<Moved> {
  const rows = await queryable.query<{ debits: string | null; credits: string | null }>({
    name: 'ledger.moved_after',
    text: `select sum(posted) filter (where is_debit) as debits,
        sum(posted) filter (where not is_debit) as credits
      from ledger.entries
      where account_id = $1::uuid and version > $2 and version <= $3
        and effective_at > $4::timestamptz`,
    values: [uuidOf(accountId), versions.after, versions.upTo, formatInstant(effectiveAt)],
  });
  return { debits: BigInt(rows[0]?.debits ?? 0), credits: BigInt(rows[0]?.credits ?? 0) };
}
