// Limits of bank accounts, their holders, and the jobs that look after them.

import { limit, type LimitTable } from '../limit.ts';

export const bankAccountLimits = {
  accountHoldersMax: limit(50, 'customers', 'holders of one bank account at once'),
  accountOpenBatchMax: limit(1_000, 'accounts', 'opened by one request'),
  productTiersMax: limit(20, 'tiers', 'interest tiers of one side of a product'),
  productFeesMax: limit(20, 'fees', 'fees of a product'),
  interestBatchAccounts: limit(500, 'accounts', 'accrued in one transaction'),
  bookingBatchAccounts: limit(200, 'accounts', 'booked in one transaction'),
  accrualDaysMax: limit(400, 'days', 'accrued for an account in one transaction'),
  feePeriodsMax: limit(120, 'periods', 'of one fee that fall due in one transaction'),
} as const satisfies LimitTable;
