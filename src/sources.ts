// TABLE  business rows -> the records that tell of them. What is changed without its record, and
// what is recorded without its change, is found by walking these.

import { bankAccountSources, customerSource } from '#accounts';
import type { ReconcileSource } from '#audit';
import { decisionSources, fraudCaseSources, registrySources } from '#fraud';
import { ledgerSources } from '#ledger';
import {
  fileSources,
  paymentSources,
  reconciliationSources,
  standingOrderSources,
} from '#payments';

export const reconcileSources: readonly ReconcileSource[] = [
  ...ledgerSources,
  customerSource,
  ...bankAccountSources,
  ...paymentSources,
  ...fileSources,
  ...standingOrderSources,
  ...reconciliationSources,
  ...decisionSources,
  ...registrySources,
  ...fraudCaseSources,
];
