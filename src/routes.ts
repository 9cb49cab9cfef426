// TABLE  method, path -> handler, permission. Every context brings the rows of its own operations;
// what is not listed here is not served.

import { auditRefusals } from '#audit';
import { auditRoutes, type AuditEdge, type ProblemTable, type Route } from '#gateway';
import { ledgerRoutes, refusals, type LedgerEdge } from '#ledger';

/** What the operations stand on. */
export type Premises = LedgerEdge & AuditEdge;

export function routesOf(premises: Premises): readonly Route[] {
  return [...ledgerRoutes(premises), ...auditRoutes(premises)];
}

/** Every refusal an operation may answer with, by code. */
export const problemTables: readonly ProblemTable[] = [refusals, auditRefusals];
