// What the routes of the registry stand on, and what they share.

import type { EdgeRequest } from '#gateway';
import type { Clock } from '#kernel';
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

export const placeOf = ({ id }: { readonly id: string }): string[] => [id];
