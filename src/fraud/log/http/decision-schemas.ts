// Owns the shapes of decisions, of their explanation and of the state of screening as clients are
// answered.

import { Type } from 'typebox';
import { schema } from '#gateway';
import { decisionModes } from '../../decision.ts';
import { outcomes } from '../../rules/rule-set.ts';

export const decisionParams = schema.object({ id: schema.idText('dec') });

export const decisionQuery = schema.object({
  payment_id: schema.idText('pay', {
    description: 'an id that begins with pay_, of the payment that was screened',
  }),
});

const outcome = schema.choice(outcomes);
const count = Type.Integer({ minimum: 0 });
const position = Type.String({ pattern: '^[0-9]{1,19}$', description: 'of the log' });
const score = schema.orNull(Type.Number({ minimum: 0, maximum: 1 }));
const reason = {
  code: Type.String({ description: 'stable for ever' }),
  says: Type.String({ description: 'for a person' }),
};

const ruleReasons = Type.Array(
  schema.object({
    ...reason,
    rule: Type.String(),
    outcome,
    shadow: Type.Boolean({ description: 'true where the rule is only tried out' }),
    set_aside: Type.Boolean({ description: 'true where an approving rule overruled it' }),
  }),
);

const modelReasons = Type.Array(schema.object({ ...reason, contribution: Type.Number() }), {
  description: 'the strongest first',
});

export const decision = schema.object(
  {
    id: schema.idText('dec'),
    batch_id: schema.idText('scb', { description: 'what was decided together' }),
    payment_id: schema.orNull(schema.idText('pay')),
    account_id: schema.idText('acc'),
    amount: schema.amountOrZeroText({ description: 'hundredths of a unit of the currency' }),
    keys: Type.Record(Type.String(), Type.String(), {
      description: 'by kind; what is outside the bank is named by its HMAC alone',
    }),
    event_at: schema.instantText(),
    decided_at: schema.instantText(),
    took_us: Type.Number({ minimum: 0, description: 'microseconds' }),
    mode: schema.choice(decisionModes),
    outcome,
    shadow_outcome: schema.choice(outcomes, {
      description: 'what it would be if the rules in shadow counted',
    }),
    score,
    challenger_score: score,
    feature_set: Type.String(),
    model: schema.orNull(Type.String()),
    rule_set_version: schema.orNull(
      Type.Integer({ minimum: 0, description: 'null where no rule set could be used' }),
    ),
    rule_set_fingerprint: schema.orNull(Type.String()),
    rule_reasons: ruleReasons,
    model_reasons: modelReasons,
  },
  { title: 'FraudDecision' },
);

export const decisions = schema.object({ data: Type.Array(decision) });

export const explanation = schema.object(
  {
    decision,
    revision: count,
    features: Type.Array(
      schema.object({
        name: Type.String(),
        value: schema.orNull(Type.Number()),
        contribution: schema.orNull(
          Type.Number({ description: 'exact Shapley value in the margin of the model' }),
        ),
      }),
      { description: 'as they were when it was decided, in the order of their set' },
    ),
    base: schema.orNull(
      Type.Number({ description: 'what the contributions are added to: together, the margin' }),
    ),
    margin: schema.orNull(Type.Number()),
    again: schema.object(
      {
        outcome,
        shadow_outcome: outcome,
        score,
        challenger_score: score,
        rule_reasons: ruleReasons,
        model_reasons: modelReasons,
      },
      { description: 'made again of the same features under the same revision' },
    ),
    differences: Type.Array(Type.String(), {
      description: 'members in which the two differ; none is well',
    }),
  },
  { title: 'FraudDecisionExplanation' },
);

export const status = schema.object(
  {
    run: Type.String({ description: 'of the process that answers, from its start to its end' }),
    log_head: position,
    folded_up_to: position,
    pending_batches: Type.Integer({
      minimum: 0,
      description: 'decided by this process and not seen in the log yet',
    }),
    keys: count,
    events: count,
    labels: count,
    late: count,
    refused: count,
    keys_let_go: count,
    revision: schema.orNull(count),
    rule_set_version: schema.orNull(count),
    champion: schema.orNull(Type.String()),
    challenger: schema.orNull(Type.String()),
  },
  { title: 'FraudStatus' },
);
