// Owns how what was kept becomes what serves: a rule set, a model, policies and lists of one
// revision. What cannot be read is answered with the reason, for the caller to go on without it.

import { accept, refuse, type Result, type Uuid } from '#kernel';
import type { Queryable } from '#platform';
import type { FeatureSet } from '../features/definition.ts';
import { parseDriftReference } from '../model/drift-reference.ts';
import { modelVersion, parseModel } from '../model/trees/model-file.ts';
import { parseRuleSet } from '../rules/parse.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { usualPolicy, type Policy, type ServedModel } from './config.ts';
import { readModel } from './store/model-store.ts';
import { policiesAt, type StoredPolicy } from './store/policy-store.ts';
import { findRuleSet } from './store/rule-set-store.ts';

/** Why something that was kept cannot serve. */
export interface Unreadable {
  readonly code: string;
  readonly message: string;
}

export interface Reading {
  readonly queryable: Queryable;
  readonly features: FeatureSet;
  readonly tenant: string;
}

export function namesOf({ features }: FeatureSet): readonly string[] {
  return features.map(({ name }) => name);
}

export async function readRules(
  { queryable, features, tenant }: Reading,
  id: Uuid,
): Promise<Result<RuleSet, Unreadable>> {
  const stored = await findRuleSet(queryable, tenant, id);
  if (stored === undefined) return notThere('rule set', id);
  const parsed = parseRuleSet(stored.source, namesOf(features));
  if (!parsed.ok) return parsed;
  const isSame = parsed.value.fingerprint === stored.fingerprint;
  // Over other features a fingerprint is another, whatever the rules are.
  if (isSame || stored.featureSet !== features.version) return parsed;
  const message = `version ${stored.version} is not what was kept: its fingerprint is another`;
  return refuse({ code: 'rule_set_damaged', message });
}

export async function readServed(
  { queryable, features, tenant }: Reading,
  id: Uuid,
): Promise<Result<ServedModel, Unreadable>> {
  const stored = await readModel(queryable, tenant, id);
  if (stored === undefined) return notThere('model', id);
  const names = namesOf(features);
  const parsed = parseModel(stored.content, { names, version: features.version });
  if (!parsed.ok) return parsed;
  const model = parsed.value;
  const version = modelVersion(model.trees);
  if (version !== stored.version) {
    const message = `the model was kept as ${stored.version}, its trees are ${version}`;
    return refuse({ code: 'model_damaged', message });
  }
  if (stored.drift === null) return accept({ version, model, drift: undefined });
  const drift = parseDriftReference(stored.drift, names);
  return drift.ok ? accept({ version, model, drift: drift.value }) : drift;
}

function notThere(what: string, id: Uuid): Result<never, Unreadable> {
  return refuse({ code: 'part_missing', message: `there is no ${what} ${id}` });
}

export async function readPolicies(
  { queryable, tenant }: Reading,
  revision: number,
): Promise<(product: string | undefined) => Policy> {
  return policyFinder(await policiesAt(queryable, { tenant, revision }));
}

function policyFinder(stored: readonly StoredPolicy[]): (product: string | undefined) => Policy {
  const policies = new Map<string | undefined, Policy>();
  for (const { product, isScreened, onFailure, deadlineUs } of stored) {
    policies.set(product, { isScreened, onFailure, deadlineUs });
  }
  const others = policies.get(undefined) ?? usualPolicy;
  return (product) => policies.get(product) ?? others;
}
