// TABLE  the routes of files and of agreements about them.

import type { Route } from '#gateway';
import { agreementRoutes } from './agreement-routes.ts';
import { fileRoutes as routesOfFiles } from './file-routes.ts';
import type { FilesEdge } from './edge.ts';
import { outgoingRoutes } from './outgoing-routes.ts';

export type { FilesEdge } from './edge.ts';

export function fileRoutes(edge: FilesEdge): Route[] {
  return [...agreementRoutes(edge), ...outgoingRoutes(edge), ...routesOfFiles(edge)];
}
