// The SQL that tells which records are not kept any more.

import { formatInstant } from '#kernel';
import type { Queryable } from '#platform';
import type { RetentionClass } from '../action.ts';
import { endOfMonth } from '../archive/month.ts';

/**
 * From when on the records of a class are all kept, RFC 3339; classes that lost none are absent.
 */
export async function keptFrom(queryable: Queryable): Promise<Map<RetentionClass, string>> {
  const rows = await queryable.query<{ retention: RetentionClass; month: number }>({
    text: `select a.retention, max(a.month) as month
      from audit.archive_expiries e join audit.archives a on a.number = e.archive
      group by a.retention`,
  });
  return new Map(rows.map(({ retention, month }) => [retention, formatInstant(endOfMonth(month))]));
}
