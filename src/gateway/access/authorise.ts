// Owns the first question about a known caller: may somebody of these roles, with this token, do
// this at all. Pure, and no by default: a permission, role or scope not in the table is a no.

import { FIRST_TENANT } from '#platform';
import type { Principal, Role } from '#identity';
import type { Allowed, Decision, Denied } from './access.ts';
import { permissionTable } from './roles.ts';
import type { PermissionRow } from './roles.ts';

/** What staff must have proven. */
export const STAFF_FACTORS = 2;

/**
 * `areObjectsJudged`: whether the operation names its objects. Who may act on granted objects only
 * may not use one that does not: a list of all there is, for example.
 */
export function authorise(
  principal: Principal,
  permission: string,
  areObjectsJudged: boolean,
): Decision {
  const row = Object.hasOwn(permissionTable, permission) ? permissionTable[permission] : undefined;
  if (row === undefined) return no('forbidden', 'Nobody may do this.', `unknown ${permission}`);
  if (row.isInstallationWide && principal.tenant !== FIRST_TENANT) {
    const message = 'This concerns the whole installation, and not your tenant alone.';
    return no('forbidden', message, `tenant ${permission}`);
  }
  const byRole = decideByRole(principal, row, areObjectsJudged);
  if (!byRole.isAllowed || principal.scopes === undefined) return byRole;
  const { scopes } = principal;
  if (row.scopes.some((scope) => scopes.has(scope))) return byRole;
  const message = `The access token needs the scope ${row.scopes.join(' or ')}.`;
  return no('scope_missing', message, `scope ${permission}`);
}

function decideByRole(
  { roles, factors }: Principal,
  row: PermissionRow,
  areObjectsJudged: boolean,
): Decision {
  const among = (allowed: readonly Role[]): Role | undefined =>
    roles.find((role) => allowed.includes(role));
  const staff = among(row.staff);
  if (staff !== undefined && factors >= STAFF_FACTORS) return yes(`staff ${staff}`);
  const own = among(row.own);
  if (own !== undefined) return yes(`own ${own}`);
  const granted = among(row.granted);
  if (granted !== undefined && areObjectsJudged) return yes(`granted ${granted}`);
  if (staff !== undefined) {
    const message = `The role ${staff} needs a second factor: sign in with one.`;
    return no('second_factor_required', message, `factors ${staff}`);
  }
  if (granted !== undefined) {
    const message = 'This is about objects of others too; ask for each of your own by its id.';
    return no('forbidden', message, `all objects ${granted}`);
  }
  return no('forbidden', 'None of your roles allows this.', 'role');
}

/** Whether somebody may use a permission for granted objects only, those of others being hidden. */
export function actsOnGrants(principal: Principal, permission: string): boolean {
  const row = Object.hasOwn(permissionTable, permission) ? permissionTable[permission] : undefined;
  const isGranted = principal.roles.some((role) => row?.granted.includes(role) === true);
  return isGranted && !isStaffFor(principal, permission);
}

/** Whether somebody acts as staff: on every object of the tenant, without grants. */
export function isStaffFor({ roles, factors }: Principal, permission: string): boolean {
  const row = Object.hasOwn(permissionTable, permission) ? permissionTable[permission] : undefined;
  return factors >= STAFF_FACTORS && roles.some((role) => row?.staff.includes(role) === true);
}

function yes(rule: string): Allowed {
  return { isAllowed: true, rule };
}

function no(code: Denied['code'], message: string, rule: string): Denied {
  return { isAllowed: false, code, message, rule };
}

/**
 * The challenge that tells a client what would help (RFC 6750 §3, RFC 9470 §3); undefined where
 * nothing would.
 */
export function challengeOf({ code, message }: Denied): string | undefined {
  const start = 'Bearer realm="florin"';
  const description = `error_description="${message}"`;
  if (code === 'scope_missing') return `${start}, error="insufficient_scope", ${description}`;
  if (code !== 'second_factor_required') return undefined;
  const error = 'error="insufficient_user_authentication"';
  return `${start}, ${error}, ${description}, acr_values="${ACR_OF_TWO_FACTORS}"`;
}

const ACR_OF_TWO_FACTORS = 'urn:florin:acr:2';
