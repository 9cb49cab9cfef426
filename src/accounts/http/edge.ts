// What the routes of bank accounts and products stand on, and whom they show what: staff see every
// account of their tenant, everybody else those they hold.

import { isId, type Clock, type Refused } from '#kernel';
import {
  contextOf as contextOfRequest,
  isStaffFor,
  readCursor,
  EdgeRefusal,
  type EdgeRequest,
  type ObjectUse,
  type Origin,
} from '#gateway';
import { rowsFor, type Database, type Queryable, type TransactionContext } from '#platform';
import type { CustomerId } from '../account.ts';
import type { Numbering } from '../numbers/own-number.ts';
import { no, type BankAccountRefusal } from '../refusals.ts';

export interface AccountsEdge {
  readonly database: Database;
  readonly clock: Clock;
  /** Of products that name none of their own. */
  readonly ownNumbering: Numbering;
}

/** Names of permissions. */
export const permissions = {
  read: 'accounts.read',
  list: 'accounts.list',
  open: 'accounts.open',
  change: 'accounts.change',
  readProducts: 'accounts.products.read',
  writeProducts: 'accounts.products.write',
} as const;

type Asked = Pick<EdgeRequest, 'principal' | 'tenant'>;

/** The rows of the caller's tenant. */
export function rowsOf({ database }: AccountsEdge, { tenant }: Asked): Queryable {
  return rowsFor(database, tenant);
}

export function contextOf({ clock }: AccountsEdge, request: Origin): TransactionContext {
  return contextOfRequest(clock, request);
}

/** Whose accounts alone the caller may list; undefined where that is everybody's. */
export function onlyOwn({ principal }: Asked): CustomerId | 'nobody' | undefined {
  if (principal === undefined || isStaffFor(principal, permissions.list)) return undefined;
  const isOutside = principal.roles.some((role) => role === 'customer' || role === 'partner');
  if (!isOutside) return undefined;
  return isId('cus', principal.customer) ? principal.customer : 'nobody';
}

/** Of operations that read the account of their path. */
export function readUse({
  params,
}: {
  readonly params: { readonly id: string };
}): readonly ObjectUse[] {
  return [{ kind: 'account', id: params.id, act: 'read' }];
}

/** Whose data an answer discloses: the account of the path. */
export const disclosure = {
  target: ({ params }: { readonly params: { readonly id: string } }) => params.id,
};

export function noAccount(id: string): Refused<BankAccountRefusal> {
  return no('bank_account_unknown', `There is no bank account ${id}.`, 'id');
}

/** Where a list goes on. */
export function placeIn(list: string, cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const [place] = readCursor(list, cursor) ?? [];
  if (typeof place === 'string') return place;
  throw new EdgeRefusal('field_invalid', 'cursor is not one of this list.', { param: 'cursor' });
}

/** Whether the rules of a second person are for this caller: not for whoever has the machine. */
export function isWatched({ principal }: Pick<EdgeRequest, 'principal'>): boolean {
  return principal !== undefined && principal.kind !== 'local';
}
