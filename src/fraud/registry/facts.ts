// What the verbs of the registry say to the audit log. Ids, versions, counts and digests; what is
// listed stays in the rows.

import { FIRST_TENANT } from '#platform';
import { createHash } from 'node:crypto';
import type { JsonObject } from '#audit';
import { idOf } from '#kernel';
import type { Policy } from './config.ts';
import type { Choice, Place } from './store/choice-store.ts';
import type { ListChange } from './store/list-store.ts';
import type { StoredModel } from './store/model-store.ts';
import type { StoredPolicy } from './store/policy-store.ts';
import type { StoredRuleSet } from './store/rule-set-store.ts';

export const tenantOf = ({ tenant = FIRST_TENANT }: { readonly tenant?: string | undefined }) =>
  tenant;

/** The digest is over the text itself: what is read back must be what was kept. */
export function factsOfRuleSet(
  stored: Pick<StoredRuleSet, 'version' | 'name' | 'fingerprint' | 'featureSet'> & {
    readonly sourceSha256: Buffer;
  },
): JsonObject {
  const { version, name, fingerprint, featureSet, sourceSha256 } = stored;
  const sha256 = sourceSha256.toString('hex');
  return { feature_set: featureSet, fingerprint, name, sha256, version };
}

export function factsOfModel(
  stored: Pick<StoredModel, 'version' | 'featureSet' | 'bytes' | 'sha256' | 'hasDriftReference'>,
): JsonObject {
  return {
    bytes: stored.bytes,
    feature_set: stored.featureSet,
    has_drift_reference: stored.hasDriftReference,
    sha256: stored.sha256.toString('hex'),
    version: stored.version,
  };
}

const prefixes = { rule_set: 'rls', champion: 'mdl', challenger: 'mdl' } as const;

export function chosenId(place: Place, { chosen }: Pick<Choice, 'chosen'>): string | null {
  return chosen === undefined ? null : idOf(prefixes[place], chosen);
}

export function factsOfChoice(
  choice: Pick<Choice, 'place' | 'revision' | 'chosen' | 'note'>,
): JsonObject {
  const { place, revision, note = null } = choice;
  return { chosen: chosenId(place, choice), note, place, revision };
}

export function factsOfPolicy(
  policy: Policy & Pick<StoredPolicy, 'product' | 'revision'>,
): JsonObject {
  return {
    deadline_us: policy.deadlineUs,
    is_screened: policy.isScreened,
    on_failure: policy.onFailure,
    product: policy.product ?? null,
    revision: policy.revision,
  };
}

/** Of a change of the lists: counts, and a digest of what came and of what went. */
export function factsOfListChange(
  change: Omit<ListChange, 'id' | 'tenant'>,
  digest: string,
): JsonObject {
  const { purpose, put, revision, taken } = change;
  return { purpose, put, revision, sha256: digest, taken };
}

export interface DigestedEntry {
  readonly id: string;
  readonly kind: string;
  readonly value: string;
  readonly from: number;
  readonly until?: number | undefined;
}

/** Both in the order of their ids. */
export function digestOfChange(put: readonly DigestedEntry[], taken: readonly string[]): string {
  const hash = createHash('sha256');
  for (const { id, kind, value, from, until } of put) {
    hash.update(`${JSON.stringify([id, kind, value, from, until ?? null])}\n`);
  }
  hash.update('\n');
  for (const id of taken) hash.update(`${id}\n`);
  return hash.digest('hex');
}
