// Owns the noun bank account: an account of the ledger that customers hold, with its product, its
// numbers and its status. Pure. Its id is the id of its account in the ledger, for ever.

import type { AccountId, Currency, Id, Instant } from '#kernel';

export type CustomerId = Id<'cus'>;

/**
 * blocked: nothing moves. debits_blocked: nothing leaves. dormant: no customer has used it for as
 * long as its product says; what may still be done is the product's rule. closed: for ever.
 */
export const bankAccountStatuses = [
  'active',
  'blocked',
  'debits_blocked',
  'dormant',
  'closed',
] as const;

export type BankAccountStatus = (typeof bankAccountStatuses)[number];

/** owner: the account is theirs, jointly where there are several. authorised: may act on it. */
export const holderRoles = ['owner', 'authorised'] as const;

export type HolderRole = (typeof holderRoles)[number];

export interface Holder {
  readonly customer: CustomerId;
  readonly role: HolderRole;
}

/** What an account is called outside the bank. */
export type AccountNumber =
  { readonly iban: string } | { readonly routingNumber: string; readonly accountNumber: string };

export interface BankAccount {
  readonly id: AccountId;
  readonly tenant: string;
  /** The code of its product. */
  readonly product: string;
  readonly currency: Currency;
  readonly status: BankAccountStatus;
  /** Why it has that status, where somebody gave it. */
  readonly statusReason: string | undefined;
  /** Those of now, owners first. */
  readonly owners: readonly Holder[];
  readonly iban?: string | undefined;
  readonly routingNumber?: string | undefined;
  readonly accountNumber?: string | undefined;
  readonly externalId?: string | undefined;
  /** Minor units it may be overdrawn by. */
  readonly overdraft: bigint;
  readonly openedAt: Instant;
  readonly changedAt: Instant;
}

/** An account to open. The same external id with the same content is the same account. */
export interface NewBankAccount {
  readonly externalId?: string | undefined;
  readonly product: string;
  /** The first is the main owner. */
  readonly owners: readonly Holder[];
  /** Minor units, at most the product's; none unless given. */
  readonly overdraft?: bigint | undefined;
  /** A number it has already; one of the product's own is made unless given. */
  readonly number?: AccountNumber | undefined;
  /** An account of the ledger that becomes the bank account; one is opened unless given. */
  readonly ledgerAccount?: AccountId | undefined;
}

/** What must be unique in a list of accounts to open. */
export function namesOf({ externalId, number, ledgerAccount }: NewBankAccount): string[] {
  const names: string[] = [];
  if (externalId !== undefined) names.push(`external ${externalId}`);
  if (ledgerAccount !== undefined) names.push(`ledger ${ledgerAccount}`);
  if (number === undefined) return names;
  const text = 'iban' in number ? number.iban : `${number.routingNumber} ${number.accountNumber}`;
  return [...names, `number ${text}`];
}
