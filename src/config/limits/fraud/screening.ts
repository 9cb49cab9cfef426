// Limits of judging payments while they wait.

import { limit, type LimitTable } from '../../limit.ts';

export const fraudScreeningLimits = {
  fraudTenantKeysMax: limit(
    250_000,
    'keys',
    'of one kind of a tenant (payers, payees, devices) with a history in memory, 1 to 10 kB each',
  ),
  fraudBatchDecisionsMax: limit(
    500,
    'decisions',
    'that are judged without a pause and kept as one batch; a longer list becomes several',
  ),
  fraudPendingBatchesMax: limit(
    20_000,
    'batches',
    'of a tenant whose commit was not seen yet; the oldest is then held for committed',
  ),
  fraudAccountsKnownMax: limit(
    200_000,
    'accounts',
    'of a tenant whose product and owner are remembered, about 200 bytes each',
  ),
  fraudAccountKnownMaxMs: limit(
    600_000,
    'ms',
    'after which product and owner of an account are looked up again',
  ),
  fraudNamesKnownMax: limit(
    200_000,
    'names',
    'of a tenant, of counterparties and of devices each, whose HMAC is remembered, 200 bytes each',
  ),
  fraudModelReasonsMax: limit(4, 'reasons', 'of a score that are kept with a decision'),
  fraudDeclinesRestoredMax: limit(
    100_000,
    'decisions',
    'that the limits of declines are counted from when a process starts',
  ),
  fraudSubjectAroundS: limit(
    10,
    's',
    'before and after a payment was accepted in which its decision is looked for',
  ),
} as const satisfies LimitTable;
