// What the routes of reconciliation stand on, and what they share.

import { EdgeRefusal, readCursor, writeCursor, type EdgeRequest } from '#gateway';
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

export function badCursor(): EdgeRefusal {
  const message = 'cursor must be the next_cursor of this same list.';
  return new EdgeRefusal('field_invalid', message, { param: 'cursor' });
}

export interface Page<Item> {
  readonly list: string;
  /** One more than asked for, where there is more. */
  readonly found: readonly Item[];
  readonly limit: number;
  readonly present: (item: Item) => object;
  readonly place: (item: Item) => readonly string[];
}

export function pageOf<Item>({ list, found, limit, present, place }: Page<Item>): object {
  const page = found.slice(0, limit);
  const last = found.length > limit ? page.at(-1) : undefined;
  return {
    data: page.map(present),
    has_more: last !== undefined,
    next_cursor: last === undefined ? null : writeCursor(list, place(last)),
  };
}
