// The SQL that compares what months had with what the archive has of them.

import type { Queryable } from '#platform';

/** Counts of leaves. */
export interface MonthTotal {
  readonly month: number;
  /** In the bundles that left the database. */
  readonly removed: number;
  /** With a place in the log. */
  readonly placed: number;
  /** In archive objects. */
  readonly archived: number;
  /** In manifests. */
  readonly listed: number;
}

/** The months that left the database. */
export async function selectMonthTotals(q: Queryable): Promise<MonthTotal[]> {
  const rows = await q.query<{
    month: number;
    removed: bigint;
    placed: bigint;
    archived: bigint;
    listed: bigint;
  }>({
    name: 'audit.select_month_totals',
    text: `select r.month, r.leaf_count as removed,
        (select coalesce(sum(p.leaf_count), 0)::bigint from audit.places p
          where p.month = r.month) as placed,
        (select coalesce(sum(a.leaf_count), 0)::bigint from audit.archives a
          where a.month = r.month) as archived,
        (select coalesce(sum(m.leaf_count), 0)::bigint from audit.manifests m
          where m.month = r.month) as listed
      from audit.removed_months r order by r.month`,
  });
  return rows.map(({ month, removed, placed, archived, listed }) => ({
    month,
    removed: Number(removed),
    placed: Number(placed),
    archived: Number(archived),
    listed: Number(listed),
  }));
}
