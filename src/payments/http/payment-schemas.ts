// Owns the shapes of what clients ask of payments and what they are answered. Amounts are texts of
// minor units, and the currency stands beside them; a member that does not apply is absent.

import { Type, type Static } from 'typebox';
import { limits } from '#config';
import { schema } from '#gateway';
import { paymentKinds, paymentStatuses, railNames } from '../payment.ts';

const TEXT_35 = "^[0-9a-zA-Z/?:().,'+ -]{1,35}$";

export const paymentParams = schema.object({ id: schema.idText('pay') });
export const accountParams = schema.object({ id: schema.idText('acc') });

const iban = Type.String({
  pattern: '^[A-Z]{2}[0-9]{2}[0-9A-Z]{11,30}$',
  description: 'an IBAN in electronic form, without spaces',
});

const creditor = schema.object(
  {
    account_id: Type.Optional(schema.idText('acc')),
    name: Type.Optional(schema.text(140)),
    iban: Type.Optional(iban),
    bic: Type.Optional(Type.String({ pattern: '^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$' })),
    routing_number: Type.Optional(Type.String({ pattern: '^[0-9]{9}$' })),
    account_number: Type.Optional(Type.String({ pattern: '^[0-9A-Za-z -]{1,17}$' })),
  },
  {
    title: 'Creditor',
    description: 'account_id, or iban, or routing_number with account_number',
  },
);

const endToEndId = Type.String({
  pattern: TEXT_35,
  description: 'what the payer calls it; goes unchanged to the payee',
});

export const newPayment = schema.object(
  {
    debtor_account_id: schema.idText('acc'),
    creditor,
    amount: schema.amountText(),
    currency: schema.currencyText(),
    external_id: Type.Optional(
      schema.text(200, {
        description:
          "the client's own name for this, unique for ever: asked again, it is done once",
      }),
    ),
    end_to_end_id: Type.Optional(endToEndId),
    remittance: Type.Optional(schema.text(140)),
  },
  { title: 'NewPayment' },
);
export type NewPaymentBody = Static<typeof newPayment>;

export const newPayments = Type.Array(newPayment, {
  minItems: 1,
  maxItems: limits.paymentBatchItems.value,
});

export const changeBody = schema.object(
  {
    reason: Type.Optional(
      Type.String({
        pattern: '^[A-Z0-9]{3,4}$',
        description: "a code of the rail's own list, such as AC04, DUPL or R01",
      }),
    ),
  },
  { title: 'PaymentReason' },
);

const optionalText = Type.Optional(Type.String());

const change = schema.object(
  {
    version: Type.Integer(),
    status: schema.choice(paymentStatuses),
    reason: optionalText,
    transfer_id: Type.Optional(schema.idText('trf')),
    changed_at: schema.instantText(),
  },
  { title: 'PaymentStateChange' },
);

const members = {
  id: schema.idText('pay'),
  kind: schema.choice(paymentKinds),
  status: schema.choice(paymentStatuses),
  iso_status: Type.String({ description: 'ExternalPaymentTransactionStatus1Code of ISO 20022' }),
  reason: optionalText,
  version: Type.Integer({ description: 'counts its changes of state from 1' }),
  rail: Type.Optional(schema.choice(railNames)),
  account_id: schema.idText('acc'),
  counter_account_id: Type.Optional(schema.idText('acc')),
  amount: schema.amountText(),
  currency: schema.currencyText(),
  party: Type.Optional(
    schema.object({
      name: optionalText,
      iban: optionalText,
      account: optionalText,
      agent: optionalText,
    }),
  ),
  external_id: optionalText,
  end_to_end_id: optionalText,
  transaction_id: optionalText,
  remittance: optionalText,
  requested_on: Type.Optional(schema.dateText()),
  origin: optionalText,
  accepted_at: schema.instantText(),
  changed_at: schema.instantText(),
};

export const payment = schema.object(members, { title: 'Payment' });

export const paymentWithHistory = schema.object(
  { ...members, history: Type.Array(change) },
  { title: 'PaymentWithHistory' },
);

export const status = schema.object(
  {
    id: schema.idText('pay'),
    status: schema.choice(paymentStatuses),
    iso_status: Type.String(),
    reason: optionalText,
    version: Type.Integer(),
    changed_at: schema.instantText(),
  },
  { title: 'PaymentStatus' },
);

export const results = schema.object(
  {
    accepted: Type.Integer(),
    refused: Type.Integer(),
    results: Type.Array(
      schema.object({
        status: schema.choice(['made', 'refused']),
        payment: Type.Optional(payment),
        refusal: Type.Optional(
          schema.object({ code: Type.String(), message: Type.String(), param: optionalText }),
        ),
      }),
    ),
  },
  { title: 'PaymentResults' },
);

export const listQuery = {
  ...schema.pageQuery,
  status: Type.Optional(schema.choice(paymentStatuses)),
  kind: Type.Optional(schema.choice(paymentKinds)),
  end_to_end_id: Type.Optional(endToEndId),
  external_id: Type.Optional(schema.text(200)),
  origin: Type.Optional(
    Type.String({ pattern: '^[a-z]{3}_[0-9a-f-]{36}$', description: 'a file or standing order' }),
  ),
};
