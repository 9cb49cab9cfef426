// The table of this context's routes. What is not listed here is not served.

import type { Route } from '#gateway';
import { changeRoutes } from './http/change-routes.ts';
import type { PaymentsEdge } from './http/edge.ts';
import { makeRoutes } from './http/make-routes.ts';
import { readRoutes } from './http/read-routes.ts';

export function paymentsRoutes(edge: PaymentsEdge): readonly Route[] {
  return [...makeRoutes(edge), ...readRoutes(edge), ...changeRoutes(edge)];
}
