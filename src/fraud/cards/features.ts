// Owns what is computed of card transactions: the fifteen features of the Fraud Detection Handbook
// under the Handbook's names, eleven more that know nothing of how fraud was simulated, and nine of
// that kind besides. Over columns they come to the same numbers as event by event.

import { assert } from '#kernel';
import type { FeatureDefinition, FeatureSet } from '../features/definition.ts';
import type { Matrix } from '../matrix.ts';
import { fillColumns } from './fill-columns.ts';
import type { CardSet, RowRange } from './grouped.ts';
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

const median = { key: 'customer', share: 0.5, latest: LATEST_AMOUNTS } as const;
const day = { windowS: DAY_S } as const;
const week = { windowS: 7 * DAY_S } as const;
const frauds = { kind: 'fraud_amount', key: 'terminal', windowS: 30 * DAY_S, settled } as const;

const more: readonly FeatureDefinition[] = [
  { name: 'AVG_1DAY_TO_MEDIAN_LAST_100', kind: 'shift', of: 'average', ...day, ...median },
  { name: 'AVG_7DAY_TO_MEDIAN_LAST_100', kind: 'shift', of: 'average', ...week, ...median },
  { name: 'MAX_7DAY_TO_MEDIAN_LAST_100', kind: 'shift', of: 'max', ...week, ...median },
  { name: 'CUSTOMER_NB_TX_1DAY_SHARE_OF_30DAY', ...trend('count'), ...day },
  { name: 'AVG_7DAY_TO_AVG_30DAY', ...trend('average'), ...week },
  { name: 'TERMINAL_FRAUD_AVG_AMOUNT_30DAY', ...frauds, measure: 'average' },
  { name: 'TERMINAL_FRAUD_MIN_AMOUNT_30DAY', ...frauds, measure: 'min' },
  { name: 'AMOUNT_TO_TERMINAL_FRAUD_MEDIAN_30DAY', ...frauds, measure: 'ratio' },
  { name: 'TERMINAL_HOURS_BEFORE_FRAUD_STREAK', ...streak('before') },
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

/** Where a better ranking is worth nine more columns in every row that is kept and scored. */
export const widerFeatures: FeatureSet = {
  ...handbookFeatures,
  version: 'wider-1',
  features: [...handbook, ...generic, ...more],
};

const sets = {
  handbook: handbookFeatures,
  generic: genericFeatures,
  wider: widerFeatures,
} as const;

/** The features of the rows wanted; what came before them counts as history. */
export function cardMatrix(
  transactions: Transactions,
  set: CardSet,
  range: RowRange = { from: 0, to: transactions.count },
): Matrix {
  assert(range.from >= 0 && range.from <= range.to, 'a range of rows begins before its end');
  assert(range.to <= transactions.count, 'a range of rows is within the transactions');
  const { features } = sets[set];
  const rows = range.to - range.from;
  const columns = features.map(() => new Float64Array(rows));
  fillColumns({ transactions, range, columns, set });
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

function trend(of: 'count' | 'average') {
  return { kind: 'trend', key: 'customer', of, longerS: 30 * DAY_S } as const;
}

function streak(measure: 'length' | 'age' | 'before') {
  return { kind: 'streak', key: 'terminal', measure, latest: STREAK_MAX, settled } as const;
}
