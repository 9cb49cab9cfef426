// Owns the form in which a principal is kept with what it proposed, and read again for its
// execution.

import { assert } from '#kernel';
import type { Principal } from '#identity';

export function textOfPrincipal(principal: Principal): string {
  const { scopes } = principal;
  return JSON.stringify({ ...principal, scopes: scopes === undefined ? null : [...scopes] });
}

/** Of what `textOfPrincipal` wrote. */
export function principalIn(stored: unknown): Principal {
  assert(typeof stored === 'object' && stored !== null, 'a maker is stored as an object');
  const { scopes, ...rest } = stored as Omit<Principal, 'scopes'> & { scopes: string[] | null };
  // JSON leaves out what was undefined.
  const absent = { clientId: undefined, session: undefined };
  return { ...absent, ...rest, scopes: scopes === null ? undefined : new Set(scopes) };
}
