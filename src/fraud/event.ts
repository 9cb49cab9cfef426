// Owns what is screened: something that happened once, to some keys, for an amount. All in it is
// whole numbers and texts, so that whatever is computed from it is the same on every machine.

import type { Instant } from '#kernel';

/**
 * What can have a history of its own: a customer, an account, a counterparty, a terminal, a device.
 * Which kinds there are is for a set of features to say.
 */
export type KeyKind = string;

export interface FraudEvent {
  /** Unique. Of two events at the same time, the one whose id is less by bytes came first. */
  readonly id: string;
  readonly at: Instant;
  /** Minor units, a safe integer, not negative. */
  readonly amount: number;
  /** The keys it belongs to, by kind; a kind that is absent has no part in it. */
  readonly keys: Readonly<Record<KeyKind, string>>;
}

/** What became known of an event later: whether it was fraud, and when that was known. */
export interface FraudLabel {
  readonly event: FraudEvent;
  readonly knownAt: Instant;
  readonly isFraud: boolean;
}
