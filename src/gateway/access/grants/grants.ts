// The verbs of mandates: given and ended by an administrator, recorded with all they allow. A
// mandate never changes; another is given in its place.

import { record } from '#audit';
import type { JsonObject } from '#audit';
import { accept, formatInstant, idOf, isId, msOf, newUuid, refuse, uuidOf } from '#kernel';
import type { Refusal, Result } from '#kernel';
import type { Principal } from '#identity';
import type { Transaction } from '#platform';
import { gatewayActions } from '../../audit-actions.ts';
import { endGrant, insertGrant, selectGrant } from './grant-store.ts';
import type { Grant, GrantId, NewGrant } from './grant-store.ts';
import { isTimeZone } from './local-time.ts';
import type { AccessRefusalCode } from '../refusals.ts';
import { enterTenant } from '../tenant-store.ts';

interface GrantRefusal extends Refusal {
  readonly code: AccessRefusalCode;
}

export async function giveGrant(
  tx: Transaction,
  giver: Principal,
  grant: NewGrant,
): Promise<Result<Grant, GrantRefusal>> {
  const { tenant } = giver;
  const flaw = flawOf(giver, grant);
  if (flaw !== undefined) return refuse(flaw);
  await enterTenant(tx, tenant);
  const id = newUuid(msOf(tx.now));
  await insertGrant(tx, { id, tenant, grant });
  const grantId = idOf('grt', id);
  const action = gatewayActions['gateway.grant.give'];
  await record(tx, [{ action, target: grantId, after: { tenant, ...told(grant) } }]);
  const made = { createdAt: tx.now, createdBy: tx.actor };
  return accept({ ...grant, id: grantId, ...made, revokedAt: undefined, revokedBy: undefined });
}

export async function revokeGrant(
  tx: Transaction,
  { tenant }: Principal,
  id: string,
): Promise<Result<Grant, GrantRefusal>> {
  const found = await findGrant(tx, { tenant }, id);
  if (!found.ok) return found;
  if (!(await endGrant(tx, uuidOf(found.value.id)))) {
    return refuse({ code: 'grant_ended', message: `The mandate ${id} was ended.`, param: 'id' });
  }
  await record(tx, [{ action: gatewayActions['gateway.grant.end'], target: id }]);
  return accept({ ...found.value, revokedAt: tx.now, revokedBy: tx.actor });
}

export async function findGrant(
  tx: Transaction,
  { tenant }: Pick<Principal, 'tenant'>,
  id: GrantId | string,
): Promise<Result<Grant, GrantRefusal>> {
  await enterTenant(tx, tenant);
  const grant = isId('grt', id) ? await selectGrant(tx, uuidOf(id)) : undefined;
  if (grant !== undefined) return accept(grant);
  return refuse({ code: 'grant_unknown', message: `There is no mandate ${id}.`, param: 'id' });
}

function flawOf(giver: Principal, grant: NewGrant): GrantRefusal | undefined {
  const { minuteFrom, minuteTo, validFrom, validTo, timeZone, currency } = grant;
  const isLimited = grant.transferMax !== undefined || grant.dayMax !== undefined;
  if (grant.grantee === giver.subject || grant.grantee === giver.customer) {
    const message = 'You cannot give a mandate to yourself.';
    return { code: 'grant_to_oneself', message, param: 'grantee' };
  }
  if (minuteFrom >= minuteTo) {
    const message = 'The hours must end after they begin, on the same day.';
    return { code: 'grant_hours_invalid', message, param: 'minute_to' };
  }
  if (validTo !== undefined && validTo <= validFrom) {
    const message = 'valid_to must be after valid_from.';
    return { code: 'grant_period_invalid', message, param: 'valid_to' };
  }
  if (isLimited && currency === undefined) {
    const message = 'A limit needs the currency it is in.';
    return { code: 'grant_currency_missing', message, param: 'currency' };
  }
  if (isTimeZone(timeZone)) return undefined;
  const message = 'The time zone must be a name of the IANA database, such as Europe/Prague.';
  return { code: 'grant_time_zone_unknown', message, param: 'time_zone' };
}

/** All that it allows, for the log. */
export function told(grant: NewGrant): JsonObject {
  const { granteeKind, grantee, objectKind, objectId, acts, currency, validTo } = grant;
  return {
    [granteeKind]: grantee,
    [objectKind]: objectId,
    acts: [...acts],
    currency: currency ?? null,
    transfer_max: grant.transferMax === undefined ? null : String(grant.transferMax),
    day_max: grant.dayMax === undefined ? null : String(grant.dayMax),
    hours: `${grant.minuteFrom}-${grant.minuteTo} ${grant.timeZone}`,
    weekdays: [...grant.weekdays],
    valid_from: formatInstant(grant.validFrom),
    valid_to: validTo === undefined ? null : formatInstant(validTo),
  };
}
