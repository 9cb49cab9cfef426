// Owns which account a standing order takes money from, for the rules about objects: who has a
// mandate for the account may do with the order what the mandate allows.

import type { AccountsBehind } from '#gateway';
import { isId } from '#kernel';
import type { Database } from '#platform';
import type { StandingOrderId } from './standing-order.ts';
import { findOrders } from './store.ts';

export function openOrdersBehind(database: Database): AccountsBehind {
  return async (uses, tenant) => {
    const ids = new Set(
      uses.map(({ id }) => id).filter((id): id is StandingOrderId => isId('sto', id)),
    );
    if (ids.size === 0) return new Map();
    const orders = await findOrders(database.within(tenant), [...ids]);
    return new Map(orders.map(({ id, accountId }) => [id, [accountId]]));
  };
}
