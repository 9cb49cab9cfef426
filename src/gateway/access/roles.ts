// TABLE  permission -> who has it, and the scopes a token needs for it. What is not listed here is
// allowed to nobody. Staff act on every object of their tenant and must have proven two factors;
// customers and partners act on the objects they were granted; a few things are everybody's own.
// What concerns the whole installation is for the staff of its first tenant.

import type { apiScopes, Role } from '#identity';

export interface PermissionRow {
  /** Staff, for every object of the tenant. */
  readonly staff: readonly Role[];
  /** For objects they have a grant for, and nothing else. */
  readonly granted: readonly Role[];
  /** Where the operation shows everyone only what is theirs. */
  readonly own: readonly Role[];
  /** One of these, where the token has scopes. */
  readonly scopes: readonly Scope[];
  /** About every tenant at once: for those of the first tenant, whose installation it is. */
  readonly isInstallationWide: boolean;
}

/** What a client can ask to do for whoever it acts for (RFC 6749 §3.3). */
export const scopes = {
  'accounts.read': 'read accounts, transfers and reports',
  'accounts.write': 'open and change accounts',
  'payments.write': 'move money',
  'audit.read': 'read the audit log',
  admin: 'change who may do what',
} as const satisfies Record<(typeof apiScopes)[number], string>;

type Scope = keyof typeof scopes;

const OUTSIDE: readonly Role[] = ['customer', 'partner'];
const ANYONE: readonly Role[] = [
  'customer',
  'teller',
  'approver',
  'auditor',
  'operator',
  'administrator',
  'partner',
];

type Others = Partial<Pick<PermissionRow, 'granted' | 'own' | 'isInstallationWide'>>;

function row(
  staff: readonly Role[],
  wanted: readonly Scope[],
  { granted = [], own = [], isInstallationWide = false }: Others = {},
): PermissionRow {
  return { staff, scopes: wanted, granted, own, isInstallationWide };
}

const WIDE = { isInstallationWide: true };
const readers: readonly Role[] = ['teller', 'approver', 'auditor', 'operator'];

export const permissionTable: Readonly<Record<string, PermissionRow>> = {
  'ledger.accounts.read': row(readers, ['accounts.read'], { granted: OUTSIDE }),
  'ledger.accounts.open': row(['teller'], ['accounts.write']),
  'ledger.accounts.change': row(['teller'], ['accounts.write'], { granted: OUTSIDE }),
  'ledger.transfers.read': row(readers, ['accounts.read'], { granted: OUTSIDE }),
  'ledger.transfers.post': row(['teller'], ['payments.write'], { granted: OUTSIDE }),
  'ledger.reports.read': row(readers, ['accounts.read']),
  'ledger.periods.close': row(['operator'], ['accounts.write']),
  'customers.read': row(readers, ['accounts.read'], { own: OUTSIDE }),
  'customers.write': row(['teller'], ['accounts.write']),
  'customers.verify': row(['teller', 'approver'], ['accounts.write']),
  'customers.consent': row(['teller'], ['accounts.write'], { own: OUTSIDE }),
  'customers.erase': row(['operator'], ['accounts.write']),
  'accounts.read': row(readers, ['accounts.read'], { granted: OUTSIDE }),
  'accounts.list': row(readers, ['accounts.read'], { own: OUTSIDE }),
  'accounts.open': row(['teller'], ['accounts.write']),
  'accounts.change': row(['teller'], ['accounts.write']),
  'accounts.products.read': row([...readers, 'administrator'], ['accounts.read']),
  'accounts.products.write': row(['administrator'], ['accounts.write', 'admin']),
  'accounts.statements.read': row(readers, ['accounts.read'], { granted: OUTSIDE }),
  'payments.standing_orders.read': row(readers, ['accounts.read'], { granted: OUTSIDE }),
  'payments.standing_orders.write': row(['teller'], ['payments.write'], { granted: OUTSIDE }),
  'payments.reconciliation.read': row(readers, ['accounts.read']),
  'payments.reconciliation.write': row(['operator'], ['payments.write']),
  'payments.make': row(['teller'], ['payments.write'], { granted: OUTSIDE }),
  'payments.read': row(readers, ['accounts.read'], { granted: OUTSIDE }),
  'payments.list': row(readers, ['accounts.read']),
  'payments.undo': row(['teller', 'operator'], ['payments.write']),
  'files.read': row(readers, ['accounts.read']),
  'files.send': row(['teller', 'operator'], ['payments.write']),
  'files.agreements.read': row([...readers, 'administrator'], ['accounts.read']),
  'files.agreements.write': row(['operator'], ['accounts.write']),
  'fraud.read': row(['operator', 'auditor', 'approver'], ['accounts.read']),
  'fraud.cases': row(['operator'], ['payments.write']),
  'fraud.configure': row(['operator'], ['admin']),
  'fraud.report': row(['operator'], ['audit.read']),
  'queues.read': row(['operator', 'auditor'], ['payments.write', 'audit.read']),
  'queues.act': row(['operator'], ['payments.write']),
  'audit.records.read': row(['auditor'], ['audit.read'], WIDE),
  'audit.records.export': row(['auditor'], ['audit.read'], WIDE),
  'audit.receipts.read': row(['auditor'], ['audit.read'], WIDE),
  'audit.proofs.read': row(['auditor'], ['audit.read'], WIDE),
  'audit.alarms.read': row(['auditor', 'operator', 'administrator'], ['audit.read'], WIDE),
  'access.grants.read': row(['administrator', 'auditor'], ['admin', 'audit.read']),
  'access.grants.write': row(['administrator'], ['admin']),
  'access.roles.read': row(['administrator', 'auditor'], ['admin', 'audit.read']),
  'access.roles.write': row(['administrator'], ['admin']),
  'access.people.read': row(['administrator', 'auditor'], ['admin', 'audit.read']),
  'access.people.write': row(['administrator'], ['admin']),
  'access.clients.read': row(['administrator', 'auditor'], ['admin', 'audit.read']),
  'access.clients.write': row(['administrator'], ['admin']),
  'access.plans.read': row(['administrator', 'operator', 'auditor'], ['admin', 'audit.read'], WIDE),
  'access.plans.write': row(['administrator'], ['admin'], WIDE),
  'access.legacy.read': row(
    ['administrator', 'operator', 'auditor'],
    ['admin', 'audit.read'],
    WIDE,
  ),
  'access.legacy.write': row(['operator'], ['admin'], WIDE),
  'access.signatures.read': row(
    ['administrator', 'operator', 'auditor'],
    ['admin', 'audit.read'],
    WIDE,
  ),
  'access.signatures.write': row(['administrator'], ['admin'], WIDE),
  // What the other core knows of its callers is for that core to judge.
  'legacy.use': row([], ['accounts.read', 'accounts.write', 'payments.write'], { own: ANYONE }),
  'access.approvals.read': row(
    ['approver', 'auditor'],
    ['accounts.read', 'payments.write', 'audit.read', 'admin'],
    { own: ANYONE },
  ),
  'access.approvals.withdraw': row([], ['accounts.write', 'payments.write', 'admin'], {
    own: ANYONE,
  }),
  'access.approvals.decide': row(['approver'], ['payments.write', 'admin']),
};

/** Roles of the bank's own people and machines. */
export const staffRoles: ReadonlySet<Role> = new Set(
  ANYONE.filter((role) => !OUTSIDE.includes(role)),
);
