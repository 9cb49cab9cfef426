// What a caller may ask of the ledger: the instructions that `post` takes, and their limits of
// form. An instruction is checked for shape at the edge; here it is typed, with amounts as bigint
// minor units.

import type { AccountId, Instant, TransferId } from '#kernel';

export type Side = 'debit' | 'credit';

/** Facts about the leg's account that must hold just before the transfer, or it is refused. */
export interface LegConditions {
  /** Minor units: the account's `available` is this or more. */
  readonly availableAtLeast?: bigint | undefined;
  /** Minor units: the account's posted balance, on its normal side, is this or more. */
  readonly balanceAtLeast?: bigint | undefined;
  /** The account's version is exactly this. */
  readonly version?: bigint | undefined;
}

/**
 * One line of a transfer. `amount` is in minor units of the account's currency, above zero;
 * `remaining` stands for whatever balances the transfer in that currency (one such leg a currency).
 */
export interface Leg {
  readonly accountId: AccountId;
  readonly side: Side;
  readonly amount: bigint | 'remaining';
  /** The currency the caller believes the account has; refused when it has another. */
  readonly currency?: string | undefined;
  /** Move what the account's limits let through, at most `amount`. */
  readonly upTo?: boolean | undefined;
  readonly conditions?: LegConditions | undefined;
}

/** The rate of a transfer in two currencies: one major unit of `from` buys `rate` of `to`. */
export interface Exchange {
  readonly from: string;
  readonly to: string;
  /** Decimal text, above zero, at most 12 digits before and 12 after the point. */
  readonly rate: string;
}

/** Text to text; the count and lengths are limited in the configuration. */
export type Metadata = Readonly<Record<string, string>>;

/** Part of an earlier transfer: its leg number, counted from 0, and an amount in minor units. */
export interface LegPart {
  readonly leg: number;
  readonly amount: bigint;
}

interface Common {
  /** The caller's name for this instruction, unique for ever: replayed, never done twice. */
  readonly externalId?: string | undefined;
  readonly description?: string | undefined;
  readonly metadata?: Metadata | undefined;
  /** Value date; the recorded time when absent. */
  readonly effectiveAt?: Instant | undefined;
  /** All or nothing with the next instruction of the list; the first not linked ends the chain. */
  readonly linked?: boolean | undefined;
}

export interface TransferInstruction extends Common {
  readonly kind: 'transfer';
  readonly legs: readonly Leg[];
  readonly exchange?: Exchange | undefined;
}

/** Reserves the legs' amounts without moving them. */
export interface HoldInstruction extends Common {
  readonly kind: 'hold';
  readonly legs: readonly Leg[];
  readonly exchange?: Exchange | undefined;
  /** The hold is gone at this very microsecond; without it the hold stays until it is ended. */
  readonly expiresAt?: Instant | undefined;
}

/** How much of an earlier transfer: `amount` when it has one debit and one credit, or `legs`. */
export interface Portion {
  readonly amount?: bigint | undefined;
  readonly legs?: readonly LegPart[] | undefined;
}

/** Moves held money for good: all that is left, or a portion; `final` gives the rest back. */
export interface CaptureInstruction extends Common, Portion {
  readonly kind: 'capture';
  readonly holdId: TransferId;
  readonly final?: boolean | undefined;
}

/** Holds more, within the accounts' limits, and may move the deadline. */
export interface IncreaseInstruction extends Common, Portion {
  readonly kind: 'increase';
  readonly holdId: TransferId;
  readonly expiresAt?: Instant | undefined;
}

/** Gives back what is left of a hold. */
export interface VoidInstruction extends Common {
  readonly kind: 'void';
  readonly holdId: TransferId;
}

/** Moves a transfer's or a capture's money back: all that was not yet reversed, or a portion. */
export interface ReverseInstruction extends Common, Portion {
  readonly kind: 'reverse';
  readonly transferId: TransferId;
}

export type Instruction =
  | TransferInstruction
  | HoldInstruction
  | CaptureInstruction
  | IncreaseInstruction
  | VoidInstruction
  | ReverseInstruction;

/** each: every instruction on its own. stop: none after the first refusal. atomic: all or none. */
export type PostMode = 'each' | 'stop' | 'atomic';
