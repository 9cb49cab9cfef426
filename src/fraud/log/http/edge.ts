// What the routes of decisions stand on, and what they share.

import type { EdgeRequest } from '#gateway';
import { FIRST_TENANT, type Database, type Queryable } from '#platform';
import type { Registry } from '../../registry/open.ts';
import type { Screener } from '../../screening/open.ts';

export interface DecisionsEdge {
  readonly database: Database;
  readonly screening: { readonly registry: Registry; readonly screener: Screener };
}

export const DECISIONS_READ = 'fraud.read';

export const tags = ['fraud'];

/** Whose decisions it is about, and the rows of that tenant alone. */
export function seen(
  { database }: DecisionsEdge,
  { tenant = FIRST_TENANT }: Pick<EdgeRequest, 'tenant'>,
): { readonly tenant: string; readonly queryable: Queryable } {
  return { tenant, queryable: database.within(tenant) };
}
