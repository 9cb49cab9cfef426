// Owns what is in force as people are told of it: the revision, and what holds each place.

import type { Uuid } from '#kernel';
import type { Queryable } from '#platform';
import { chosenAt } from './choice-store.ts';
import { findModel, type StoredModel } from './model-store.ts';
import { findRevision } from './revision-store.ts';
import { findRuleSet, type StoredRuleSet } from './rule-set-store.ts';

export interface InForceNow {
  readonly revision: number;
  readonly listEntries: number;
  /** Undefined: the starter. */
  readonly ruleSet: StoredRuleSet | undefined;
  readonly champion: StoredModel | undefined;
  readonly challenger: StoredModel | undefined;
}

export async function readInForce(queryable: Queryable, tenant: string): Promise<InForceNow> {
  const { revision, listEntries } = await findRevision(queryable, tenant);
  const {
    rule_set: rules,
    champion,
    challenger,
  } = await chosenAt(queryable, {
    tenant,
    revision,
  });
  const model = async (id: Uuid | undefined): Promise<StoredModel | undefined> =>
    id === undefined ? undefined : await findModel(queryable, tenant, id);
  return {
    revision,
    listEntries,
    ruleSet: rules === undefined ? undefined : await findRuleSet(queryable, tenant, rules),
    champion: await model(champion),
    challenger: await model(challenger),
  };
}
