// TABLE  the routes of bank accounts, their holders, and products.

import type { Route } from '#gateway';
import { bankAccountRoutes } from './http/account-routes.ts';
import type { AccountsEdge } from './http/edge.ts';
import { holderRoutes } from './http/holder-routes.ts';
import { productRoutes } from './http/product-routes.ts';

export type { AccountsEdge } from './http/edge.ts';

export function accountsRoutes(edge: AccountsEdge): Route[] {
  return [...bankAccountRoutes(edge), ...holderRoutes(edge), ...productRoutes(edge)];
}
