// The ledger's HTTP operations, as rows for the table of routes. They read through the reading
// verbs and post through the poster they are given, which gathers what arrives at the same time.

import type { Route } from '#gateway';
import { accountRoutes } from './http/account-routes.ts';
import { batchRoutes } from './http/batch-routes.ts';
import type { LedgerEdge } from './http/edge.ts';
import { PostingEdge } from './http/posting-edge.ts';
import { reportRoutes } from './http/report-routes.ts';
import { transferRoutes } from './http/transfer-routes.ts';

export type { BatchOptions, Caller, LedgerEdge, LedgerPoster, Presentation } from './http/edge.ts';

export function ledgerRoutes(edge: LedgerEdge): Route[] {
  const posting = new PostingEdge(edge);
  return [
    ...accountRoutes(edge),
    ...transferRoutes(edge, posting),
    ...batchRoutes(edge, posting),
    ...reportRoutes(edge),
  ];
}
