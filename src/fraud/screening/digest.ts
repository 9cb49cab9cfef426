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
  const lines = [`${JSON.stringify(heading)}\n`, ...decisions.map(lineOf)];
  return createHash('sha256')
    .update(lines.join(''))
    .update(Buffer.concat(decisions.map(({ features }) => bytesOfFeatures(features))))
    .digest();
}

/**
 * JSON of lists only, because the members of an object have no order that survives being kept.
 * What cannot have anything to escape is spelled by hand: this is done for each payment.
 */
function lineOf(decision: StoredDecision): string {
  const { subject, event, features, ruleReasons, modelReasons } = decision;
  const rules = ruleReasons.map(({ code, rule, shadow, outcome, setAside }) => {
    return [code, rule, shadow, outcome, setAside];
  });
  const shares = modelReasons.map(({ code, contribution }) => [code, contribution]);
  return (
    `["${decision.id}",${subject === undefined ? 'null' : `"${subject}"`},` +
    `"${decision.accountId}",${decision.eventAt},${decision.decidedAt},${event.amount},` +
    `${JSON.stringify(keysOf(event.keys))},${numeral(decision.tookUs)},"${decision.mode}",` +
    `"${decision.outcome}","${decision.shadowOutcome}",${numeral(decision.score)},` +
    `${numeral(decision.challengerScore)},${rules.length === 0 ? '[]' : JSON.stringify(rules)},` +
    `${shares.length === 0 ? '[]' : JSON.stringify(shares)},${features.length}]\n`
  );
}

/** As JSON has it, which knows nothing of what is no number. */
function numeral(value: number | undefined): string {
  return value === undefined || !Number.isFinite(value) ? 'null' : String(value);
}

function keysOf(keys: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys(keys)
    .sort()
    .flatMap((kind) => [kind, keys[kind] ?? '']);
}
