// What the ledger answers: a transfer as it stands in history, with the entries it made.

import type { AccountId, Instant, TransferId } from '#kernel';
import type { Exchange, Metadata, Side } from './instruction.ts';

export type TransferKind =
  'transfer' | 'hold' | 'capture' | 'increase' | 'void' | 'expiry' | 'reversal';

/** The four counters of an account, in minor units. Debits and credits are never netted. */
export interface Counters {
  readonly postedDebits: bigint;
  readonly postedCredits: bigint;
  readonly pendingDebits: bigint;
  readonly pendingCredits: bigint;
}

/** One leg's effect on one account, and the account's counters after it. */
export interface Entry extends Counters {
  readonly accountId: AccountId;
  /** The account's version after this entry: 1 for its first, without a gap. */
  readonly version: bigint;
  /** Which leg of the transfer, from 0. */
  readonly leg: number;
  readonly side: Side;
  /** Minor units moved for good. */
  readonly posted: bigint;
  /** Minor units held (positive) or given back (negative). */
  readonly pending: bigint;
}

export interface Transfer {
  readonly id: TransferId;
  readonly kind: TransferKind;
  readonly externalId: string | undefined;
  readonly description: string | undefined;
  readonly metadata: Metadata | undefined;
  readonly exchange: Exchange | undefined;
  /** The hold that a capture, increase, void or expiry belongs to. */
  readonly holdId: TransferId | undefined;
  /** The transfer that a reversal reverses. */
  readonly reversesId: TransferId | undefined;
  /** The deadline asked for with a hold or an increase. */
  readonly expiresAt: Instant | undefined;
  readonly effectiveAt: Instant;
  readonly recordedAt: Instant;
  readonly entries: readonly Entry[];
}

/** A transfer with the hash of what was asked, which tells a replay from a reuse. */
export interface StoredTransfer extends Transfer {
  readonly contentHash: string;
}

/** The accepted answer to an instruction. */
export interface Posted {
  readonly transfer: Transfer;
  /** True when it had been done before under the same external id, and nothing was done now. */
  readonly isReplay: boolean;
}
