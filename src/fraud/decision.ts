// Owns the record of a decision: all that is needed to make it again and to explain it later. It is
// written once and never changed; what became known afterwards is a label, not a correction.

import type { Instant } from '#kernel';
import type { ReasonShare } from './reasons.ts';
import type { RuleReason } from './rules/engine.ts';
import type { Outcome } from './rules/rule-set.ts';

/**
 * How a decision came about: with all there is; by rules alone, because the model was late or not
 * there; or by what the product says of the case that nothing could be asked.
 */
export const decisionModes = ['full', 'rules_only', 'failed_open', 'failed_closed'] as const;
export type DecisionMode = (typeof decisionModes)[number];

export interface FraudDecision {
  readonly eventId: string;
  readonly eventAt: Instant;
  readonly decidedAt: Instant;
  readonly tookUs: number;
  readonly mode: DecisionMode;
  readonly outcome: Outcome;
  /** What it would have been if the rules in shadow counted. */
  readonly shadowOutcome: Outcome;
  /** Undefined where no model was asked. */
  readonly score: number | undefined;
  /** The features as they were, in the order of their set; NaN is missing. */
  readonly features: Float64Array;
  readonly featureSetVersion: string;
  readonly modelVersion: string | undefined;
  readonly ruleSetVersion: number;
  readonly ruleSetFingerprint: string;
  readonly ruleReasons: readonly RuleReason[];
  /** The strongest first. */
  readonly modelReasons: readonly ReasonShare[];
}
