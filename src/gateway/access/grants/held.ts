// The mandates that go with what a customer holds: given by the context that makes somebody a
// holder, ended when they are none any more, in its transaction and recorded like any other.

import { record } from '#audit';
import { idOf, msOf, uuidBatch, uuidOf, type Currency, type Instant } from '#kernel';
import { FIRST_TENANT, type Transaction } from '#platform';
import { gatewayActions } from '../../audit-actions.ts';
import { enterTenant } from '../tenant-store.ts';
import { endGrants, insertGrants, type GrantId, type NewGrant } from './grant-store.ts';
import { told } from './grants.ts';
import type { Act } from './judge.ts';

/** What a customer may do with an account; at any hour, and without an end unless given. */
export interface HeldGrant {
  readonly customer: string;
  readonly account: string;
  readonly acts: readonly Act[];
  readonly currency: Currency;
  /** Minor units of one transfer, and of all of a day. */
  readonly transferMax?: bigint | undefined;
  readonly dayMax?: bigint | undefined;
  readonly validTo?: Instant | undefined;
}

/** What a transaction sees that names no tenant. */
const EVERY_TENANT = '*';

/** The ids of the mandates, in order. */
export async function giveHeldGrants(
  tx: Transaction,
  held: readonly HeldGrant[],
): Promise<GrantId[]> {
  if (held.length === 0) return [];
  const tenant = tx.tenant ?? FIRST_TENANT;
  const ids = uuidBatch(msOf(tx.now));
  const grants = held.map((each) => ({ id: ids.next(), grant: grantOf(each, tx.now) }));
  await within(tx, () => insertGrants(tx, tenant, grants));
  const action = gatewayActions['gateway.grant.give'];
  const given = grants.map(({ id, grant }) => ({ id: idOf('grt', id), grant }));
  await record(
    tx,
    given.map(({ id, grant }) => ({ action, target: id, after: { tenant, ...told(grant) } })),
  );
  return given.map(({ id }) => id);
}

export async function endHeldGrants(tx: Transaction, ids: readonly GrantId[]): Promise<void> {
  if (ids.length === 0) return;
  await within(tx, () => endGrants(tx, ids.map(uuidOf)));
  const action = gatewayActions['gateway.grant.end'];
  await record(
    tx,
    ids.map((target) => ({ action, target })),
  );
}

// The tables of access show nobody the rows of several tenants.
async function within(tx: Transaction, run: () => Promise<void>): Promise<void> {
  await enterTenant(tx, tx.tenant ?? FIRST_TENANT);
  await run();
  if (tx.tenant === undefined) await enterTenant(tx, EVERY_TENANT);
}

function grantOf(held: HeldGrant, now: Instant): NewGrant {
  return {
    granteeKind: 'customer',
    grantee: held.customer,
    objectKind: 'account',
    objectId: held.account,
    acts: held.acts,
    currency: held.currency,
    transferMax: held.transferMax,
    dayMax: held.dayMax,
    timeZone: 'UTC',
    weekdays: [1, 2, 3, 4, 5, 6, 7],
    minuteFrom: 0,
    minuteTo: 1_440,
    validFrom: now,
    validTo: held.validTo,
  };
}
