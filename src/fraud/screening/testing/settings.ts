// What the tests of screening judge by: configurations that are made of a few rules and of small
// models, and a registry whose configuration a test sets.

import assert from 'node:assert/strict';
import { modelVersion } from '../../model/trees/model-file.ts';
import { trainBoostedTrees } from '../../model/trees/train.ts';
import {
  usualPolicy,
  type Policy,
  type ScreeningConfig,
  type ServedModel,
} from '../../registry/config.ts';
import type { Registry } from '../../registry/open.ts';
import { openLists } from '../../rules/lists.ts';
import { parseRuleSet } from '../../rules/parse.ts';
import type { RuleSet } from '../../rules/rule-set.ts';
import { paymentFeatures } from '../payment-features.ts';

const names = paymentFeatures.features.map(({ name }) => name);

/** A deadline that no test comes to unless it wants to. */
const patient: Policy = { ...usualPolicy, deadlineUs: 60_000_000 };

/** Rules as they are written, with what every rule must say filled in. */
export function rulesOf(rules: readonly Readonly<Record<string, unknown>>[], version = 1): RuleSet {
  const whole = rules.map((rule) => ({
    description: 'A rule of a test.',
    outcome: 'review',
    reason: 'policy',
    missing: 'ignore',
    ...(rule['outcome'] === 'decline' ? { decline_limit: 'none' } : {}),
    ...rule,
  }));
  const set = { format: 1, name: 'test', version, rules: whole };
  const parsed = parseRuleSet(JSON.stringify(set), names);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.value;
}

/** More than so many payments of one payer within an hour. */
export const overPayments = (count: number): Readonly<Record<string, unknown>> => ({
  id: 'many',
  when: { gt: [{ feature: 'payer_count_1h' }, count] },
  outcome: 'decline',
  reason: 'velocity_unusual',
});

export function configOf(
  part: Partial<Omit<ScreeningConfig, 'policyOf'>> & {
    readonly policy?: Partial<Policy>;
    readonly policies?: Readonly<Record<string, Partial<Policy>>>;
  } = {},
): ScreeningConfig {
  const { policy, policies, ...rest } = part;
  const lists = openLists();
  assert.ok(lists.ok);
  return {
    tenant: 'main',
    revision: 1,
    ruleSet: rulesOf([overPayments(3)]),
    lists: lists.value,
    champion: undefined,
    challenger: undefined,
    ...rest,
    policyOf: (product) => ({ ...patient, ...policy, ...policies?.[product ?? ''] }),
  };
}

/** Gives payments over so many units a high score. */
export function modelOver(units: number): ServedModel {
  const rows = 400;
  const amounts = Float64Array.from({ length: rows }, (_, row) => (row * units * 2) / rows);
  const columns = names.map((name) =>
    name === 'amount' ? amounts : new Float64Array(rows).fill(1),
  );
  const labels = Uint8Array.from(amounts, (amount) => (amount > units ? 1 : 0));
  const matrix = { rows, names, columns };
  const trees = trainBoostedTrees({ matrix, labels, seed: 1 }, parameters);
  const version = modelVersion(trees);
  return { version, model: { trees, calibration: undefined, card: undefined }, drift: undefined };
}

const parameters = { trees: 10, learningRate: 0.3, depthMax: 2 } as const;

export interface SetRegistry extends Registry {
  /** From the next batch on. */
  set(config: ScreeningConfig): void;
}

/** One configuration for every tenant. */
export function registryOf(config: ScreeningConfig): SetRegistry {
  let current = config;
  return {
    load: () => Promise.resolve(current),
    configOf: () => current,
    tenants: () => [current.tenant],
    refresh: () => Promise.resolve(),
    set(next) {
      current = next;
    },
  };
}
