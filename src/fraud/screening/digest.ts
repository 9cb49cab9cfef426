// Owns the one spelling of a batch and its decisions that their digest is over: what the audit log
// has of them, so that nothing of a decision can be changed later without being seen.

import { createHash } from 'node:crypto';
import { bytesOfFeatures, type StoredBatch, type StoredDecision } from './decision-store.ts';

const FORMAT = 'florin fraud batch 1';

/**
 * SHA-256 over all that is kept: a line for the batch and one for each decision, in order, then the
 * features of the decisions, whose number the lines say.
 */
export function batchDigest(batch: Omit<StoredBatch, 'sha256'>): Buffer {
  const { decisions } = batch;
  const heading = [
    FORMAT,
    batch.id,
    batch.tenant,
    batch.madeAt,
    batch.run,
    String(batch.ordinal),
    String(batch.foldedUpTo),
    batch.revision,
    batch.featureSet,
    batch.ruleSetVersion ?? null,
    batch.ruleSetFingerprint ?? null,
    batch.model ?? null,
    batch.challenger ?? null,
    decisions.length,
  ];
  const lines = [heading, ...decisions.map(listOf)].map((line) => `${JSON.stringify(line)}\n`);
  return createHash('sha256')
    .update(lines.join(''))
    .update(Buffer.concat(decisions.map(({ features }) => bytesOfFeatures(features))))
    .digest();
}

/** Lists only, because the members of an object have no order that survives being kept. */
function listOf(decision: StoredDecision): readonly unknown[] {
  const { event, features, ruleReasons, modelReasons } = decision;
  return [
    decision.id,
    decision.subject ?? null,
    decision.accountId,
    decision.eventAt,
    decision.decidedAt,
    event.amount,
    keysOf(event.keys),
    decision.tookUs,
    decision.mode,
    decision.outcome,
    decision.shadowOutcome,
    decision.score ?? null,
    decision.challengerScore ?? null,
    ruleReasons.map(({ code, rule, shadow, outcome, setAside }) => {
      return [code, rule, shadow, outcome, setAside];
    }),
    modelReasons.map(({ code, contribution }) => [code, contribution]),
    features.length,
  ];
}

function keysOf(keys: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys(keys)
    .sort()
    .flatMap((kind) => [kind, keys[kind] ?? '']);
}
