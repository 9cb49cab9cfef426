// What the tests of the log are screened by: rules of which one may decline only so often, and
// models that look at the amount.

import assert from 'node:assert/strict';
import { limits } from '#config';
import { serializeModel } from '../../model/trees/model-file.ts';
import { addModel, promoteModel, readNewModel } from '../../registry/models.ts';
import { putPolicy } from '../../registry/policies.ts';
import { activateRuleSet, createRuleSet } from '../../registry/rule-sets.ts';
import { paymentFeatures } from '../../screening/payment-features.ts';
import { modelOver } from '../../screening/testing/settings.ts';
import { contextAt, type Premises } from '../../testing/process.ts';

type Place = Pick<Premises, 'database' | 'clock'>;

/** However busy the machine is, the model is asked. */
export async function waitForModels({ database, clock }: Place): Promise<void> {
  await database.transaction(contextAt(clock.now()), (tx) =>
    putPolicy(tx, {
      product: undefined,
      isScreened: true,
      onFailure: 'open',
      deadlineUs: limits.fraudDeadlineUsMax.value,
    }),
  );
}

/** Another version each time, counted from 1. */
export async function changeRules({ database, clock }: Place, version: number): Promise<void> {
  const usual = { description: 'A rule of a test.', missing: 'ignore' };
  const rules = [
    {
      ...usual,
      id: 'many',
      when: { gt: [{ feature: 'payer_count_1h' }, 4 + version] },
      outcome: 'decline',
      reason: 'velocity_unusual',
      decline_limit: { max: 3, window_seconds: 3_600 },
    },
    {
      ...usual,
      id: 'scored',
      when: { gt: [{ score: 'model' }, 0.5] },
      outcome: 'review',
      reason: 'score_high',
    },
  ];
  const source = JSON.stringify({ format: 1, name: 'test', version, rules });
  await database.transaction(contextAt(clock.now()), async (tx) => {
    const made = await createRuleSet(tx, paymentFeatures, source);
    assert.ok(made.ok, JSON.stringify(made));
    const asked = { id: made.value.id, insteadOf: version - 1 };
    const activated = await activateRuleSet(tx, paymentFeatures, asked);
    assert.ok(activated.ok, JSON.stringify(activated));
  });
}

/** Gives amounts over so many units a high score; answers its version. */
export async function promote(
  { database, clock }: Place,
  units: number,
  insteadOf?: string,
): Promise<string> {
  const { model, version } = modelOver(units);
  const read = readNewModel(paymentFeatures, { content: serializeModel(model) });
  assert.ok(read.ok, JSON.stringify(read));
  await database.transaction(contextAt(clock.now()), async (tx) => {
    const added = await addModel(tx, read.value);
    assert.ok(added.ok, JSON.stringify(added));
    const asked = { id: added.value.id, insteadOf, contest: undefined, isDespite: true };
    const promoted = await promoteModel(tx, paymentFeatures, { ...asked, note: 'for a test' });
    assert.ok(promoted.ok, JSON.stringify(promoted));
  });
  return version;
}
