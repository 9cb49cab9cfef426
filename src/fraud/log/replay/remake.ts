// Owns making a decision again: its features, under what was in force at its revision, must give
// the same outcome for the same reasons. What depended on the moment is taken from the record:
// whether the model was in time, and whether a rule had declines left.

import { isDeepStrictEqual } from 'node:util';
import type { Instant } from '#kernel';
import type { ScreeningConfig } from '../../registry/config.ts';
import { compile, type RuleEngine } from '../../rules/engine.ts';
import type { RuleSet } from '../../rules/rule-set.ts';
import type { StoredBatch, StoredDecision } from '../../screening/decision-store.ts';
import { openScoring, type Scores } from '../../screening/judging/scoring.ts';

export type Remade = Pick<
  StoredDecision,
  'outcome' | 'shadowOutcome' | 'score' | 'challengerScore' | 'ruleReasons' | 'modelReasons'
>;

export interface Remaking {
  readonly config: ScreeningConfig;
  /** Undefined where the rules that decided are no more in force at the revision. */
  remake(decision: StoredDecision): Remade | undefined;
}

export function openRemaking(config: ScreeningConfig): Remaking {
  const { ruleSet } = config;
  const scoring = openScoring();
  scoring.use(config);
  const engine = ruleSet && compile(withoutLimits(ruleSet));
  return {
    config,
    remake(decision) {
      const { event, decidedAt, features } = decision;
      const isScored = decision.score !== undefined || decision.challengerScore !== undefined;
      const scores = isScored ? scoring.score(features, event.at) : noScores;
      if (decision.mode === 'failed_open' || decision.mode === 'failed_closed') {
        return failed(config, decision, scores);
      }
      if (ruleSet === undefined || engine === undefined) return undefined;
      const limited = limitedEngine(ruleSet, decision);
      const { score = NaN } = scores;
      const rules = (limited ?? engine).evaluate(features, event, score, config.lists, decidedAt);
      const isExplained = scores.score !== undefined && rules.outcome !== 'approve';
      return {
        ...scores,
        outcome: rules.outcome,
        shadowOutcome: rules.shadowOutcome,
        ruleReasons: rules.reasons,
        modelReasons: isExplained ? scoring.reasons(features) : [],
      };
    },
  };
}

const noScores: Scores = { score: undefined, challengerScore: undefined };

/** Whether the clock was to be believed then, nobody knows now. */
function failed(config: ScreeningConfig, decision: StoredDecision, scores: Scores): Remade {
  const { onFailure } = config.policyOf(decision.event.keys['product']);
  const outcome = onFailure === 'closed' ? 'decline' : 'review';
  const ruleReasons = decision.ruleReasons.filter(({ code }) => code === 'clock_implausible');
  return { ...scores, outcome, shadowOutcome: outcome, ruleReasons, modelReasons: [] };
}

/** The same rules, of which none counts its declines. */
function withoutLimits(ruleSet: RuleSet): RuleSet {
  const rules = ruleSet.rules.map((rule) => ({ ...rule, declineLimit: undefined }));
  return { ...ruleSet, rules };
}

/** Where a rule had no decline left, one whose count is as full as it was then. */
function limitedEngine(
  ruleSet: RuleSet,
  { ruleReasons, decidedAt }: StoredDecision,
): RuleEngine | undefined {
  const limited = new Set(
    ruleReasons.filter(({ code }) => code === 'declines_limited').map(({ rule }) => rule),
  );
  if (limited.size === 0) return undefined;
  const rules = ruleSet.rules.map((rule) => {
    return limited.has(rule.id) ? rule : { ...rule, declineLimit: undefined };
  });
  const declines = rules
    .filter(({ id }) => limited.has(id))
    .map(({ id, declineLimit }) => ({ rule: id, times: fullAt(decidedAt, declineLimit?.max) }));
  const engine = compile({ ...ruleSet, rules });
  engine.restore(JSON.stringify({ format: 1, declines }));
  return engine;
}

function fullAt(now: Instant, max = 0): readonly Instant[] {
  return Array.from({ length: max }, () => now);
}

/** The members in which what was made again differs from what was kept, features excepted. */
export function differencesOf(
  kept: StoredDecision,
  batch: Omit<StoredBatch, 'decisions'>,
  { config, remade }: { readonly config: ScreeningConfig; readonly remade: Remade | undefined },
): string[] {
  const { ruleSet, champion, challenger } = config;
  // Rules that cannot be read any more say nothing, so there is nothing else to compare.
  if (remade === undefined) return ['rule_set'];
  const isSame: Readonly<Record<string, boolean>> = {
    rule_set: batch.ruleSetFingerprint === ruleSet?.fingerprint,
    model: batch.model === champion?.version,
    challenger: batch.challenger === challenger?.version,
    outcome: kept.outcome === remade.outcome,
    shadow_outcome: kept.shadowOutcome === remade.shadowOutcome,
    score: Object.is(kept.score, remade.score),
    challenger_score: Object.is(kept.challengerScore, remade.challengerScore),
    rule_reasons: isDeepStrictEqual(kept.ruleReasons, remade.ruleReasons),
    model_reasons: isDeepStrictEqual(kept.modelReasons, remade.modelReasons),
  };
  return Object.keys(isSame).filter((member) => isSame[member] !== true);
}

/** Bit for bit, all that is missing being one value. */
export function areSame(one: Float64Array, other: Float64Array): boolean {
  return one.length === other.length && one.every((value, at) => Object.is(value, other[at]));
}
