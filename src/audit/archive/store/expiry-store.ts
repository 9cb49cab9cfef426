// The SQL of expiry: objects whose retention is over and that no legal hold covers are given up,
// and what was given up is removed. Rows are only added.

import { formatInstant, type Instant } from '#kernel';
import type { Queryable, Transaction } from '#platform';
import type { RetentionClass } from '../../action.ts';
import { instantIn, us } from './archive-store.ts';

export interface DueArchive {
  readonly number: number;
  readonly key: string;
  readonly month: number;
  readonly retention: RetentionClass;
  readonly retainUntil: Instant;
  readonly leafCount: number;
}

export async function selectDue(
  q: Queryable,
  { now, countMax }: { readonly now: Instant; readonly countMax: number },
): Promise<DueArchive[]> {
  const rows = await q.query<{
    number: bigint;
    object_key: string;
    month: number;
    retention: RetentionClass;
    retain_until: bigint;
    leaf_count: number;
  }>({
    name: 'audit.select_due_archives',
    text: `select a.number, a.object_key, a.month, a.retention,
        ${us('a.retain_until')} as retain_until, a.leaf_count
      from audit.archives a
      where a.retain_until <= $1
        and not exists (select from audit.archive_expiries e where e.archive = a.number)
        and not exists (select from audit.active_legal_holds h
          where a.month between h.from_month and h.to_month
            and (h.retention is null or h.retention = a.retention))
        and exists (select from audit.removed_months r where r.month = a.month)
      order by a.retain_until, a.number limit $2`,
    values: [formatInstant(now), countMax],
  });
  return rows.map((row) => ({
    number: Number(row.number),
    key: row.object_key,
    month: row.month,
    retention: row.retention,
    retainUntil: instantIn(row.retain_until),
    leafCount: row.leaf_count,
  }));
}

export async function insertExpiry(tx: Transaction, archive: number): Promise<void> {
  await tx.query({
    name: 'audit.insert_expiry',
    text: `insert into audit.archive_expiries (archive, expired_at, actor) values ($1, $2, $3)`,
    values: [archive, formatInstant(tx.now), tx.actor],
  });
}

export interface UnremovedArchive {
  readonly number: number;
  readonly key: string;
}

/** Given up, but perhaps still in the store of objects. */
export async function selectUnremoved(
  q: Queryable,
  { after, countMax }: { readonly after: number; readonly countMax: number },
): Promise<UnremovedArchive[]> {
  const rows = await q.query<{ number: bigint; object_key: string }>({
    name: 'audit.select_unremoved_archives',
    text: `select a.number, a.object_key from audit.archive_expiries e
      join audit.archives a on a.number = e.archive
      where e.archive > $1
        and not exists (select from audit.archive_removals r where r.archive = e.archive)
      order by e.archive limit $2`,
    values: [after, countMax],
  });
  return rows.map(({ number, object_key: key }) => ({ number: Number(number), key }));
}

export async function insertRemovals(
  q: Queryable,
  archives: readonly number[],
  now: Instant,
): Promise<void> {
  await q.query({
    name: 'audit.insert_removals',
    text: `insert into audit.archive_removals (archive, removed_at)
      select n.archive, $2::timestamptz from unnest($1::bigint[]) as n (archive)
      on conflict do nothing`,
    values: [archives, formatInstant(now)],
  });
}
