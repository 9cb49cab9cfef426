// All HTTP operations of the registry.

import type { Route } from '#gateway';
import type { RegistryEdge } from './edge.ts';
import { listRoutes } from './list-routes.ts';
import { modelRoutes } from './model-routes.ts';
import { policyRoutes } from './policy-routes.ts';
import { ruleSetRoutes } from './rule-set-routes.ts';

export function registryRoutes(edge: RegistryEdge): Route[] {
  return [...policyRoutes(edge), ...ruleSetRoutes(edge), ...listRoutes(edge), ...modelRoutes(edge)];
}
