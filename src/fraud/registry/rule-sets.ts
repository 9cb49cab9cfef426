// The verbs of rule sets: one is kept once it has been read without a fault, and is put in force by
// name of the one it takes the place of, so that of two who do so at once the second is told.

import { createHash } from 'node:crypto';
import { record } from '#audit';
import { accept, idOf, msOf, newUuid, refuse, uuidOf, type Result } from '#kernel';
import type { Transaction } from '#platform';
import type { FeatureSet } from '../features/definition.ts';
import type { RuleFault } from '../rules/faults.ts';
import { parseRuleSet } from '../rules/parse.ts';
import { registryActions } from './audit-actions.ts';
import { choose, lockInForce } from './choose.ts';
import { factsOfRuleSet, tenantOf } from './facts.ts';
import { namesOf } from './read.ts';
import { no, type RegistryRefusal } from './refusals.ts';
import { STARTER_VERSION } from './starter-rules.ts';
import {
  findRuleSet,
  insertRuleSet,
  type RuleSetId,
  type StoredRuleSet,
} from './store/rule-set-store.ts';

/** What PostgreSQL keeps a version as. */
const VERSION_MAX = 2_147_483_647;

export type RuleSetFaults = RegistryRefusal & { readonly faults?: readonly RuleFault[] };

/** Keeps it, and changes nothing that is in force. */
export async function createRuleSet(
  tx: Transaction,
  features: FeatureSet,
  source: string,
): Promise<Result<StoredRuleSet, RuleSetFaults>> {
  const parsed = parseRuleSet(source, namesOf(features));
  if (!parsed.ok) {
    const { message, param, faults } = parsed.refusal;
    return refuse({ code: 'rule_set_malformed', message, param, faults });
  }
  const { name, version, fingerprint, rules } = parsed.value;
  if (version > VERSION_MAX) {
    const message = `The version ${version} is more than ${VERSION_MAX}.`;
    return no('rule_set_malformed', message, 'version');
  }
  const stored: StoredRuleSet = {
    id: idOf('rls', newUuid(msOf(tx.now))),
    tenant: tenantOf(tx),
    version,
    name,
    fingerprint,
    featureSet: features.version,
    rules: rules.length,
    madeAt: tx.now,
    madeBy: tx.actor,
  };
  if (!(await insertRuleSet(tx, stored, source))) {
    const message = `There is a rule set of version ${version} already; a change has its own.`;
    return no('rule_set_exists', message, 'version');
  }
  const action = registryActions['fraud.rule_set.create'];
  const sourceSha256 = createHash('sha256').update(source).digest();
  const after = factsOfRuleSet({ ...stored, sourceSha256 });
  await record(tx, [{ action, target: stored.id, after }]);
  return accept(stored);
}

export interface Activation {
  readonly id: RuleSetId;
  /** The version in force as whoever asks knows it; 0 is the starter. */
  readonly insteadOf: number;
  readonly note?: string | undefined;
}

export interface Activated {
  readonly ruleSet: StoredRuleSet;
  readonly revision: number;
}

export async function activateRuleSet(
  tx: Transaction,
  features: FeatureSet,
  { id, insteadOf, note }: Activation,
): Promise<Result<Activated, RegistryRefusal>> {
  const inForce = await lockInForce(tx);
  const ruleSet = await findRuleSet(tx, inForce.tenant, uuidOf(id));
  if (ruleSet === undefined) return noRuleSet(id);
  const before = inForce.chosen.rule_set;
  if (before === uuidOf(id)) {
    return no('rule_set_in_force', `Version ${ruleSet.version} is in force already.`, 'id');
  }
  const held = before === undefined ? undefined : await findRuleSet(tx, inForce.tenant, before);
  const version = held?.version ?? STARTER_VERSION;
  if (version !== insteadOf) {
    const message = `Version ${version} is in force, and not ${insteadOf}.`;
    return no('fraud_choice_changed', message, 'instead_of');
  }
  // The features may be others than when it was kept.
  const parsed = parseRuleSet(ruleSet.source, namesOf(features));
  if (!parsed.ok) return no('rule_set_malformed', parsed.refusal.message, 'id');
  const data = { version: ruleSet.version, instead_of: version };
  const revision = await choose(tx, inForce, {
    chosen: { rule_set: uuidOf(id) },
    event: { type: 'fraud.rules_activated', subject: id, data },
    note,
  });
  return accept({ ruleSet, revision });
}

export function noRuleSet(id: string) {
  return no('rule_set_unknown', `There is no rule set ${id}.`, 'id');
}
