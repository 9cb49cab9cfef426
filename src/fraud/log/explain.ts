// Owns the explanation of a decision that was kept: its features by name, what each contributed to
// the score, and the decision made again under what was in force, which must be the same.

import type { Queryable } from '#platform';
import { explainExactly } from '../model/explain.ts';
import { configAt } from '../registry/config-at.ts';
import { selectBatches, type StoredDecision } from '../screening/decision-store.ts';
import { paymentFeatures } from '../screening/payment-features.ts';
import { differencesOf, openRemaking, type Remade } from './replay/remake.ts';

export interface Explanation {
  readonly decision: StoredDecision;
  readonly revision: number;
  readonly features: readonly ExplainedFeature[];
  /** Base and contributions add up to the margin; undefined where no model was asked. */
  readonly base: number | undefined;
  readonly margin: number | undefined;
  readonly again: Remade;
  /** Members in which the two differ. */
  readonly differences: readonly string[];
}

export interface ExplainedFeature {
  readonly name: string;
  /** NaN is missing. */
  readonly value: number;
  readonly contribution: number | undefined;
}

/** Undefined where its features are another set's, or its rules can no more be read. */
export async function explainDecision(
  q: Queryable,
  decision: StoredDecision,
): Promise<Explanation | undefined> {
  const [batch] = await selectBatches(q, [decision.batch]);
  if (batch?.featureSet !== paymentFeatures.version) return undefined;
  const { revision, tenant, ruleSetFingerprint: starter } = batch;
  // Lists may be long, and are asked for nothing but the keys of the event.
  const listed = Object.values(decision.event.keys);
  const config = await configAt(q, paymentFeatures, { tenant, revision, listed, starter });
  const again = openRemaking(config).remake(decision);
  if (again === undefined) return undefined;
  const row = decision.features;
  const trees = decision.score === undefined ? undefined : config.champion?.model.trees;
  const contributions = new Float64Array(row.length);
  const base = trees && explainExactly(trees, row, contributions);
  return {
    decision,
    revision,
    features: paymentFeatures.features.map(({ name }, at) => {
      const contribution = trees === undefined ? undefined : contributions[at];
      return { name, value: row[at] ?? NaN, contribution };
    }),
    base,
    margin: trees?.margin(row),
    again,
    differences: differencesOf(decision, batch, { config, remade: again }),
  };
}
