// All HTTP operations of cases, alerts, snoozes, documents and labels.

import type { Route } from '#gateway';
import { alertRoutes } from './alert-routes.ts';
import { caseRoutesOf } from './case-routes.ts';
import type { CasesEdge } from './edge.ts';
import { labelRoutes } from './label-routes.ts';
import { reportRoutes } from './report-routes.ts';

export function caseRoutes(edge: CasesEdge): Route[] {
  return [...caseRoutesOf(edge), ...alertRoutes(edge), ...reportRoutes(edge), ...labelRoutes(edge)];
}
