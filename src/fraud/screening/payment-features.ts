// Owns what is computed of a payment: what it is, what its payer has paid before, and what its
// payee and its device are known for. Who pays and who is paid follow from the direction of the
// payment, so that what comes in never counts as what somebody usually pays.

import { limits } from '#config';
import type { FeatureOptions } from '../features/engine.ts';
import type { FeatureDefinition, FeatureSet } from '../features/definition.ts';

const HOUR_S = 3_600;
const DAY_S = 24 * HOUR_S;
const MONTH_S = 30 * DAY_S;
const LATEST_AMOUNTS = 50;
const STREAK_MAX = 20;

const known = { kind: 'known' } as const;
const payer = { key: 'payer' } as const;
const payee = { key: 'payee' } as const;
const device = { key: 'device' } as const;

const features: readonly FeatureDefinition[] = [
  { name: 'amount', kind: 'amount' },
  { name: 'hour', kind: 'calendar', part: 'hour' },
  { name: 'is_weekend', kind: 'calendar', part: 'is_weekend' },
  { name: 'is_night', kind: 'calendar', part: 'is_night' },
  { name: 'payer_count_1h', kind: 'window', ...payer, measure: 'count', windowS: HOUR_S },
  { name: 'payer_count_1d', kind: 'window', ...payer, measure: 'count', windowS: DAY_S },
  { name: 'payer_count_7d', kind: 'window', ...payer, measure: 'count', windowS: 7 * DAY_S },
  { name: 'payer_count_30d', kind: 'window', ...payer, measure: 'count', windowS: MONTH_S },
  { name: 'payer_sum_1d', kind: 'window', ...payer, measure: 'sum', windowS: DAY_S },
  { name: 'payer_average_30d', kind: 'window', ...payer, measure: 'average', windowS: MONTH_S },
  { name: 'payer_max_7d', kind: 'window', ...payer, measure: 'max', windowS: 7 * DAY_S },
  { name: 'payer_amount_to_average_30d', kind: 'ratio', ...payer, to: 'average', windowS: MONTH_S },
  { name: 'payer_amount_to_max_30d', kind: 'ratio', ...payer, to: 'max', windowS: MONTH_S },
  {
    name: 'payer_amount_to_median',
    kind: 'quantile',
    ...payer,
    measure: 'ratio',
    share: 0.5,
    latest: LATEST_AMOUNTS,
  },
  { name: 'payer_amount_z_score_30d', kind: 'z_score', ...payer, windowS: MONTH_S },
  { name: 'payer_gap_hours', kind: 'gap', ...payer },
  { name: 'payer_distinct_payees_1d', kind: 'distinct', ...payer, of: 'payee', windowS: DAY_S },
  { name: 'payee_count_1d', kind: 'window', ...payee, measure: 'count', windowS: DAY_S },
  { name: 'payee_count_30d', kind: 'window', ...payee, measure: 'count', windowS: MONTH_S },
  { name: 'payee_payers_count_1d', kind: 'distinct', ...payee, of: 'payer', windowS: DAY_S },
  {
    name: 'payee_risk_30d',
    kind: 'risk',
    ...payee,
    measure: 'share',
    windowS: MONTH_S,
    settled: known,
  },
  {
    name: 'payee_fraud_streak',
    kind: 'streak',
    ...payee,
    measure: 'length',
    latest: STREAK_MAX,
    settled: known,
  },
  { name: 'device_count_1h', kind: 'window', ...device, measure: 'count', windowS: HOUR_S },
  { name: 'device_payers_count_1d', kind: 'distinct', ...device, of: 'payer', windowS: DAY_S },
  {
    name: 'device_risk_30d',
    kind: 'risk',
    ...device,
    measure: 'share',
    windowS: MONTH_S,
    settled: known,
  },
];

export const paymentFeatures: FeatureSet = {
  version: 'payments-1',
  keys: ['payer', 'payee', 'device'],
  minorPerUnit: 100,
  lateS: 2 * DAY_S,
  features,
};

/** The bounds of a tenant's state, wherever it is opened or restored. */
export const paymentFeatureOptions: FeatureOptions = {
  keysMax: limits.fraudTenantKeysMax.value,
};
