// What the routes of reconciliation stand on, and what they share.

import { badCursor, readCursor, type EdgeRequest } from '#gateway';
import { isId, type Clock, type Id } from '#kernel';
import type { Database, Queryable } from '#platform';

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
  return tenant === undefined ? database : database.within(tenant);
}

/** The id at which a list goes on. */
export function placeIn<Prefix extends string>(
  list: string,
  prefix: Prefix,
  cursor: string | undefined,
): Id<Prefix> | undefined {
  if (cursor === undefined) return undefined;
  const [place] = readCursor(list, cursor).slice(-1);
  if (typeof place === 'string' && isId(prefix, place)) return place;
  throw badCursor();
}
