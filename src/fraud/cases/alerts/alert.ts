// Owns the noun alert: that a decision was not to approve, and where it was put. It is written
// once; what people find out about it is the business of its case.

import type { JsonObject } from '#audit';
import type { AccountId, Id, Instant } from '#kernel';
import type { DecisionMode } from '../../decision.ts';
import type { Outcome } from '../../rules/rule-set.ts';
import type { DecisionId } from '../../screening/item.ts';
import type { CaseId } from '../case.ts';
import type { SnoozeId } from '../snoozes/snooze.ts';

export type AlertId = Id<'alr'>;

export interface Alert {
  readonly id: AlertId;
  readonly tenant: string;
  readonly decisionId: DecisionId;
  /** Absent where it is snoozed. */
  readonly caseId: CaseId | undefined;
  readonly snoozeId: SnoozeId | undefined;
  readonly accountId: AccountId;
  readonly counterparty: string | undefined;
  /** Absent where no payment came of it. */
  readonly paymentId: Id<'pay'> | undefined;
  readonly channel: string | undefined;
  readonly currency: string | undefined;
  /** Hundredths of a unit of the currency. */
  readonly amount: number;
  readonly mode: DecisionMode;
  readonly outcome: Exclude<Outcome, 'approve'>;
  readonly score: number | undefined;
  /** Those that count: neither in shadow nor set aside. */
  readonly rules: readonly string[];
  readonly reasons: readonly string[];
  readonly eventAt: Instant;
  readonly decidedAt: Instant;
  readonly raisedAt: Instant;
}

export function factsOfAlert(alert: Alert): JsonObject {
  return {
    account_id: alert.accountId,
    amount: alert.amount,
    case_id: alert.caseId,
    decision_id: alert.decisionId,
    mode: alert.mode,
    outcome: alert.outcome,
    payment_id: alert.paymentId,
    reasons: alert.reasons,
    rules: alert.rules,
    snooze_id: alert.snoozeId,
  };
}
