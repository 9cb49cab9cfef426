// Owns whom we believe: each issuer of access tokens with its keys, the signatures we take from it,
// and what its claims make of a bearer. A token of any other issuer proves nothing.

import type { TokenAlgorithm, TokenClaims } from '#platform';
import type { Principal } from '../principal.ts';
import type { Validity } from './claims.ts';
import type { KeySet } from './key-set.ts';

export interface TrustedIssuer {
  /** What `iss` must say, to the letter. */
  readonly issuer: string;
  readonly algorithms: readonly TokenAlgorithm[];
  /** What `typ` must say, lower case; undefined where the issuer does not set it. */
  readonly type: string | undefined;
  readonly keys: KeySet;
  /** Who the bearer is. Undefined where the claims are not those of an access token for us. */
  principalOf(claims: TokenClaims, validity: Validity): Principal | undefined;
}

/** What FAPI 2.0 §5.4.1 allows. */
export const strongAlgorithms: readonly TokenAlgorithm[] = ['PS256', 'ES256', 'EdDSA'];

/** The type of access tokens that are JWTs (RFC 9068 §2.1). */
export const ACCESS_TOKEN_TYPE = 'at+jwt';

const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** Whether keys may be got from here: HTTPS, or this machine. */
export function isSecure(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname } = new URL(address);
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.has(hostname));
}
