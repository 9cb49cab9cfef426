// The SQL that names the tenant of a transaction: the tables of access show the rows of that tenant
// and of no other, and none at all where it was not named.

import type { Transaction } from '#platform';

export async function enterTenant(tx: Transaction, tenant: string): Promise<void> {
  await tx.query({
    name: 'gateway.enter_tenant',
    text: `select pg_catalog.set_config('florin.tenant', $1, true)`,
    values: [tenant],
  });
}
