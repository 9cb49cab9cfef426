// Owns the shapes of what clients send of rule sets, lists, models and policies, and what they are
// answered.

import { Type, type Static } from 'typebox';
import { limits } from '#config';
import { schema } from '#gateway';
import { listPurposes } from '../../rules/rule-set.ts';
import { failureMeanings } from '../config.ts';
import { listKinds } from './list-names.ts';

const count = Type.Integer({ minimum: 0 });
const note = schema.text(500, { description: 'why, for whoever reads it later; no names' });
const revision = Type.Integer({
  minimum: 0,
  description: 'counts the changes of what is in force',
});

export const ruleSetSource = schema.object(
  {
    source: schema.prose(limits.ruleSetBytesMax.value, {
      minLength: 1,
      description: 'the rule set, as JSON text',
    }),
  },
  { title: 'RuleSetSource' },
);
/** Quotes of the text are two bytes in the body. */
export const RULE_SET_BODY_BYTES_MAX = 2 * limits.ruleSetBytesMax.value;

const ruleSetMembers = {
  id: schema.idText('rls'),
  version: Type.Integer({ minimum: 1 }),
  name: Type.String(),
  fingerprint: Type.String({ description: 'SHA-256 over what it says' }),
  feature_set: Type.String(),
  rules: count,
  made_at: schema.instantText(),
  made_by: Type.String(),
};
export const ruleSet = schema.object(ruleSetMembers, { title: 'RuleSet' });
export const ruleSetWithSource = schema.object(
  { ...ruleSetMembers, source: Type.String() },
  { title: 'RuleSetWithSource' },
);
export const ruleSetParams = schema.object({ id: schema.idText('rls') });

export const ruleSetCheck = schema.object(
  {
    faults: Type.Array(
      schema.object({
        path: Type.String({ description: 'of the member: rules[3].when.gt[1]' }),
        code: Type.String(),
        message: Type.String(),
      }),
      { description: 'none where it can be kept' },
    ),
  },
  { title: 'RuleSetCheck' },
);

export const activation = schema.object(
  {
    instead_of: Type.Integer({
      minimum: 0,
      maximum: 2_147_483_647,
      description: 'the version in force whose place it takes; 0 is the starter',
    }),
    note: Type.Optional(note),
  },
  { title: 'RuleSetActivation' },
);
export const activated = schema.object(
  { rule_set: ruleSet, revision },
  { title: 'ActivatedRules' },
);

export const listParams = schema.object({ purpose: schema.choice(listPurposes) });
const kind = schema.choice(listKinds, { description: 'which key of an event it is about' });
const value = schema.text(256, {
  description:
    'an id, or a number outside the bank or a device, of which only an HMAC is kept (hmac_…)',
});

export const newEntries = schema.object(
  {
    entries: Type.Array(
      schema.object({
        kind,
        value,
        from: Type.Optional(
          schema.instantText({ description: 'a time of RFC 3339; now unless given' }),
        ),
        until: Type.Optional(
          schema.instantText({ description: 'a time of RFC 3339; for ever unless given' }),
        ),
        note: Type.Optional(note),
      }),
      { minItems: 1, maxItems: limits.fraudListChangeMax.value },
    ),
  },
  { title: 'NewListEntries' },
);
export const takenEntries = schema.object(
  {
    entries: Type.Array(schema.object({ kind, value }), {
      minItems: 1,
      maxItems: limits.fraudListChangeMax.value,
    }),
  },
  { title: 'TakenListEntries' },
);
export const listChange = schema.object(
  {
    id: schema.idText('flc'),
    put: count,
    taken: Type.Integer({ minimum: 0, description: 'replaced, taken, or over' }),
    revision,
  },
  { title: 'ListChange' },
);
export const listQuery = schema.object({
  ...schema.pageQuery,
  kind: Type.Optional(kind),
  value: Type.Optional(value),
});
export const listEntry = schema.object(
  {
    id: schema.idText('fle'),
    purpose: schema.choice(listPurposes),
    kind: Type.String(),
    value: Type.String(),
    from: schema.instantText(),
    until: schema.orNull(schema.instantText()),
    note: schema.orNull(Type.String()),
    put_at: schema.instantText(),
    put_by: Type.String(),
  },
  { title: 'ListEntry' },
);

export const newModel = schema.object(
  {
    content: schema.prose(limits.fraudModelUploadBytesMax.value, {
      minLength: 1,
      description: 'the file of the model, as it was written',
    }),
    drift: Type.Optional(
      schema.prose(limits.fraudDriftBytesMax.value, {
        minLength: 1,
        description: 'what the rows it was trained on looked like, as JSON text',
      }),
    ),
  },
  { title: 'NewFraudModel' },
);
export const model = schema.object(
  {
    id: schema.idText('mdl'),
    version: Type.String({ description: 'follows from the trees' }),
    feature_set: Type.String(),
    bytes: count,
    sha256: Type.String(),
    has_drift_reference: Type.Boolean(),
    card: schema.orNull(Type.Unknown({ description: 'what it was trained on, and how judged' })),
    made_at: schema.instantText(),
    made_by: Type.String(),
  },
  { title: 'FraudModel' },
);
export const modelParams = schema.object({ id: schema.idText('mdl') });
export const placed = schema.object({ model, revision }, { title: 'PlacedModel' });
export const promotion = schema.object(
  {
    instead_of: schema.orNull(
      schema.text(100, { description: 'the version of the champion; null where there is none' }),
    ),
    weeks: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: limits.fraudContestWeeksMax.value,
        description: 'on which the two are compared; 4 unless given',
      }),
    ),
    despite: Type.Optional(
      Type.Boolean({
        description: 'becomes champion though it has not been better; the note says why',
      }),
    ),
    note: Type.Optional(note),
  },
  { title: 'ModelPromotion' },
);
export const retirement = schema.object(
  { note: Type.Optional(note) },
  { title: 'ModelRetirement' },
);

export const CONTEST_WEEKS = 4;
export const contestQuery = schema.object({
  weeks: Type.Integer({
    minimum: 1,
    maximum: limits.fraudContestWeeksMax.value,
    default: CONTEST_WEEKS,
  }),
});
const figure = schema.orNull(Type.Number({ description: 'null where it cannot be told' }));
const metrics = schema.object({
  auc_roc: figure,
  average_precision: figure,
  card_precision: figure,
});
export const contest = schema.object(
  {
    champion: Type.String(),
    challenger: Type.String(),
    weeks: Type.Array(
      schema.object({
        from: schema.dateText(),
        decisions: count,
        frauds: count,
        champion: metrics,
        challenger: metrics,
      }),
    ),
    is_better: Type.Boolean(),
    reasons: Type.Array(schema.object({ code: Type.String(), message: Type.String() })),
  },
  { title: 'ModelContest' },
);

const policyMembers = {
  product: schema.orNull(
    schema.text(100, { description: 'its code; null for all that have no policy of their own' }),
  ),
  is_screened: Type.Boolean(),
  on_failure: schema.choice(failureMeanings, {
    description: 'where nothing can be asked: open lets it pass to a review, closed declines it',
  }),
  deadline_us: Type.Integer({
    minimum: 1,
    maximum: limits.fraudDeadlineUsMax.value,
    description: 'microseconds, after which the model is not waited for',
  }),
};
export const policyBody = schema.object(policyMembers, { title: 'NewScreeningPolicy' });
export type PolicyBody = Static<typeof policyBody>;
export const policy = schema.object(
  {
    id: schema.orNull(schema.idText('fpl')),
    ...policyMembers,
    revision,
    made_at: schema.orNull(schema.instantText()),
    made_by: schema.orNull(Type.String()),
  },
  { title: 'ScreeningPolicy' },
);
export const policies = schema.object({ data: Type.Array(policy) }, { title: 'ScreeningPolicies' });

export const configuration = schema.object(
  {
    revision,
    rule_set: schema.orNull(ruleSet),
    champion: schema.orNull(model),
    challenger: schema.orNull(model),
    list_entries: count,
    feature_set: Type.String(),
    features: Type.Array(Type.String(), { description: 'in their order, as rules name them' }),
  },
  { title: 'ScreeningConfiguration' },
);
