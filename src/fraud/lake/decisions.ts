// Owns how decisions stand in columns: what people count by has a column, and the reasons in full
// are one text of JSON each. What is read back is the decision that was made, bit for bit.

import type { ParquetFields } from '#platform';
import { decisionModes, type FraudDecision } from '../decision.ts';
import type { FraudEvent } from '../event.ts';
import { isReasonCode, type ReasonShare } from '../reasons.ts';
import type { RuleReason } from '../rules/engine.ts';
import { outcomes } from '../rules/rule-set.ts';
import { eventColumnsOf, eventFields, eventOf } from './events.ts';
import { oneOf, parseStored, valueAt, type LakeTable } from './table.ts';

/** A decision with what it was about, and where the bank keeps it. */
export interface LakeDecision extends Omit<FraudDecision, 'eventId' | 'eventAt'> {
  readonly event: FraudEvent;
  /** The id of its batch. */
  readonly batch: string;
  /** The id of the payment; undefined where none came of it. */
  readonly subject: string | undefined;
  readonly accountId: string;
  /** Which rules, lists, models and policies were in force. */
  readonly revision: number;
  /** The version of the model that was only watched, and what it said. */
  readonly challenger: string | undefined;
  readonly challengerScore: number | undefined;
}

const decisionFields = {
  ...eventFields,
  batch: { type: 'text' },
  subject: { type: 'text', isOptional: true },
  account_id: { type: 'text' },
  revision: { type: 'whole' },
  decided_at: { type: 'instant' },
  took_us: { type: 'number' },
  mode: { type: 'text' },
  outcome: { type: 'text' },
  shadow_outcome: { type: 'text' },
  score: { type: 'number', isOptional: true },
  challenger: { type: 'text', isOptional: true },
  challenger_score: { type: 'number', isOptional: true },
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

export const lakeDecisions: LakeTable<LakeDecision, typeof decisionFields> = {
  name: 'decisions',
  fields: decisionFields,
  at: ({ decidedAt }) => decidedAt,
  id: ({ event }) => event.id,
  columnsOf: (decisions) => ({
    ...eventColumnsOf(decisions.map(({ event }) => event)),
    batch: decisions.map(({ batch }) => batch),
    subject: decisions.map(({ subject }) => subject),
    account_id: decisions.map(({ accountId }) => accountId),
    revision: decisions.map(({ revision }) => revision),
    decided_at: decisions.map(({ decidedAt }) => decidedAt),
    took_us: decisions.map(({ tookUs }) => tookUs),
    mode: decisions.map(({ mode }) => mode),
    outcome: decisions.map(({ outcome }) => outcome),
    shadow_outcome: decisions.map(({ shadowOutcome }) => shadowOutcome),
    score: decisions.map(({ score }) => score),
    challenger: decisions.map(({ challenger }) => challenger),
    challenger_score: decisions.map(({ challengerScore }) => challengerScore),
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
    event: eventOf(columns, index),
    batch: valueAt(columns.batch, index),
    subject: valueAt(columns.subject, index),
    accountId: valueAt(columns.account_id, index),
    revision: valueAt(columns.revision, index),
    decidedAt: valueAt(columns.decided_at, index),
    tookUs: valueAt(columns.took_us, index),
    mode: oneOf(decisionModes, valueAt(columns.mode, index)),
    outcome: oneOf(outcomes, valueAt(columns.outcome, index)),
    shadowOutcome: oneOf(outcomes, valueAt(columns.shadow_outcome, index)),
    score: valueAt(columns.score, index),
    challenger: valueAt(columns.challenger, index),
    challengerScore: valueAt(columns.challenger_score, index),
    features: Float64Array.from(valueAt(columns.features, index)),
    featureSetVersion: valueAt(columns.feature_set_version, index),
    modelVersion: valueAt(columns.model_version, index),
    ruleSetVersion: valueAt(columns.rule_set_version, index),
    ruleSetFingerprint: valueAt(columns.rule_set_fingerprint, index),
    ruleReasons: parseStored(valueAt(columns.rule_reasons, index), isRuleReasons),
    modelReasons: parseStored(valueAt(columns.model_reasons, index), isReasonShares),
  }),
};

function countedCodes({ ruleReasons, modelReasons }: Reasons): string[] {
  const counted = ruleReasons.filter(({ shadow, setAside }) => !shadow && !setAside);
  return [...new Set([...counted, ...modelReasons].map(({ code }) => code))];
}

type Reasons = Pick<FraudDecision, 'ruleReasons' | 'modelReasons'>;

const noCodes: readonly string[] = [];

/** Of texts of JSON as the bank keeps them, empty where there are no reasons. */
export function reasonCodesOf(ruleReasons: string, modelReasons: string): readonly string[] {
  // So it is of nearly all.
  if (ruleReasons === '' && modelReasons === '') return noCodes;
  return countedCodes({
    ruleReasons: ruleReasons === '' ? [] : (JSON.parse(ruleReasons) as RuleReason[]),
    modelReasons: modelReasons === '' ? [] : (JSON.parse(modelReasons) as ReasonShare[]),
  });
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
