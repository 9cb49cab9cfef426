// The HTTP operations on customers, as rows for the table of routes.

import type { Route } from '#gateway';
import { custodyRoutes } from './http/custody-routes.ts';
import { customerRoutes } from './http/customer-routes.ts';
import type { CustomersEdge } from './http/edge.ts';

export type { CustomersEdge } from './http/edge.ts';

export function customersRoutes(edge: CustomersEdge): Route[] {
  return [...customerRoutes(edge), ...custodyRoutes(edge)];
}
