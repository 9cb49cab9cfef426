// Owns the nouns of reconciliation: a nostro and the statements about it, what was matched, and the
// breaks that a person deals with. Pure.

import type { AccountId, Id, Instant, TransferId } from '#kernel';
import type { Rule } from './rule.ts';

export type NostroId = Id<'nos'>;
export type StatementId = Id<'stm'>;
export type BreakId = Id<'brk'>;
export type MatchId = Id<'mat'>;

/** An account that we hold with another bank, and the account of the ledger that mirrors it. */
export interface NewNostro {
  /** As statements name it: an IBAN, or another number. */
  readonly number: string;
  readonly accountId: AccountId;
  readonly currency: string;
  /** What differences are written off to. */
  readonly writeOffAccountId?: AccountId | undefined;
  readonly rules: readonly Rule[];
}

export interface Nostro extends NewNostro {
  readonly id: NostroId;
  readonly tenant: string;
  /** Entries of the books up to this version of the account are all matched. */
  readonly matchedUpTo: bigint;
  readonly revision: number;
  readonly createdAt: Instant;
  readonly changedAt: Instant;
}

export interface TakenStatement {
  readonly id: StatementId;
  readonly nostroId: NostroId;
  readonly kind: 'statement' | 'notification';
  readonly reference: string;
  readonly sequence: bigint | undefined;
  /** Minor units; of a statement only. */
  readonly opening: bigint | undefined;
  readonly closing: bigint | undefined;
  readonly endsOn: Instant;
  readonly entries: number;
  readonly recordedAt: Instant;
}

/** An entry of a statement, by its place in it. */
export interface StatementPlace {
  readonly statementId: StatementId;
  readonly place: number;
}

export interface TakenEntry extends StatementPlace {
  /** Minor units: above zero where the other bank credited us. */
  readonly amount: bigint;
  readonly bookedOn: Instant;
  readonly valueOn: Instant;
  readonly reference: string | undefined;
  readonly servicerReference: string | undefined;
  readonly code: string | undefined;
}

export const breakKinds = [
  'statement_only',
  'books_only',
  'amount_differs',
  'statement_gap',
] as const;
/**
 * statement_only, books_only: the other side has nothing like it. amount_differs: both have it,
 * with other amounts. statement_gap: a statement does not begin where the one before ended.
 */
export type BreakKind = (typeof breakKinds)[number];

export const breakStates = ['open', 'assigned', 'waiting', 'resolved'] as const;
export type BreakState = (typeof breakStates)[number];

/**
 * matched: a later statement brought the other side. linked: a person put both sides together.
 * written_off: a posting made good for it. accepted: a person took note; of gaps only.
 */
export const resolutions = ['matched', 'linked', 'written_off', 'accepted'] as const;
export type Resolution = (typeof resolutions)[number];

export interface Break {
  readonly id: BreakId;
  readonly nostroId: NostroId;
  readonly kind: BreakKind;
  /** Minor units: of the side that has it, or the statement's less the books'. */
  readonly amount: bigint;
  readonly statementId: StatementId | undefined;
  readonly place: number | undefined;
  readonly accountId: AccountId | undefined;
  /** The entry of the account, by the account's version. */
  readonly version: bigint | undefined;
  readonly state: BreakState;
  readonly assignee: string | undefined;
  readonly resolution: Resolution | undefined;
  readonly note: string | undefined;
  readonly matchId: MatchId | undefined;
  readonly transferId: TransferId | undefined;
  readonly waitUntil: Instant | undefined;
  readonly sinceOn: Instant;
  readonly createdAt: Instant;
  readonly changedAt: Instant;
}
