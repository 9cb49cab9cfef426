// Owns what screening is asked and what it answers: something that would move money, and whether it
// may. A verdict is final for what was asked; who asks again is judged again.

import type { AccountId, Id } from '#kernel';
import type { FraudDecision } from '../decision.ts';
import type { FraudEvent } from '../event.ts';
import type { Outcome } from '../rules/rule-set.ts';

export interface ScreeningItem {
  /** Whose history it adds to; its product says what happens where nothing can be asked. */
  readonly accountId: AccountId;
  /** Minor units of the currency. */
  readonly amount: bigint;
  readonly currency: string;
  /** What it is: `book`, `credit_out`; rules read it as the key `channel`. */
  readonly channel: string;
  /** The other side: an id of ours, or a number outside the bank, of which an HMAC is kept. */
  readonly counterparty?: string | undefined;
  /** Where it was asked from: a device or a network address, of which an HMAC is kept. */
  readonly device?: string | undefined;
  /** False where no outcome can stop it, because another bank has sent it. */
  readonly canStop: boolean;
}

export type DecisionId = Id<'dec'>;
export type ScreeningBatchId = Id<'scb'>;

/** What was decided of one item, before it is kept. */
export interface Judged {
  readonly id: DecisionId;
  readonly item: ScreeningItem;
  readonly event: FraudEvent;
  readonly decision: FraudDecision;
  readonly challengerScore: number | undefined;
  readonly verdict: Verdict;
}

export interface Verdict {
  readonly outcome: Outcome;
  /** The money must not move: a decline or a challenge of what can be stopped. */
  readonly isStopped: boolean;
}
