// Owns how decisions are shown in answers: what is missing is null, and each reason is told to a
// person too.

import { formatInstant, idOf } from '#kernel';
import { reasons, type ReasonShare } from '../../reasons.ts';
import type { RuleReason } from '../../rules/engine.ts';
import { noRules, type StoredDecision } from '../../screening/decision-store.ts';
import type { Explanation } from '../explain.ts';

export function presentDecision(decision: StoredDecision): object {
  const { event, subject } = decision;
  return {
    id: decision.id,
    batch_id: decision.batch,
    payment_id: subject === undefined ? null : idOf('pay', subject),
    account_id: decision.accountId,
    amount: String(event.amount),
    keys: event.keys,
    event_at: formatInstant(decision.eventAt),
    decided_at: formatInstant(decision.decidedAt),
    took_us: decision.tookUs,
    mode: decision.mode,
    outcome: decision.outcome,
    shadow_outcome: decision.shadowOutcome,
    score: decision.score ?? null,
    challenger_score: decision.challengerScore ?? null,
    feature_set: decision.featureSetVersion,
    model: decision.modelVersion ?? null,
    ...presentRuleSet(decision),
    rule_reasons: decision.ruleReasons.map(presentRuleReason),
    model_reasons: decision.modelReasons.map(presentModelReason),
  };
}

/** Without a rule set there is no version either: 0 is that of the starter. */
function presentRuleSet({ ruleSetVersion, ruleSetFingerprint }: StoredDecision): object {
  const isThere = ruleSetFingerprint !== noRules.fingerprint;
  return {
    rule_set_version: isThere ? ruleSetVersion : null,
    rule_set_fingerprint: isThere ? ruleSetFingerprint : null,
  };
}

function presentRuleReason(reason: RuleReason): object {
  const { code, rule, outcome, shadow, setAside } = reason;
  return { code, says: reasons[code].says, rule, outcome, shadow, set_aside: setAside };
}

function presentModelReason({ code, contribution }: ReasonShare): object {
  return { code, says: reasons[code].says, contribution };
}

/** Neither a value that is missing nor one beyond all numbers can be written as one. */
function numberOrNull(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}

export function presentExplanation(explanation: Explanation): object {
  const { decision, revision, features, base, margin, again, differences } = explanation;
  return {
    decision: presentDecision(decision),
    revision,
    features: features.map(({ name, value, contribution }) => {
      return { name, value: numberOrNull(value), contribution: numberOrNull(contribution) };
    }),
    base: numberOrNull(base),
    margin: numberOrNull(margin),
    again: {
      outcome: again.outcome,
      shadow_outcome: again.shadowOutcome,
      score: again.score ?? null,
      challenger_score: again.challengerScore ?? null,
      rule_reasons: again.ruleReasons.map(presentRuleReason),
      model_reasons: again.modelReasons.map(presentModelReason),
    },
    differences,
  };
}
