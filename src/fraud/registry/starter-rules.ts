// Owns the rules that a tenant is screened by before it has chosen any: what is listed, what the
// model is nearly sure of, and a few thresholds in shadow to learn from. They let an ordinary
// payment pass, whoever makes it.

import { createHash } from 'node:crypto';
import type { FeatureSet } from '../features/definition.ts';
import { parseRuleSet } from '../rules/parse.ts';
import type { RuleSet } from '../rules/rule-set.ts';

/** Sets that a tenant makes are counted from 1. */
export const STARTER_VERSION = 0;

/** Whichever of these is listed, it counts: nobody should have to know which ones a rule reads. */
const kinds = ['account', 'customer', 'counterparty', 'payer', 'payee', 'device'];
const listed = (purpose: string) => ({ or: kinds.map((kind) => ({ listed: [purpose, kind] })) });

/** In the language of rules; a condition whose values are not known says nothing. */
export const starterRules = {
  format: 1,
  name: 'starter',
  version: 1,
  rules: [
    {
      id: 'listed_to_block',
      description: 'The account, its owner, either side or the device is listed to be blocked.',
      when: listed('block'),
      outcome: 'decline',
      reason: 'listed_blocked',
      missing: 'ignore',
      absolute: true,
      decline_limit: 'none',
    },
    {
      id: 'listed_to_allow',
      description: 'The account, its owner, either side or the device is listed to be allowed.',
      when: listed('allow'),
      outcome: 'approve',
      reason: 'listed_allowed',
      missing: 'ignore',
    },
    {
      id: 'listed_to_watch',
      description: 'The account, its owner, either side or the device is listed to be watched.',
      when: listed('watch'),
      outcome: 'review',
      reason: 'listed_watched',
      missing: 'ignore',
    },
    {
      id: 'score_high',
      description: 'The model gives fraud a chance of four in five or more.',
      when: { ge: [{ score: 'model' }, 0.8] },
      outcome: 'review',
      reason: 'score_high',
      missing: 'ignore',
    },
    {
      id: 'many_payments',
      description: 'More than 20 payments by one payer within an hour.',
      when: { gt: [{ feature: 'payer_count_1h' }, 20] },
      outcome: 'review',
      reason: 'velocity_unusual',
      missing: 'ignore',
      shadow: true,
    },
    {
      id: 'many_payees',
      description: 'More than 15 payees of one payer within a day.',
      when: { gt: [{ feature: 'payer_distinct_payees_1d' }, 15] },
      outcome: 'review',
      reason: 'velocity_unusual',
      missing: 'ignore',
      shadow: true,
    },
    {
      id: 'payee_of_fraud',
      description: 'A fifth or more of what was lately paid to the payee was fraud.',
      when: { ge: [{ feature: 'payee_risk_30d' }, 0.2] },
      outcome: 'challenge',
      reason: 'fraud_recent',
      missing: 'ignore',
      shadow: true,
    },
  ],
} as const;

/**
 * Every set of starter rules that was ever shipped, the one in force last. Decisions name theirs by
 * its fingerprint and are made again by it, so none is ever changed: another is added after it.
 */
const starterSets = [
  {
    fingerprint: 'b9fb8a637169505f112b6c6fd4e57bf4672eac3ae116ae388939113c6f11e929',
    rules: starterRules,
  },
] as const;

/**
 * The one of a fingerprint, or the one in force. Undefined where the features are others than those
 * that payments have, or where none of that fingerprint was ever shipped.
 */
export function starterRuleSet(
  { features }: FeatureSet,
  fingerprint: string | undefined = starterSets.at(-1)?.fingerprint,
): RuleSet | undefined {
  const names = features.map(({ name }) => name);
  const shipped = starterSets.find((set) => set.fingerprint === fingerprint);
  if (shipped === undefined) return undefined;
  const parsed = parseRuleSet(JSON.stringify(shipped.rules), names);
  if (!parsed.ok) return undefined;
  const { name, rules } = parsed.value;
  const set = { name, version: STARTER_VERSION, features: names, rules };
  return { ...set, fingerprint: createHash('sha256').update(JSON.stringify(set)).digest('hex') };
}
