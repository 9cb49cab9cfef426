// Makes files fewer in the lakes of all tenants, beside everything else.

import { limits } from '#config';
import { addDays, startOfDay } from '#kernel';
import type { Objects, Queryable, TransactionContext } from '#platform';
import { selectLogTenants } from '../../log/log-store.ts';
import { openLakeThread } from '../apart/thread.ts';
import { sumOf, type CompactReport } from './compact.ts';

export interface CompactWorld {
  readonly database: Queryable;
  readonly objects: Objects;
}

/** The latest days that are over, of every tenant. */
export async function compactLakes(
  { database, objects }: CompactWorld,
  { now }: Pick<TransactionContext, 'now'>,
): Promise<CompactReport> {
  const until = startOfDay(now);
  const range = { from: addDays(until, -limits.fraudLakeCompactDays.value), until };
  const reports: CompactReport[] = [];
  await using thread = openLakeThread(objects);
  for (const tenant of await selectLogTenants(database)) {
    reports.push(await thread.compact({ tenant, range, now }));
  }
  return sumOf(reports);
}
