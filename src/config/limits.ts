// TABLE  every limit, from the tables of those who keep it.

import { auditLimits } from './limits/audit.ts';
import { edgeLimits } from './limits/edge.ts';
import { identityLimits } from './limits/identity.ts';
import { ledgerLimits } from './limits/ledger.ts';

/** Limits that are part of the product and not for an operator to change. */
export const limits = {
  ...edgeLimits,
  ...identityLimits,
  ...ledgerLimits,
  ...auditLimits,
} as const;
