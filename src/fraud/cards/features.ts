// Owns what is computed of card transactions: the fifteen features of the Fraud Detection Handbook
// under the Handbook's names, and eleven more that know nothing of how fraud was simulated. Over
// columns they come to the same numbers as event by event.

import { assert } from '#kernel';
import type { FeatureDefinition, FeatureSet } from '../features/definition.ts';
import type { Matrix } from '../matrix.ts';
import { fillColumns, type RowRange } from './fill-columns.ts';
import type { Transactions } from './transactions.ts';
import {
  DAY_S,
  LABEL_DELAY_S,
  LATEST_AMOUNTS,
  LATEST_LABELLED,
  MINOR_PER_UNIT,
  STREAK_MAX,
  WINDOW_DAYS,
} from './windows.ts';

const HOUR_S = 3_600;

const settled = { kind: 'after', delayS: LABEL_DELAY_S } as const;
const month = { key: 'customer', windowS: 30 * DAY_S } as const;
const latest = { key: 'customer', kind: 'quantile', latest: LATEST_AMOUNTS } as const;

const handbook: readonly FeatureDefinition[] = [
  { name: 'TX_AMOUNT', kind: 'amount' },
  { name: 'TX_DURING_WEEKEND', kind: 'calendar', part: 'is_weekend' },
  { name: 'TX_DURING_NIGHT', kind: 'calendar', part: 'is_night' },
  ...WINDOW_DAYS.flatMap((days) => customerWindow(days)),
  ...WINDOW_DAYS.flatMap((days) => terminalWindow(days)),
];

const generic: readonly FeatureDefinition[] = [
  { name: 'AMOUNT_TO_MEAN_30DAY', kind: 'ratio', to: 'average', ...month },
  { name: 'AMOUNT_TO_MAX_30DAY', kind: 'ratio', to: 'max', ...month },
  { name: 'AMOUNT_TO_MEDIAN_LAST_100', ...latest, measure: 'ratio', share: 0.5 },
  { name: 'AMOUNT_TO_Q90_LAST_100', ...latest, measure: 'ratio', share: 0.9 },
  { name: 'AMOUNT_Z_SCORE_30DAY', kind: 'z_score', ...month },
  { name: 'CUSTOMER_HOURS_SINCE_PREVIOUS', kind: 'gap', key: 'customer' },
  { name: 'CUSTOMER_MEDIAN_LAST_100', ...latest, measure: 'value', share: 0.5 },
  { name: 'TERMINAL_FRAUD_STREAK', ...streak('length') },
  { name: 'TERMINAL_FRAUD_STREAK_HOURS', ...streak('age') },
  {
    name: 'TERMINAL_FRAUD_SHARE_LAST_3',
    kind: 'latest_risk',
    key: 'terminal',
    latest: LATEST_LABELLED,
    settled,
  },
  { name: 'TX_HOUR', kind: 'calendar', part: 'hour' },
];

export const handbookFeatures: FeatureSet = {
  version: 'handbook-1',
  keys: ['customer', 'terminal'],
  minorPerUnit: MINOR_PER_UNIT,
  lateS: HOUR_S,
  features: handbook,
};

export const genericFeatures: FeatureSet = {
  ...handbookFeatures,
  version: 'generic-1',
  features: [...handbook, ...generic],
};

/** The features of the rows wanted; what came before them counts as history. */
export function cardMatrix(
  transactions: Transactions,
  set: 'handbook' | 'generic',
  range: RowRange = { from: 0, to: transactions.count },
): Matrix {
  assert(range.from >= 0 && range.from <= range.to, 'a range of rows begins before its end');
  assert(range.to <= transactions.count, 'a range of rows is within the transactions');
  const { features } = set === 'handbook' ? handbookFeatures : genericFeatures;
  const rows = range.to - range.from;
  const columns = features.map(() => new Float64Array(rows));
  fillColumns({ transactions, range, columns, isGeneric: set === 'generic' });
  return { rows, names: features.map(({ name }) => name), columns };
}

function customerWindow(days: number): readonly FeatureDefinition[] {
  const window = { kind: 'window', key: 'customer', windowS: days * DAY_S } as const;
  return [
    { name: `CUSTOMER_ID_NB_TX_${days}DAY_WINDOW`, ...window, measure: 'count' },
    { name: `CUSTOMER_ID_AVG_AMOUNT_${days}DAY_WINDOW`, ...window, measure: 'average' },
  ];
}

function terminalWindow(days: number): readonly FeatureDefinition[] {
  const window = { kind: 'risk', key: 'terminal', windowS: days * DAY_S, settled } as const;
  return [
    { name: `TERMINAL_ID_NB_TX_${days}DAY_WINDOW`, ...window, measure: 'count' },
    { name: `TERMINAL_ID_RISK_${days}DAY_WINDOW`, ...window, measure: 'share' },
  ];
}

function streak(measure: 'length' | 'age') {
  return { kind: 'streak', key: 'terminal', measure, latest: STREAK_MAX, settled } as const;
}
