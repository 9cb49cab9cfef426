// All HTTP operations of reconciliation.

import type { Route } from '#gateway';
import { breakRoutes } from './break-routes.ts';
import type { ReconciliationEdge } from './edge.ts';
import { nostroRoutes } from './nostro-routes.ts';

export function reconciliationRoutes(edge: ReconciliationEdge): Route[] {
  return [...nostroRoutes(edge), ...breakRoutes(edge)];
}
