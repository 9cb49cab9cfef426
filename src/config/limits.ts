// TABLE  every limit, from the tables of those who keep it.

import { accountLimits } from './limits/accounts.ts';
import { auditLimits } from './limits/audit.ts';
import { bankAccountLimits } from './limits/bank-accounts.ts';
import { edgeLimits } from './limits/edge.ts';
import { fileLimits } from './limits/files.ts';
import { fraudCaseLimits } from './limits/fraud/cases.ts';
import { fraudEvaluateLimits } from './limits/fraud/evaluate.ts';
import { fraudBaselineLimits } from './limits/fraud/baselines.ts';
import { fraudGeneratorLimits } from './limits/fraud/generator.ts';
import { fraudLakeLimits } from './limits/fraud/lake.ts';
import { fraudLogLimits } from './limits/fraud/log.ts';
import { fraudRegistryLimits } from './limits/fraud/registry.ts';
import { fraudRuleLimits } from './limits/fraud/rules.ts';
import { fraudScreeningLimits } from './limits/fraud/screening.ts';
import { iso20022Limits } from './limits/iso20022.ts';
import { fraudFeatureLimits } from './limits/fraud/features.ts';
import { fraudModelLimits } from './limits/fraud/model.ts';
import { identityLimits } from './limits/identity.ts';
import { ledgerLimits } from './limits/ledger.ts';
import { nachaLimits } from './limits/nacha.ts';
import { standingOrderLimits } from './limits/standing-orders.ts';
import { paymentLimits } from './limits/payments.ts';
import { queueLimits } from './limits/queues.ts';

/** Limits that are part of the product and not for an operator to change. */
export const limits = {
  ...edgeLimits,
  ...identityLimits,
  ...ledgerLimits,
  ...nachaLimits,
  ...standingOrderLimits,
  ...accountLimits,
  ...auditLimits,
  ...queueLimits,
  ...bankAccountLimits,
  ...fileLimits,
  ...iso20022Limits,
  ...paymentLimits,
  ...fraudCaseLimits,
  ...fraudModelLimits,
  ...fraudFeatureLimits,
  ...fraudEvaluateLimits,
  ...fraudBaselineLimits,
  ...fraudGeneratorLimits,
  ...fraudRegistryLimits,
  ...fraudRuleLimits,
  ...fraudScreeningLimits,
  ...fraudLakeLimits,
  ...fraudLogLimits,
} as const;
