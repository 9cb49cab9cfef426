// Owns the noun customer: a person or a company the bank knows, with what it may be asked for. An
// id is for ever, and stays when everything known of the customer is erased.

import type { Instant } from '#kernel';
import type { Keys, Queryable } from '#platform';
import type { CustomerId } from '../account.ts';
import type { Verification } from './verification.ts';

export type { CustomerId } from '../account.ts';

export const customerKinds = ['person', 'company'] as const;
export type CustomerKind = (typeof customerKinds)[number];

export interface Address {
  readonly lines: readonly string[];
  readonly city: string;
  readonly postalCode: string | undefined;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
}

/** What is known of a customer. It is stored sealed, and readable until the customer is erased. */
export interface Particulars {
  readonly name: string;
  readonly email?: string | undefined;
  readonly phone?: string | undefined;
  /** Of a person, as YYYY-MM-DD. */
  readonly birthDate?: string | undefined;
  readonly taxId?: string | undefined;
  /** Of a company. */
  readonly registrationNumber?: string | undefined;
  readonly address?: Address | undefined;
}

export interface Customer {
  readonly id: CustomerId;
  readonly tenant: string;
  readonly externalId: string | undefined;
  readonly kind: CustomerKind;
  /** Undefined once erased. */
  readonly particulars: Particulars | undefined;
  readonly verification: Verification;
  /** 1, 2, 3 …: grows with each change. */
  readonly revision: number;
  readonly createdAt: Instant;
  readonly changedAt: Instant;
  readonly erasedAt: Instant | undefined;
}

export interface NewCustomer {
  /** The bank's own name for it: unique in its tenant, for ever, and no secret. */
  readonly externalId?: string | undefined;
  readonly kind: CustomerKind;
  readonly particulars: Particulars;
}

/** Whatever answers statements and can open what is sealed: a transaction, or a database. */
export interface SealedReader extends Queryable {
  readonly keys: Keys;
}
