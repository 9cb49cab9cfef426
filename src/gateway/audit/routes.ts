// The audit log's HTTP operations, as rows for the table of routes.
import type { Route } from '../routes.ts';
import { alarmRoutes } from './alarm-routes.ts';
import type { AuditEdge } from './edge.ts';
import { exportRoutes } from './export-routes.ts';
import { proofRoutes } from './proof-routes.ts';
import { recordRoutes } from './record-routes.ts';
import { tileRoutes } from './tile-routes.ts';

export function auditRoutes(edge: AuditEdge): Route[] {
  return [
    ...recordRoutes(edge),
    ...exportRoutes(edge),
    ...proofRoutes(edge),
    ...tileRoutes(edge),
    ...alarmRoutes(edge),
  ];
}
