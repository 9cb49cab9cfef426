// Owns the shapes of documents about suspicious activity and of labels.

import { Type, type Static } from 'typebox';
import { limits } from '#config';
import { schema } from '#gateway';
import { labelSources } from '../../labels/label.ts';

const optionalText = Type.Optional(Type.String());

export const reportParams = schema.object({ id: schema.idText('sar') });

export const newReport = schema.object(
  {
    narrative: schema.prose(limits.fraudReportNarrativeLengthMax.value, {
      minLength: 1,
      description:
        'what happened, in words: who (by id), what, when, where, how and why it is suspicious',
    }),
    kinds: Type.Array(schema.text(100), {
      maxItems: 20,
      uniqueItems: true,
      description: 'what kinds of activity are suspected, as the authority names them',
    }),
  },
  { title: 'NewSuspiciousActivityDocument' },
);

export const reportShape = schema.object(
  {
    id: schema.idText('sar'),
    case_id: schema.idText('cse'),
    version: Type.Integer({ minimum: 1, description: 'a later one takes the place of the others' }),
    made_by: Type.String(),
    made_at: schema.instantText(),
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$', description: "over the document's bytes" }),
    bytes: Type.Integer({ minimum: 1 }),
  },
  { title: 'SuspiciousActivityDocument' },
);

export const reports = schema.object({ data: Type.Array(reportShape) });

const labelMembers = {
  is_fraud: Type.Boolean(),
  known_at: Type.Optional(
    schema.instantText({
      description: 'a time of RFC 3339, since when it is known; now unless given',
    }),
  ),
  source: schema.choice(labelSources.filter((source) => source !== 'case')),
  external_id: schema.text(200, {
    description: "the source's own name for this: said again, it is said once",
  }),
  pattern: Type.Optional(
    schema.text(100, { description: 'what kind of fraud, in the words of the bank' }),
  ),
};

const newLabel = Type.Union(
  [
    schema.object({ decision_id: schema.idText('dec'), ...labelMembers }),
    schema.object({ payment_id: schema.idText('pay'), ...labelMembers }),
  ],
  { title: 'NewFraudLabel' },
);
export type NewLabelBody = Static<typeof newLabel>;

export const newLabels = Type.Array(newLabel, {
  minItems: 1,
  maxItems: limits.fraudLabelsMax.value,
});

const label = schema.object(
  {
    id: schema.idText('lab'),
    decision_id: schema.idText('dec'),
    is_fraud: Type.Boolean(),
    known_at: schema.instantText(),
    source: schema.choice(labelSources),
    external_id: schema.orNull(Type.String()),
    pattern: schema.orNull(Type.String()),
    case_id: schema.orNull(schema.idText('cse')),
    made_by: Type.String(),
  },
  { title: 'FraudLabel' },
);

export const labelQuery = schema.object({ decision_id: schema.idText('dec') });
export const labels = schema.object({ data: Type.Array(label) });

export const labelResults = schema.object(
  {
    accepted: Type.Integer(),
    refused: Type.Integer(),
    results: Type.Array(
      schema.object({
        status: schema.choice(['made', 'known', 'refused'], {
          description: 'known: it was said before, word for word',
        }),
        label: Type.Optional(label),
        refusal: Type.Optional(
          schema.object({ code: Type.String(), message: Type.String(), param: optionalText }),
        ),
      }),
    ),
  },
  { title: 'FraudLabelResults' },
);
