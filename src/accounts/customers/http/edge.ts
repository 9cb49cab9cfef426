// What the routes of customers stand on, and whom they show what: staff see every customer of their
// tenant, everybody else the one they are.

import type { Clock, Refused } from '#kernel';
import { isStaffFor, type EdgeRequest } from '#gateway';
import { FIRST_TENANT, type Database } from '#platform';
import type { CustomerId, SealedReader } from '../customer.ts';
import { no, type CustomerRefusal } from '../refusals.ts';

export interface CustomersEdge {
  readonly database: Database;
  readonly clock: Clock;
}

export const permissions = {
  read: 'customers.read',
  write: 'customers.write',
  verify: 'customers.verify',
  consent: 'customers.consent',
  erase: 'customers.erase',
} as const;

type Asked = Pick<EdgeRequest, 'principal' | 'tenant'>;

/** The rows of the caller's tenant, and the keys to open them. */
export function rowsFor({ database }: CustomersEdge, { tenant }: Asked): SealedReader {
  if (tenant === undefined) return database;
  const within = database.within(tenant);
  return { keys: database.keys, query: (query) => within.query(query) };
}

export function tenantOf({ tenant }: Asked): string {
  return tenant ?? FIRST_TENANT;
}

/** The one customer that the caller may see; undefined where that is every one. */
export function onlyOwn({ principal }: Asked, permission: string): string | undefined {
  if (principal === undefined || isStaffFor(principal, permission)) return undefined;
  const isOutside = principal.roles.some((role) => role === 'customer' || role === 'partner');
  return isOutside ? principal.customer : undefined;
}

/** The refusal to whoever asks for another customer: the same as for one that is not there. */
export function hidden(
  request: Asked,
  permission: string,
  id: CustomerId,
): Refused<CustomerRefusal> | undefined {
  const own = onlyOwn(request, permission);
  return own === undefined || own === id ? undefined : noCustomer(id);
}

export function noCustomer(id: CustomerId): Refused<CustomerRefusal> {
  return no('customer_unknown', `There is no customer ${id}.`, 'id');
}
