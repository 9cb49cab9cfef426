// Owns what the provider needs to know of whoever a token is issued for, as a port between the
// rooms of identity.

import type { Queryable } from '#platform';
import type { Role } from './principal.ts';

export interface Account {
  /** `usr_…` or `cli_…`. */
  readonly subject: string;
  readonly tenant: string;
  readonly roles: readonly Role[];
  /** The customer on whose behalf; undefined for staff and for clients of the bank itself. */
  readonly customer: string | undefined;
  /** Whether it may have tokens now. */
  readonly isActive: boolean;
}

export interface Accounts {
  find(queryable: Queryable, subject: string): Promise<Account | undefined>;
}
