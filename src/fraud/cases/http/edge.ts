// What the routes of cases and labels stand on, and what they share.

import { badCursor, readCursor, type EdgeRequest } from '#gateway';
import { isId, type Clock, type Id } from '#kernel';
import type { Database, Queryable } from '#platform';
import type { ReadPayments } from '../reports/make.ts';

export interface CasesEdge {
  readonly database: Database;
  readonly clock: Clock;
  /** For documents that are filed; payments are another context's. */
  readonly readPayments: ReadPayments;
}

/** Names of permissions. */
export const casePermissions = {
  read: 'fraud.read',
  work: 'fraud.cases',
  report: 'fraud.report',
} as const;

export const tags = ['fraud cases'];

export function seen(
  { database }: Pick<CasesEdge, 'database'>,
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
