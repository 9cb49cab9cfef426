// What the payments of a benchmark are judged by: a hundred trees over the features of payments,
// and twenty rules, put in force as an operator would.

import {
  activateRuleSet,
  addModel,
  createRuleSet,
  paymentFeatures,
  promoteModel,
  readNewModel,
  serializeModel,
  trainBoostedTrees,
} from '#fraud';
import type { Refusal, Result } from '#kernel';
import { seeded, type World } from '../ledger-world.ts';
import { paymentRules } from './payment-rules.ts';

const ROWS = 20_000;
const VALUE_MAX = 1_000;
const FRAUD_ABOVE = 1_400;
const parameters = { trees: 100, learningRate: 0.1, depthMax: 6, childWeightMin: 0 } as const;

/** For the tenant `main`. */
export async function putInForce({ database, context }: World): Promise<void> {
  const read = taken(readNewModel(paymentFeatures, { content: modelOfNoise() }));
  await database.transaction({ ...context(), tenant: 'main' }, async (tx) => {
    const model = taken(await addModel(tx, read));
    const promotion = { id: model.id, insteadOf: undefined, contest: undefined, isDespite: false };
    taken(await promoteModel(tx, paymentFeatures, promotion));
    const rules = taken(await createRuleSet(tx, paymentFeatures, paymentRules));
    taken(await activateRuleSet(tx, paymentFeatures, { id: rules.id, insteadOf: 0 }));
  });
}

function taken<T>(result: Result<T, Refusal>): T {
  if (!result.ok) throw new Error(result.refusal.message);
  return result.value;
}

/** Full trees whose scores mean nothing: what a model costs does not hang on what it has learnt. */
function modelOfNoise(): Buffer {
  const random = seeded(20_261_122);
  const names = paymentFeatures.features.map(({ name }) => name);
  const columns = names.map(() => Float64Array.from({ length: ROWS }, () => random(VALUE_MAX)));
  const labels = Uint8Array.from({ length: ROWS }, (_, row) => {
    const sum = (columns[0]?.[row] ?? 0) + (columns[4]?.[row] ?? 0);
    return sum > FRAUD_ABOVE || random(10) === 0 ? 1 : 0;
  });
  const trees = trainBoostedTrees(
    { matrix: { rows: ROWS, names, columns }, labels, seed: 1 },
    parameters,
  );
  return serializeModel({ trees, calibration: undefined, card: undefined });
}
