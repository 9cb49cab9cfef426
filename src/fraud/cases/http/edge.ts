// What the routes of cases and labels stand on, and what they share.

import type { EdgeRequest } from '#gateway';
import type { Clock } from '#kernel';
import { rowsFor, type Database, type Queryable } from '#platform';
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
  return rowsFor(database, tenant);
}
