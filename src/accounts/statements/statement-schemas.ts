// The shape of a statement as JSON.

import { Type } from 'typebox';
import { schema } from '#gateway';

const text = Type.String();

export const statement = schema.object(
  {
    id: Type.String({ description: 'the same account, period and knowledge have the same' }),
    account_id: schema.idText('acc'),
    iban: schema.orNull(text),
    routing_number: schema.orNull(text),
    account_number: schema.orNull(text),
    currency: schema.currencyText(),
    from: schema.instantText(),
    to: schema.instantText(),
    made_at: schema.instantText(),
    opening_balance: schema.signedAmountText({
      description: 'as the holder sees it: below zero is owed to the bank',
    }),
    closing_balance: schema.signedAmountText(),
    debits: schema.amountOrZeroText(),
    credits: schema.amountOrZeroText(),
    entry_count: Type.Integer(),
    entries: Type.Array(
      schema.object(
        {
          number: Type.Integer({ description: '1, 2, 3 … within the statement' }),
          transfer_id: schema.idText('trf'),
          kind: text,
          side: schema.choice(['debit', 'credit'] as const),
          amount: schema.amountText(),
          balance: schema.signedAmountText({ description: 'after this entry' }),
          effective_at: schema.instantText(),
          recorded_at: schema.instantText(),
          external_id: schema.orNull(text),
          description: schema.orNull(text),
        },
        { title: 'AccountStatementEntry' },
      ),
    ),
  },
  { title: 'AccountStatement' },
);

export const formats = ['json', 'csv', 'pdf', 'camt.053'] as const;
export type Format = (typeof formats)[number];

export const statementQuery = schema.object({
  from: schema.instantOrDateText({
    description: 'the first value date: a time of RFC 3339, or a date from its beginning',
  }),
  to: schema.instantOrDateText({
    description: 'the last value date: a time of RFC 3339, or a date to its end',
  }),
  recorded_at: Type.Optional(
    schema.instantOrDateText({
      description: 'what was known then; what is known now unless given',
    }),
  ),
  format: Type.Optional(
    schema.choice(formats, { description: 'by the Accept header unless given, and JSON at last' }),
  ),
});
