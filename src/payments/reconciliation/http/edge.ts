// What the routes of reconciliation stand on, and what they share.

import type { EdgeRequest } from '#gateway';
import type { Clock } from '#kernel';
import { rowsFor, type Database, type Queryable } from '#platform';

export interface ReconciliationEdge {
  readonly database: Database;
  readonly clock: Clock;
}

/** Names of permissions. */
export const reconciliationPermissions = {
  read: 'payments.reconciliation.read',
  write: 'payments.reconciliation.write',
} as const;

export const tags = ['reconciliation'];

export function seen(
  { database }: ReconciliationEdge,
  { tenant }: Pick<EdgeRequest, 'tenant'>,
): Queryable {
  return rowsFor(database, tenant);
}
