// TABLE  method, path -> handler, permission. Every context brings the rows of its own operations;
// what is not listed here is not served.

import {
  accountsRoutes,
  bankAccountRefusals,
  customerRefusals,
  customersRoutes,
  statementRefusals,
  statementRoutes,
  type AccountsEdge,
} from '#accounts';
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
  queueRefusals,
  queueRoutes,
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
import {
  caseRoutes,
  decisionRefusals,
  decisionRoutes,
  fraudCaseRefusals,
  registryRefusals,
  registryRoutes,
  type CasesEdge,
  type DecisionsEdge,
  type RegistryEdge,
} from '#fraud';
import { clientRefusals, peopleRefusals } from '#identity';
import { ledgerRoutes, refusals, type LedgerEdge } from '#ledger';
import {
  fileRefusals,
  fileRoutes,
  paymentRefusals,
  paymentsRoutes,
  reconciliationRefusals,
  reconciliationRoutes,
  standingOrderRefusals,
  standingOrderRoutes,
  type FilesEdge,
  type PaymentsEdge,
} from '#payments';

/** What the operations stand on. */
export type Premises = LedgerEdge &
  AccountsEdge &
  PaymentsEdge &
  FilesEdge &
  DecisionsEdge &
  RegistryEdge &
  CasesEdge &
  AuditEdge &
  AccessEdge &
  ApprovalsEdge &
  PlansEdge &
  LegacyEdge &
  SignaturesEdge;

export function routesOf(premises: Premises): readonly Route[] {
  return [
    ...ledgerRoutes(premises),
    ...customersRoutes(premises),
    ...accountsRoutes(premises),
    ...statementRoutes(premises),
    ...paymentsRoutes(premises),
    ...fileRoutes(premises),
    ...standingOrderRoutes(premises),
    ...reconciliationRoutes(premises),
    ...decisionRoutes(premises),
    ...caseRoutes(premises),
    ...registryRoutes(premises),
    ...queueRoutes(premises),
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
  customers: 'People and companies: who they are to the bank, and what they agreed to.',
  accounts: 'Accounts of customers: products, holders, numbers, blocks, statements.',
  products: 'What accounts can be: currency, limits, interest, fees.',
  payments: 'Money moved for customers, within the bank and to other banks.',
  files: 'Files of payments: agreements, upload, faults, progress, answers.',
  'standing orders': 'Payments that are made again and again.',
  reconciliation: 'What other banks say of our accounts with them, matched and explained.',
  fraud: 'What payments are judged by, and what was decided of each.',
  'fraud cases': 'Alerts that people work through, what they find out, and what is filed.',
  queues: 'What waits to be done, and what failed for good.',
  'audit records': 'What was done by whom: search, export, receipts.',
  'audit proofs': 'Checkpoints and proofs that nothing was changed or left out.',
  'audit log tiles': 'The log as C2SP tlog-tiles, for the tools of others.',
  'audit alarms': 'What the log says of its own health.',
};

/** Every refusal an operation may answer with, by code. */
export const problemTables: readonly ProblemTable[] = [
  refusals,
  customerRefusals,
  bankAccountRefusals,
  statementRefusals,
  paymentRefusals,
  fileRefusals,
  standingOrderRefusals,
  reconciliationRefusals,
  decisionRefusals,
  fraudCaseRefusals,
  registryRefusals,
  queueRefusals,
  auditRefusals,
  accessRefusals,
  planRefusals,
  signatureRefusals,
  legacyRefusals,
  peopleRefusals,
  clientRefusals,
];
