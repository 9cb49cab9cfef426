// Owns a small set of features that has one of every kind, and how a log is folded into a state of
// it: what the tests of the fold have in common.

import assert from 'node:assert/strict';
import { instantOf, type Instant } from '#kernel';
import type { FraudEvent, FraudLabel } from '../../event.ts';
import type { FeatureDefinition, FeatureSet } from '../definition.ts';
import type { FeatureState } from '../engine.ts';

export const S = 1_000_000;
const after = { kind: 'after', delayS: 20 } as const;
const known = { kind: 'known' } as const;
const customer = { key: 'customer' } as const;

const middle = { share: 0.5, latest: 4 } as const;
const month = { kind: 'window', key: 'customer', windowS: 30 } as const;
const delayed = { kind: 'window', key: 'terminal', windowS: 9, delayS: 5 } as const;
const ofLabels = [after, known].flatMap((settled): FeatureDefinition[] => {
  const key = 'terminal';
  const name = (what: string): string => `${what}_${settled.kind}`;
  const risk = { kind: 'risk', key, windowS: 30, settled } as const;
  const streak = { kind: 'streak', key, latest: 3, settled } as const;
  return [
    { name: name('count'), ...risk, measure: 'count' },
    { name: name('frauds'), ...risk, measure: 'frauds' },
    { name: name('share'), ...risk, measure: 'share' },
    { name: name('streak'), ...streak, measure: 'length' },
    { name: name('age'), ...streak, measure: 'age' },
    { name: name('before'), ...streak, measure: 'before' },
    { name: name('last'), kind: 'latest_risk', key, latest: 3, settled },
  ];
});

export const features: readonly FeatureDefinition[] = [
  { name: 'amount', kind: 'amount' },
  ...(['count', 'sum', 'average', 'min', 'max'] as const).flatMap(
    (measure): FeatureDefinition[] => [
      { name: `${measure}_30`, ...month, measure },
      { name: `${measure}_delayed`, ...delayed, measure },
    ],
  ),
  { name: 'distinct', kind: 'distinct', ...customer, of: 'terminal', windowS: 25 },
  { name: 'to_mean', kind: 'ratio', ...customer, to: 'average', windowS: 30 },
  { name: 'to_max', kind: 'ratio', ...customer, to: 'max', windowS: 30 },
  { name: 'to_min', kind: 'ratio', ...customer, to: 'min', windowS: 30 },
  { name: 'z', kind: 'z_score', ...customer, windowS: 40 },
  { name: 'median', kind: 'quantile', ...customer, measure: 'value', share: 0.5, latest: 4 },
  { name: 'to_high', kind: 'quantile', ...customer, measure: 'ratio', share: 0.9, latest: 5 },
  { name: 'mean_shift', kind: 'shift', ...customer, of: 'average', windowS: 8, ...middle },
  { name: 'max_shift', kind: 'shift', ...customer, of: 'max', windowS: 12, ...middle },
  { name: 'count_trend', kind: 'trend', ...customer, of: 'count', windowS: 6, longerS: 20 },
  { name: 'mean_trend', kind: 'trend', ...customer, of: 'average', windowS: 6, longerS: 20 },
  { name: 'gap', kind: 'gap', ...customer },
  ...ofLabels,
  ...(['average', 'min', 'ratio'] as const).map((measure): FeatureDefinition => ({
    name: `${measure}_of_frauds`,
    kind: 'fraud_amount',
    key: 'terminal',
    measure,
    windowS: 30,
    settled: after,
  })),
];

export const set: FeatureSet = {
  version: 'test-1',
  keys: ['customer', 'terminal'],
  minorPerUnit: 100,
  lateS: 15,
  features,
};

export function instant(us: number): Instant {
  const found = instantOf(us);
  assert.ok(found !== undefined);
  return found;
}

/** Events and labels in the order of the log. */
export type Entry = { readonly event: FraudEvent } | { readonly label: FraudLabel };

export function foldInto(state: FeatureState, entries: readonly Entry[]): readonly number[][] {
  return entries.map((entry) => {
    if ('label' in entry) {
      state.learn(entry.label);
      return [];
    }
    const answer = state.observe(entry.event);
    assert.ok(answer.ok);
    return [...answer.value];
  });
}

export function eventsOf(entries: readonly Entry[]): readonly FraudEvent[] {
  return entries.flatMap((entry) => ('event' in entry ? [entry.event] : []));
}
