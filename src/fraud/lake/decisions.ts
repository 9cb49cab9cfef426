// Owns how decisions stand in columns: what people count by has a column, and the reasons in full
// are one text of JSON each. What is read back is the decision that was made, bit for bit.

import type { ParquetFields } from '#platform';
import { decisionModes, type FraudDecision } from '../decision.ts';
import { isReasonCode, type ReasonShare } from '../reasons.ts';
import type { RuleReason } from '../rules/engine.ts';
import { outcomes } from '../rules/rule-set.ts';
import { oneOf, parseStored, valueAt, type LakeTable } from './table.ts';

const decisionFields = {
  event_id: { type: 'text' },
  event_at: { type: 'instant' },
  decided_at: { type: 'instant' },
  took_us: { type: 'number' },
  mode: { type: 'text' },
  outcome: { type: 'text' },
  shadow_outcome: { type: 'text' },
  score: { type: 'number', isOptional: true },
  features: { type: 'numbers' },
  feature_set_version: { type: 'text' },
  model_version: { type: 'text', isOptional: true },
  rule_set_version: { type: 'whole' },
  rule_set_fingerprint: { type: 'text' },
  /** The codes that counted, each once. */
  reason_codes: { type: 'texts' },
  rule_reasons: { type: 'text' },
  model_reasons: { type: 'text' },
} as const satisfies ParquetFields;

export const lakeDecisions: LakeTable<FraudDecision, typeof decisionFields> = {
  name: 'decisions',
  fields: decisionFields,
  at: ({ decidedAt }) => decidedAt,
  id: ({ eventId }) => eventId,
  columnsOf: (decisions) => ({
    event_id: decisions.map(({ eventId }) => eventId),
    event_at: decisions.map(({ eventAt }) => eventAt),
    decided_at: decisions.map(({ decidedAt }) => decidedAt),
    took_us: decisions.map(({ tookUs }) => tookUs),
    mode: decisions.map(({ mode }) => mode),
    outcome: decisions.map(({ outcome }) => outcome),
    shadow_outcome: decisions.map(({ shadowOutcome }) => shadowOutcome),
    score: decisions.map(({ score }) => score),
    features: decisions.map(({ features }) => [...features]),
    feature_set_version: decisions.map(({ featureSetVersion }) => featureSetVersion),
    model_version: decisions.map(({ modelVersion }) => modelVersion),
    rule_set_version: decisions.map(({ ruleSetVersion }) => ruleSetVersion),
    rule_set_fingerprint: decisions.map(({ ruleSetFingerprint }) => ruleSetFingerprint),
    reason_codes: decisions.map(countedCodes),
    rule_reasons: decisions.map(({ ruleReasons }) => JSON.stringify(ruleReasons)),
    model_reasons: decisions.map(({ modelReasons }) => JSON.stringify(modelReasons)),
  }),
  rowOf: (columns, index) => ({
    eventId: valueAt(columns.event_id, index),
    eventAt: valueAt(columns.event_at, index),
    decidedAt: valueAt(columns.decided_at, index),
    tookUs: valueAt(columns.took_us, index),
    mode: oneOf(decisionModes, valueAt(columns.mode, index)),
    outcome: oneOf(outcomes, valueAt(columns.outcome, index)),
    shadowOutcome: oneOf(outcomes, valueAt(columns.shadow_outcome, index)),
    score: valueAt(columns.score, index),
    features: Float64Array.from(valueAt(columns.features, index)),
    featureSetVersion: valueAt(columns.feature_set_version, index),
    modelVersion: valueAt(columns.model_version, index),
    ruleSetVersion: valueAt(columns.rule_set_version, index),
    ruleSetFingerprint: valueAt(columns.rule_set_fingerprint, index),
    ruleReasons: parseStored(valueAt(columns.rule_reasons, index), isRuleReasons),
    modelReasons: parseStored(valueAt(columns.model_reasons, index), isReasonShares),
  }),
};

function countedCodes({ ruleReasons, modelReasons }: FraudDecision): string[] {
  const counted = ruleReasons.filter(({ shadow, setAside }) => !shadow && !setAside);
  return [...new Set([...counted, ...modelReasons].map(({ code }) => code))];
}

function isRuleReasons(json: unknown): json is RuleReason[] {
  return isListOf(json, ({ code, rule, shadow, outcome, setAside }) => {
    const isNamed =
      isCode(code) && typeof rule === 'string' && outcomes.some((is) => is === outcome);
    return isNamed && typeof shadow === 'boolean' && typeof setAside === 'boolean';
  });
}

function isReasonShares(json: unknown): json is ReasonShare[] {
  return isListOf(json, ({ code, contribution }) => {
    return isCode(code) && typeof contribution === 'number';
  });
}

function isCode(code: unknown): boolean {
  return typeof code === 'string' && isReasonCode(code);
}

function isListOf(
  json: unknown,
  isExpected: (members: Readonly<Record<string, unknown>>) => boolean,
): boolean {
  if (!Array.isArray(json)) return false;
  return json.every((item: unknown) => {
    return typeof item === 'object' && item !== null && isExpected({ ...item });
  });
}
