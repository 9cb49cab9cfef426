// TABLE  method, path -> handler, permission. Every context brings the rows of its own operations;
// what is not listed here is not served.

import type { ProblemTable, Route } from '#gateway';
import { ledgerRoutes, refusals, type LedgerEdge } from '#ledger';

/** What the operations stand on. */
export type Premises = LedgerEdge;

export function routesOf(premises: Premises): readonly Route[] {
  return [...ledgerRoutes(premises)];
}

/** Every refusal an operation may answer with, by code. */
export const problemTables: readonly ProblemTable[] = [refusals];
