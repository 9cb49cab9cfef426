// TABLE  method, path -> handler, permission. Every context brings the rows of its own operations;
// what is not listed here is not served.

import { auditRefusals } from '#audit';
import {
  accessRefusals,
  approvalRoutes,
  auditRoutes,
  clientRoutes,
  grantRoutes,
  legacyRefusals,
  legacyRoutes,
  peopleRoutes,
  planRefusals,
  planRoutes,
  roleRoutes,
  signatureRefusals,
  signatureRoutes,
  type AccessEdge,
  type ApprovalsEdge,
  type AuditEdge,
  type LegacyEdge,
  type PlansEdge,
  type ProblemTable,
  type Route,
  type SignaturesEdge,
} from '#gateway';
import { clientRefusals, peopleRefusals } from '#identity';
import { ledgerRoutes, refusals, type LedgerEdge } from '#ledger';

/** What the operations stand on. */
export type Premises = LedgerEdge &
  AuditEdge &
  AccessEdge &
  ApprovalsEdge &
  PlansEdge &
  LegacyEdge &
  SignaturesEdge;

export function routesOf(premises: Premises): readonly Route[] {
  return [
    ...ledgerRoutes(premises),
    ...auditRoutes(premises),
    ...grantRoutes(premises),
    ...roleRoutes(premises),
    ...peopleRoutes(premises),
    ...clientRoutes(premises),
    ...approvalRoutes(premises),
    ...planRoutes(premises),
    ...signatureRoutes(premises),
    ...legacyRoutes(premises),
  ];
}

/** What the operations of a tag have in common, for the manual. */
export const tags: Readonly<Record<string, string>> = {
  server: 'Whether the server is well, and what it is.',
  'ledger accounts': 'Accounts of the books: opening, changing, reading, history.',
  'ledger transfers': 'Money moved and held, one instruction at a time.',
  'ledger batches': 'Lists of instructions, posted together.',
  'ledger reports': 'Trial balance, chart of accounts, closed periods.',
  'audit records': 'What was done by whom: search, export, receipts.',
  'audit proofs': 'Checkpoints and proofs that nothing was changed or left out.',
  'audit log tiles': 'The log as C2SP tlog-tiles, for the tools of others.',
  'audit alarms': 'What the log says of its own health.',
};

/** Every refusal an operation may answer with, by code. */
export const problemTables: readonly ProblemTable[] = [
  refusals,
  auditRefusals,
  accessRefusals,
  planRefusals,
  signatureRefusals,
  legacyRefusals,
  peopleRefusals,
  clientRefusals,
];
