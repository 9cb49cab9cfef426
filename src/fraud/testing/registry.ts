// What tests of the registry put in force: small models of the features of payments, rule sets of
// any version, and a registry whose log lines can be asked for.

import { openLogger, openMetrics, type Database } from '#platform';
import { driftReference } from '../model/drift.ts';
import { seededDraw } from '../model/trees/draw.ts';
import { serializeModel } from '../model/trees/model-file.ts';
import { trainBoostedTrees } from '../model/trees/train.ts';
import { paymentFeatures } from '../screening/payment-features.ts';
import { openRegistry } from '../registry/open.ts';

const names = paymentFeatures.features.map(({ name }) => name);

/** Another seed gives other trees, and so another version. */
export function smallModel(seed: number): { content: Buffer; drift: string } {
  const rows = 400;
  const draw = seededDraw(seed);
  const columns = names.map(() => Float64Array.from({ length: rows }, () => draw() * 100));
  const labels = Uint8Array.from({ length: rows }, (_, row) =>
    (columns[0]?.[row] ?? 0) > 80 ? 1 : 0,
  );
  const matrix = { rows, names, columns };
  const parameters = { trees: 3, learningRate: 0.5, depthMax: 2 };
  const trees = trainBoostedTrees({ matrix, labels, seed }, parameters);
  return {
    content: serializeModel({ trees, calibration: undefined, card: undefined }),
    drift: JSON.stringify(driftReference(matrix, trees.scoreAll(matrix))),
  };
}

/** Declines what is above an amount in units. */
export function ruleSetText(version: number, amountMax = 1_000): string {
  const rule = {
    id: 'too_large',
    when: { gt: [{ feature: 'amount' }, amountMax] },
    outcome: 'decline',
    reason: 'policy',
    decline_limit: 'none',
  };
  return JSON.stringify({ format: 1, name: 'tests', version, rules: [rule] });
}

export function openTestRegistry(database: Database) {
  const lines: string[] = [];
  const logger = openLogger({ level: 'warn', write: (line) => lines.push(line) });
  const metrics = openMetrics({ isProcessMeasured: false });
  const registry = openRegistry({ database, logger, metrics, features: paymentFeatures });
  return { registry, lines, metrics };
}
