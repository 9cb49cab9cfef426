// Owns what screening is asked and what it answers: something that would move money, and whether it
// may. A verdict is final for what was asked; who asks again is judged again.

import type { AccountId, Id, Instant, Uuid } from '#kernel';
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

/** What was decided together, by one process with one configuration. */
export interface JudgedBatch {
  readonly id: ScreeningBatchId;
  readonly tenant: string;
  readonly madeAt: Instant;
  /** The process that decided, from its start to its end. */
  readonly run: Uuid;
  /** Its count of batches, over all tenants: one that is missing was rolled back. */
  readonly ordinal: bigint;
  /** How far of the log it had folded, besides what it had decided itself. */
  readonly foldedUpTo: bigint;
  /** Which rules, lists, models and policies were in force. */
  readonly revision: number;
  readonly featureSet: string;
  readonly ruleSetVersion: number | undefined;
  readonly ruleSetFingerprint: string | undefined;
  readonly model: string | undefined;
  readonly challenger: string | undefined;
}

/** What was decided of one item, before it is kept. */
export interface Judged {
  readonly id: DecisionId;
  readonly batch: JudgedBatch;
  readonly item: ScreeningItem;
  readonly event: FraudEvent;
  readonly decision: FraudDecision;
  readonly challengerScore: number | undefined;
  readonly verdict: Verdict;
  /** False where the product is not screened: it passes, and nothing of it is folded or kept. */
  readonly isScreened: boolean;
}

export interface Verdict {
  readonly outcome: Outcome;
  /** The money must not move: a decline or a challenge of what can be stopped. */
  readonly isStopped: boolean;
}
