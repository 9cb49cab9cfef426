// Owns who a request is made by, once proven. A principal is as of one moment: it is made anew for
// each request from a credential that was just checked, and is never stored.

import type { Instant } from '#kernel';

/** What somebody is to the bank. What each role may do is a table of the gateway's. */
export const roles = [
  'customer',
  'teller',
  'approver',
  'auditor',
  'operator',
  'administrator',
  'partner',
] as const;

export type Role = (typeof roles)[number];

export interface Principal {
  /**
   * Who it is, for ever: `usr_…` a person, `cli_…` a client acting for itself, `<issuer>#<sub>` one
   * whom another issuer vouches for, `local:<name>` whoever runs the command line.
   */
  readonly subject: string;
  readonly kind: 'person' | 'client' | 'local';
  /** Whose data these are; rows of other tenants do not exist for this principal. */
  readonly tenant: string;
  readonly roles: readonly Role[];
  /** Scopes of the token (RFC 6749 §3.3); undefined where no token limits the roles. */
  readonly scopes: ReadonlySet<string> | undefined;
  /** How it was proven, for the audit log: `password+totp`, `private_key_jwt`, `local`. */
  readonly authentication: string;
  /** How many independent factors a person proved; a client counts as two. */
  readonly factors: number;
  /** When the person last proved it; a client's credential is proven with each token. */
  readonly authenticatedAt: Instant;
  /** The OAuth client the request came through. */
  readonly clientId: string | undefined;
  /** The customer on whose behalf, whose plan is charged; the subject where there is none. */
  readonly customer: string;
  /** Of the token's grant: revoking it ends every token of the session at once. */
  readonly session: string | undefined;
}
