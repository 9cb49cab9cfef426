// Owns what is agreed with a sender of files: in which format they come, whether a network or a
// customer sends them, whether part of one may be taken, and up to how much. Pure.

import type { AccountId, Currency, Id, Instant } from '#kernel';
import type { CsvMapping } from '../csv/mapping.ts';
import type { RailName } from '../payment.ts';

export type AgreementId = Id<'fag'>;

export const fileRoles = ['incoming', 'outgoing'] as const;
/** incoming: a network pays and collects on accounts of ours. outgoing: a customer does. */
export type FileRole = (typeof fileRoles)[number];

export const acceptances = ['whole', 'partial'] as const;
export type Acceptance = (typeof acceptances)[number];

export interface AgreementTerms {
  readonly sender: string;
  readonly format: string;
  readonly role: FileRole;
  readonly acceptance: Acceptance;
  readonly rail: RailName;
  readonly currency: Currency;
  readonly settlementAccount: AccountId | undefined;
  readonly areDebitsAllowed: boolean;
  /** Minor units. */
  readonly entryMax: bigint | undefined;
  readonly fileMax: bigint | undefined;
  readonly mapping: CsvMapping | undefined;
}

export interface Agreement extends AgreementTerms {
  readonly id: AgreementId;
  readonly tenant: string;
  readonly state: 'active' | 'ended';
  readonly revision: number;
  readonly createdAt: Instant;
  readonly changedAt: Instant;
}
