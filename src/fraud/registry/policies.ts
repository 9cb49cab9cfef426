// The verb of policies: what a product asks of screening, from the next event on.

import { productVersions } from '#accounts';
import { record } from '#audit';
import { accept, idOf, msOf, newUuid, type Result } from '#kernel';
import { emit, type Transaction } from '#platform';
import { registryActions } from './audit-actions.ts';
import type { Policy } from './config.ts';
import { factsOfPolicy, tenantOf } from './facts.ts';
import { no, type RegistryRefusal } from './refusals.ts';
import { insertPolicy, type StoredPolicy } from './store/policy-store.ts';
import { lockRevision, writeRevision } from './store/revision-store.ts';

export interface NewPolicy extends Policy {
  /** Undefined: of every product that has none of its own. */
  readonly product: string | undefined;
}

export async function putPolicy(
  tx: Transaction,
  asked: NewPolicy,
): Promise<Result<StoredPolicy, RegistryRefusal>> {
  const { product } = asked;
  if (product !== undefined && (await productVersions(tx, [product])).size === 0) {
    return no('policy_product_unknown', `There is no product ${product}.`, 'product');
  }
  const tenant = tenantOf(tx);
  const now = await lockRevision(tx, tenant);
  const revision = now.revision + 1;
  const id = idOf('fpl', newUuid(msOf(tx.now)));
  const policy: StoredPolicy = {
    ...asked,
    id,
    tenant,
    revision,
    madeAt: tx.now,
    madeBy: tx.actor,
  };
  await insertPolicy(tx, policy);
  await writeRevision(tx, tenant, { ...now, revision });
  const action = registryActions['fraud.policy.put'];
  await record(tx, [{ action, target: id, after: factsOfPolicy(policy) }]);
  const data = { product: asked.product ?? null, is_screened: asked.isScreened, revision };
  await emit(tx, [{ type: 'fraud.policy_put', subject: id, data }]);
  return accept(policy);
}
