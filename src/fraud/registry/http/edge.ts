// What the routes of the registry stand on, and what they share.

import { badCursor, readCursor, type EdgeRequest } from '#gateway';
import { isId, type Clock, type Id } from '#kernel';
import type { Database, Queryable } from '#platform';
import type { FeatureSet } from '../../features/definition.ts';
import { tenantOf } from '../facts.ts';

export interface RegistryEdge {
  readonly database: Database;
  readonly clock: Clock;
  /** What rules and models are made for. */
  readonly features: FeatureSet;
}

/** Names of permissions. */
export const registryPermissions = { read: 'fraud.read', configure: 'fraud.configure' } as const;

export const tags = ['fraud'];

type Asked = Pick<EdgeRequest, 'tenant'>;

/** Whose configuration it is about, and the rows of that tenant alone. */
export function seen(
  { database }: RegistryEdge,
  request: Asked,
): { readonly tenant: string; readonly queryable: Queryable } {
  const tenant = tenantOf(request);
  return { tenant, queryable: database.within(tenant) };
}

/** The id at which a list goes on. */
export function placeIn<Prefix extends string>(
  list: string,
  prefix: Prefix,
  cursor: string | undefined,
): Id<Prefix> | undefined {
  if (cursor === undefined) return undefined;
  const [place] = readCursor(list, cursor);
  if (typeof place === 'string' && isId(prefix, place)) return place;
  throw badCursor();
}

export const placeOf = ({ id }: { readonly id: string }): string[] => [id];
