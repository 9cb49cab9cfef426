// Makes files fewer in the lakes of all tenants.

import { limits } from '#config';
import { addDays, startOfDay, type Instant } from '#kernel';
import type { Objects, Queryable, TransactionContext } from '#platform';
import { selectLogTenants } from '../../log/log-store.ts';
import { lakeOf } from '../layout.ts';
import type { LakeRange } from '../read.ts';
import { compactLake, sumOf, type CompactReport } from './compact.ts';

export interface CompactWorld {
  readonly database: Queryable;
  readonly objects: Objects;
  /** Without it, all is done here. */
  readonly apart?: { compact(task: CompactAsked): Promise<CompactReport> } | undefined;
}

interface CompactAsked {
  readonly tenant: string;
  readonly range: LakeRange;
  readonly now: Instant;
}

/** The latest days that are over, of every tenant. */
export async function compactLakes(
  { database, objects, apart }: CompactWorld,
  { now }: Pick<TransactionContext, 'now'>,
): Promise<CompactReport> {
  const until = startOfDay(now);
  const range = { from: addDays(until, -limits.fraudLakeCompactDays.value), until };
  const reports: CompactReport[] = [];
  for (const tenant of await selectLogTenants(database)) {
    reports.push(
      apart === undefined
        ? await compactLake(lakeOf(objects, tenant), range, now)
        : await apart.compact({ tenant, range, now }),
    );
  }
  return sumOf(reports);
}
