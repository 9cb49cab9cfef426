// Owns the SQL on closed periods. The advisory lock orders a close against postings: they hold it
// shared until they commit, so whoever holds it alone sees all of them and holds up new ones.

import { formatInstant, type Instant } from '#kernel';
import type { Queryable, Transaction } from '#platform';

export interface PeriodClose {
  /** Nothing is posted with an effective time before this any more. */
  readonly closedBefore: Instant;
  readonly closedAt: Instant;
  readonly actor: string;
}

interface PeriodCloseRow {
  readonly closed_before_us: bigint;
  readonly closed_at_us: bigint;
  readonly actor: string;
}

/** Waits for the postings under way; answers the latest recorded time of all accounts. */
export async function lockPeriods(tx: Transaction): Promise<Instant | undefined> {
  await tx.query({ text: `select pg_advisory_xact_lock(hashtext('ledger.period'))` });
  const [row] = await tx.query<{ at: bigint | null }>({
    text: 'select max(changed_at_us) as at from ledger.balances',
  });
  return row === undefined || row.at === null ? undefined : (Number(row.at) as Instant);
}

/** Latest first. */
export async function selectPeriodCloses(
  queryable: Queryable,
  page: { readonly before?: Instant | undefined; readonly limit: number },
): Promise<PeriodClose[]> {
  const rows = await queryable.query<PeriodCloseRow>({
    text: `select (extract(epoch from closed_before) * 1000000)::bigint as closed_before_us,
        (extract(epoch from closed_at) * 1000000)::bigint as closed_at_us, actor
      from ledger.period_closes
      where $1::timestamptz is null or closed_before < $1::timestamptz
      order by closed_before desc limit $2`,
    values: [page.before === undefined ? null : formatInstant(page.before), page.limit],
  });
  return rows.map((row) => ({
    closedBefore: Number(row.closed_before_us) as Instant,
    closedAt: Number(row.closed_at_us) as Instant,
    actor: row.actor,
  }));
}

export async function insertPeriodClose(tx: Transaction, close: PeriodClose): Promise<void> {
  await tx.query({
    text: `insert into ledger.period_closes (closed_before, closed_at, actor)
      values ($1::timestamptz, $2::timestamptz, $3)`,
    values: [formatInstant(close.closedBefore), formatInstant(close.closedAt), close.actor],
  });
}
